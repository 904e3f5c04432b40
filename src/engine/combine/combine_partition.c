/* SPDX-License-Identifier: MIT
 *
 * combine_partition - pairs into the grouping table, and out of it as pairs (see
 * combine_partition.h).
 */
#include "engine/combine/combine_partition.h"

#include "engine/shuffle/stream_reader.h"

#define BATCH 32

/* Keys of one class on their way to the table: hash, words, value. */
struct probes {
    size_t count;
    uint64_t probes[BATCH * (KEY_W4_WORDS + 2)];
    uint64_t numbers[BATCH]; /* of RECORD_FIRST */
};

/* Keys for which there is room at first, at the most; the table grows from there. */
#define MOST_FIRST_KEYS ((uint64_t)1 << 19)
/* The tables of all workers together take such a part of the memory. */
#define TABLES_SHARE 4

void combine_partition_open(struct combine_partition *combine, struct worker *worker)
{
    const struct context *context = worker->context;
    *combine = (struct combine_partition){.worker = worker};
    const size_t kept = context->form.kind == RECORD_BYTES ? COMBINE_PARTITION_BYTES + 1
                                                           : COMBINE_PARTITION_PLACE + 1;
    const size_t words = context->keeps ? kept : (context->value_size + 7) / 8;
    grouping_table_open(&combine->table, context->seed, words,
                        !context->sums && !context->keeps && !context->first, context->budget);
    buffer_open(&combine->values, context->budget);
}

void combine_partition_close(struct combine_partition *combine)
{
    grouping_table_close(&combine->table);
    buffer_close(&combine->values);
}

/* ---- Into the table --------------------------------------------------------------------- */

uint64_t combine_partition_share(const struct worker *worker)
{
    return worker->context->budget->limit / TABLES_SHARE / worker->context->worker_count;
}

/* Empties the table and gives it slots for the keys that `records` records will bring. Partitions
 * are alike: the one before tells how many keys of each class to expect. However many, the table
 * begins within the worker's share: keys that repeat are fewer, and large values make it large. */
static int start_table(struct combine_partition *combine, uint64_t records)
{
    static const unsigned guess[KEY_CLASSES] = {[KEY_W2] = 2, [KEY_W4] = 8, [KEY_LONG] = 32};
    const uint64_t share = combine_partition_share(combine->worker);
    uint64_t keys[KEY_CLASSES] = {0}, bytes;
    for (int key_class = KEY_W2; key_class < KEY_CLASSES; key_class++) {
        keys[key_class] = records / guess[key_class];
        if (combine->records > 0)
            keys[key_class] = (uint64_t)((double)combine->found[key_class] /
                                         (double)combine->records * (double)records * 1.0625);
        if (keys[key_class] > MOST_FIRST_KEYS)
            keys[key_class] = MOST_FIRST_KEYS;
    }
    for (;;) {
        bytes = 0;
        for (int key_class = KEY_W2; key_class < KEY_CLASSES; key_class++)
            bytes +=
                grouping_table_bytes(&combine->table, (enum key_class)key_class, keys[key_class]);
        if (bytes <= share || (keys[KEY_W2] | keys[KEY_W4] | keys[KEY_LONG]) == 0)
            break;
        for (int key_class = KEY_W2; key_class < KEY_CLASSES; key_class++)
            keys[key_class] /= 2;
    }
    for (int key_class = KEY_W2; key_class < KEY_CLASSES; key_class++) {
        if (!grouping_table_begin(&combine->table, (enum key_class)key_class,
                                  (size_t)keys[key_class])) {
            context_no_memory(combine->worker->context);
            return -1;
        }
    }
    return 0;
}

void combine_partition_end(struct combine_partition *combine)
{
    pool_give(&combine->worker->cache, stream_take_chunks(&combine->long_keys));
    pool_give(&combine->worker->cache, combine->large);
    combine->large = NULL;
    combine->worker->combining = false;
}

/* Makes sure that `more` keys fit one class. */
static int make_room(struct combine_partition *combine, enum key_class key_class, size_t more)
{
    if (grouping_table_reserve(&combine->table, key_class, more))
        return 0;
    context_no_memory(combine->worker->context);
    return -1;
}

/* Calls combine with the value at `from`, or an aligned copy of it. */
static int call_combine(struct combine_partition *combine, uint64_t *into, const void *from)
{
    struct context *context = combine->worker->context;
    alignas(ALIGNED_TO) unsigned char small[CONTEXT_SMALL_VALUE];
    unsigned char *copy = small;
    if (context->value_size > sizeof small && aligned_gap(from) > 0) {
        mr_buffer_clear(&combine->values);
        copy = mr_buffer_reserve(&combine->values, context->value_size + ALIGNED_TO);
        if (!copy) {
            context_no_memory(context);
            return -1;
        }
        copy += aligned_gap(copy);
    }
    context_combine(context, into, from, copy);
    return 0;
}

/* What combine_value returns where a sum overflows: its caller, who knows the key, reports it. */
#define COMBINE_OVERFLOW 1

/* What a loop is made for: how values lie, bytes of one, and whether most are added. */
struct how {
    enum record_kind kind;
    size_t value_size;
    bool adds;
};

/* What goes with a record's key to the table, in one word: the number, the place, the address of
 * the value, or the size of one that is kept and of any size. */
static inline __attribute__((always_inline)) uint64_t word_of(const struct record *record,
                                                              const enum record_kind kind)
{
    return kind == RECORD_SUM     ? record->number
           : kind == RECORD_FIRST ? key_word(record->value)
           : kind == RECORD_BYTES ? record->value_size
                                  : (uint64_t)(uintptr_t)record->value;
}

/* Combines a place and, where there is one, a count with those of a key, new where not `known`. Of
 * a new one the place is 0. */
static inline int combine_first(uint64_t *into, bool known, uint64_t place, uint64_t number,
                                bool counts)
{
    into[0] = into[0] > place ? into[0] : place;
    return counts && __builtin_add_overflow(known ? into[1] : 0, number, &into[1])
               ? COMBINE_OVERFLOW
               : 0;
}

/* Combines a record's value into the entry of its key, a new one where it is not `known`;
 * `packed`: it lies there in words. */
static inline __attribute__((always_inline)) int combine_value(struct combine_partition *combine,
                                                               uint64_t *into, bool known,
                                                               uint64_t value, const struct how how,
                                                               const bool packed)
{
    struct context *context = combine->worker->context;
    const enum record_kind kind = how.kind;
    if (kind == RECORD_SUM) {
        /* A new entry's is 0. */
        return __builtin_add_overflow(into[0], value, into) ? COMBINE_OVERFLOW : 0;
    }
    if (!how.adds && context->keeps) {
        /* The entry counts the key's values; where they go is decided when all are counted. Of a
         * new entry only the first word is 0. */
        into[COMBINE_PARTITION_COUNT]++;
        if (kind == RECORD_BYTES)
            into[COMBINE_PARTITION_BYTES] =
                (known ? into[COMBINE_PARTITION_BYTES] : 0) + aligned_up(value);
        return 0;
    }
    const void *from = (const void *)(uintptr_t)value;
    if (packed) {
        alignas(ALIGNED_TO) unsigned char room[RECORD_WORDS_MOST];
        record_get_words(from, known ? room : (unsigned char *)into, how.value_size);
        if (known && (!how.adds || !context_add(context, into, room)))
            context->spec.combine(context->spec.context, into, room);
        return 0;
    }
    if (known && how.adds && context_add(context, into, from))
        return 0;
    if (known)
        return call_combine(combine, into, from);
    memcpy(into, from, context->value_size);
    return 0;
}

/* Adds the value of two words that lies at that address, from one register to another; false where
 * that takes a call. */
static inline bool add_pair(const struct context *context, uint64_t *into, uint64_t address)
{
    uint64_t value[2];
    (void)record_get_pair((const unsigned char *)(uintptr_t)address, &value[0], &value[1]);
    return context_add(context, into, value);
}

/* Combines the probes gathered and empties them. */
static inline __attribute__((always_inline)) int combine_probes(struct combine_partition *combine,
                                                                const enum key_class key_class,
                                                                struct probes *probes,
                                                                const struct how how)
{
    const struct context *const context = combine->worker->context;
    const size_t words = key_class_words(key_class), count = probes->count;
    struct grouping_class *class = &combine->table.classes[key_class];
    if (class->used + count > class->limit && make_room(combine, key_class, count) != 0)
        return -1;
    struct grouping_class now = *class;
    now.words = words;
    now.stride = how.kind == RECORD_SUM     ? words + 1
                 : how.kind == RECORD_FIRST ? words + how.value_size / sizeof(uint64_t)
                 : how.adds ? slots_aligned_stride(words, how.value_size / sizeof(uint64_t))
                            : class->stride;
    probes->count = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t *probe = probes->probes + i * (words + 2);
        const size_t before = now.used;
        size_t slot;
        const size_t number = grouping_find(key_class, &now, probe + 1, probe[0], &slot);
        uint64_t *entry = now.entries + number * now.stride;
        if (how.kind == RECORD_WORDS && how.adds && number != before &&
            add_pair(context, entry + words, probe[words + 1]))
            continue;
        grouping_insert(&now, number, slot, probe[0]);
        memcpy(entry, probe + 1, words * sizeof *entry);
        int status = how.kind == RECORD_FIRST
                         ? combine_first(entry + words, number != before, probe[words + 1],
                                         probes->numbers[i], how.value_size > sizeof *entry)
                         : combine_value(combine, entry + words, number != before, probe[words + 1],
                                         how, how.kind == RECORD_WORDS);
        if (status != 0)
            return status == COMBINE_OVERFLOW ? context_overflow(combine->worker->context, entry,
                                                                 key_words_size(entry, words))
                                              : -1;
    }
    class->used = now.used;
    return 0;
}

/* Adds a record's key, and combines when there are enough to be looked up together. */
static inline __attribute__((always_inline)) int
add_probe(struct combine_partition *combine, const enum key_class key_class, struct probes *probes,
          const struct record *record, const struct how how)
{
    const size_t words = key_class_words(key_class);
    const struct grouping_class *class = &combine->table.classes[key_class];
    uint64_t *probe = probes->probes + probes->count * (words + 2);
    probe[0] =
        key_grouping_load(key_class, combine->table.seed, probe + 1, record->key, record->size);
    probe[words + 1] = word_of(record, how.kind);
    if (how.kind == RECORD_FIRST && how.value_size > sizeof *probe)
        probes->numbers[probes->count] = record->number;
    /* By numbers: there is no index to point into before there is a key. */
    const uint32_t *index = class->index;
    const size_t place = (size_t)probe[0] & class->mask;
    __builtin_prefetch((const void *)((uintptr_t)index + place * sizeof *index), 1);
    return ++probes->count == BATCH ? combine_probes(combine, key_class, probes, how) : 0;
}

/* A copy of a long key that lives as long as the table's content. */
static unsigned char *keep_key(struct combine_partition *combine, const unsigned char *key,
                               size_t size)
{
    struct stream_writer *writer = &combine->long_key_writer;
    unsigned char *at = stream_writer_room(writer, size);
    if (!at)
        return NULL;
    record_copy_key(at, key, size);
    stream_writer_wrote(writer, at + size);
    return at;
}

static struct how how_of(const struct context *context)
{
    return (struct how){context->form.kind, context->value_size, context->adds};
}

/* `stays`: the key's bytes live as long as the table's content. */
static int combine_long(struct combine_partition *combine, const struct record *record,
                        const struct how how, bool stays)
{
    struct grouping_class *class = &combine->table.classes[KEY_LONG];
    const uint64_t hash = hash_bytes(combine->table.seed, record->key, record->size);
    if (make_room(combine, KEY_LONG, 1) != 0)
        return -1;
    const size_t before = class->used;
    size_t slot;
    const size_t number = grouping_find_long(class, record->key, record->size, hash, &slot);
    uint64_t *entry = grouping_entry(class, number);
    if (number == before) {
        const unsigned char *key =
            stays ? record->key : keep_key(combine, record->key, record->size);
        if (!key)
            return -1;
        grouping_insert(class, number, slot, hash);
        entry[0] = hash;
        entry[1] = record->size;
        entry[2] = (uint64_t)(uintptr_t)key;
    }
    uint64_t *value = entry + KEY_LONG_WORDS;
    const uint64_t word = word_of(record, how.kind);
    int status = how.kind == RECORD_FIRST
                     ? combine_first(value, number != before, word, record->number,
                                     how.value_size > sizeof *value)
                     : combine_value(combine, value, number != before, word, how,
                                     record_in_words(how.kind, record->size));
    return status == COMBINE_OVERFLOW
               ? context_overflow(combine->worker->context, record->key, record->size)
               : status;
}

/* Whether the chunk of a large record is kept for its key, if that is new, rather than the key
 * copied: where it holds little else. */
static bool is_worth_keeping(const struct context *context, const struct record *record)
{
    return record->size > KEY_W4_MOST && (!context->keeps || record->size >= record->value_size);
}

/* Brings the large record of the chunk got last into the table, which keeps the chunk of a new
 * key. */
static int combine_large(struct combine_partition *combine, struct stream_reader *reader,
                         struct chunk *chunk, const struct record *record)
{
    const struct context *context = combine->worker->context;
    const struct grouping_class *class = &combine->table.classes[KEY_LONG];
    const size_t before = class->used;
    const int result = combine_long(combine, record, how_of(context), true);
    if (class->used > before) {
        stream_reader_keep(reader);
        chunk->records = before;
        chunk->next = combine->large;
        combine->large = chunk;
    }
    return result;
}

/* Brings the records of a chunk into the table. */
static inline __attribute__((always_inline)) int
combine_chunk(struct combine_partition *combine, const struct chunk *chunk, const struct how how)
{
    struct probes w2, w4;
    const unsigned char *at = chunk->data, *end = at + chunk->used;
    w2.count = w4.count = 0;
    while (at < end) {
        struct record record;
        int result;
        at = record_get(at, how.kind, how.value_size, &record);
        if (record.size <= KEY_W2_MOST)
            result = add_probe(combine, KEY_W2, &w2, &record, how);
        else if (record.size <= KEY_W4_MOST)
            result = add_probe(combine, KEY_W4, &w4, &record, how);
        else
            result = combine_long(combine, &record, how, false);
        if (result != 0)
            return -1;
    }
    if (combine_probes(combine, KEY_W2, &w2, how) != 0)
        return -1;
    return combine_probes(combine, KEY_W4, &w4, how);
}

/* Brings the chunk got last into the table. */
static int combine_next(struct combine_partition *combine, struct stream_reader *reader,
                        struct chunk *chunk)
{
    const struct context *context = combine->worker->context;
    if (pool_chunk_large(chunk) && stream_reader_may_keep(reader)) {
        struct record record;
        record_get(chunk->data, context->form.kind, context->form.value_size, &record);
        if (is_worth_keeping(context, &record))
            return combine_large(combine, reader, chunk, &record);
    }
    switch (context->form.kind) {
    case RECORD_SUM:
        return combine_chunk(combine, chunk, (struct how){.kind = RECORD_SUM});
    case RECORD_FIRST:
        return context_first_counts(context)
                   ? combine_chunk(combine, chunk,
                                   (struct how){RECORD_FIRST, 2 * sizeof(uint64_t), false})
                   : combine_chunk(combine, chunk,
                                   (struct how){RECORD_FIRST, sizeof(uint64_t), false});
    case RECORD_WORDS:
        return context->adds
                   ? combine_chunk(combine, chunk,
                                   (struct how){RECORD_WORDS, 2 * sizeof(uint64_t), true})
                   : combine_chunk(combine, chunk,
                                   (struct how){RECORD_WORDS, context->value_size, false});
    default:
        return combine_chunk(combine, chunk, how_of(context));
    }
}

/* ---- Out of the table ------------------------------------------------------------------- */

struct chunk *combine_partition_take_large(struct combine_partition *combine,
                                           const uint64_t **value)
{
    struct chunk *chunk = combine->large;
    if (!chunk)
        return NULL;
    uint64_t *entry = grouping_entry(&combine->table.classes[KEY_LONG], (size_t)chunk->records);
    entry[2] = 0;
    *value = entry + KEY_LONG_WORDS;
    combine->large = chunk->next;
    chunk->next = NULL;
    chunk->records = 1;
    return chunk;
}

/* Large records go out in the chunks in which they came. */
static void pass_large(struct combine_partition *combine, struct stream *combined)
{
    const struct context *context = combine->worker->context;
    const uint64_t *value;
    struct chunk *chunk;
    while ((chunk = combine_partition_take_large(combine, &value))) {
        size_t size;
        (void)record_key(chunk->data, &size);
        const uint64_t number = context_number(context, value);
        unsigned char *at = record_put_head(chunk->data, size, number != 1);
        at = record_put_value(at + size, context->form, size, number, value);
        chunk->used = (size_t)(at - chunk->data);
        stream_push(combined, chunk);
    }
}

static int write_class(struct combine_partition *combine, enum key_class key_class,
                       struct stream_writer *writer)
{
    const struct context *context = combine->worker->context;
    const struct grouping_class *class = &combine->table.classes[key_class];
    for (size_t i = 0; i < class->used; i++) {
        const uint64_t *entry = grouping_entry(class, i), *value = entry + class->words;
        size_t size;
        const unsigned char *key = key_slot_key(entry, key_class, &size);
        if (!key)
            continue; /* a large one */
        unsigned char *at = stream_writer_room(writer, record_bound(size, context->value_size));
        if (!at)
            return -1;
        const uint64_t number = context_number(context, value);
        at = record_put_head(at, size, number != 1);
        record_copy_key(at, key, size);
        stream_writer_wrote(writer,
                            record_put_value(at + size, context->form, size, number, value));
    }
    return 0;
}

/* Writes what the table holds, as pairs. Returns -1 when the job fails. */
static int write_table(struct combine_partition *combine, struct stream_writer *writer)
{
    int result = 0;
    pass_large(combine, writer->stream);
    for (int key_class = 0; result == 0 && key_class < KEY_CLASSES; key_class++)
        result = write_class(combine, (enum key_class)key_class, writer);
    return result;
}

/* The same, and empties the table, keeping its memory. */
static int empty_table(struct combine_partition *combine, struct stream_writer *writer)
{
    if (write_table(combine, writer) != 0)
        return -1;
    for (int key_class = KEY_W2; key_class < KEY_CLASSES; key_class++)
        (void)grouping_table_begin(&combine->table, (enum key_class)key_class,
                                   combine->table.classes[key_class].limit);
    stream_writer_close(&combine->long_key_writer);
    pool_give(&combine->worker->cache, stream_take_chunks(&combine->long_keys));
    return 0;
}

/* ---- All ---------------------------------------------------------------------------------- */

/* Brings a stream into the table. Where `passed` is not NULL, what the table holds goes there
 * whenever it would grow past the worker's share. */
static int combine_stream(struct combine_partition *combine, struct stream *stream, bool consume,
                          struct stream_writer *passed)
{
    const uint64_t records = stream_records(stream);
    const uint64_t share = combine_partition_share(combine->worker);
    struct stream_reader reader;
    struct chunk *chunk;
    bool whole = true; /* the table holds all keys */
    int result = start_table(combine, records);
    stream_writer_open(&combine->long_key_writer, &combine->long_keys, combine->worker,
                       POOL_OVER_BUDGET);
    combine->worker->combining = true;
    stream_reader_open(&reader, combine->worker, stream, consume);
    while (result == 0 && (chunk = stream_reader_next(&reader))) {
        if (passed && grouping_table_would_pass(&combine->table, (size_t)chunk->records, share)) {
            whole = false;
            result = empty_table(combine, passed);
        }
        if (result == 0)
            result = combine_next(combine, &reader, chunk);
        if (context_stopped(combine->worker->context))
            result = -1;
    }
    if (stream_reader_close(&reader) != 0)
        result = -1;
    stream_writer_close(&combine->long_key_writer);
    if (whole)
        combine->records = records;
    for (int key_class = 0; whole && key_class < KEY_CLASSES; key_class++)
        combine->found[key_class] = combine->table.classes[key_class].used;
    return result;
}

int combine_partition_begin(struct combine_partition *combine, struct stream *stream, bool consume)
{
    return combine_stream(combine, stream, consume, NULL);
}

int combine_partition(struct combine_partition *combine, struct stream *pairs,
                      struct stream *combined)
{
    struct worker *worker = combine->worker;
    struct stream_writer writer;
    stream_writer_open(&writer, combined, worker, POOL_OVER_BUDGET);
    int result = combine_stream(combine, pairs, true, &writer);
    stream_drop(pairs, &worker->cache);
    if (result == 0)
        result = write_table(combine, &writer);
    stream_writer_close(&writer);
    combine_partition_end(combine);
    return result;
}
