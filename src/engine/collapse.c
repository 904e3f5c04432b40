/* SPDX-License-Identifier: MIT
 *
 * collapse - when to fold, and which partition (see collapse.h).
 */
#include "engine/collapse.h"

#include "engine/reduce.h"

/* Bytes of pairs before the first partition is folded: less saves memory that is to be had, and
 * costs time. */
#define FROM ((uint64_t)296 << 20)
/* A worker counts what it hands over by so many bytes. */
#define UNIT ((uint64_t)16 * POOL_CHUNK)
/* As many turns at most are taken for that: some find nothing worth while. */
#define TURNS 4

void collapse_open(struct collapse *collapse, uint64_t budget)
{
    *collapse = (struct collapse){.from = (int64_t)(budget / 4 < FROM ? budget / 4 : FROM)};
}

void collapse_gone(struct job *job, uint64_t fresh, uint64_t settled)
{
    atomic_fetch_sub_explicit(&job->collapse.fresh, (int64_t)fresh, memory_order_relaxed);
    atomic_fetch_sub_explicit(&job->collapse.settled, (int64_t)settled, memory_order_relaxed);
}

/* Takes what a partition has in memory, where that is worth while and nobody else is at it. */
static bool take_pairs(struct partition *partition, struct stream *pairs, uint64_t *fresh)
{
    thread_lock(&partition->lock);
    *fresh = partition->fresh.bytes;
    bool mine = *fresh > 0 && *fresh >= partition->threshold && partition_begin(partition);
    if (mine) {
        /* Extents stay where they are. */
        *pairs = (struct stream){.chunks = partition->fresh.chunks,
                                 .last = partition->fresh.last,
                                 .bytes = partition->fresh.bytes,
                                 .records = partition->fresh.records};
        struct stream settled = {.chunks = partition->settled.chunks,
                                 .last = partition->settled.last,
                                 .bytes = partition->settled.bytes,
                                 .records = partition->settled.records};
        stream_take_chunks(&partition->fresh);
        stream_take_chunks(&partition->settled);
        stream_join(pairs, &settled);
    }
    thread_unlock(&partition->lock);
    return mine;
}

/* Replaces the pairs of the partition whose turn it is by one a key. */
static int collapse_next(struct worker *worker)
{
    struct job *job = worker->job;
    const size_t count = (size_t)1 << job->pairs.bits;
    const size_t turn = atomic_fetch_add_explicit(&job->collapse.next, 1, memory_order_relaxed);
    struct partition *partition = &job->pairs.partitions[turn & (count - 1)];
    struct stream pairs, settled = {0};
    uint64_t fresh;
    if (!take_pairs(partition, &pairs, &fresh))
        return 0;

    const uint64_t before = pairs.bytes;
    int result = reduce_fold(worker, &pairs, &settled);
    const uint64_t after = settled.bytes;
    collapse_gone(job, fresh, before - fresh - after);
    thread_lock(&partition->lock);
    /* Again when a part of what is there has come; later where it hardly helped. */
    partition->threshold = before - after >= fresh / 4 ? after / 4 : after * 2;
    stream_join(&partition->settled, &settled);
    partition_end(partition);
    thread_unlock(&partition->lock);
    return result;
}

int collapse_handed(struct worker *worker, size_t bytes)
{
    struct collapse *collapse = &worker->job->collapse;
    worker->handed += bytes;
    if (worker->handed < UNIT)
        return 0;
    atomic_fetch_add_explicit(&collapse->fresh, (int64_t)worker->handed, memory_order_relaxed);
    worker->handed = 0;
    for (unsigned turns = 0; turns < TURNS; turns++) {
        const int64_t fresh = atomic_load_explicit(&collapse->fresh, memory_order_relaxed);
        const int64_t settled = atomic_load_explicit(&collapse->settled, memory_order_relaxed);
        const int64_t most = settled / 8 * 11;
        if (fresh + settled <= (most > collapse->from ? most : collapse->from))
            return 0;
        if (collapse_next(worker) != 0)
            return -1;
    }
    return 0;
}
