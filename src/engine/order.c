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

void
order_open(struct order *order, const struct mr_output *output)
{
    *order = (struct order){
        .sort = {.ranked = output->order == MR_ORDER_RANK, .reverse = output->reverse},
        .any = output->order == MR_ORDER_NONE,
        .limit = output->limit ? output->limit : UINT64_MAX,
        .min_rank = output->min_rank,
    };
}

void
order_close(struct order *order)
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

/* Lists the records of `chunks` in the worker's items, leaving as much room again behind them. */
static struct sort_item *
list_items(struct worker *worker, const struct chunk *chunks, uint64_t count)
{
    struct mr_buffer *buffer = &worker->items;
    mr_buffer_clear(buffer);
    struct sort_item *items =
        count > SIZE_MAX / sizeof *items / 8
            ? NULL
            : (void *)mr_buffer_reserve(buffer, 2 * (size_t)count * sizeof *items);
    if (!items) {
        job_no_memory(worker->job);
        return NULL;
    }
    size_t n = 0;
    for (const struct chunk *chunk = chunks; chunk; chunk = chunk->next) {
        const unsigned char *at = chunk->data, *end = at + chunk->used;
        if (chunk->next)
            __builtin_prefetch(chunk->next);
        while (at < end) {
            struct record record;
            items[n++].record = at;
            at = record_get(at, RECORD_RESULT, 0, &record);
        }
    }
    return items;
}

/* ---- Ranges ------------------------------------------------------------------------- */

int
order_by_sample(struct worker *worker, struct stream *sample, uint64_t share)
{
    struct job *job = worker->job;
    struct order *order = &job->order;
    uint64_t count = sample->records, bytes = sample->bytes;
    struct chunk *chunks = stream_take_chunks(sample);
    struct sort_item *items = list_items(worker, chunks, count);
    if (!items)
        goto fail;
    sort_items(&order->sort, items, items + count, (size_t)count);

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

    for (size_t i = 0; i < count; i++) {
        struct record record;
        record_get(items[i].record, RECORD_RESULT, 0, &record);
        if (order_route(worker, record.key, record.size, record.number, record.value,
                        record.value_size) != 0)
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

int
order_route(struct worker *worker, const unsigned char *key, size_t size, uint64_t rank,
            const void *payload, size_t payload_size)
{
    const struct order *order = &worker->job->order;
    if (order->has_last && cut_compare(&order->last, &order->sort, sort_rank_word(&order->sort, rank),
                                       sort_key_word(&order->sort, key, size, 0), key, size) > 0)
        return 0;
    if (!worker->ranges.tails &&
        shuffle_writer_open(&worker->ranges, &worker->job->order.results, &worker->cache,
                            &worker->owner) != 0) {
        job_no_memory(worker->job);
        return -1;
    }
    unsigned range = (unsigned)ranges_find(&order->ranges, rank, key, size);
    unsigned char *at = shuffle_room(&worker->ranges, range, record_bound(size, payload_size));
    if (!at)
        return -1;
    shuffle_wrote(&worker->ranges, range,
                  order_put_record(at, key, size, rank, payload, payload_size));
    return 0;
}

long
order_count(struct job *job)
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

int
order_put_out(struct worker *worker, size_t range)
{
    struct order *order = &worker->job->order;
    struct stream stream;
    shuffle_take(&order->results, (unsigned)range, &stream);
    if (source_load(worker, &stream) != 0)
        return -1;
    uint64_t count = stream.records;
    struct chunk *chunks = stream_take_chunks(&stream);
    struct sort_item *items = list_items(worker, chunks, count);
    if (!items) {
        pool_give(&worker->cache, chunks);
        return -1;
    }
    sort_items(&order->sort, items, items + count, (size_t)count);
    if (count > order->limit - order->starts[range])
        count = order->limit - order->starts[range];
    return output_put(worker, range, items, (size_t)count, chunks);
}

int
order_put_out_any(struct worker *worker, size_t number, struct stream *stream)
{
    struct job *job = worker->job;
    uint64_t count = stream->records;
    struct chunk *chunks = stream_take_chunks(stream);
    struct sort_item *items = list_items(worker, chunks, count);
    if (!items) {
        pool_give(&worker->cache, chunks);
        return -1;
    }
    if (job->order.limit != UINT64_MAX) {
        uint64_t before = atomic_fetch_add_explicit(&job->output.taken, count, memory_order_relaxed);
        uint64_t left = before < job->order.limit ? job->order.limit - before : 0;
        count = count < left ? count : left;
    }
    return output_put(worker, number, items, (size_t)count, chunks);
}
