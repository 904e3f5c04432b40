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

/* Bytes of records in a range: what its sort touches, some three times as much, should stay in a
 * second-level cache. */
#define RANGE_BYTES ((uint64_t)384 << 10)
#define MOST_RANGE_BITS 10
_Static_assert(1u << MOST_RANGE_BITS <= RANGES_MOST, "as many ranges as can be searched");
_Static_assert(REDUCE_BATCH <= RANGES_BATCH, "what is put together can be routed together");
/* Of so many parts of the memory a sample takes one; sorting it takes some three more. */
#define SAMPLES 64
#define SAMPLES_A_SHARE 8
/* Splits of splits at the most: far more than any number of results calls for. One whose
 * sample was all alike counts for several: results of one key and rank cannot be split. */
#define MOST_DEPTH 12
#define DEPTH_ALIKE 6

static const struct record_form results_form = {.kind = RECORD_RESULT};

int order_open(struct order *order, struct context *context, struct stores *stores,
               void (*woken)(void *owner), void *owner)
{
    const struct mr_output *output = &context->spec.output;
    *order = (struct order){
        .context = context,
        .stores = stores,
        .sort = {.ranked = output->order == MR_ORDER_RANK, .reverse = output->reverse},
        .unordered = output->order == MR_ORDER_NONE,
        .limit = output->limit ? output->limit : UINT64_MAX,
        .min_rank = output->min_rank,
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

/* ---- Items ------------------------------------------------------------------------ */

/* Lists the records of `chunks`, whose keys share so many bytes, in the worker's room to sort and,
 * where `sorted`, sorts them. */
static const unsigned char *const *list_records(struct order_worker *own,
                                                const struct chunk *chunks, uint64_t count,
                                                bool sorted, size_t shared)
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

/* Writes results, RANGES_BATCH at most, to the ranges of the order; changes the array. */
static int route_wanted(struct order_worker *own, struct record *results, size_t count)
{
    const struct order *order = own->order;
    if (order->has_last) {
        size_t kept = 0;
        for (size_t i = 0; i < count; i++)
            if (ranges_cut_compare(&order->last, &order->sort, &results[i]) <= 0)
                results[kept++] = results[i];
        count = kept;
    }
    if (count == 0)
        return 0;
    return need_ranges(own) != 0 ? -1
                                 : routing_results(&order->ranges, &own->ranges, results, count);
}

/* ---- The sample ----------------------------------------------------------------------- */

/* What one worker may take of the memory, when nothing but sorting and output is left to do. */
static uint64_t share_of(const struct order *order)
{
    return order->context->memory / 2 / order->context->worker_count;
}

/* Bytes of results in a sample from which it is worth while to flush it. */
static uint64_t sample_most(const struct order *order)
{
    return order->context->memory / SAMPLES;
}

/* The same where a range is split, which all workers may be at together: sorting the sample takes
 * some three times as much, which must stay a small part of a worker's share. */
static uint64_t split_sample_most(const struct order *order)
{
    const uint64_t part = share_of(order) / SAMPLES_A_SHARE;
    return part < sample_most(order) ? part : sample_most(order);
}

/* Cuts the order into ranges by the sample, `share` times which all results are thought to be,
 * and sends it on to them. */
static int cut_order(struct order_worker *own, const struct stream *sample, double share)
{
    struct order *order = own->order;
    struct context *context = order->context;
    struct stores *stores = order->stores;
    uint64_t count = sample->records;
    double bytes = (double)sample->bytes;
    const unsigned char *const *records = list_records(own, sample->chunks, count, true, 0);
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
    while (bits < MOST_RANGE_BITS && bytes * share > (double)(RANGE_BYTES << bits))
        bits++;
    /* With little memory the open chunks of all workers must stay a small part of it. */
    while (bits > 0 && ((uint64_t)POOL_CHUNK << bits) * context->worker_count > context->memory / 8)
        bits--;
    size_t ranges = (size_t)1 << bits;
    if (ranges > count)
        ranges = count > 0 ? (size_t)count : 1;
    if (partitions_open(&stores->results, bits, results_form, false) != 0)
        goto no_memory;
    stores->results_open = true;
    if (ranges_open(&order->ranges, &order->sort, records, (size_t)count, ranges) != 0)
        goto no_memory;
    if (need_ranges(own) != 0)
        return -1;
    return routing_records(&order->ranges, &own->ranges, records, (size_t)count);

no_memory:
    context_no_memory(context);
    return -1;
}

/* Puts a stream out as it is. Takes it. */
static int put_out_unordered(struct order_worker *own, struct stream *stream)
{
    struct order *order = own->order;
    uint64_t count = stream->records;
    struct chunk *chunks = stream_take_chunks(stream);
    const unsigned char *const *records = list_records(own, chunks, count, false, 0);
    if (!records) {
        pool_give(&own->worker->cache, chunks);
        return -1;
    }
    if (order->limit != UINT64_MAX) {
        uint64_t before = atomic_fetch_add_explicit(&order->taken, count, memory_order_relaxed);
        uint64_t left = before < order->limit ? order->limit - before : 0;
        count = count < left ? count : left;
    }
    return output_put_unordered(&order->output, &own->worker->cache, records, (size_t)count,
                                chunks);
}

/* Flushes what is in the sample. Where there is an order, it is a sample of all results: cuts the
 * order into ranges by it, and lets this and all later results go to them. */
static int flush_sample(struct order_sink *sink)
{
    struct order_worker *own = sink->own;
    stream_writer_close(&sink->writer);
    if (own->order->unordered)
        return put_out_unordered(own, &sink->sample);
    sink->sampling = false;
    double share = sink->pairs > 0 ? (double)sink->all_pairs / (double)sink->pairs : 1;
    int result = cut_order(own, &sink->sample, share);
    pool_give(&own->worker->cache, stream_take_chunks(&sink->sample));
    buffer_close(&own->sorting); /* a sample may be larger than any range */
    return result;
}

static struct order_sink *sink_of(struct reduce_sink *sink)
{
    return (struct order_sink *)(void *)((unsigned char *)sink - offsetof(struct order_sink, sink));
}

static void begin_pairs(struct reduce_sink *base, uint64_t pairs)
{
    sink_of(base)->pairs += pairs;
}

static int put_results(struct reduce_sink *base, struct record *results, size_t count)
{
    struct order_sink *sink = sink_of(base);
    const uint64_t least = sink->own->order->min_rank;
    if (least > 0) {
        size_t kept = 0;
        for (size_t i = 0; i < count; i++)
            if (results[i].number >= least)
                results[kept++] = results[i];
        count = kept;
    }
    if (!sink->sampling)
        return route_wanted(sink->own, results, count);
    for (size_t i = 0; i < count; i++) {
        unsigned char *at =
            stream_writer_room(&sink->writer, record_bound(results[i].size, results[i].value_size));
        if (!at)
            return -1;
        stream_writer_wrote(&sink->writer, record_put_result(at, &results[i]));
    }
    /* At the end of a table it is a fairer sample: before, only where it grows and grows. */
    return sink->sample.bytes > 4 * sample_most(sink->own->order) ? flush_sample(sink) : 0;
}

static int end_pairs(struct reduce_sink *base)
{
    struct order_sink *sink = sink_of(base);
    return sink->sampling && sink->sample.bytes > sample_most(sink->own->order) ? flush_sample(sink)
                                                                                : 0;
}

void order_sink_open(struct order_sink *sink, struct order_worker *own, bool first,
                     uint64_t all_pairs)
{
    *sink = (struct order_sink){
        .sink = {.begin = begin_pairs, .put = put_results, .end = end_pairs},
        .own = own,
        .sampling = first || own->order->unordered,
        .all_pairs = all_pairs,
    };
    stream_writer_open(&sink->writer, &sink->sample, own->worker, POOL_OVER_BUDGET);
}

int order_sink_close(struct order_sink *sink, bool whole)
{
    const int result = whole && sink->sampling ? flush_sample(sink) : 0;
    stream_writer_close(&sink->writer);
    stream_drop(&sink->sample, &sink->own->worker->cache);
    return result;
}

/* ---- Parts ------------------------------------------------------------------------------ */

/* What of a part's results must be in memory to put it out: records, room to sort them and encoded
 * bytes. */
static uint64_t memory_of(const struct order_part *part, uint64_t *records)
{
    struct partition *results = part->results;
    thread_lock(&results->lock);
    *records = results->fresh.records + results->fresh.spilled_count;
    uint64_t bytes = results->fresh.bytes + results->fresh.spilled;
    thread_unlock(&results->lock);
    return 2 * bytes + sort_bytes(*records);
}

static bool too_large(const struct order *order, const struct order_part *part)
{
    uint64_t records;
    return part->depth < MOST_DEPTH && memory_of(part, &records) > share_of(order) && records > 1;
}

/* Appends a part, behind *sum results. */
static void list_part(struct order *order, struct order_part part, uint64_t *sum)
{
    if (*sum >= order->limit)
        return;
    uint64_t records;
    (void)memory_of(&part, &records);
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
        if (split)
            list_ranges(order, &split->results, &split->ranges,
                        old[i].depth + (split->alike ? DEPTH_ALIKE : 1), &sum);
        else
            list_part(order, old[i], &sum);
    }
    free(old);
    return 0;
}

bool order_must_split(const struct order *order)
{
    for (size_t i = 0; i < order->part_count; i++)
        if (too_large(order, &order->parts[i]))
            return true;
    return false;
}

/* Makes an empty split of 2^bits partitions. */
static struct range_split *new_split(struct order *order, unsigned bits)
{
    struct range_split *split = calloc(1, sizeof *split);
    if (!split || partitions_open(&split->results, bits, results_form, false) != 0) {
        free(split);
        context_no_memory(order->context);
        return NULL;
    }
    split->next = atomic_load_explicit(&order->range_splits, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&order->range_splits, &split->next, split,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
    return split;
}

/* Whether two records have the same rank and key. */
static bool are_alike(const unsigned char *a, const unsigned char *b)
{
    struct record first, second;
    record_get(a, RECORD_RESULT, 0, &first);
    record_get(b, RECORD_RESULT, 0, &second);
    return first.number == second.number && first.size == second.size &&
           memcmp(first.key, second.key, first.size) == 0;
}

/* Brings the results of a reader to the ranges of the split, which the first of them make. */
static int split_results(struct order_worker *own, struct stream_reader *reader, size_t shared,
                         struct range_split *split, struct partition_writer *writer)
{
    struct order *order = own->order;
    struct context *context = order->context;
    struct stream sample = {0};
    struct chunk *chunk = NULL;
    while ((sample.bytes < split_sample_most(order) || sample.records < 2) &&
           (chunk = stream_reader_next(reader))) {
        stream_reader_keep(reader);
        stream_push(&sample, chunk);
    }
    size_t count = (size_t)sample.records, ranges = (size_t)1 << split->results.bits;
    const unsigned char *const *records =
        reader->failed ? NULL : list_records(own, sample.chunks, count, true, shared);
    int result = records ? 0 : -1;
    if (result == 0 && ranges_open(&split->ranges, &order->sort, records, count,
                                   ranges < count ? ranges : count) != 0) {
        context_no_memory(context);
        result = -1;
    }
    if (result == 0) {
        split->alike = are_alike(records[0], records[count - 1]);
        result = routing_records(&split->ranges, writer, records, count);
    }
    stream_drop(&sample, &own->worker->cache);
    while (result == 0 && (chunk = stream_reader_next(reader))) {
        result = routing_chunk(&split->ranges, writer, chunk);
        if (context_stopped(context))
            result = -1;
    }
    return result;
}

int order_split(struct order_worker *own, size_t number)
{
    struct order *order = own->order;
    struct worker *worker = own->worker;
    struct order_part *part = &order->parts[number];
    if (!too_large(order, part))
        return 0;
    uint64_t records;
    const uint64_t whole = memory_of(part, &records);
    unsigned bits = 1;
    while (bits < MOST_RANGE_BITS && whole >> bits > share_of(order) / 2 &&
           (uint64_t)POOL_CHUNK << bits < share_of(order) / 8)
        bits++;
    struct range_split *split = new_split(order, bits);
    if (!split)
        return -1;
    struct spill_scope scope;
    struct partition_writer writer;
    struct stream stream;
    struct stream_reader reader;
    int result = 0;
    spill_scope_begin(&scope, worker, &split->results);
    if (partition_writer_open(&writer, &split->results, worker) != 0) {
        context_no_memory(order->context);
        result = -1;
    }
    partition_take(part->results, &stream);
    stream_reader_open(&reader, worker, &stream, true);
    if (result == 0)
        result = split_results(own, &reader, part->shared, split, &writer);
    if (stream_reader_close(&reader) != 0)
        result = -1;
    stream_drop(&stream, &worker->cache);
    if (result == 0)
        partition_writer_flush(&writer);
    partition_writer_close(&writer);
    /* Where results are on disk, those of other parts need the memory next. */
    const bool spill =
        atomic_load_explicit(&order->stores->spill.written, memory_order_relaxed) > 0;
    for (size_t i = 0; result == 0 && spill && i < split->ranges.count; i++)
        result = spill_partition(worker, &split->results, i);
    spill_scope_end(&scope, worker);
    part->split = split;
    return result;
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
    const unsigned char *const *records = list_records(own, chunks, count, true, part->shared);
    if (!records) {
        pool_give(cache, chunks);
        return -1;
    }
    if (count > order->limit - part->start)
        count = order->limit - part->start;
    return output_put(&order->output, cache, number, records, (size_t)count, chunks);
}
