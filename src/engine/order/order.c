/* SPDX-License-Identifier: MIT
 *
 * order - ranges from a sample, routing to them, and sorting each (see order.h).
 */
#include "engine/order/order.h"

#include "engine/order/routing.h"
#include "engine/shuffle/spill_policy.h"
#include "engine/shuffle/stores.h"
#include "engine/shuffle/stream_reader.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(1u << ORDER_RANGE_BITS <= RANGES_MOST, "as many ranges as can be searched");
/* Of so many parts of the memory a sample takes one; sorting it takes some three more. */
#define SAMPLES 64
/* Splits of splits at the most: far more than any number of results calls for. One whose
 * sample was all alike counts for several: results of one key and rank cannot be split. */
#define MOST_DEPTH 12
#define DEPTH_ALIKE 6

const struct record_form order_results_form = {.kind = RECORD_RESULT};

int order_open(struct order *order, struct context *context, struct stores *stores,
               void (*woken)(void *owner), void *owner)
{
    const struct mr_job_spec *spec = &context->spec;
    *order = (struct order){
        .context = context,
        .stores = stores,
        .sort = {.ranked = spec->order == MR_ORDER_RANK,
                 .reverse = spec->reverse,
                 .many_ranks = (context->first || spec->rank) && spec->order == MR_ORDER_RANK},
        .unordered = spec->order == MR_ORDER_NONE,
        .limit = spec->limit ? spec->limit : UINT64_MAX,
        .min_rank = context_bounds_counts(context) ? 0 : spec->min_rank,
        .max_rank =
            context_bounds_counts(context) || spec->max_rank == 0 ? UINT64_MAX : spec->max_rank,
    };
    return output_open(&order->output, context, woken, owner);
}

void order_empty(struct order *order, struct pool_cache *cache)
{
    struct range_split *split;
    while ((split = order->range_splits)) {
        order->range_splits = split->next;
        stores_drop(&split->results, cache);
        ranges_close(&split->ranges);
        partitions_close(&split->results);
        free(split);
    }
    ranges_close(&order->ranges);
    ranges_cut_close(&order->last);
    free(order->parts);
    order->parts = NULL;
    output_empty(&order->output, cache);
}

void order_close(struct order *order)
{
    output_close(&order->output);
}

void order_worker_open(struct order_worker *own, struct worker *worker, struct order *order)
{
    *own = (struct order_worker){.worker = worker, .order = order};
    buffer_open(&own->sorting, worker->context->budget);
}

void order_worker_close(struct order_worker *own)
{
    partition_writer_close(&own->ranges);
    buffer_close(&own->sorting);
}

void order_worker_flush(struct order_worker *own)
{
    partition_writer_flush(&own->ranges);
    partition_writer_close(&own->ranges);
}

uint64_t order_sample_most(const struct order *order)
{
    return order->context->budget->limit / SAMPLES;
}

const unsigned char *const *order_worker_list(struct order_worker *own, const struct chunk *chunks,
                                              uint64_t count, bool sorted, size_t shared)
{
    const struct sort_order *order = &own->order->sort;
    struct mr_buffer *buffer = &own->sorting;
    mr_buffer_clear(buffer);
    void *memory =
        count > SIZE_MAX / 64 ? NULL : mr_buffer_reserve(buffer, sort_bytes((size_t)count));
    if (!memory) {
        context_no_memory(own->order->context);
        return NULL;
    }
    const struct sort_space space = sort_space_in(memory, (size_t)count);
    struct sort_known known = {.shared = shared};
    sort_list(order, chunks, &space, &known);
    if (sorted)
        sort_records(order, &space, (size_t)count, &known);
    return space.records;
}

/* ---- Parts ------------------------------------------------------------------------------ */

uint64_t order_part_memory(const struct order_part *part, uint64_t *records)
{
    struct partition *results = part->results;
    thread_lock(&results->lock);
    *records = results->fresh.records + results->fresh.spilled_count;
    uint64_t bytes = results->fresh.bytes + results->fresh.spilled;
    thread_unlock(&results->lock);
    return 2 * bytes + sort_bytes(*records);
}

uint64_t order_share(const struct order *order)
{
    return order->context->budget->limit / 2 / order->context->worker_count;
}

bool order_part_too_large(const struct order *order, const struct order_part *part)
{
    uint64_t records;
    return part->depth < MOST_DEPTH && order_part_memory(part, &records) > order_share(order) &&
           records > 1;
}

/* Appends a part, behind *sum results. */
static void list_part(struct order *order, struct order_part part, uint64_t *sum)
{
    if (*sum >= order->limit)
        return;
    uint64_t records;
    (void)order_part_memory(&part, &records);
    part.start = *sum;
    order->parts[order->part_count++] = part;
    *sum += records;
}

/* Appends the part of each range. */
static void list_ranges(struct order *order, struct partitions *results,
                        const struct ranges *ranges, unsigned depth, uint64_t *sum)
{
    for (size_t i = 0; i < ranges->count; i++)
        list_part(order,
                  (struct order_part){.results = &results->array[i],
                                      .depth = depth,
                                      .shared = ranges_shared(ranges, i)},
                  sum);
}

int order_list(struct order *order)
{
    struct order_part *old = order->parts;
    size_t old_count = order->part_count, count = order->ranges.count;
    if (old)
        count = old_count;
    for (size_t i = 0; old && i < old_count; i++)
        if (old[i].split)
            count += old[i].split->ranges.count - 1;
    order->parts = malloc((count + 1) * sizeof *order->parts);
    if (!order->parts) {
        order->parts = old;
        return -1;
    }
    uint64_t sum = 0;
    order->part_count = 0;
    if (!old)
        list_ranges(order, &order->stores->results, &order->ranges, 0, &sum);
    for (size_t i = 0; old && i < old_count; i++) {
        struct range_split *split = old[i].split;
        if (!split) {
            list_part(order, old[i], &sum);
            continue;
        }
        list_ranges(order, &split->results, &split->ranges,
                    old[i].depth + (split->alike ? DEPTH_ALIKE : 1), &sum);
        ranges_close(&split->ranges); /* nothing is looked up in them any more */
    }
    free(old);
    return 0;
}

bool order_must_split(const struct order *order)
{
    for (size_t i = 0; i < order->part_count; i++)
        if (order_part_too_large(order, &order->parts[i]))
            return true;
    return false;
}

/* ---- Output ------------------------------------------------------------------------------- */

bool order_may_begin(const struct order *order, size_t part)
{
    return output_may_begin(&order->output, part);
}

int order_put_out(struct order_worker *own, size_t number)
{
    struct order *order = own->order;
    struct pool_cache *cache = &own->worker->cache;
    const struct order_part *part = &order->parts[number];
    struct stream stream;
    partition_take(part->results, &stream);
    if (stream_reader_load(own->worker, &stream) != 0)
        return -1;
    uint64_t count = stream.records;
    struct chunk *chunks = stream_take_chunks(&stream);
    const unsigned char *const *records = order_worker_list(own, chunks, count, true, part->shared);
    if (!records) {
        pool_give(cache, chunks);
        return -1;
    }
    if (count > order->limit - part->start)
        count = order->limit - part->start;
    return output_put(&order->output, cache, number, records, (size_t)count, chunks);
}
