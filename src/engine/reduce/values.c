/* SPDX-License-Identifier: MIT
 *
 * values - kept values, gathered key by key (see values.h).
 *
 * The table knows how many values each key has. As many keys as fit memory are served together: one
 * pass over the stream puts the values of each side by side. A key with more values than that gets
 * a pass of its own, which hands them on as it meets them.
 */
#include "engine/reduce/values.h"

#include "engine/reduce/repartition.h"
#include "engine/shuffle/stream_reader.h"

/* Words of an entry's value, where values are kept: how many the key has, and where in the gathered
 * values the next one goes. */
#define COUNT 0
#define PLACE 1
#define NOWHERE UINT64_MAX

struct mr_values {
    size_t value_size;
    const unsigned char *gathered; /* the values, or NULL where they come from `reader` */
    uint64_t left;
    struct combine_partition *combine;
    struct stream_reader *reader;
    const unsigned char *at, *end; /* of the reader's current chunk */
    const uint64_t *entry;         /* the key's */
};

/* The entry of a record's key in the worker's grouping table, where the key must be. */
static uint64_t *find_entry(struct combine_partition *combine, const struct record *record,
                            size_t *words)
{
    const struct hash_seed *seed = combine->table.seed;
    const enum key_class key_class = key_grouping_class(record->size);
    const struct grouping_class *class = &combine->table.classes[key_class];
    uint64_t key[KEY_W4_WORDS] = {0};
    size_t number, slot;
    *words = class->words;
    if (key_class == KEY_LONG) {
        number = grouping_find_long(class, record->key, record->size,
                                    hash_bytes(seed, record->key, record->size), &slot);
    } else {
        const uint64_t hash = key_grouping_load(key_class, seed, key, record->key, record->size);
        number = grouping_find(key_class, class, key, hash, &slot);
    }
    return grouping_entry(class, number);
}

/* The next value of the key in the stream, or NULL. */
static const unsigned char *next_in_stream(struct mr_values *values)
{
    for (;;) {
        while (values->at < values->end) {
            struct record record;
            size_t words;
            values->at = record_get(values->at, RECORD_VALUE, values->value_size, &record);
            if (find_entry(values->combine, &record, &words) == values->entry)
                return record.value;
        }
        const struct chunk *chunk = stream_reader_next(values->reader);
        if (!chunk)
            return NULL;
        values->at = chunk->data;
        values->end = chunk->data + chunk->used;
    }
}

const void *mr_values_next(struct mr_values *values, size_t *size)
{
    if (values->left == 0)
        return NULL;
    values->left--;
    if (size)
        *size = values->value_size;
    if (!values->gathered)
        return next_in_stream(values);
    const unsigned char *value = values->gathered;
    values->gathered += values->value_size;
    return value;
}

uint64_t mr_values_count(const struct mr_values *values)
{
    return values->left;
}

static int call_reduce(struct combine_partition *combine, const unsigned char *key, size_t size,
                       struct mr_values *values, struct mr_results *results)
{
    struct context *context = combine->worker->context;
    struct mr_error error = {0};
    if (context->spec.reduce(context->spec.context, NULL, key, size, values, results, &error) == 0)
        return context_stopped(context) ? -1 : 0;
    context_fail_with(context, MR_REDUCE, &error, "the reduce failed");
    return -1;
}

int values_reduce_one(struct combine_partition *combine, const unsigned char *key, size_t size,
                      const void *value, struct mr_results *results)
{
    struct mr_values values = {
        .value_size = combine->worker->context->value_size, .gathered = value, .left = 1};
    return call_reduce(combine, key, size, &values, results);
}

/* Reads the stream once and puts the values of all keys that have a place there. */
static int gather(struct combine_partition *combine, struct stream *stream, unsigned char *values)
{
    const size_t size = combine->worker->context->value_size;
    struct stream_reader reader;
    const struct chunk *chunk;
    stream_reader_open(&reader, combine->worker, stream, false);
    while ((chunk = stream_reader_next(&reader))) {
        const unsigned char *at = chunk->data, *end = at + chunk->used;
        while (at < end) {
            struct record record;
            size_t words;
            at = record_get(at, RECORD_VALUE, size, &record);
            uint64_t *entry = find_entry(combine, &record, &words);
            if (entry[words + PLACE] != NOWHERE)
                memcpy(values + entry[words + PLACE]++ * size, record.value, size);
        }
    }
    return stream_reader_close(&reader);
}

/* Calls reduce for the one key in `entry`, reading its values from the stream. */
static int reduce_from_stream(struct combine_partition *combine, enum key_class key_class,
                              const uint64_t *entry, struct stream *stream,
                              struct mr_results *results)
{
    const size_t words = combine->table.classes[key_class].words;
    struct stream_reader reader;
    struct mr_values values = {.value_size = combine->worker->context->value_size,
                               .left = entry[words + COUNT],
                               .combine = combine,
                               .reader = &reader,
                               .entry = entry};
    size_t size;
    const unsigned char *key = key_slot_key(entry, key_class, &size);
    stream_reader_open(&reader, combine->worker, stream, false);
    int result = call_reduce(combine, key, size, &values, results);
    return stream_reader_close(&reader) != 0 ? -1 : result;
}

/* Serves the keys of one class, as many together as `most` values allow. */
static int reduce_class(struct combine_partition *combine, enum key_class key_class,
                        struct stream *stream, uint64_t most, struct mr_results *results)
{
    const struct context *context = combine->worker->context;
    const struct grouping_class *class = &combine->table.classes[key_class];
    size_t begin = 0;
    while (begin < class->used) {
        uint64_t count = 0;
        size_t end = begin;
        for (; end < class->used; end++) {
            uint64_t *entry = grouping_entry(class, end);
            uint64_t more = entry[class->words + COUNT];
            if (more > most - count)
                break;
            entry[class->words + PLACE] = count;
            count += more;
        }
        if (count == 0 && end < class->used) {
            if (reduce_from_stream(combine, key_class, grouping_entry(class, end), stream,
                                   results) != 0)
                return -1;
            begin = end + 1;
            continue;
        }
        mr_buffer_clear(&combine->values);
        unsigned char *values = mr_buffer_reserve(&combine->values, count * context->value_size);
        if (!values) {
            context_no_memory(combine->worker->context);
            return -1;
        }
        if (count > 0 && gather(combine, stream, values) != 0)
            return -1;
        for (; begin < end; begin++) {
            uint64_t *entry = grouping_entry(class, begin);
            uint64_t n = entry[class->words + COUNT];
            size_t size;
            const unsigned char *key = key_slot_key(entry, key_class, &size);
            /* The place has moved on by n in gathering. */
            struct mr_values one = {.value_size = context->value_size,
                                    .gathered = values + (entry[class->words + PLACE] - n) *
                                                             context->value_size,
                                    .left = n};
            entry[class->words + PLACE] = NOWHERE;
            if (call_reduce(combine, key, size, &one, results) != 0)
                return -1;
        }
    }
    return 0;
}

int values_reduce(struct combine_partition *combine, struct stream *stream,
                  struct mr_results *results)
{
    uint64_t most = repartition_share(combine->worker) / combine->worker->context->value_size;
    for (int key_class = 0; key_class < KEY_CLASSES; key_class++) {
        const struct grouping_class *class = &combine->table.classes[key_class];
        for (size_t i = 0; i < class->used; i++)
            grouping_entry(class, i)[class->words + PLACE] = NOWHERE;
    }
    for (int key_class = 0; key_class < KEY_CLASSES; key_class++)
        if (reduce_class(combine, (enum key_class)key_class, stream, most, results) != 0)
            return -1;
    buffer_trim(&combine->values, repartition_share(combine->worker));
    return 0;
}
