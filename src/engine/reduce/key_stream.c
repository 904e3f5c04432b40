/* SPDX-License-Identifier: MIT
 *
 * key_stream - every record's key is looked up (see key_stream.h).
 */
#include "engine/reduce/key_stream.h"

_Static_assert(ALIGNED_TO <= POOL_PAD, "a large value has room to move");

uint64_t *key_stream_entry(struct combine_partition *combine, const struct record *record,
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

void key_stream_open(struct key_stream *keys, struct combine_partition *combine,
                     struct stream *stream, const uint64_t *entry)
{
    *keys = (struct key_stream){.combine = combine, .entry = entry};
    buffer_open(&keys->copy, combine->worker->context->budget);
    stream_reader_open(&keys->reader, combine->worker, stream, false);
}

const unsigned char *key_stream_align(struct worker *worker, const struct record *record,
                                      bool alone, struct mr_buffer *copy)
{
    const size_t up = aligned_gap(record->value);
    if (up == 0)
        return record->value;
    if (alone) {
        unsigned char *value = (unsigned char *)(uintptr_t)record->value;
        return memmove(value + up, value, record->value_size);
    }
    mr_buffer_clear(copy);
    unsigned char *to = mr_buffer_reserve(copy, record->value_size + ALIGNED_TO);
    if (!to) {
        context_no_memory(worker->context);
        return NULL;
    }
    to += aligned_gap(to);
    return memcpy(to, record->value, record->value_size);
}

bool key_stream_next(struct key_stream *keys, struct mr_bytes *value)
{
    struct worker *worker = keys->combine->worker;
    const struct record_form form = worker->context->form;
    for (;;) {
        while (keys->at < keys->end) {
            const unsigned char *start = keys->at;
            struct record record;
            size_t words;
            keys->at = record_get(start, form.kind, form.value_size, &record);
            if (key_stream_entry(keys->combine, &record, &words) != keys->entry)
                continue;
            const bool alone =
                (size_t)(keys->at - start) > POOL_CAPACITY && stream_reader_may_keep(&keys->reader);
            value->size = record.value_size;
            value->data = record_in_words(form.kind, record.size)
                              ? record_value(&record, form.kind, keys->words)
                              : key_stream_align(worker, &record, alone, &keys->copy);
            return value->data != NULL;
        }
        const struct chunk *chunk =
            context_stopped(worker->context) ? NULL : stream_reader_next(&keys->reader);
        if (!chunk)
            return false;
        keys->at = chunk->data;
        keys->end = chunk->data + chunk->used;
    }
}

int key_stream_close(struct key_stream *keys)
{
    buffer_close(&keys->copy);
    return stream_reader_close(&keys->reader);
}
