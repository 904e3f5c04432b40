/* SPDX-License-Identifier: MIT
 *
 * pool - slabs from the system, cut into chunks (see pool.h).
 */
#include "engine/core/pool.h"

/* Slabs begin at 16 chunks and end at 1 MiB: large enough to make the system calls rare, small
 * enough not to matter in any budget. */
#define FIRST_SLAB ((size_t)16 * POOL_CHUNK)
#define LAST_SLAB ((size_t)256 * POOL_CHUNK)

/* Records in memory leave this part of the budget to what works on them:
 * tables, sorting, output. */
static uint64_t reserve(const struct budget *budget)
{
    return budget->limit / 8 * 3;
}

/* Lies at the start of its pages; the chunks begin at the next multiple of POOL_CHUNK. */
struct slab {
    struct slab *next;
    size_t bytes;
};

/* What is written where the first of several free chunks begins. */
struct batch {
    struct chunk *rest;
    size_t count; /* with the first */
    struct batch *next;
};

int pool_open(struct pool *pool, struct budget *budget)
{
    *pool = (struct pool){.budget = budget, .slab_size = FIRST_SLAB};
    return thread_mutex_open(&pool->lock);
}

static void free_slabs(struct pool *pool)
{
    while (pool->slabs) {
        struct slab *slab = pool->slabs;
        size_t bytes = slab->bytes;
        pool->slabs = slab->next;
        budget_unmap(slab, bytes);
        budget_give(pool->budget, bytes);
    }
    pool->free = NULL;
    pool->fresh = NULL;
    pool->fresh_count = pool->free_count = 0;
    pool->slab_size = FIRST_SLAB;
}

void pool_close(struct pool *pool)
{
    free_slabs(pool);
    thread_mutex_close(&pool->lock);
}

void pool_cache_open(struct pool_cache *cache, struct pool *pool)
{
    *cache = (struct pool_cache){.pool = pool};
}

/* The lock is held for a batch as a whole: its chunks are linked before or after. */
static void give_batch(struct pool_cache *cache, size_t count)
{
    struct pool *pool = cache->pool;
    struct chunk *first = cache->free, *last = first;
    for (size_t i = 1; i < count; i++)
        last = last->next;
    cache->free = last->next;
    cache->count -= count;
    last->next = NULL;
    struct batch *batch = (void *)first;
    *batch = (struct batch){.rest = first->next, .count = count};

    thread_lock(&pool->lock);
    batch->next = pool->free;
    pool->free = batch;
    pool->free_count += count;
    pool->handed_out -= count;
    /* The last user gone, everything returns to the system. */
    if (pool->handed_out == 0)
        free_slabs(pool);
    thread_unlock(&pool->lock);
}

void pool_cache_close(struct pool_cache *cache)
{
    if (cache->count > 0)
        give_batch(cache, cache->count);
}

/* Whether the budget allows for another batch in use. Free chunks count as such, though their
 * slabs are still held; the lock is held. */
static bool batch_is_left(const struct pool *pool)
{
    const uint64_t limit = pool->budget->limit - reserve(pool->budget);
    uint64_t used = atomic_load_explicit(&pool->budget->used, memory_order_relaxed);
    uint64_t idle = (uint64_t)pool->free_count * POOL_CHUNK;
    return used - (idle < used ? idle : used) + (uint64_t)POOL_BATCH * POOL_CHUNK <= limit;
}

bool pool_exhausted(struct pool *pool)
{
    thread_lock(&pool->lock);
    const bool exhausted = !batch_is_left(pool);
    thread_unlock(&pool->lock);
    return exhausted;
}

/* Adds a slab where no chunks are free; the lock is held. */
static bool add_slab(struct pool *pool)
{
    size_t bytes = pool->slab_size;
    if (!budget_take(pool->budget, bytes, reserve(pool->budget))) {
        bytes = FIRST_SLAB + POOL_CHUNK;
        budget_charge(pool->budget, bytes);
    }
    struct slab *slab = budget_map(bytes, false);
    if (!slab) {
        budget_give(pool->budget, bytes);
        return false;
    }
    *slab = (struct slab){.next = pool->slabs, .bytes = bytes};
    pool->slabs = slab;
    pool->fresh = (unsigned char *)slab + POOL_CHUNK;
    pool->fresh_count = bytes / POOL_CHUNK - 1;
    pool->free_count += pool->fresh_count;
    if (pool->slab_size < LAST_SLAB)
        pool->slab_size *= 2;
    return true;
}

/* Fills a cache that is empty. What touches new pages, and has them cleared by the system, does so
 * without the lock. */
static bool take_batch(struct pool_cache *cache, enum pool_need need, bool *exhausted)
{
    struct pool *pool = cache->pool;
    struct batch *batch = NULL;
    unsigned char *fresh = NULL;
    size_t count = 0;
    thread_lock(&pool->lock);
    if (need == POOL_IF_LEFT && !batch_is_left(pool)) {
        *exhausted = true;
    } else if (pool->free) {
        batch = pool->free;
        pool->free = batch->next;
        count = batch->count;
    } else if (pool->fresh_count > 0 || add_slab(pool)) {
        fresh = pool->fresh;
        count = pool->fresh_count < POOL_BATCH ? pool->fresh_count : POOL_BATCH;
        pool->fresh += count * POOL_CHUNK;
        pool->fresh_count -= count;
    }
    pool->free_count -= count;
    pool->handed_out += count;
    thread_unlock(&pool->lock);

    if (batch) {
        struct chunk *rest = batch->rest;
        cache->free = (void *)batch;
        cache->free->next = rest;
    }
    /* The first slab is less than a batch: a small job needs little of it. */
    if (fresh && count == POOL_BATCH)
        budget_touch(fresh, count * POOL_CHUNK);
    for (size_t i = fresh ? count : 0; i-- > 0;) {
        struct chunk *chunk = (void *)(fresh + i * POOL_CHUNK);
        chunk->next = cache->free;
        cache->free = chunk;
    }
    cache->count = count;
    return count > 0;
}

/* A chunk of its own for a record that fits no ordinary one. */
static struct chunk *take_large(struct pool *pool, size_t size, enum pool_need need,
                                bool *exhausted)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t bytes = (sizeof(struct chunk) + size + POOL_PAD + 4095) & ~(size_t)4095;
    if (need == POOL_OVER_BUDGET) {
        budget_charge(pool->budget, bytes);
    } else if (!budget_take(pool->budget, bytes, reserve(pool->budget))) {
        *exhausted = true;
        return NULL;
    }
    struct chunk *chunk = budget_map(bytes, false);
    if (!chunk) {
        budget_give(pool->budget, bytes);
        return NULL;
    }
    chunk->capacity = bytes - sizeof(struct chunk) - POOL_PAD;
    return chunk;
}

struct chunk *pool_take(struct pool_cache *cache, size_t size, enum pool_need need, bool *exhausted)
{
    *exhausted = false;
    struct chunk *chunk;
    if (size > POOL_CAPACITY) {
        chunk = take_large(cache->pool, size, need, exhausted);
        if (!chunk)
            return NULL;
    } else {
        if (cache->count == 0 && !take_batch(cache, need, exhausted))
            return NULL;
        chunk = cache->free;
        cache->free = chunk->next;
        cache->count--;
        __builtin_prefetch(cache->free, 1);
        chunk->capacity = POOL_CAPACITY;
    }
    chunk->next = NULL;
    chunk->used = 0;
    chunk->records = 0;
    return chunk;
}

void pool_give(struct pool_cache *cache, struct chunk *list)
{
    while (list) {
        struct chunk *chunk = list;
        list = chunk->next;
        if (pool_chunk_large(chunk)) {
            size_t bytes = sizeof(struct chunk) + chunk->capacity + POOL_PAD;
            budget_unmap(chunk, bytes);
            budget_give(cache->pool->budget, bytes);
            continue;
        }
        chunk->next = cache->free;
        cache->free = chunk;
        if (++cache->count >= 2 * POOL_BATCH)
            give_batch(cache, POOL_BATCH);
    }
}
