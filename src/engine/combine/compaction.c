/* SPDX-License-Identifier: MIT
 *
 * compaction - when to compact, and which partition (see compaction.h).
 */
#include "engine/combine/compaction.h"

/* Bytes of pairs before the first partition is compacted: where there are few keys, what still lies
 * in the caches when it is read again; where there are many, as much as results of these will
 * justify, since less saves memory that is to be had, and costs time. */
#define LOW_MARK ((uint64_t)64 << 20)
#define HIGH_MARK ((uint64_t)296 << 20)
/* Between the two, so many times what compacting them would leave. */
#define COMPACTED_TIMES 6
/* Results will take the bytes of their keys and some for each number, and more of what is made of
 * values. So much of that may be held in percent, and a part of HIGH_MARK besides. */
#define NUMBER_BYTES 2
#define VALUE_BYTES 3
#define PERCENT 124
#define BESIDES 20
/* With so many bytes more one partition is compacted to see what that comes to by now. */
#define STEP ((int64_t)32 << 20)
/* As many partitions at most are tried for that: some find nothing worth while. */
#define MOST_TRIES 4

static int64_t get(const _Atomic int64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

void compaction_open(struct compaction *compaction, uint64_t budget)
{
    const int64_t low_mark = (int64_t)(budget / 4 < LOW_MARK ? budget / 4 : LOW_MARK);
    const int64_t high_mark = (int64_t)(budget / 4 < HIGH_MARK ? budget / 4 : HIGH_MARK);
    *compaction =
        (struct compaction){.resample_at = low_mark, .low_mark = low_mark, .high_mark = high_mark};
}

/* Whether all partitions together hold more than they should, or it is not known. */
static bool too_much(const struct compaction *compaction, const struct partitions *pairs)
{
    const int64_t held = get(&pairs->fresh) + get(&pairs->compacted);
    if (held > get(&compaction->resample_at))
        return true;
    int64_t most = COMPACTED_TIMES * get(&compaction->all_compacted);
    if (most < compaction->low_mark)
        most = compaction->low_mark;
    if (most > compaction->high_mark)
        most = compaction->high_mark;
    return held > most && held > get(&compaction->output_estimate) / 100 * PERCENT +
                                     compaction->high_mark / BESIDES;
}

/* A partition was compacted to this. */
static void learn(struct compaction *compaction, const struct partitions *pairs,
                  const struct stream *compacted, bool numbers)
{
    const uint64_t output =
        compacted->bytes + (numbers ? NUMBER_BYTES : VALUE_BYTES) * compacted->records;
    const int64_t held = get(&pairs->fresh) + get(&pairs->compacted);
    atomic_store_explicit(&compaction->all_compacted, (int64_t)(compacted->bytes << pairs->bits),
                          memory_order_relaxed);
    atomic_store_explicit(&compaction->output_estimate, (int64_t)(output << pairs->bits),
                          memory_order_relaxed);
    atomic_store_explicit(&compaction->resample_at, held + STEP, memory_order_relaxed);
}

/* Replaces the pairs of the next partition by one a key, where that is worth while and nobody else
 * is at it. */
static int compact_next(struct compaction *compaction, struct partitions *pairs,
                        struct combine_partition *combine)
{
    const size_t count = (size_t)1 << pairs->bits;
    const size_t number = atomic_fetch_add_explicit(&compaction->next, 1, memory_order_relaxed);
    struct partition *partition = &pairs->array[number & (count - 1)];
    struct stream taken, compacted = {0};
    uint64_t fresh;
    if (!partition_begin(partition, true, &taken, &fresh))
        return 0;

    const uint64_t before = taken.bytes;
    int result = combine_partition(combine, &taken, &compacted);
    const uint64_t after = compacted.bytes;
    partitions_count(pairs, -(int64_t)fresh, (int64_t)(after - (before - fresh)));
    learn(compaction, pairs, &compacted, combine->worker->context->sums);
    thread_lock(&partition->lock);
    /* Again when a part of what is there has come; later where it hardly helped. */
    partition->threshold = before - after >= fresh / 4 ? after / 4 : after * 2;
    stream_join(&partition->compacted, &compacted);
    partition_end(partition);
    thread_unlock(&partition->lock);
    return result;
}

int compaction_handed(struct compaction *compaction, struct partitions *pairs,
                      struct combine_partition *combine)
{
    for (unsigned tries = 0; tries < MOST_TRIES && too_much(compaction, pairs); tries++)
        if (compact_next(compaction, pairs, combine) != 0)
            return -1;
    return 0;
}
