/* SPDX-License-Identifier: MIT
 *
 * order - ranges from a sample, routing to them, and sorting each (see order.h).
 */
#include "engine/order/order.h"

#include "engine/reduce/repartition.h"
#include "engine/schedule/job.h"
#include "engine/shuffle/stream_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of records in a range: what its sort touches, some three times as much, should stay in a
 * second-level cache. */
#define RANGE_BYTES ((uint64_t)384 << 10)
#define MOST_RANGE_BITS 10
_Static_assert(1u << MOST_RANGE_BITS <= RANGES_MOST, "as many ranges as can be searched");
/* Of so many parts of the memory a sample takes one; sorting it takes some three more. */
#define SAMPLES 64
/* Splits of splits at the most: far more than any number of results calls for. One whose
 * sample was all alike counts for several: results of one key and rank cannot be split. */
#define MOST_DEPTH 12
#define DEPTH_ALIKE 6

static const struct record_form results_form = {.kind = RECORD_RESULT};

void order_open(struct order *order, const struct mr_output *output)
{
    *order = (struct order){
        .sort = {.ranked = output->order == MR_ORDER_RANK, .reverse = output->reverse},
        .unordered = output->order == MR_ORDER_NONE,
        .limit = output->limit ? output->limit : UINT64_MAX,
        .min_rank = output->min_rank,
    };
}

void order_close(struct order *order)
{
    struct range_split *split;
    while ((split = order->range_splits)) {
        order->range_splits = split->next;
        ranges_close(&split->ranges);
        shuffle_close(&split->results);
        free(split);
    }
    ranges_close(&order->ranges);
    cut_close(&order->last);
    free(order->parts);
    order->parts = NULL;
    if (order->results_open)
        shuffle_close(&order->results);
    order->results_open = false;
}

/* ---- Items ------------------------------------------------------------------------ */

/* Lists the records of `chunks`, whose keys share so many bytes, in the worker's room to sort and,
 * where `sorted`, sorts them. */
static const unsigned char *const *list_records(struct worker *worker, const struct chunk *chunks,
                                                uint64_t count, bool sorted, size_t shared)
{
    const struct sort_order *order = &worker->job->order.sort;
    struct mr_buffer *buffer = &worker->sorting;
    mr_buffer_clear(buffer);
    void *memory =
        count > SIZE_MAX / 64 ? NULL : mr_buffer_reserve(buffer, sort_bytes((size_t)count));
    if (!memory) {
        job_no_memory(worker->job);
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

/* Writes results, RANGES_BATCH at most, to their ranges. */
static int route(const struct ranges *ranges, struct shuffle_writer *writer,
                 const struct record *results, size_t count)
{
    uint32_t found[RANGES_BATCH];
    ranges_find(ranges, results, count, found);
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(writer->ends[found[i]], 1);
    for (size_t i = 0; i < count; i++) {
        unsigned char *at =
            shuffle_room(writer, found[i], record_bound(results[i].size, results[i].value_size));
        if (!at)
            return -1;
        __builtin_prefetch(at + 128, 1);
        shuffle_wrote(writer, found[i], record_put_result(at, &results[i]));
    }
    return 0;
}

/* The same for any number of records. */
static int route_records(const struct ranges *ranges, struct shuffle_writer *writer,
                         const unsigned char *const *records, size_t count)
{
    struct record results[RANGES_BATCH];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        record_get(records[i], RECORD_RESULT, 0, &results[n++]);
        if (n == RANGES_BATCH || i + 1 == count) {
            if (route(ranges, writer, results, n) != 0)
                return -1;
            n = 0;
        }
    }
    return 0;
}

/* The same for the records of a chunk. */
static int route_chunk(const struct ranges *ranges, struct shuffle_writer *writer,
                       const struct chunk *chunk)
{
    const unsigned char *at = chunk->data, *end = at + chunk->used;
    struct record results[RANGES_BATCH];
    size_t n = 0;
    while (at < end) {
        at = record_get(at, RECORD_RESULT, 0, &results[n++]);
        if (n == RANGES_BATCH || at == end) {
            if (route(ranges, writer, results, n) != 0)
                return -1;
            n = 0;
        }
    }
    return 0;
}

/* Opens the worker's writer to the ranges where it is not open. */
static int need_ranges(struct worker *worker)
{
    if (worker->ranges.ends || shuffle_writer_open(&worker->ranges, &worker->job->order.results,
                                                   &worker->cache, &worker->owner) == 0)
        return 0;
    job_no_memory(worker->job);
    return -1;
}

int order_route(struct worker *worker, struct record *results, size_t count)
{
    const struct order *order = &worker->job->order;
    if (order->has_last) {
        size_t kept = 0;
        for (size_t i = 0; i < count; i++)
            if (cut_compare(&order->last, &order->sort, &results[i]) <= 0)
                results[kept++] = results[i];
        count = kept;
    }
    if (count == 0)
        return 0;
    return need_ranges(worker) != 0 ? -1 : route(&order->ranges, &worker->ranges, results, count);
}

/* ---- Ranges --------------------------------------------------------------------------- */

uint64_t order_sample_most(const struct job *job)
{
    return job->budget->limit / SAMPLES;
}

/* Cuts the order into ranges by the sample, `share` times which all results are thought to be,
 * and sends it on to them. */
static int cut_order(struct worker *worker, const struct sample *sample, double share)
{
    struct job *job = worker->job;
    struct order *order = &job->order;
    uint64_t count = sample->stream.records;
    double bytes = (double)sample->stream.bytes;
    const unsigned char *const *records =
        list_records(worker, sample->stream.chunks, count, true, 0);
    if (!records)
        return -1;

    if (count > order->limit) {
        if (cut_open(&order->last, &order->sort, records[order->limit - 1]) != 0)
            goto no_memory;
        order->has_last = true;
        bytes *= (double)order->limit / (double)count;
        count = order->limit;
    }

    unsigned bits = 0;
    while (bits < MOST_RANGE_BITS && bytes * share > (double)(RANGE_BYTES << bits))
        bits++;
    /* With little memory the open chunks of all workers must stay a small part of it. */
    while (bits > 0 && ((uint64_t)POOL_CHUNK << bits) * job->worker_count > job->budget->limit / 8)
        bits--;
    size_t ranges = (size_t)1 << bits;
    if (ranges > count)
        ranges = count > 0 ? (size_t)count : 1;
    if (shuffle_open(&order->results, bits, results_form, false) != 0)
        goto no_memory;
    order->results_open = true;
    if (ranges_open(&order->ranges, &order->sort, records, (size_t)count, ranges) != 0)
        goto no_memory;
    if (need_ranges(worker) != 0)
        return -1;
    return route_records(&order->ranges, &worker->ranges, records, (size_t)count);

no_memory:
    job_no_memory(job);
    return -1;
}

/* Puts a stream out as it is. Takes it. */
static int put_out_unordered(struct worker *worker, struct stream *stream)
{
    struct job *job = worker->job;
    uint64_t count = stream->records;
    struct chunk *chunks = stream_take_chunks(stream);
    const unsigned char *const *records = list_records(worker, chunks, count, false, 0);
    if (!records) {
        pool_give(&worker->cache, chunks);
        return -1;
    }
    if (job->order.limit != UINT64_MAX) {
        uint64_t before =
            atomic_fetch_add_explicit(&job->output.taken, count, memory_order_relaxed);
        uint64_t left = before < job->order.limit ? job->order.limit - before : 0;
        count = count < left ? count : left;
    }
    return output_put_unordered(worker, records, (size_t)count, chunks);
}

int order_flush_sample(struct mr_results *results)
{
    struct worker *worker = results->worker;
    struct sample *sample = results->sample;
    stream_writer_close(&sample->writer);
    if (worker->job->order.unordered)
        return put_out_unordered(worker, &sample->stream);
    results->sample = NULL;
    double share = sample->pairs > 0 ? (double)sample->all_pairs / (double)sample->pairs : 1;
    int result = cut_order(worker, sample, share);
    pool_give(&worker->cache, stream_take_chunks(&sample->stream));
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

/* What one worker may take of the memory, when nothing but sorting and output is left to do. */
static uint64_t share_of(const struct job *job)
{
    return job->budget->limit / 2 / job->worker_count;
}

static bool too_large(const struct job *job, const struct order_part *part)
{
    uint64_t records;
    return part->depth < MOST_DEPTH && memory_of(part, &records) > share_of(job) && records > 1;
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
static void list_ranges(struct order *order, struct shuffle *results, const struct ranges *ranges,
                        unsigned depth, uint64_t *sum)
{
    for (size_t i = 0; i < ranges->count; i++)
        list_part(order,
                  (struct order_part){.results = &results->partitions[i],
                                      .depth = depth,
                                      .shared = ranges_shared(ranges, i)},
                  sum);
}

int order_list(struct job *job)
{
    struct order *order = &job->order;
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
        list_ranges(order, &order->results, &order->ranges, 0, &sum);
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

bool order_must_split(const struct job *job)
{
    for (size_t i = 0; i < job->order.part_count; i++)
        if (too_large(job, &job->order.parts[i]))
            return true;
    return false;
}

/* Makes an empty split of 2^bits partitions. */
static struct range_split *new_split(struct job *job, unsigned bits)
{
    struct range_split *split = calloc(1, sizeof *split);
    if (!split || shuffle_open(&split->results, bits, results_form, false) != 0) {
        free(split);
        job_no_memory(job);
        return NULL;
    }
    split->next = atomic_load_explicit(&job->order.range_splits, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&job->order.range_splits, &split->next, split,
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

/* Brings the results of a source to the ranges of the split, which the first of them make. */
static int split_source(struct worker *worker, struct source *source, size_t shared,
                        struct range_split *split, struct shuffle_writer *writer)
{
    struct job *job = worker->job;
    struct stream sample = {0};
    struct chunk *chunk = NULL;
    while ((sample.bytes < order_sample_most(job) || sample.records < 2) &&
           (chunk = source_next(source))) {
        source_keep(source);
        stream_push(&sample, chunk);
    }
    size_t count = (size_t)sample.records, ranges = (size_t)1 << split->results.bits;
    const unsigned char *const *records =
        source->failed ? NULL : list_records(worker, sample.chunks, count, true, shared);
    int result = records ? 0 : -1;
    if (result == 0 && ranges_open(&split->ranges, &job->order.sort, records, count,
                                   ranges < count ? ranges : count) != 0) {
        job_no_memory(job);
        result = -1;
    }
    if (result == 0) {
        split->alike = are_alike(records[0], records[count - 1]);
        result = route_records(&split->ranges, writer, records, count);
    }
    source_drop(worker, &sample);
    while (result == 0 && (chunk = source_next(source))) {
        result = route_chunk(&split->ranges, writer, chunk);
        if (job_stopped(job))
            result = -1;
    }
    return result;
}

int order_split(struct worker *worker, size_t number)
{
    struct job *job = worker->job;
    struct order_part *part = &job->order.parts[number];
    if (!too_large(job, part))
        return 0;
    uint64_t records;
    const uint64_t whole = memory_of(part, &records);
    unsigned bits = 1;
    while (bits < MOST_RANGE_BITS && whole >> bits > share_of(job) / 2 &&
           (uint64_t)POOL_CHUNK << bits < share_of(job) / 8)
        bits++;
    struct range_split *split = new_split(job, bits);
    if (!split)
        return -1;
    struct repartition repartition;
    struct stream stream;
    struct source source;
    int result = repartition_begin(&repartition, worker, &split->results);
    partition_take(part->results, &stream);
    source_open(&source, worker, &stream, true);
    if (result == 0)
        result = split_source(worker, &source, part->shared, split, &repartition.writer);
    if (source_close(&source) != 0)
        result = -1;
    source_drop(worker, &stream);
    repartition_wrote(&repartition, result == 0);
    /* Where results are on disk, those of other parts need the memory next. */
    const bool spill = atomic_load_explicit(&job->spill.written, memory_order_relaxed) > 0;
    for (size_t i = 0; result == 0 && spill && i < split->ranges.count; i++)
        result = spill_partition_number(worker, &split->results, i);
    repartition_end(&repartition, worker);
    part->split = split;
    return result;
}

/* ---- Output ------------------------------------------------------------------------------- */

int order_put_out(struct worker *worker, size_t number)
{
    const struct order *order = &worker->job->order;
    const struct order_part *part = &order->parts[number];
    struct stream stream;
    partition_take(part->results, &stream);
    if (source_load(worker, &stream) != 0)
        return -1;
    uint64_t count = stream.records;
    struct chunk *chunks = stream_take_chunks(&stream);
    const unsigned char *const *records = list_records(worker, chunks, count, true, part->shared);
    if (!records) {
        pool_give(&worker->cache, chunks);
        return -1;
    }
    if (count > order->limit - part->start)
        count = order->limit - part->start;
    return output_put(worker, number, records, (size_t)count, chunks);
}
