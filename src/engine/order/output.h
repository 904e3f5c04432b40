/* SPDX-License-Identifier: MIT
 *
 * output - hands results to the caller, in order, while workers make them out of order.
 *
 * Workers make pieces of ranges. Whoever finishes a piece puts it in its place; whoever finds the
 * next piece in place puts it out, and those that follow. Nobody waits for another: a worker is
 * only not given a range that is too far ahead, so that the pieces waiting are few.
 */
#ifndef ENGINE_OUTPUT_H
#define ENGINE_OUTPUT_H

#include "engine/core/buffer.h"
#include "engine/core/context.h"
#include "engine/core/pool.h"

/* Encoded bytes, or records to be collected. */
struct output_piece {
    struct mr_buffer buffer;
    uint64_t bytes;       /* that it holds */
    struct chunk *chunks; /* that the records point into */
    bool present;
};

struct output {
    struct context *context;
    void (*woken)(void *owner); /* output_may_begin may say otherwise now; any thread */
    void *owner;
    struct thread_mutex lock;    /* of all below */
    struct output_piece *pieces; /* a ring, by number modulo `window` */
    size_t window;
    _Atomic size_t next;     /* number of the piece to put out next; written under the lock */
    bool writing;            /* somebody is putting out a piece that others must not overtake */
    uint64_t offset;         /* where the next piece starts in the output */
    struct mr_buffer *spare; /* buffers to be used again */
    size_t spares;
    uint64_t spare_bytes;
    _Atomic uint64_t waiting; /* bytes of pieces that wait for others; written under the lock */
};

/* Returns 0 or an errno value. */
int output_open(struct output *output, struct context *context, void (*woken)(void *owner),
                void *owner);
/* Gives back what it holds. */
void output_empty(struct output *output, struct pool_cache *cache);
/* Frees an output that is empty. */
void output_close(struct output *output);

/* Whether a worker may begin with a piece now. */
bool output_may_begin(const struct output *output, size_t number);

/* Puts out the `count` records at these places, in this order, as piece `number`. The chunks that
 * hold them pass to the output, which gives them back to the cache. Every number from 0 on must
 * come once. Returns -1 when the job fails. */
int output_put(struct output *output, struct pool_cache *cache, size_t number,
               const unsigned char *const *at, size_t count, struct chunk *chunks);
/* The same as a piece that may come anywhere, in a job that has none with numbers. */
int output_put_unordered(struct output *output, struct pool_cache *cache,
                         const unsigned char *const *at, size_t count, struct chunk *chunks);

#endif
