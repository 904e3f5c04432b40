/* SPDX-License-Identifier: MIT
 *
 * reduce - a partition's pairs into the grouping table, and the table's keys to the caller, or to
 * the sink (see reduce.h).
 */
#include "engine/reduce/reduce.h"

#include "engine/reduce/repartition.h"
#include "engine/reduce/values.h"

enum mr_status mr_put(struct mr_results *results, const void *key, size_t key_size, uint64_t rank,
                      const void *payload, size_t payload_size)
{
    /* The order reads the beginning of a key by words: of a short one a copy with padding. */
    unsigned char padded[RECORD_COPIED + MR_PAD];
    if (key_size <= RECORD_COPIED) {
        if (key_size > 0)
            memcpy(padded, key, key_size);
        memset(padded + key_size, 0, sizeof padded - key_size);
        key = padded;
    }
    struct record result = {
        .key = key, .size = key_size, .number = rank, .value = payload, .value_size = payload_size};
    return results->sink->put(results->sink, &result, 1) == 0
               ? MR_OK
               : context_status(results->worker->context);
}

/* Puts the results of large records in the chunks in which they came. */
static int finish_large(struct combine_partition *combine, struct mr_results *out)
{
    const struct context *context = combine->worker->context;
    const uint64_t *value;
    struct chunk *chunk;
    while ((chunk = combine_partition_take_large(combine, &value))) {
        struct record result = {.number = context->sums ? *value : 0,
                                .value = (const unsigned char *)value,
                                .value_size = context->sums ? 0 : context->value_size};
        (void)record_key(chunk->data, &result.size);
        unsigned char *at = record_put_head(chunk->data, result.size, result.number != 1);
        chunk->used = (size_t)(record_put_rest(at + result.size, &result) - chunk->data);
        if (out->sink->put_large(out->sink, chunk) != 0)
            return -1;
    }
    return 0;
}

/* Drops the results whose keys have been taken out of the table. Returns how many are left. */
static size_t drop_taken(struct record *results, size_t count)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (results[i].key)
            results[left++] = results[i];
    return left;
}

/* Calls reduce, or puts the result, for each key in one class of the table. */
static int finish_class(struct combine_partition *combine, enum key_class key_class,
                        struct mr_results *out)
{
    struct context *context = combine->worker->context;
    const struct grouping_class *class = &combine->table.classes[key_class];
    for (size_t start = 0, count; start < class->used; start += count) {
        struct record results[REDUCE_BATCH];
        count = class->used - start < REDUCE_BATCH ? class->used - start : REDUCE_BATCH;
        for (size_t i = 0; i < count; i++) {
            const uint64_t *entry = grouping_entry(class, start + i), *value = entry + class->words;
            results[i].key = key_slot_key(entry, key_class, &results[i].size);
            results[i].number = context->sums ? *value : 0;
            results[i].value = (const unsigned char *)value;
            results[i].value_size = context->sums ? 0 : context->value_size;
        }
        if (!context->spec.reduce) {
            const size_t left = key_class == KEY_LONG ? drop_taken(results, count) : count;
            if (out->sink->put(out->sink, results, left) != 0)
                return -1;
            continue;
        }
        for (size_t i = 0; i < count; i++)
            if (values_reduce_one(combine, results[i].key, results[i].size, results[i].value,
                                  out) != 0)
                return -1;
    }
    return 0;
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
    if (result == 0 && context->keeps)
        result = values_reduce(combine, stream, results);
    if (result == 0 && !context->spec.reduce)
        result = finish_large(combine, results);
    for (int key_class = 0; result == 0 && !context->keeps && key_class < KEY_CLASSES; key_class++)
        result = finish_class(combine, (enum key_class)key_class, results);
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
