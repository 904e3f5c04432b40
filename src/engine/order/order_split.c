/* SPDX-License-Identifier: MIT
 *
 * order_split - ranges of a part from a sample of its own (see order_split.h).
 *
 * The sample has of each key what follows the bytes that all are known to share, RANGES_KEY bytes
 * at the most. Where even these are all the same it is taken again, from where the keys differ; or,
 * where they do not, of what the payloads begin with.
 */
#include "engine/order/order_split.h"

#include "engine/core/buffer.h"
#include "engine/order/routing.h"
#include "engine/shuffle/spill_policy.h"
#include "engine/shuffle/stores.h"
#include "engine/shuffle/stream_reader.h"
#include "engine/shuffle/stream_writer.h"

#include <stdlib.h>
#include <string.h>

/* Bytes that keys must share before they are looked at behind these only. */
#define LEAST_SHARED ((size_t)64)
/* Results in a sample, for each range, that are enough. */
#define ENOUGH 16
/* Of so many parts of what a worker may take, a sample takes one. */
#define SAMPLES_A_SHARE 8

/* What is found out about a part. */
struct look {
    struct stream sample;
    size_t depth;             /* bytes at the beginnings of the keys that it leaves out */
    bool payloads;            /* it has the beginnings of payloads, all keys being one */
    bool alike;               /* what it has of the keys, and the ranks, are all the same */
    bool one_key;             /* so are the keys as a whole */
    size_t common;            /* bytes at the beginnings of the keys that are the same then */
    struct mr_buffer first;   /* the key of the first result */
    uint64_t rank;            /* its rank */
    struct mr_buffer payload; /* what the first payload begins with */
    const struct sort_order *order;
};

/* Makes an empty split of 2^bits partitions. */
static struct range_split *new_split(struct order *order, unsigned bits)
{
    struct range_split *split = calloc(1, sizeof *split);
    if (!split || partitions_open(&split->results, bits, order_results_form, false) != 0) {
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

/* Keeps the first result's key. */
static int keep_first(struct look *look, const struct record *result)
{
    unsigned char *copy = mr_buffer_reserve(&look->first, result->size);
    if (!copy)
        return -1;
    memcpy(copy, result->key, result->size);
    mr_buffer_commit(&look->first, result->size);
    look->alike = look->one_key = true;
    look->common = result->size;
    look->rank = result->number;
    return 0;
}

/* Looks whether a result is like the first as far as the sample goes, and where it is not. */
static void compare_first(struct look *look, const struct record *result)
{
    const unsigned char *first = look->first.data;
    const size_t sampled = look->depth + RANGES_KEY;
    size_t most = look->common < result->size ? look->common : result->size, at = look->depth;
    while (at < most && first[at] == result->key[at])
        at++;
    look->common = at;
    const bool one_key = at == result->size && at == look->first.used;
    const bool one_rank =
        sort_rank_word(look->order, result->number) == sort_rank_word(look->order, look->rank);
    look->one_key = look->one_key && one_key && one_rank;
    look->alike = one_rank && (at >= sampled || one_key);
}

/* The same for the beginning of a payload, `first` or not. */
static int compare_payload(struct look *look, const struct record *beginning, bool first)
{
    if (!first) {
        look->alike = look->alike && beginning->size == look->payload.used &&
                      memcmp(beginning->key, look->payload.data, beginning->size) == 0;
        return 0;
    }
    unsigned char *copy = mr_buffer_reserve(&look->payload, beginning->size);
    if (!copy)
        return -1;
    memcpy(copy, beginning->key, beginning->size);
    mr_buffer_commit(&look->payload, beginning->size);
    look->alike = true;
    return 0;
}

/* Looks at one more result, `first` or not. Returns what the sample has of it, whose key is NULL
 * where memory is out. */
static struct record look_at_result(struct look *look, const struct record *result, bool first)
{
    struct record seen = {.key = result->key, .number = result->number};
    if (look->payloads) {
        seen.key = result->value;
        seen.size = result->value_size < RANGES_KEY ? result->value_size : RANGES_KEY;
        if (compare_payload(look, &seen, first) != 0)
            seen.key = NULL;
        return seen;
    }
    const size_t left = result->size > look->depth ? result->size - look->depth : 0;
    seen.key += result->size - left;
    seen.size = left < RANGES_KEY ? left : RANGES_KEY;
    if (first) {
        if (keep_first(look, result) != 0)
            seen.key = NULL;
    } else if (look->alike) {
        compare_first(look, result);
    }
    return seen;
}

/* Adds results to the sample. */
static int add_results(struct look *look, struct stream_writer *writer, const struct chunk *chunk,
                       struct context *context)
{
    const unsigned char *at = chunk->data, *end = at + chunk->used;
    while (at < end) {
        struct record result;
        at = record_get(at, RECORD_RESULT, 0, &result);
        const struct record seen =
            look_at_result(look, &result, look->sample.records + writer->records == 0);
        if (!seen.key) {
            context_no_memory(context);
            return -1;
        }
        unsigned char *to = stream_writer_room(writer, record_bound(seen.size, 0));
        if (!to)
            return -1;
        stream_writer_wrote(writer, record_put_result(to, &seen));
    }
    return 0;
}

/* Bytes in the sample: all workers may split at the same time, and sorting takes some three times
 * as much, which must stay a small part of a worker's share. */
static uint64_t sample_most(const struct order *order)
{
    const uint64_t most = order_sample_most(order), part = order_share(order) / SAMPLES_A_SHARE;

    return part < most ? part : most;
}

/* Takes a sample of the stream, which it leaves as it is, for 2^bits ranges. */
static int take_sample(struct order_worker *own, struct stream *stream, unsigned bits,
                       struct look *look)
{
    const uint64_t most = sample_most(own->order);
    struct stream_writer writer;
    struct stream_reader reader;
    const struct chunk *chunk;
    uint64_t read = 0, sampled = 0;
    int result = 0;
    stream_drop(&look->sample, &own->worker->cache);
    if (!look->payloads)
        mr_buffer_clear(&look->first);
    stream_writer_open(&writer, &look->sample, own->worker, POOL_OVER_BUDGET);
    stream_reader_open(&reader, own->worker, stream, false);
    /* As much as fits, of long keys no more than is needed. */
    while (result == 0 &&
           (sampled < 2 || look->sample.bytes < (sampled < (uint64_t)ENOUGH << bits ? most : 0) ||
            read < most) &&
           (chunk = stream_reader_next(&reader))) {
        result = add_results(look, &writer, chunk, own->order->context);
        read += chunk->used;
        sampled += chunk->records;
        if (context_stopped(own->order->context))
            result = -1;
    }
    stream_writer_close(&writer);
    return stream_reader_close(&reader) != 0 ? -1 : result;
}

/* Takes a sample, and another one where the first tells nothing apart. */
static int look_at(struct order_worker *own, struct stream *stream, size_t shared, unsigned bits,
                   struct look *look)
{
    look->depth = shared >= LEAST_SHARED ? shared : 0;
    if (take_sample(own, stream, bits, look) != 0)
        return -1;
    if (!look->alike || look->sample.records < 2)
        return 0;
    if (look->one_key)
        look->payloads = true;
    else if (look->common > look->depth)
        look->depth = look->common;
    else
        return 0;
    return take_sample(own, stream, bits, look);
}

/* Makes the ranges of a split by the sample. */
static int make_ranges(struct order_worker *own, struct look *look, size_t shared,
                       struct range_split *split)
{
    struct order *order = own->order;
    const size_t count = (size_t)look->sample.records, most = (size_t)1 << split->results.bits;
    const size_t ranges = most < count ? most : count;
    const size_t begins = look->payloads ? look->first.used : look->depth;
    const struct ranges_prefix prefix = {
        .key = look->first.data,
        .known = shared < begins ? shared : begins,
        .size = begins,
        .rank = look->rank,
        .payloads = look->payloads,
    };
    const unsigned char *const *records =
        order_worker_list(own, look->sample.chunks, count, true, 0);
    if (!records)
        return -1;
    split->alike = look->alike;
    if (ranges_open(&split->ranges, &order->sort, records, count, ranges,
                    begins > 0 || look->payloads ? &prefix : NULL) == 0)
        return 0;
    context_no_memory(order->context);
    return -1;
}

/* Brings the results of a stream, which is emptied, to the ranges of the split. */
static int route(struct order_worker *own, struct stream *stream, struct range_split *split,
                 struct partition_writer *writer)
{
    struct stream_reader reader;
    struct chunk *chunk;
    int result = 0;
    stream_reader_open(&reader, own->worker, stream, true);
    while (result == 0 && (chunk = stream_reader_next(&reader))) {
        if (pool_chunk_large(chunk)) {
            stream_reader_keep(&reader);
            result = routing_large(&split->ranges, writer, chunk);
        } else {
            result = routing_chunk(&split->ranges, writer, chunk);
        }
        if (context_stopped(own->order->context))
            result = -1;
    }
    return stream_reader_close(&reader) != 0 ? -1 : result;
}

/* Fills the split of a part with the results of the stream. */
static int split_stream(struct order_worker *own, const struct order_part *part,
                        struct stream *stream, struct range_split *split,
                        struct partition_writer *writer)
{
    struct look look = {.order = &own->order->sort};
    buffer_open(&look.first, own->order->context->budget);
    buffer_open(&look.payload, own->order->context->budget);
    int result = look_at(own, stream, part->shared, split->results.bits, &look);
    if (result == 0)
        result = make_ranges(own, &look, part->shared, split);
    stream_drop(&look.sample, &own->worker->cache);
    if (result == 0)
        result = route(own, stream, split, writer);
    ranges_forget_prefix(&split->ranges);
    buffer_close(&look.payload);
    buffer_close(&look.first);
    return result;
}

int order_split(struct order_worker *own, size_t number)
{
    struct order *order = own->order;
    struct worker *worker = own->worker;
    struct order_part *part = &order->parts[number];
    if (!order_part_too_large(order, part))
        return 0;
    uint64_t records;
    const uint64_t whole = order_part_memory(part, &records), share = order_share(order);
    unsigned bits = 1;
    while (bits < ORDER_RANGE_BITS && whole >> bits > share / 2 &&
           (uint64_t)POOL_CHUNK << bits < share / 8)
        bits++;
    struct range_split *split = new_split(order, bits);
    if (!split)
        return -1;
    struct spill_scope scope;
    struct partition_writer writer;
    struct stream stream;
    int result = 0;
    spill_scope_begin(&scope, worker, &split->results);
    if (partition_writer_open(&writer, &split->results, worker) != 0) {
        context_no_memory(order->context);
        result = -1;
    }
    partition_take(part->results, &stream);
    if (result == 0)
        result = split_stream(own, part, &stream, split, &writer);
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
