/* SPDX-License-Identifier: MIT
 *
 * order_sink - sampling, and routing to the ranges (see order_sink.h).
 */
#include "engine/order/order_sink.h"

#include "engine/order/routing.h"
#include "engine/order/unordered.h"
#include "engine/shuffle/stores.h"
#include "engine/shuffle/stream_reader.h"

#include <stddef.h>

/* Bytes of records in a range: what its sort touches, some three times as much, should stay in a
 * second-level cache. */
#define RANGE_BYTES ((uint64_t)384 << 10)
_Static_assert(REDUCE_BATCH <= RANGES_BATCH, "what is put together can be routed together");
/* Of so many parts of the memory all workers' unordered results take one before they are put out;
 * encoded they take another. More than so many bytes together are of no use. */
#define UNORDERED 16
#define MOST_UNORDERED ((uint64_t)1 << 20)

static struct order_sink *sink_of(struct reduce_sink *sink)
{
    return (struct order_sink *)(void *)((unsigned char *)sink - offsetof(struct order_sink, sink));
}

/* ---- Routing -------------------------------------------------------------------------- */

/* Opens the worker's writer to the ranges where it is not open. */
static int need_ranges(struct order_worker *own)
{
    if (own->ranges.ends ||
        partition_writer_open(&own->ranges, &own->order->stores->results, own->worker) == 0)
        return 0;
    context_no_memory(own->order->context);
    return -1;
}

/* Whether a result is among those that may be wanted. */
static bool is_wanted(const struct order *order, const struct record *result)
{
    return !order->has_last || ranges_cut_compare(&order->last, &order->sort, result) <= 0;
}

/* Writes results, RANGES_BATCH at most, to the ranges of the order; changes the array. */
static int route_wanted(struct order_worker *own, struct record *results, size_t count)
{
    const struct order *order = own->order;
    if (order->has_last) {
        size_t kept = 0;
        for (size_t i = 0; i < count; i++)
            if (is_wanted(order, &results[i]))
                results[kept++] = results[i];
        count = kept;
    }
    if (count == 0)
        return 0;
    return need_ranges(own) != 0 ? -1
                                 : routing_results(&order->ranges, &own->ranges, results, count);
}

/* The same for a large chunk, which it takes. */
static int route_large(struct order_worker *own, struct chunk *chunk)
{
    struct record result;
    record_get(chunk->data, RECORD_RESULT, 0, &result);
    const bool wanted = is_wanted(own->order, &result);
    if (wanted && need_ranges(own) == 0)
        return routing_large(&own->order->ranges, &own->ranges, chunk);
    pool_give(&own->worker->cache, chunk);
    return wanted ? -1 : 0;
}

/* The same for the records of an ordinary chunk. */
static int route_chunk(struct order_worker *own, const struct chunk *chunk)
{
    const unsigned char *at = chunk->data, *end = at + chunk->used;
    while (at < end) {
        struct record results[RANGES_BATCH];
        size_t count = 0;
        while (at < end && count < RANGES_BATCH)
            at = record_get(at, RECORD_RESULT, 0, &results[count++]);
        if (route_wanted(own, results, count) != 0)
            return -1;
    }
    return 0;
}

/* ---- The sample ----------------------------------------------------------------------- */

/* Cuts the order into ranges by the sample of so many bytes of results, `share` times which all
 * results are thought to be, and sends what it has of them on. */
static int cut_order(struct order_worker *own, const struct stream *sample, uint64_t sampled,
                     double share)
{
    struct order *order = own->order;
    struct context *context = order->context;
    struct stores *stores = order->stores;
    uint64_t count = sample->records;
    double bytes = (double)sampled;
    const unsigned char *const *records = order_worker_list(own, sample->chunks, count, true, 0);
    if (!records)
        return -1;

    if (count > order->limit) {
        if (ranges_cut_open(&order->last, &order->sort, records[order->limit - 1]) != 0)
            goto no_memory;
        order->has_last = true;
        bytes *= (double)order->limit / (double)count;
        count = order->limit;
    }

    unsigned bits = 0;
    while (bits < ORDER_RANGE_BITS && bytes * share > (double)(RANGE_BYTES << bits))
        bits++;
    /* With little memory the open chunks of all workers must stay a small part of it. */
    while (bits > 0 &&
           ((uint64_t)POOL_CHUNK << bits) * context->worker_count > context->budget->limit / 8)
        bits--;
    size_t ranges = (size_t)1 << bits;
    if (ranges > count)
        ranges = count > 0 ? (size_t)count : 1;
    if (partitions_open(&stores->results, bits, order_results_form, false) != 0)
        goto no_memory;
    stores->results_open = true;
    if (ranges_open(&order->ranges, &order->sort, records, (size_t)count, ranges, NULL) != 0)
        goto no_memory;
    if (need_ranges(own) != 0)
        return -1;
    return routing_sample(&order->ranges, &own->ranges, records, (size_t)count);

no_memory:
    context_no_memory(context);
    return -1;
}

/* Sends what was held of the sample on to the ranges. */
static int route_held(struct order_sink *sink)
{
    struct order_worker *own = sink->own;
    struct stream stream;
    struct stream_reader reader;
    struct chunk *chunk;
    int result = 0;
    partition_writer_flush(&sink->held_writer);
    partition_writer_close(&sink->held_writer);
    partition_take(&sink->held.array[0], &stream);
    stream_reader_open(&reader, own->worker, &stream, true);
    while (result == 0 && (chunk = stream_reader_next(&reader))) {
        if (pool_chunk_large(chunk)) {
            stream_reader_keep(&reader);
            result = route_large(own, chunk);
        } else {
            result = route_chunk(own, chunk);
        }
        if (context_stopped(own->order->context))
            result = -1;
    }
    if (stream_reader_close(&reader) != 0)
        result = -1;
    stream_drop(&stream, &own->worker->cache);
    return result;
}

/* Flushes what is in the sample. Where there is an order, it is a sample of all results: cuts the
 * order into ranges by it, and lets this and all later results go to them. */
static int flush_sample(struct order_sink *sink)
{
    struct order_worker *own = sink->own;
    stream_writer_close(&sink->writer);
    if (own->order->unordered)
        return unordered_put(own, &sink->sample);
    sink->sampling = false;
    const double share = sink->pairs > 0 ? (double)sink->all_pairs / (double)sink->pairs : 1;
    const struct stream *held = &sink->held.array[0].fresh;
    int result =
        cut_order(own, &sink->sample, sink->sample.bytes + held->bytes + held->spilled, share);
    pool_give(&own->worker->cache, stream_take_chunks(&sink->sample));
    buffer_close(&own->sorting); /* a sample may be larger than any range */
    return result == 0 && sink->held_writer.ends ? route_held(sink) : result;
}

/* Flushes the sample where it has grown past a part of the memory. At the end of a table it is a
 * fairer one: before, that is only done where it grows and grows. */
static int flush_if_large(struct order_sink *sink, bool table_ended)
{
    const struct order *order = sink->own->order;
    const struct stream_writer *writer = &sink->writer;
    uint64_t most = 4 * order_sample_most(order);
    if (order->unordered)
        most = order->context->budget->limit / UNORDERED / order->context->worker_count;
    if (order->unordered && most > MOST_UNORDERED)
        most = MOST_UNORDERED;
    if (table_ended)
        most /= 4;
    const uint64_t open = writer->chunk ? (uint64_t)(writer->at - writer->chunk->data) : 0;
    return sink->sample.bytes + open > most ? flush_sample(sink) : 0;
}

/* Adds a copy of a result to the sample. */
static int add_to_sample(struct order_sink *sink, const struct record *result)
{
    unsigned char *at =
        stream_writer_room(&sink->writer, record_bound(result->size, result->value_size));
    if (!at)
        return -1;
    stream_writer_wrote(&sink->writer, record_put_result(at, result));
    return 0;
}

/* Opens the writer to what is held where it is not open. */
static int need_held(struct order_sink *sink)
{
    if (sink->held_writer.ends ||
        partition_writer_open(&sink->held_writer, &sink->held, sink->own->worker) == 0)
        return 0;
    context_no_memory(sink->own->order->context);
    return -1;
}

/* Adds the beginning of a result with a long key to the sample. */
static int add_beginning(struct order_sink *sink, const struct record *result)
{
    const struct record beginning = {
        .key = result->key, .size = RANGES_KEY, .number = result->number};
    return need_held(sink) != 0 ? -1 : add_to_sample(sink, &beginning);
}

static int sample_result(struct order_sink *sink, const struct record *result)
{
    if (sink->own->order->unordered || result->size < RANGES_KEY)
        return add_to_sample(sink, result);
    if (add_beginning(sink, result) != 0)
        return -1;
    unsigned char *at = partition_writer_room(&sink->held_writer, 0,
                                              record_bound(result->size, result->value_size));
    if (!at)
        return -1;
    partition_writer_wrote(&sink->held_writer, 0, record_put_result(at, result));
    return 0;
}

/* ---- What the reduce calls ------------------------------------------------------------- */

static void begin_pairs(struct reduce_sink *base, uint64_t pairs)
{
    sink_of(base)->pairs += pairs;
}

static int put_results(struct reduce_sink *base, struct record *results, size_t count)
{
    struct order_sink *sink = sink_of(base);
    const bool unordered = sink->own->order->unordered;
    const uint64_t least = sink->own->order->min_rank, most = sink->own->order->max_rank;
    if (least > 0 || most < UINT64_MAX) {
        size_t kept = 0;
        for (size_t i = 0; i < count; i++)
            if (results[i].number >= least && results[i].number <= most)
                results[kept++] = results[i];
        count = kept;
    }
    if (!sink->sampling)
        return route_wanted(sink->own, results, count);
    for (size_t i = 0; i < count; i++)
        if (sample_result(sink, &results[i]) != 0 ||
            (unordered && flush_if_large(sink, false) != 0))
            return -1;
    return flush_if_large(sink, false);
}

static int put_large(struct reduce_sink *base, struct chunk *chunk)
{
    struct order_sink *sink = sink_of(base);
    const struct order *order = sink->own->order;
    struct pool_cache *cache = &sink->own->worker->cache;
    struct record result;
    record_get(chunk->data, RECORD_RESULT, 0, &result);
    if (result.number < order->min_rank || result.number > order->max_rank) {
        pool_give(cache, chunk);
        return 0;
    }
    if (!sink->sampling)
        return route_large(sink->own, chunk);
    /* Only of long keys is a beginning enough. */
    if (order->unordered || result.size < RANGES_KEY) {
        stream_push(&sink->sample, chunk);
        return flush_if_large(sink, false);
    }
    if (add_beginning(sink, &result) != 0) {
        pool_give(cache, chunk);
        return -1;
    }
    return partition_writer_put(&sink->held_writer, 0, chunk) != 0 ? -1
                                                                   : flush_if_large(sink, false);
}

static int end_pairs(struct reduce_sink *base)
{
    struct order_sink *sink = sink_of(base);
    return sink->sampling ? flush_if_large(sink, true) : 0;
}

/* ---- Beginning and end ------------------------------------------------------------------ */

int order_sink_open(struct order_sink *sink, struct order_worker *own, bool first,
                    uint64_t all_pairs)
{
    *sink = (struct order_sink){
        .sink = {.begin = begin_pairs,
                 .put = put_results,
                 .put_large = put_large,
                 .end = end_pairs},
        .own = own,
        .sampling = first || own->order->unordered,
        .all_pairs = all_pairs,
    };
    stream_writer_open(&sink->writer, &sink->sample, own->worker, POOL_OVER_BUDGET);
    if (!first)
        return 0;
    if (partitions_open(&sink->held, 0, order_results_form, false) != 0) {
        context_no_memory(own->order->context);
        return -1;
    }
    spill_scope_begin(&sink->scope, own->worker, &sink->held);
    sink->holding = true;
    return 0;
}

int order_sink_close(struct order_sink *sink, bool whole)
{
    struct worker *worker = sink->own->worker;
    const int result = whole && sink->sampling ? flush_sample(sink) : 0;
    stream_writer_close(&sink->writer);
    stream_drop(&sink->sample, &worker->cache);
    if (sink->holding) {
        partition_writer_close(&sink->held_writer);
        spill_scope_end(&sink->scope, worker);
        stores_drop(&sink->held, &worker->cache);
        partitions_close(&sink->held);
    }
    return result;
}
