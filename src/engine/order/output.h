/* SPDX-License-Identifier: MIT
 *
 * output - hands results to the caller while workers make them.
 *
 * Workers make pieces and leave them here; the job's writer, one thread that does nothing else
 * then, puts them out one after the other: those of an ordered output by their numbers, others as
 * they come. A worker never waits for the caller: it is only not given a task while too much waits
 * to be put out, and serves other jobs. Pieces that may be written at any place in any order are
 * written by who makes them.
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
    void (*woken)(void *owner); /* output_may_begin or output_has_room may say otherwise now; any
                                 * thread */
    void *owner;
    bool positional;             /* constant: there is no writer */
    struct thread_mutex lock;    /* of all below */
    struct thread_cond ready;    /* for the writer: the next piece is in place, or `ended` */
    bool ended;                  /* no more pieces will come, or the job has failed */
    struct output_piece *pieces; /* a ring, by number modulo `window` */
    size_t window;
    _Atomic size_t next;     /* number of the piece to put out next; written under the lock */
    _Atomic size_t made;     /* of an unordered output: pieces made; likewise */
    uint64_t offset;         /* where the next piece starts in the output */
    struct mr_buffer *spare; /* buffers to be used again */
    size_t spares;
    uint64_t spare_bytes;
    _Atomic uint64_t waiting; /* bytes of pieces made and not put out; written under the lock */
};

/* Returns 0 or an errno value. */
int output_open(struct output *output, struct context *context, void (*woken)(void *owner),
                void *owner);
/* Gives back what it holds. */
void output_empty(struct output *output, struct pool_cache *cache);
/* Frees an output that is empty. */
void output_close(struct output *output);

/* Whether a worker may begin with a piece of that number now. */
bool output_may_begin(const struct output *output, size_t number);
/* Whether a worker may make a piece without a number now. */
bool output_has_room(const struct output *output);
/* Whether so little waits that a task that makes such pieces may begin. */
bool output_may_reduce(const struct output *output);

/* Puts out the `count` records at these places, in this order, as piece `number`. The chunks that
 * hold them pass to the output, which gives them back to the cache. Every number from 0 on must
 * come once. Returns -1 when the job fails. */
int output_put(struct output *output, struct pool_cache *cache, size_t number,
               const unsigned char *const *at, size_t count, struct chunk *chunks);
/* The same as a piece without a number, in a job that has none with numbers, when there was room
 * for it. */
int output_put_unordered(struct output *output, struct pool_cache *cache,
                         const unsigned char *const *at, size_t count, struct chunk *chunks);

/* The writer puts out what is next and in place: until nothing is or, where it `waits`, until no
 * more will come. Returns soon when the job fails. */
void output_write(struct output *output, struct pool_cache *cache, bool waits);
/* No more pieces will come, or the job has failed. Any thread. */
void output_end(struct output *output);

#endif
