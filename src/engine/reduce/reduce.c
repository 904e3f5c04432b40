/* SPDX-License-Identifier: MIT
 *
 * reduce - a partition's pairs into the grouping table, and the table's keys to the caller, or to
 * the sink (see reduce.h).
 */
#include "engine/reduce/reduce.h"

#include "base/copy.h"

#include "engine/reduce/repartition.h"
#include "engine/reduce/values.h"
#include "engine/shuffle/stream_reader.h"

/* Puts the results that are held. */
static int put_held(struct mr_results *results)
{
    const size_t count = results->held_count;
    results->held_count = results->held_bytes = 0;
    return count == 0 ? 0 : results->sink->put(results->sink, results->held, count);
}

/* Puts a result, or holds a copy of it. */
static int put(struct mr_results *results, const struct record *result)
{
    const size_t size = result->size + result->value_size;
    if ((results->held_count == REDUCE_BATCH || size > REDUCE_HELD - results->held_bytes) &&
        put_held(results) != 0)
        return -1;
    struct record *held = &results->held[results->held_count];
    unsigned char *at = results->bytes + results->held_bytes;
    *held = *result;
    /* What is behind a short key is read, too. */
    if (size <= REDUCE_HELD || result->size <= RECORD_COPIED) {
        held->key = at;
        copy_bytes(at, result->key, result->size);
    }
    if (size > REDUCE_HELD)
        return results->sink->put(results->sink, held, 1);
    held->value = at + result->size;
    copy_bytes(at + result->size, result->value, result->value_size);
    results->held_bytes += size;
    results->held_count++;
    return 0;
}

enum mr_status mr_put(struct mr_results *results, const void *key, size_t key_size, uint64_t rank,
                      const void *payload, size_t payload_size)
{
    struct context *context = results->worker->context;
    /* Sums of sizes do not overflow. */
    if (key_size > SIZE_MAX / 8 || payload_size > SIZE_MAX / 8) {
        context_no_memory(context);
        return MR_NOMEM;
    }
    const struct record result = {
        .key = key, .size = key_size, .number = rank, .value = payload, .value_size = payload_size};
    return put(results, &result) == 0 ? MR_OK : context_status(context);
}

/* Fills in what an entry's value makes of a result: of a sum and of a place the rank. */
static inline void fill_value(const struct context *context, const uint64_t *value,
                              struct record *result)
{
    result->number = context->sums ? *value : context->first ? ~*value : 0;
    result->value = (const unsigned char *)(value + context->first);
    result->value_size =
        context->sums ? 0 : context->value_size - (context->first ? sizeof *value : 0);
}

/* Whether the count of an entry's value is within bounds, where there are any. */
static inline bool is_wanted(const struct context *context, const uint64_t *value)
{
    const struct mr_job_spec *spec = &context->spec;
    return value[1] >= spec->min_rank && (spec->max_rank == 0 || value[1] <= spec->max_rank);
}

/* Calls reduce for a key with the value of its entry. */
static int reduce_value(struct combine_partition *combine, const struct record *key,
                        const uint64_t *value, struct mr_results *out)
{
    const uint64_t first[2] = {key->number,
                               context_first_counts(combine->worker->context) ? value[1] : 0};
    return values_reduce_one(combine, key->key, key->size,
                             combine->worker->context->first ? (const void *)first : value, out);
}

/* Puts the results of large records in the chunks in which they came. */
static int finish_large(struct combine_partition *combine, struct mr_results *out)
{
    const struct context *context = combine->worker->context;
    const uint64_t *value;
    struct chunk *chunk;
    while ((chunk = combine_partition_take_large(combine, &value))) {
        struct record result;
        fill_value(context, value, &result);
        if (context_bounds_counts(context) && !is_wanted(context, value)) {
            pool_give(&combine->worker->cache, chunk);
            continue;
        }
        (void)record_key(chunk->data, &result.size);
        unsigned char *at = record_put_head(chunk->data, result.size, result.number != 1);
        chunk->used = (size_t)(record_put_rest(at + result.size, &result) - chunk->data);
        if (out->sink->put_large(out->sink, chunk) != 0)
            return -1;
    }
    return 0;
}

/* Drops the results that have no key any more. Returns how many are left. */
static size_t drop_taken(struct record *results, size_t count)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (results[i].key)
            results[left++] = results[i];
    return left;
}

/* Makes results of keys from number `start` on: of each the rank and its payload, for which there
 * is room at `payloads`, or a call of reduce, and then no key. */
static int rank_keys(struct combine_partition *combine, const struct grouping_class *class,
                     size_t start, struct record *results, size_t count,
                     unsigned char payloads[][MR_RANK_PAYLOAD], struct mr_results *out)
{
    struct context *context = combine->worker->context;
    mr_rank *const rank = context->spec.rank;
    if (context_stopped(context))
        return -1;
    for (size_t i = 0; i < count; i++) {
        const uint64_t *value = grouping_entry(class, start + i) + class->words;
        size_t size = 0;
        const uint64_t number = rank ? rank(context->spec.context, value, payloads[i], &size) : 0;
        if (number > 0) {
            results[i].number = number;
            results[i].value = payloads[i];
            results[i].value_size = size;
            continue;
        }
        if (reduce_value(combine, &results[i], value, out) != 0)
            return -1;
        results[i].key = NULL;
    }
    return 0;
}

/* Calls reduce, or puts the result, for each key in one class of the table. */
static int finish_class(struct combine_partition *combine, enum key_class key_class,
                        struct mr_results *out)
{
    struct context *context = combine->worker->context;
    const struct grouping_class *class = &combine->table.classes[key_class];
    const bool bounds = context_bounds_counts(context), reduces = context->spec.reduce;
    const bool drops = bounds || reduces || key_class == KEY_LONG;
    for (size_t start = 0, count; start < class->used; start += count) {
        struct record results[REDUCE_BATCH];
        unsigned char payloads[REDUCE_BATCH][MR_RANK_PAYLOAD];
        count = class->used - start < REDUCE_BATCH ? class->used - start : REDUCE_BATCH;
        for (size_t i = 0; i < count; i++) {
            const uint64_t *entry = grouping_entry(class, start + i), *value = entry + class->words;
            results[i].key = key_slot_key(entry, key_class, &results[i].size);
            fill_value(context, value, &results[i]);
            if (bounds && !is_wanted(context, value))
                results[i].key = NULL;
        }
        if (reduces && rank_keys(combine, class, start, results, count, payloads, out) != 0)
            return -1;
        const size_t left = drops ? drop_taken(results, count) : count;
        if (left > 0 && out->sink->put(out->sink, results, left) != 0)
            return -1;
    }
    return 0;
}

/* ---- Values that are kept, without a reduce -------------------------------------------------- */

/* Makes the result of a large pair in its chunk, where it is alone. */
static void become_result(const struct context *context, struct chunk *chunk)
{
    struct record pair;
    record_get(chunk->data, context->form.kind, context->form.value_size, &pair);
    unsigned char numbers[2 * RECORD_NUMBER_MAX];
    unsigned char *end = record_put_number(record_put_number(numbers, 0), pair.value_size);
    const size_t size = (size_t)(end - numbers);
    unsigned char *at = chunk->data + (pair.key - chunk->data) + pair.size;
    memmove(at + size, pair.value, pair.value_size);
    memcpy(at, numbers, size);
    chunk->data[0] |= RECORD_NUMBER;
    chunk->used = (size_t)(at - chunk->data) + size + pair.value_size;
}

/* Puts the results of the pairs in a chunk. */
static int put_chunk(const struct context *context, const struct chunk *chunk,
                     struct mr_results *out)
{
    const enum record_kind kind = context->form.kind;
    const unsigned char *at = chunk->data, *end = at + chunk->used;
    while (at < end) {
        unsigned char values[REDUCE_BATCH][RECORD_WORDS_MOST];
        struct record results[REDUCE_BATCH];
        size_t count = 0;
        for (; at < end && count < REDUCE_BATCH; count++) {
            at = record_get(at, kind, context->form.value_size, &results[count]);
            results[count].number = 0;
            results[count].value = record_value(&results[count], kind, values[count]);
        }
        if (out->sink->put(out->sink, results, count) != 0)
            return -1;
    }
    return 0;
}

/* Makes each pair of a stream, which is emptied, a result. */
static int put_pairs(struct worker *worker, struct stream *stream, struct mr_results *out)
{
    const struct context *context = worker->context;
    struct stream_reader reader;
    struct chunk *chunk;
    int result = 0;
    stream_reader_open(&reader, worker, stream, true);
    while (result == 0 && (chunk = stream_reader_next(&reader))) {
        if (pool_chunk_large(chunk)) {
            stream_reader_keep(&reader);
            become_result(context, chunk);
            result = out->sink->put_large(out->sink, chunk);
        } else {
            result = put_chunk(context, chunk, out);
        }
        if (context_stopped(worker->context))
            result = -1;
    }
    return stream_reader_close(&reader) != 0 ? -1 : result;
}

/* ---- All ------------------------------------------------------------------------------------- */

/* Reduces the table that a partition has been brought into. */
static int finish_table(struct combine_partition *combine, struct stream *stream,
                        struct mr_results *results)
{
    const struct context *context = combine->worker->context;
    int result = 0;
    if (context->keeps)
        return context->spec.reduce ? values_reduce(combine, stream, results)
                                    : put_pairs(combine->worker, stream, results);
    if (!context->spec.reduce)
        result = finish_large(combine, results);
    for (int key_class = 0; result == 0 && key_class < KEY_CLASSES; key_class++)
        result = finish_class(combine, (enum key_class)key_class, results);
    return result;
}

/* Reduces a partition that fits memory. Takes the stream. */
static int reduce_table(struct combine_partition *combine, struct stream *stream,
                        struct mr_results *results)
{
    struct context *context = combine->worker->context;
    results->sink->begin(results->sink, stream_records(stream));
    int result = combine_partition_begin(combine, stream, !context->keeps);
    uint64_t keys = 0;
    for (int key_class = 0; key_class < KEY_CLASSES; key_class++)
        keys += combine->table.classes[key_class].used;
    if (result == 0)
        result = finish_table(combine, stream, results);
    if (result == 0)
        result = put_held(results);
    results->held_count = results->held_bytes = 0;
    stream_drop(stream, &combine->worker->cache);
    combine_partition_end(combine);
    atomic_fetch_add_explicit(&context->keys, keys, memory_order_relaxed);
    return result != 0 ? result : results->sink->end(results->sink);
}

int reduce_partition(struct combine_partition *combine, struct stream *stream, unsigned bits,
                     struct mr_results *results)
{
    struct repartition *innermost = NULL;
    int result;
    do
        result = repartition_needed(combine->worker, stream, bits)
                     ? repartition_push(&innermost, combine->worker, stream, bits)
                     : reduce_table(combine, stream, results);
    while (result == 0 && repartition_next(&innermost, stream, &bits));
    repartition_drop(&innermost);
    return result;
}

void reduce_close(struct mr_results *results)
{
    const struct mr_job_spec *spec = &results->worker->context->spec;
    if (results->state_open && spec->reducer_close)
        spec->reducer_close(spec->context, results->state);
    results->state_open = false;
}
