/* SPDX-License-Identifier: MIT
 *
 * reduce - a partition's pairs into the worker's table, and the table's keys to the caller.
 *
 * The table of one partition fits the second-level cache.
 */
#include "engine/reduce/reduce.h"

#include "engine/reduce/repartition.h"
#include "engine/shuffle/stream_reader.h"
#include "engine/reduce/values.h"

#define BATCH 32

/* Keys of one class on their way to the table: hash, words, value. */
struct probes {
    size_t count;
    uint64_t probes[BATCH * (KEY_W4_WORDS + 2)];
};

/* Keys for which there is room at first, at the most; the table grows from there. */
#define MOST_FIRST_KEYS ((uint64_t)1 << 19)

/* Values up to this size are copied to the stack to align them. */
#define SMALL_VALUE 64

/* ---- Into the table --------------------------------------------------------------------- */

/* Empties the table and gives it slots for the keys that `records` records will bring. Partitions
 * are alike: the one before tells how many keys of each class to expect. */
static int start_table(struct worker *worker, uint64_t records)
{
    static const unsigned guess[KEY_CLASSES] = {[KEY_W2] = 2, [KEY_W4] = 8, [KEY_LONG] = 32};
    for (int key_class = KEY_W2; key_class < KEY_CLASSES; key_class++) {
        uint64_t keys = records / guess[key_class];
        if (worker->combined > 0)
            keys = (uint64_t)((double)worker->found[key_class] / (double)worker->combined *
                              (double)records * 1.0625);
        if (!grouping_table_begin(&worker->grouping, (enum key_class)key_class,
                                  (size_t)(keys < MOST_FIRST_KEYS ? keys : MOST_FIRST_KEYS))) {
            job_no_memory(worker->job);
            return -1;
        }
    }
    return 0;
}

static void end_table(struct worker *worker)
{
    pool_give(&worker->cache, stream_take_chunks(&worker->long_keys));
}

/* Makes sure that `more` keys fit one class. */
static int make_room(struct worker *worker, enum key_class key_class, size_t more)
{
    if (grouping_table_reserve(&worker->grouping, key_class, more))
        return 0;
    job_no_memory(worker->job);
    return -1;
}

/* Calls combine with an aligned copy of the value at `from`. */
static int combine_aligned(struct worker *worker, uint64_t *into, const void *from)
{
    struct job *job = worker->job;
    alignas(8) unsigned char small[SMALL_VALUE];
    void *copy = small;
    if (job->value_size > sizeof small) {
        mr_buffer_clear(&worker->values);
        copy = mr_buffer_reserve(&worker->values, job->value_size);
        if (!copy) {
            job_no_memory(job);
            return -1;
        }
    }
    memcpy(copy, from, job->value_size);
    job->spec.combine(job->spec.context, into, copy);
    return 0;
}

/* Combines a record's value into the entry of its key, a new one where it is not `known`. */
static inline __attribute__((always_inline))
int combine_value(struct worker *worker, uint64_t *into, bool known, uint64_t value,
                  const bool sums)
{
    struct job *job = worker->job;
    if (sums) {
        /* A new entry's is 0. */
        if (__builtin_add_overflow(into[0], value, into)) {
            job_fail(job, MR_OVERFLOW, 0, "a count goes past 18446744073709551615");
            return -1;
        }
        return 0;
    }
    if (job->keeps) {
        /* The entry counts the key's values; where they go is decided when all are counted. */
        into[0]++;
        return 0;
    }
    const void *from = (const void *)(uintptr_t)value;
    if (known)
        return combine_aligned(worker, into, from);
    memcpy(into, from, job->value_size);
    return 0;
}

/* Combines the probes gathered and empties them. */
static inline __attribute__((always_inline))
int combine_probes(struct worker *worker, const enum key_class key_class, struct probes *probes,
                   const bool sums)
{
    const size_t words = table_words(key_class), count = probes->count;
    struct grouping_class *class = &worker->grouping.classes[key_class];
    if (class->used + count > class->limit && make_room(worker, key_class, count) != 0)
        return -1;
    uint32_t *index = class->index;
    uint64_t *entries = class->entries;
    const size_t mask = class->mask, stride = sums ? words + 1 : class->stride;
    size_t used = class->used;
    probes->count = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t *probe = probes->probes + i * (words + 2);
        const size_t before = used;
        size_t slot;
        const size_t number = grouping_find(key_class, index, entries, mask, stride, used,
                                            probe + 1, probe[0], &slot);
        uint64_t *entry = entries + number * stride;
        grouping_insert(index, entries, mask, stride, words, &used, number, slot, probe[0]);
        memcpy(entry, probe + 1, words * sizeof *entry);
        if (combine_value(worker, entry + words, number != before, probe[words + 1], sums) != 0)
            return -1;
    }
    class->used = used;
    return 0;
}

/* Adds a record's key, and combines when there are enough to be looked up together. */
static inline __attribute__((always_inline))
int add_probe(struct worker *worker, const enum key_class key_class, struct probes *probes,
              const struct record *record, uint64_t value, const bool sums)
{
    const size_t words = table_words(key_class);
    const struct grouping_class *class = &worker->grouping.classes[key_class];
    uint64_t *probe = probes->probes + probes->count * (words + 2);
    probe[0] =
        key_grouping_load(key_class, worker->grouping.seed, probe + 1, record->key, record->size);
    probe[words + 1] = value;
    __builtin_prefetch(class->index + ((size_t)probe[0] & class->mask), 1);
    return ++probes->count == BATCH ? combine_probes(worker, key_class, probes, sums) : 0;
}

/* A copy of a long key that lives as long as the table's content. */
static unsigned char *keep_key(struct worker *worker, const unsigned char *key, size_t size)
{
    struct stream_writer *writer = &worker->long_key_writer;
    unsigned char *at = stream_room(writer, size);
    if (!at)
        return NULL;
    record_copy_key(at, key, size);
    stream_wrote(writer, at + size);
    return at;
}

static int combine_long(struct worker *worker, const struct record *record, uint64_t value,
                        const bool sums)
{
    struct grouping_class *class = &worker->grouping.classes[KEY_LONG];
    const uint64_t hash = hash_bytes(worker->grouping.seed, record->key, record->size);
    if (make_room(worker, KEY_LONG, 1) != 0)
        return -1;
    const size_t before = class->used;
    size_t slot;
    const size_t number = grouping_find_long(class, record->key, record->size, hash, &slot);
    uint64_t *entry = grouping_entry(class, number);
    if (number == before) {
        const unsigned char *copy = keep_key(worker, record->key, record->size);
        if (!copy)
            return -1;
        grouping_insert(class->index, class->entries, class->mask, class->stride, class->words,
                        &class->used, number, slot, hash);
        entry[0] = hash;
        entry[1] = record->size;
        entry[2] = (uint64_t)(uintptr_t)copy;
    }
    return combine_value(worker, entry + KEY_LONG_WORDS, number != before, value, sums);
}

/* Brings the records of a chunk into the table. */
static inline __attribute__((always_inline))
int combine_chunk(struct worker *worker, const struct chunk *chunk, const bool sums)
{
    const enum record_kind kind = sums ? RECORD_SUM : RECORD_VALUE;
    const size_t value_size = sums ? 0 : worker->job->value_size;
    struct probes w2, w4;
    const unsigned char *at = chunk->data, *end = at + chunk->used;
    w2.count = w4.count = 0;
    while (at < end) {
        struct record record;
        int result;
        at = record_get(at, kind, value_size, &record);
        uint64_t value = sums ? record.number : (uint64_t)(uintptr_t)record.value;
        if (record.size <= KEY_W2_MOST)
            result = add_probe(worker, KEY_W2, &w2, &record, value, sums);
        else if (record.size <= KEY_W4_MOST)
            result = add_probe(worker, KEY_W4, &w4, &record, value, sums);
        else
            result = combine_long(worker, &record, value, sums);
        if (result != 0)
            return -1;
    }
    if (combine_probes(worker, KEY_W2, &w2, sums) != 0)
        return -1;
    return combine_probes(worker, KEY_W4, &w4, sums);
}

/* Brings a stream into the table. */
static int combine_stream(struct worker *worker, struct stream *stream, bool consume)
{
    struct source source;
    struct chunk *chunk;
    uint64_t records = stream->records + stream->spilled_count;
    int result = start_table(worker, records);
    stream_writer_open(&worker->long_key_writer, &worker->long_keys, &worker->cache, &worker->owner,
                       POOL_OVER_BUDGET);
    source_open(&source, worker, stream, consume);
    while (result == 0 && (chunk = source_next(&source))) {
        result = worker->job->sums ? combine_chunk(worker, chunk, true)
                                   : combine_chunk(worker, chunk, false);
        if (job_stopped(worker->job))
            result = -1;
    }
    if (source_close(&source) != 0)
        result = -1;
    stream_writer_close(&worker->long_key_writer);
    worker->combined = records;
    for (int key_class = 0; key_class < KEY_CLASSES; key_class++)
        worker->found[key_class] = worker->grouping.classes[key_class].used;
    return result;
}

/* ---- Out of the table: pairs again ----------------------------------------------------------- */

static int write_compacted(struct worker *worker, enum key_class key_class,
                           struct stream_writer *writer)
{
    const struct job *job = worker->job;
    const struct grouping_class *class = &worker->grouping.classes[key_class];
    for (size_t i = 0; i < class->used; i++) {
        const uint64_t *entry = grouping_entry(class, i), *value = entry + class->words;
        size_t size;
        const unsigned char *key = table_slot_key(entry, key_class, &size);
        unsigned char *at = stream_room(writer, record_bound(size, job->value_size));
        if (!at)
            return -1;
        bool number = job->sums && *value != 1;
        at = record_put_head(at, size, number);
        record_copy_key(at, key, size);
        at += size;
        if (job->sums) {
            at = record_put_more(at, *value);
        } else {
            memcpy(at, value, job->value_size);
            at += job->value_size;
        }
        stream_wrote(writer, at);
    }
    return 0;
}

int combine_partition(struct worker *worker, struct stream *pairs, struct stream *compacted)
{
    worker->grouping_busy = true;
    int result = combine_stream(worker, pairs, true);
    source_drop(worker, pairs);
    struct stream_writer writer;
    stream_writer_open(&writer, compacted, &worker->cache, &worker->owner, POOL_OVER_BUDGET);
    for (int key_class = 0; result == 0 && key_class < KEY_CLASSES; key_class++)
        result = write_compacted(worker, (enum key_class)key_class, &writer);
    stream_writer_close(&writer);
    end_table(worker);
    worker->grouping_busy = false;
    return result;
}

/* ---- Out of the table: results --------------------------------------------------------------- */

/* Puts results, RANGES_BATCH at most, where they belong; changes the array. */
static int put_results(struct mr_results *out, struct record *results, size_t count)
{
    uint64_t least = out->job->order.min_rank;
    if (least > 0) {
        size_t kept = 0;
        for (size_t i = 0; i < count; i++)
            if (results[i].number >= least)
                results[kept++] = results[i];
        count = kept;
    }
    if (!out->sample)
        return order_route(out->worker, results, count);
    for (size_t i = 0; i < count; i++) {
        struct stream_writer *writer = &out->sample->writer;
        unsigned char *at =
            stream_room(writer, record_bound(results[i].size, results[i].value_size));
        if (!at)
            return -1;
        stream_wrote(writer, record_put_result(at, &results[i]));
    }
    /* At the end of a table it is a fairer sample: before, only where it grows and grows. */
    return out->sample->stream.bytes > 4 * order_sample_most(out->job) ? order_flush_sample(out)
                                                                       : 0;
}

int mr_put(struct mr_results *results, const void *key, size_t key_size, uint64_t rank,
           const void *payload, size_t payload_size)
{
    /* A copy with padding, as the order reads keys by words. */
    struct mr_buffer *copy = &results->worker->result_key;
    mr_buffer_clear(copy);
    unsigned char *padded = mr_buffer_reserve(copy, key_size);
    if (!padded) {
        job_no_memory(results->job);
        return -1;
    }
    if (key_size > 0)
        memcpy(padded, key, key_size);
    struct record result = {.key = padded,
                            .size = key_size,
                            .number = rank,
                            .value = payload,
                            .value_size = payload_size};
    return put_results(results, &result, 1);
}

/* Calls reduce, or puts the result, for each key in one class of the table. */
static int finish_class(struct worker *worker, enum key_class key_class, struct mr_results *out)
{
    struct job *job = worker->job;
    const struct grouping_class *class = &worker->grouping.classes[key_class];
    for (size_t start = 0, count; start < class->used; start += count) {
        struct record results[RANGES_BATCH];
        count = class->used - start < RANGES_BATCH ? class->used - start : RANGES_BATCH;
        for (size_t i = 0; i < count; i++) {
            const uint64_t *entry = grouping_entry(class, start + i), *value = entry + class->words;
            results[i].key = table_slot_key(entry, key_class, &results[i].size);
            results[i].number = job->sums ? *value : 0;
            results[i].value = (const unsigned char *)value;
            results[i].value_size = job->sums ? 0 : job->value_size;
        }
        if (!job->spec.reduce) {
            if (put_results(out, results, count) != 0)
                return -1;
            continue;
        }
        for (size_t i = 0; i < count; i++)
            if (values_reduce_one(worker, results[i].key, results[i].size, results[i].value, out) !=
                0)
                return -1;
    }
    return 0;
}

int reduce_partition(struct worker *worker, struct stream *stream, unsigned bits,
                     struct mr_results *results)
{
    struct job *job = worker->job;
    if (repartition_needed(worker, stream, bits))
        return repartition_and_reduce(worker, stream, bits, results);
    if (results->sample)
        results->sample->pairs += stream->records + stream->spilled_count;
    worker->grouping_busy = true;
    int result = combine_stream(worker, stream, !job->keeps);
    uint64_t keys = 0;
    for (int key_class = 0; key_class < KEY_CLASSES; key_class++)
        keys += worker->grouping.classes[key_class].used;
    if (result == 0 && job->keeps)
        result = values_reduce(worker, stream, results);
    for (int key_class = 0; result == 0 && !job->keeps && key_class < KEY_CLASSES; key_class++)
        result = finish_class(worker, (enum key_class)key_class, results);
    source_drop(worker, stream);
    end_table(worker);
    worker->grouping_busy = false;
    atomic_fetch_add_explicit(&job->keys, keys, memory_order_relaxed);
    if (result == 0 && results->sample && results->sample->stream.bytes > order_sample_most(job))
        result = order_flush_sample(results);
    return result;
}
