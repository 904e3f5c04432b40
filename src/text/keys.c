/* SPDX-License-Identifier: MIT
 *
 * keys - see keys.h.
 */
#include "text/keys.h"

#include <errno.h>

/* Keys are built up to here before they are emitted. */
#define MADE_SIZE ((size_t)1 << 16)

void keys_open(struct keys *keys, const struct filter *filter, size_t longest, bool valued)
{
    keys->filter = filter;
    keys->longest = longest;
    keys->valued = valued;
    keys->emitter = NULL;
    keys->error = NULL;
    keys->tokens = (struct total){0, 0};
    keys->made = (struct room){NULL, 0};
    keys->used = keys->count = 0;
}

void keys_close(struct keys *keys)
{
    room_free(&keys->made);
}

int keys_no_memory(struct keys *keys)
{
    mr_error_set(keys->error, MR_NOMEM, ENOMEM, "memory exhausted");
    return -1;
}

int keys_emit(struct keys *keys, const unsigned char *base, const struct mr_span *spans,
              size_t count, const uint64_t *values)
{
    if (keys->filter) {
        count = filter_pass(keys->filter, base, spans, values, count, keys->passed,
                            keys->passed_values);
        spans = keys->passed;
        if (values)
            values = keys->passed_values;
    }
    if (count == 0)
        return 0;
    if (!values)
        total_add(&keys->tokens, count);
    for (size_t i = 0; values && i < count; i++)
        total_add(&keys->tokens, values[i]);
    return (int)mr_emit_batch(keys->emitter, base, (size_t)spans[count - 1].end + MR_PAD, spans,
                              count, values);
}

int keys_emit_one(struct keys *keys, const unsigned char *key, size_t size, uint64_t value)
{
    if (keys->filter && !filter_lets(keys->filter, key, size))
        return 0;
    total_add(&keys->tokens, value);
    return (int)mr_emit(keys->emitter, key, size, &value);
}

unsigned char *keys_room(struct keys *keys, size_t size)
{
    if ((keys->count == KEYS_SPANS || keys->used + size > MADE_SIZE) && keys_flush(keys) != 0)
        return NULL;
    if (room_grow(&keys->made, keys->used + size, true) != 0) {
        (void)keys_no_memory(keys);
        return NULL;
    }
    return keys->made.data + keys->used;
}

int keys_made(struct keys *keys, size_t size, uint64_t value)
{
    size_t begin = keys->used, end = begin + size;

    /* What is longer than MADE_SIZE stands alone. */
    if (end > keys->longest)
        return keys_emit_one(keys, keys->made.data + begin, size, value);
    keys->made_values[keys->count] = value;
    keys->made_spans[keys->count++] = (struct mr_span){(uint32_t)begin, (uint32_t)end};
    keys->used = end;
    return 0;
}

int keys_flush(struct keys *keys)
{
    size_t count = keys->count;

    keys->count = keys->used = 0;
    return keys_emit(keys, keys->made.data, keys->made_spans, count,
                     keys->valued ? keys->made_values : NULL);
}
