/* SPDX-License-Identifier: MIT
 *
 * spill_policy - the largest partitions first (see spill_policy.h).
 */
#include "engine/shuffle/spill_policy.h"

#include "engine/shuffle/stores.h"

/* A partition with less in memory than this is not worth a write. */
#define LEAST_SPILL ((uint64_t)16 << 10)
/* This part of the budget is made free at a time. */
#define FREED_SHARE 32

void spill_scope_begin(struct spill_scope *scope, struct worker *worker,
                       struct partitions *partitions)
{
    *scope = (struct spill_scope){.outer = worker->scopes, .partitions = partitions};
    worker->scopes = scope;
}

void spill_scope_end(struct spill_scope *scope, struct worker *worker)
{
    worker->scopes = scope->outer;
}

/* Writes the chunks of a stream to extents of *written, which is empty: in the same order where
 * they are `stacked`, else in the opposite one, so that the first chunks of a stream, which are
 * taken for a sample, are not only the last ones written. Returns -1 when the job fails. */
static int write_chunks(struct worker *worker, const struct stream *stream, bool stacked,
                        struct stream *written)
{
    const struct chunk *next = stream->chunks;
    struct spill_extent **last = &written->extents;
    while (next) {
        struct mr_error error = {0};
        struct spill_extent *extent;
        enum mr_status status = spill_write(&worker->stores->spill, &next, &extent, &error);
        if (status != MR_OK) {
            context_fail_with(worker->context, status, &error,
                              "temporary data could not be written");
            return -1;
        }
        extent->next = stacked ? NULL : written->extents;
        *last = extent;
        if (stacked)
            last = &extent->next;
        written->spilled += extent->content;
        written->spilled_count += extent->records;
    }
    return 0;
}

/* Writes what a partition has in memory to disk; where `combine`, as one pair a key. */
static int spill(struct worker *worker, struct partitions *partitions, struct partition *partition,
                 bool combine)
{
    struct stream pairs = {0}, combined = {0}, written = {0};
    uint64_t fresh;
    if (!partition_begin(partition, false, &pairs, &fresh))
        return 0;
    if (partitions->counted)
        partitions_count(partitions, -(int64_t)fresh, (int64_t)(fresh - pairs.bytes));

    int result = 0;
    if (combine && fresh > 0)
        result = worker->hooks.combine(worker->hooks.owner, &pairs, &combined);
    else
        stream_join(&combined, &pairs);
    if (result == 0)
        result = write_chunks(worker, &combined, partitions->stacked, &written);
    pool_give(&worker->cache, stream_take_chunks(&combined));
    thread_lock(&partition->lock);
    stream_join(&partition->fresh, &written);
    partition_end(partition);
    thread_unlock(&partition->lock);
    return result;
}

int spill_partition(struct worker *worker, struct partitions *partitions, size_t number)
{
    return spill(worker, partitions, &partitions->array[number], false);
}

/* The largest partition of all that may be spilled, and those it is one of; as
 * partitions_largest. */
static struct partition *find_largest(struct worker *worker, struct partitions **among,
                                      uint64_t *most)
{
    struct stores *stores = worker->stores;
    struct partition *found = NULL, *other;
    for (struct spill_scope *scope = worker->scopes; scope; scope = scope->outer)
        if ((other = partitions_largest(scope->partitions, most))) {
            found = other;
            *among = scope->partitions;
        }
    if (atomic_load_explicit(&stores->pairs_open, memory_order_acquire) &&
        (other = partitions_largest(&stores->pairs, most))) {
        found = other;
        *among = &stores->pairs;
    }
    if (stores->results_open && (other = partitions_largest(&stores->results, most))) {
        found = other;
        *among = &stores->results;
    }
    return found;
}

/* The budget is exhausted: writes the largest partitions to disk. Sets *need to POOL_OVER_BUDGET
 * where there is nothing to write. Returns -1 when the job fails. */
static int spill_largest(struct worker *worker, enum pool_need *need)
{
    struct context *context = worker->context;
    const uint64_t wanted = context->budget->limit / FREED_SHARE;
    uint64_t freed = 0;
    if (context_stopped(context))
        return -1;
    while (freed < wanted) {
        struct partitions *among = NULL;
        uint64_t most = LEAST_SPILL;
        struct partition *largest = find_largest(worker, &among, &most);
        if (!largest)
            break;
        /* A key's pairs combined take less. A worker has one table to do it in. */
        const bool combine =
            among == &worker->stores->pairs && !context->keeps && !worker->combining;
        if (spill(worker, among, largest, combine) != 0)
            return -1;
        freed += most;
    }
    if (freed == 0)
        *need = POOL_OVER_BUDGET;
    return 0;
}

struct chunk *spill_chunk(struct worker *worker, size_t bound, enum pool_need need)
{
    struct chunk *chunk;
    bool exhausted;
    while (!(chunk = pool_take(&worker->cache, bound, need, &exhausted))) {
        if (!exhausted) {
            context_no_memory(worker->context);
            return NULL;
        }
        if (spill_largest(worker, &need) != 0)
            return NULL;
    }
    return chunk;
}

int spill_excess(struct worker *worker)
{
    enum pool_need need = POOL_IF_LEFT;
    while (need == POOL_IF_LEFT && pool_exhausted(worker->cache.pool))
        if (spill_largest(worker, &need) != 0)
            return -1;
    return 0;
}
