/* SPDX-License-Identifier: MIT
 *
 * collapse - when to compact, and which partition (see collapse.h).
 */
#include "engine/collapse.h"

#include "engine/reduce.h"

/* Bytes of pairs before the first partition is compacted: where there are few keys, what still lies
 * in the caches when it is read again; where there are many, as much as results of these will
 * justify, since less saves memory that is to be had, and costs time. */
#define FEW ((uint64_t)64 << 20)
#define MANY ((uint64_t)296 << 20)
/* Between the two, so many times what compacting them would leave. */
#define COMPACTED_TIMES 6
/* Results will take the bytes of their keys and some for each number. So much of that may be held
 * in percent, and a part of MANY besides. */
#define NUMBER_BYTES 2
#define PERCENT 124
#define BESIDES 20
/* With so many bytes more one partition is compacted to see what that comes to by now. */
#define STEP ((int64_t)32 << 20)
/* A worker counts what it hands over by so many bytes. */
#define UNIT ((uint64_t)16 * POOL_CHUNK)
/* As many partitions at most are tried for that: some find nothing worth while. */
#define MOST_TRIES 4

static int64_t get(const _Atomic int64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

static void add(_Atomic int64_t *number, int64_t more)
{
    atomic_fetch_add_explicit(number, more, memory_order_relaxed);
}

void collapse_open(struct collapse *collapse, uint64_t budget)
{
    const int64_t few = (int64_t)(budget / 4 < FEW ? budget / 4 : FEW);
    const int64_t many = (int64_t)(budget / 4 < MANY ? budget / 4 : MANY);
    *collapse = (struct collapse){.again = few, .few = few, .many = many};
}

void collapse_gone(struct job *job, uint64_t fresh, uint64_t compacted)
{
    add(&job->collapse.fresh, -(int64_t)fresh);
    add(&job->collapse.compacted, -(int64_t)compacted);
}

/* Whether all partitions together hold more than they should, or it is not known. */
static bool too_much(const struct collapse *collapse)
{
    const int64_t held = get(&collapse->fresh) + get(&collapse->compacted);
    if (held > get(&collapse->again))
        return true;
    int64_t most = COMPACTED_TIMES * get(&collapse->all_compacted);
    if (most < collapse->few)
        most = collapse->few;
    if (most > collapse->many)
        most = collapse->many;
    return held > most &&
           held > get(&collapse->printed) / 100 * PERCENT + collapse->many / BESIDES;
}

/* A partition was compacted to this. */
static void learn(struct collapse *collapse, const struct stream *compacted, unsigned bits)
{
    const uint64_t printed = compacted->bytes + NUMBER_BYTES * compacted->records;
    const int64_t held = get(&collapse->fresh) + get(&collapse->compacted);
    atomic_store_explicit(&collapse->all_compacted, (int64_t)(compacted->bytes << bits),
                          memory_order_relaxed);
    atomic_store_explicit(&collapse->printed, (int64_t)(printed << bits), memory_order_relaxed);
    atomic_store_explicit(&collapse->again, held + STEP, memory_order_relaxed);
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
        struct stream compacted = {.chunks = partition->compacted.chunks,
                                   .last = partition->compacted.last,
                                   .bytes = partition->compacted.bytes,
                                   .records = partition->compacted.records};
        stream_take_chunks(&partition->fresh);
        stream_take_chunks(&partition->compacted);
        stream_join(pairs, &compacted);
    }
    thread_unlock(&partition->lock);
    return mine;
}

/* Replaces the pairs of the next partition by one a key. */
static int collapse_next(struct worker *worker)
{
    struct job *job = worker->job;
    struct collapse *collapse = &job->collapse;
    const size_t count = (size_t)1 << job->pairs.bits;
    const size_t number = atomic_fetch_add_explicit(&collapse->next, 1, memory_order_relaxed);
    struct partition *partition = &job->pairs.partitions[number & (count - 1)];
    struct stream pairs, compacted = {0};
    uint64_t fresh;
    if (!take_pairs(partition, &pairs, &fresh))
        return 0;

    const uint64_t before = pairs.bytes;
    int result = combine_partition(worker, &pairs, &compacted);
    const uint64_t after = compacted.bytes;
    collapse_gone(job, fresh, before - fresh - after);
    learn(collapse, &compacted, job->pairs.bits);
    thread_lock(&partition->lock);
    /* Again when a part of what is there has come; later where it hardly helped. */
    partition->threshold = before - after >= fresh / 4 ? after / 4 : after * 2;
    stream_join(&partition->compacted, &compacted);
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
    add(&collapse->fresh, (int64_t)worker->handed);
    worker->handed = 0;
    for (unsigned tries = 0; tries < MOST_TRIES && too_much(collapse); tries++)
        if (collapse_next(worker) != 0)
            return -1;
    return 0;
}
