/* SPDX-License-Identifier: MIT
 *
 * pool - chunks of memory for records, used again and again.
 *
 * Memory touched for the first time costs several times what memory used again does, so
 * chunks go back to the pool as soon as their records have been read. One pool serves all
 * jobs of an engine; a worker takes chunks through a cache of its own, and the pool's lock
 * only every POOL_BATCH chunks.
 */
#ifndef ENGINE_POOL_H
#define ENGINE_POOL_H

#include "base/budget.h"
#include "base/thread.h"
#include "engine/mapreduce.h"

/* Bytes of an ordinary chunk, its head included. A page: the open chunks of all partitions of all
 * workers are the memory that grows with the number of threads. */
#define POOL_CHUNK 4096
#define POOL_BATCH 16
/* Readable bytes that follow the capacity of a chunk, so that records can be read and written by
 * whole words. */
#define POOL_PAD MR_PAD

/* A chunk's owner, and so the only one to touch it, is the list it is on. An ordinary one lies at a
 * multiple of POOL_CHUNK. */
struct chunk {
    struct chunk *next;
    size_t used;     /* bytes of `data` that hold records */
    size_t capacity; /* bytes of `data` for records; a chunk for one large record has more */
    uint64_t records;
    unsigned char data[];
};

#define POOL_CAPACITY (POOL_CHUNK - sizeof(struct chunk) - POOL_PAD)

/* Whether a chunk is one of its own, with one record that fits no ordinary one. Rather than to copy
 * the record such a chunk is handed on. */
static inline bool pool_chunk_large(const struct chunk *chunk)
{
    return chunk->capacity > POOL_CAPACITY;
}

struct pool {
    struct budget *budget;
    struct thread_mutex lock; /* of all below */
    struct batch *free;       /* ordinary chunks that were used */
    unsigned char *fresh;     /* those of the newest slab that nobody has touched yet */
    size_t fresh_count;
    size_t free_count; /* of both */
    struct slab *slabs;
    size_t handed_out; /* ordinary chunks that are not free */
    size_t slab_size;  /* of the next slab: they grow, so that small jobs stay small */
};

/* Chunks set aside for one worker. */
struct pool_cache {
    struct pool *pool;
    struct chunk *free;
    size_t count;
};

/* Returns 0 or an errno value. */
int pool_open(struct pool *pool, struct budget *budget);
/* All chunks must be back. */
void pool_close(struct pool *pool);

void pool_cache_open(struct pool_cache *cache, struct pool *pool);
/* Gives the chunks set aside back to the pool. */
void pool_cache_close(struct pool_cache *cache);

enum pool_need {
    POOL_IF_LEFT,     /* only within the budget */
    POOL_OVER_BUDGET, /* even past it: for the few chunks without which nothing can go on */
};

/* An empty chunk for at least `size` bytes of records; NULL when the budget (POOL_IF_LEFT) or the
 * system has no memory; *exhausted then tells whether it was the budget. */
struct chunk *pool_take(struct pool_cache *cache, size_t size, enum pool_need need,
                        bool *exhausted);
/* Whether the budget has no chunk left. */
bool pool_exhausted(struct pool *pool);
/* Gives a list of chunks back. */
void pool_give(struct pool_cache *cache, struct chunk *list);

#endif
