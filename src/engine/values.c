/* SPDX-License-Identifier: MIT
 *
 * values - kept values, gathered key by key (see values.h).
 *
 * The table knows how many values each key has. As many keys as fit memory are served together: one
 * pass over the stream puts the values of each side by side. A key with more values than that gets
 * a pass of its own, which hands them on as it meets them.
 */
#include "engine/values.h"

#include "engine/divide.h"
#include "engine/source.h"

/* Words of a slot's value, where values are kept: how many the key has, and where in the gathered
 * values the next one goes. */
#define COUNT 0
#define PLACE 1
#define NOWHERE UINT64_MAX

struct mr_values {
    size_t value_size;
    const unsigned char *gathered; /* the values, or NULL where they come from `source` */
    uint64_t left;
    struct source *source;
    const unsigned char *at, *end; /* of the source's current chunk */
    const uint64_t *slot;          /* the key's */
};

/* The slot of a record's key in the worker's table, where the key must be. */
static uint64_t *find_slot(struct worker *worker, const struct record *record, size_t *words)
{
    const struct hash_seed *seed = worker->table.seed;
    enum table_class_name name = table_class_whole(record->size);
    struct table_class *class = &worker->table.classes[name];
    uint64_t key[KEY_MIDDLE_WORDS] = {0}, *slot;
    *words = class->words;
    if (name == TABLE_LONG) {
        table_find_long(class->slots, class->mask, class->stride, record->key, record->size,
                        hash_bytes(seed, record->key, record->size), &slot);
    } else {
        uint64_t hash = table_load_whole(name, seed, key, record->key, record->size);
        bool fresh;
        slot = table_seek(name, class->slots, class->mask, class->stride, key,
                          hash, &fresh);
    }
    return slot;
}

/* The next value of the key in the source, or NULL. */
static const unsigned char *next_in_source(struct mr_values *values)
{
    for (;;) {
        while (values->at < values->end) {
            struct record record;
            size_t words;
            values->at = record_get(values->at, RECORD_VALUE, values->value_size, &record);
            if (find_slot(values->source->worker, &record, &words) == values->slot)
                return record.value;
        }
        const struct chunk *chunk = source_next(values->source);
        if (!chunk)
            return NULL;
        values->at = chunk->data;
        values->end = chunk->data + chunk->used;
    }
}

long mr_values_next(struct mr_values *values, void *out, size_t max)
{
    size_t n = values->left < max ? (size_t)values->left : max;
    if (values->gathered) {
        memcpy(out, values->gathered, n * values->value_size);
        values->gathered += n * values->value_size;
    } else {
        for (size_t i = 0; i < n; i++) {
            const unsigned char *value = next_in_source(values);
            if (!value)
                return -1;
            memcpy((unsigned char *)out + i * values->value_size, value, values->value_size);
        }
    }
    values->left -= n;
    return (long)n;
}

static int call_reduce(struct worker *worker, const unsigned char *key, size_t size,
                       struct mr_values *values, struct mr_results *results)
{
    struct job *job = worker->job;
    struct mr_error error = {0};
    if (job->spec.reduce(job->spec.context, key, size, values, results, &error) == 0)
        return job_stopped(job) ? -1 : 0;
    job_fail_with(job, MR_REDUCE, &error, "the reduce failed");
    return -1;
}

int values_reduce_one(struct worker *worker, const unsigned char *key, size_t size,
                      const void *value, struct mr_results *results)
{
    struct mr_values values = {
        .value_size = worker->job->value_size, .gathered = value, .left = 1};
    return call_reduce(worker, key, size, &values, results);
}

/* Reads the stream once and puts the values of all keys that have a place there. */
static int gather(struct worker *worker, struct stream *stream, unsigned char *values)
{
    const size_t size = worker->job->value_size;
    struct source source;
    const struct chunk *chunk;
    source_open(&source, worker, stream, false);
    while ((chunk = source_next(&source))) {
        const unsigned char *at = chunk->data, *end = at + chunk->used;
        while (at < end) {
            struct record record;
            size_t words;
            at = record_get(at, RECORD_VALUE, size, &record);
            uint64_t *slot = find_slot(worker, &record, &words);
            if (slot[words + PLACE] != NOWHERE)
                memcpy(values + slot[words + PLACE]++ * size, record.value, size);
        }
    }
    return source_close(&source);
}

/* Calls reduce for the one key in `slot`, reading its values from the stream. */
static int reduce_from_stream(struct worker *worker, enum table_class_name name,
                              const uint64_t *slot, struct stream *stream,
                              struct mr_results *results)
{
    const size_t words = worker->table.classes[name].words;
    struct source source;
    struct mr_values values = {.value_size = worker->job->value_size,
                               .left = slot[words + COUNT],
                               .source = &source,
                               .slot = slot};
    size_t size;
    const unsigned char *key = table_slot_key(slot, name, &size);
    source_open(&source, worker, stream, false);
    int result = call_reduce(worker, key, size, &values, results);
    return source_close(&source) != 0 ? -1 : result;
}

/* Serves the keys of one class, as many together as `most` values allow. */
static int reduce_class(struct worker *worker, enum table_class_name name, struct stream *stream,
                        uint64_t most, struct mr_results *results)
{
    const struct job *job = worker->job;
    const struct table_class *class = &worker->table.classes[name];
    size_t begin = 0;
    while (class->used > 0 && begin <= class->mask) {
        uint64_t count = 0;
        size_t end = begin;
        for (; end <= class->mask; end++) {
            uint64_t *slot = class->slots + end * class->stride;
            if (!table_slot_used(slot, name))
                continue;
            uint64_t more = slot[class->words + COUNT];
            if (more > most - count)
                break;
            slot[class->words + PLACE] = count;
            count += more;
        }
        if (count == 0 && end <= class->mask) {
            if (reduce_from_stream(worker, name, class->slots + end * class->stride, stream,
                                   results) != 0)
                return -1;
            begin = end + 1;
            continue;
        }
        mr_buffer_clear(&worker->values);
        unsigned char *values = mr_buffer_reserve(&worker->values, count * job->value_size);
        if (!values) {
            job_no_memory(worker->job);
            return -1;
        }
        if (count > 0 && gather(worker, stream, values) != 0)
            return -1;
        for (; begin < end; begin++) {
            uint64_t *slot = class->slots + begin * class->stride;
            if (!table_slot_used(slot, name))
                continue;
            uint64_t n = slot[class->words + COUNT];
            size_t size;
            const unsigned char *key = table_slot_key(slot, name, &size);
            /* The place has moved on by n in gathering. */
            struct mr_values one = {
                .value_size = job->value_size,
                .gathered = values + (slot[class->words + PLACE] - n) * job->value_size,
                .left = n};
            slot[class->words + PLACE] = NOWHERE;
            if (call_reduce(worker, key, size, &one, results) != 0)
                return -1;
        }
    }
    return 0;
}

int values_reduce(struct worker *worker, struct stream *stream, struct mr_results *results)
{
    uint64_t most = divide_share(worker) / worker->job->value_size;
    for (int name = 0; name < TABLE_CLASSES; name++) {
        struct table_class *class = &worker->table.classes[name];
        for (size_t i = 0; class->used > 0 && i <= class->mask; i++)
            class->slots[i * class->stride + class->words + PLACE] = NOWHERE;
    }
    for (int name = 0; name < TABLE_CLASSES; name++)
        if (reduce_class(worker, (enum table_class_name)name, stream, most, results) != 0)
            return -1;
    buffer_trim(&worker->values, divide_share(worker));
    return 0;
}
