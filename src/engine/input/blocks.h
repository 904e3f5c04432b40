/* SPDX-License-Identifier: MIT
 *
 * blocks - the buffers that streams are read into, bounded so that slow mappers slow the reader.
 *
 * One thread, the reader, takes blocks and grows them; any thread releases a lent block. The bound
 * is on bytes. It is passed only by a block that must hold one token longer than that, and only
 * while no other block is lent.
 */
#ifndef ENGINE_BLOCKS_H
#define ENGINE_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/thread.h"
#include "engine/input/sources.h"
#include "engine/mapreduce.h"

/* `data`, `capacity` and `used` are the reader's until the block is lent, constant from then on
 * until it is idle again. */
struct block {
    enum source_handle handle;
    unsigned char *data; /* MR_PAD bytes follow the capacity */
    size_t capacity;
    size_t used;
    unsigned char *context; /* of the split, or NULL; freed with the bytes. As `data` */
    size_t context_size;
    bool lent;          /* a split of it is out; under the lock */
    bool kept;          /* the reader still needs its bytes; under the lock */
    struct block *next; /* among the idle; under the lock */
};

struct blocks {
    size_t block_size; /* the usual capacity; constant, as is limit */
    uint64_t limit;    /* bytes of all blocks together */
    struct thread_mutex lock;
    struct thread_cond released; /* a block came back, or there is an interruption */
    /* Under lock: */
    struct block *idle; /* the one used last first: its memory is the warmest */
    uint64_t bytes;     /* in all blocks, idle ones too */
    size_t lent;
    bool interrupted;
};

int blocks_open(struct blocks *blocks, size_t block_size, uint64_t limit, struct mr_error *error);
/* All blocks must have come back. */
void blocks_close(struct blocks *blocks);

/* Takes a block that is empty and has room for at least `capacity` bytes; waits for one where the
 * limit is reached. Returns 1, 0 after an interruption, -1 with *error filled. */
int blocks_take(struct blocks *blocks, size_t capacity, struct block **block,
                struct mr_error *error);
/* Makes a block that the reader fills larger; its bytes stay. Returns as blocks_take. */
int blocks_grow(struct blocks *blocks, struct block *block, size_t capacity,
                struct mr_error *error);
/* Hands the block to a split. With `keep` the reader goes on reading from it and drops it later. */
void blocks_lend(struct blocks *blocks, struct block *block, bool keep);
/* The split is done with it. On any thread. */
void blocks_release(struct blocks *blocks, struct block *block);
/* The reader is done with a block, be it lent and kept, or never lent. */
void blocks_drop(struct blocks *blocks, struct block *block);
/* Ends waiting now and later. On any thread. */
void blocks_interrupt(struct blocks *blocks);

#endif
