/* SPDX-License-Identifier: MIT
 *
 * order - ranges from a sample, routing to them, and sorting each (see order.h).
 */
#include "engine/order.h"

#include "engine/job.h"
#include "engine/source.h"

#include <errno.h>
#include <stdlib.h>

/* Bytes of records in a range: what its sort touches, some three times as much, should stay in a
 * second-level cache. */
#define RANGE_BYTES ((uint64_t)384 << 10)
#define MOST_RANGE_BITS 10

void order_open(struct order *order, const struct mr_output *output)
{
    *order = (struct order){
        .sort = {.ranked = output->order == MR_ORDER_RANK, .reverse = output->reverse},
        .any = output->order == MR_ORDER_NONE,
        .limit = output->limit ? output->limit : UINT64_MAX,
        .min_rank = output->min_rank,
    };
}

void order_close(struct order *order)
{
    ranges_close(&order->ranges);
    cut_close(&order->last);
    free(order->starts);
    order->starts = NULL;
    if (order->results_open)
        shuffle_close(&order->results);
    order->results_open = false;
}

/* ---- Items ------------------------------------------------------------------------ */

/* Lists the records of `chunks` in the worker's items and, where `sorted`, sorts them. */
static struct sort_item *list_items(struct worker *worker, const struct chunk *chunks,
                                    uint64_t count, bool sorted)
{
    const struct sort_order *order = &worker->job->order.sort;
    struct mr_buffer *buffer = &worker->items;
    mr_buffer_clear(buffer);
    struct sort_item *items = count > SIZE_MAX / sizeof *items / 8
                                  ? NULL
                                  : (void *)mr_buffer_reserve(buffer, sort_bytes((size_t)count));
    if (!items) {
        job_no_memory(worker->job);
        return NULL;
    }
    bool one_rank;
    sort_list(order, chunks, items, &one_rank);
    if (sorted) {
        const struct sort_space space = sort_space_behind(items, (size_t)count);
        sort_items(order, items, &space, (size_t)count, one_rank);
    }
    return items;
}

/* ---- Ranges ------------------------------------------------------------------------- */

int order_by_sample(struct worker *worker, struct stream *sample, uint64_t share)
{
    struct job *job = worker->job;
    struct order *order = &job->order;
    uint64_t count = sample->records, bytes = sample->bytes;
    struct chunk *chunks = stream_take_chunks(sample);
    struct sort_item *items = list_items(worker, chunks, count, true);
    if (!items)
        goto fail;

    if (count > order->limit) {
        if (cut_open(&order->last, &order->sort, items[order->limit - 1].record) != 0)
            goto no_memory;
        order->has_last = true;
        bytes = bytes / count * order->limit;
        count = order->limit;
    }

    unsigned bits = 0;
    while (bits < MOST_RANGE_BITS && (bytes * share) >> bits > RANGE_BYTES)
        bits++;
    /* With little memory the open chunks of all workers must stay a small part of it. */
    while (bits > 0 && ((uint64_t)POOL_CHUNK << bits) * job->worker_count > job->budget->limit / 8)
        bits--;
    size_t ranges = (size_t)1 << bits;
    if (ranges > count)
        ranges = count > 0 ? (size_t)count : 1;
    if (shuffle_open(&order->results, bits, (struct record_form){.kind = RECORD_RESULT},
                     UINT64_MAX) != 0)
        goto no_memory;
    order->results_open = true;
    if (ranges_open(&order->ranges, &order->sort, items, (size_t)count, ranges) != 0)
        goto no_memory;

    for (size_t start = 0; start < count; start += RANGES_BATCH) {
        struct record results[RANGES_BATCH];
        size_t n = count - start < RANGES_BATCH ? (size_t)count - start : RANGES_BATCH;
        for (size_t i = 0; i < n; i++)
            record_get(items[start + i].record, RECORD_RESULT, 0, &results[i]);
        if (order_route(worker, results, n) != 0)
            goto fail;
    }
    pool_give(&worker->cache, chunks);
    return 0;

no_memory:
    job_no_memory(job);
fail:
    pool_give(&worker->cache, chunks);
    return -1;
}

/* ---- Routing ---------------------------------------------------------------------------- */

int order_route(struct worker *worker, struct record *results, size_t count)
{
    const struct order *order = &worker->job->order;
    uint32_t found[RANGES_BATCH];
    if (order->has_last) {
        size_t kept = 0;
        for (size_t i = 0; i < count; i++)
            if (cut_compare(&order->last, &order->sort, &results[i]) <= 0)
                results[kept++] = results[i];
        count = kept;
    }
    if (count == 0)
        return 0;
    if (!worker->ranges.tails &&
        shuffle_writer_open(&worker->ranges, &worker->job->order.results, &worker->cache,
                            &worker->owner) != 0) {
        job_no_memory(worker->job);
        return -1;
    }
    ranges_find(&order->ranges, results, count, found);
    for (size_t i = 0; i < count; i++) {
        unsigned char *at = shuffle_room(&worker->ranges, found[i],
                                         record_bound(results[i].size, results[i].value_size));
        if (!at)
            return -1;
        shuffle_wrote(&worker->ranges, found[i], record_put_result(at, &results[i]));
    }
    return 0;
}

long order_count(struct job *job)
{
    struct order *order = &job->order;
    order->starts = malloc((order->ranges.count + 1) * sizeof *order->starts);
    if (!order->starts)
        return -1;
    uint64_t sum = 0;
    size_t wanted = 0;
    for (size_t i = 0; i < order->ranges.count; i++) {
        const struct stream *stream = &order->results.partitions[i].fresh;
        order->starts[i] = sum;
        if (sum < order->limit)
            wanted = i + 1;
        sum += stream->records + stream->spilled_count;
    }
    return (long)wanted;
}

/* ---- Output ------------------------------------------------------------------------------- */

int order_put_out(struct worker *worker, size_t range)
{
    struct order *order = &worker->job->order;
    struct stream stream;
    shuffle_take(&order->results, (unsigned)range, &stream);
    if (source_load(worker, &stream) != 0)
        return -1;
    uint64_t count = stream.records;
    struct chunk *chunks = stream_take_chunks(&stream);
    struct sort_item *items = list_items(worker, chunks, count, true);
    if (!items) {
        pool_give(&worker->cache, chunks);
        return -1;
    }
    if (count > order->limit - order->starts[range])
        count = order->limit - order->starts[range];
    return output_put(worker, range, items, (size_t)count, chunks);
}

int order_put_out_any(struct worker *worker, size_t number, struct stream *stream)
{
    struct job *job = worker->job;
    uint64_t count = stream->records;
    struct chunk *chunks = stream_take_chunks(stream);
    struct sort_item *items = list_items(worker, chunks, count, false);
    if (!items) {
        pool_give(&worker->cache, chunks);
        return -1;
    }
    if (job->order.limit != UINT64_MAX) {
        uint64_t before =
            atomic_fetch_add_explicit(&job->output.taken, count, memory_order_relaxed);
        uint64_t left = before < job->order.limit ? job->order.limit - before : 0;
        count = count < left ? count : left;
    }
    return output_put(worker, number, items, (size_t)count, chunks);
}
