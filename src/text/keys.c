/* SPDX-License-Identifier: MIT
 *
 * keys - see keys.h.
 */
#include "text/keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Keys are built up to here before they are emitted. */
#define MADE_SIZE ((size_t)1 << 16)

void keys_open(struct keys *keys, const struct keys_rules *rules)
{
    keys->rules = *rules;
    keys->emitter = NULL;
    keys->error = NULL;
    keys->tokens = (struct total){0, 0};
    keys->met = false;
    keys->made = (struct room){NULL, 0};
    keys->used = keys->count = 0;
    normalize_open(&keys->normalize, rules->form, rules->case_fold);
    keys->plain.count = keys->normal.count = 0;
    keys->normal_text = (struct room){NULL, 0};
    keys->normal_used = 0;
    keys->row_values = NULL;
    keys->gathered = NULL;
    keys->word = 0;
    keys->row_state = NULL;
}

void keys_close(struct keys *keys)
{
    room_free(&keys->made);
    room_free(&keys->normal_text);
    free(keys->gathered);
    normalize_close(&keys->normalize);
}

int keys_no_memory(struct keys *keys)
{
    mr_error_set(keys->error, MR_NOMEM, ENOMEM, "memory exhausted");
    return -1;
}

int keys_gather(struct keys *keys)
{
    const struct keys_rules *rules = &keys->rules;
    const size_t size =
        rules->rows ? rules->rows->value_size : rules->value_words * sizeof(uint64_t);

    /* Aligned as row_values are. */
    keys->gathered = aligned_alloc(64, KEYS_SPANS * size);
    return keys->gathered ? 0 : -1;
}

/* ---- Values of rows -------------------------------------------------------------------------- */

/* Emits rows with their values side by side. */
static int put_rows(struct keys *keys, const unsigned char *base, const struct mr_span *spans,
                    size_t count, const void *values, size_t size)
{
    const struct rows_options *rows = keys->rules.rows;

    total_add(&keys->tokens, count);
    if (!rows->emit)
        return (int)mr_emit_batch(keys->emitter, base, size, spans, count, values);
    const struct rows_batch batch = {base, size, spans, count, values};
    return rows->emit(rows->context, keys->row_state, keys->emitter, &batch, keys->error);
}

/* The same of those with these numbers, at least one. */
static int put_numbered(struct keys *keys, const unsigned char *base, const struct mr_span *spans,
                        size_t count, const uint64_t *numbers)
{
    const size_t size = keys->rules.rows->value_size;
    const unsigned char *values = keys->row_values + numbers[0] * size;

    /* Numbers ascend always, and by 1 where no key has been filtered or brought to a form. */
    if (numbers[count - 1] - numbers[0] != count - 1) {
        for (size_t i = 0; i < count; i++)
            memcpy(keys->gathered + i * size, keys->row_values + numbers[i] * size, size);
        values = keys->gathered;
    }
    return put_rows(keys, base, spans, count, values, (size_t)spans[count - 1].end + MR_PAD);
}

/* One of any size. */
static int put_row(struct keys *keys, const unsigned char *key, size_t size, uint64_t number)
{
    const void *value = keys->row_values + number * keys->rules.rows->value_size;

    if (size <= UINT32_MAX - MR_PAD) {
        const struct mr_span span = {0, (uint32_t)size};
        return put_rows(keys, key, &span, 1, value, size);
    }
    if (keys->rules.rows->emit) {
        mr_error_set(keys->error, MR_MAP, EOVERFLOW, "a key of 4 GiB and more");
        return -1;
    }
    total_add(&keys->tokens, 1);
    return (int)mr_emit(keys->emitter, key, size, value);
}

/* ---- Keys in their final form ---------------------------------------------------------------- */

/* The values to go on for these counts. */
static const void *values_of(struct keys *keys, const uint64_t *counts, size_t count)
{
    const size_t words = keys->rules.value_words;
    uint64_t *values = (uint64_t *)(void *)keys->gathered;

    if (words == 0)
        return counts;
    memset(values, 0, count * words * sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i * words + keys->word] = counts[i];
    return values;
}

/* As keys_emit. */
static int emit(struct keys *keys, const unsigned char *base, const struct mr_span *spans,
                size_t count, const uint64_t *values)
{
    if (keys->rules.filter) {
        const struct filter_batch batch = {spans, values, count, keys->passed, keys->passed_values};
        count = filter_pass(keys->rules.filter, base, &batch, &keys->met);
        spans = keys->passed;
        if (values)
            values = keys->passed_values;
    }
    if (count == 0)
        return 0;
    if (!values)
        total_add(&keys->tokens, count);
    else if (keys->rules.rows)
        return put_numbered(keys, base, spans, count, values);
    for (size_t i = 0; values && i < count; i++)
        total_add(&keys->tokens, values[i]);
    return (int)mr_emit_batch(keys->emitter, base, (size_t)spans[count - 1].end + MR_PAD, spans,
                              count, values_of(keys, values, count));
}

/* As keys_emit_one. */
static int emit_one(struct keys *keys, const unsigned char *key, size_t size, uint64_t value)
{
    if (keys->rules.filter && !filter_lets(keys->rules.filter, key, size, &keys->met))
        return 0;
    if (keys->rules.rows)
        return put_row(keys, key, size, value);
    total_add(&keys->tokens, value);
    return (int)mr_emit(keys->emitter, key, size, values_of(keys, &value, 1));
}

/* ---- Normalization --------------------------------------------------------------------------- */

/* Emits those that have been brought to the form. */
static int emit_normal(struct keys *keys, bool valued)
{
    size_t count = keys->normal.count;

    keys->normal.count = keys->normal_used = 0;
    return emit(keys, keys->normal_text.data, keys->normal.spans, count,
                valued ? keys->normal.values : NULL);
}

/* Brings one key to the form, and puts it among those that have been. */
static int normalize_one(struct keys *keys, const unsigned char *key, size_t size, uint64_t value,
                         bool valued)
{
    if ((keys->normal.count == KEYS_SPANS || keys->normal_used > MADE_SIZE) &&
        emit_normal(keys, valued) != 0)
        return -1;
    const size_t begin = keys->normal_used;
    if (normalize_key(&keys->normalize, key, size, &keys->normal_text, &keys->normal_used) != 0)
        return keys_no_memory(keys);
    const size_t end = keys->normal_used;
    if (end == begin && keys->rules.filled)
        return 0;
    if (end > keys->rules.longest) {
        keys->normal_used = begin;
        return emit_one(keys, keys->normal_text.data + begin, end - begin, value);
    }
    keys->normal.values[keys->normal.count] = value;
    keys->normal.spans[keys->normal.count++] = (struct mr_span){(uint32_t)begin, (uint32_t)end};
    return 0;
}

/* How many of the spans, which end in ascending order, one window holds, from *begin to *end. */
static size_t window_of(const struct keys *keys, const struct mr_span *spans, size_t count,
                        size_t *begin, size_t *end)
{
    size_t from = spans[0].begin, n = 0;

    if (!keys->rules.overlapping && spans[count - 1].end - from <= NORMALIZE_WINDOW)
        n = count; /* most batches */
    *end = spans[n > 0 ? n - 1 : 0].end;
    for (; n < count; n++) {
        size_t low = spans[n].begin < from ? spans[n].begin : from;
        if (n > 0 && spans[n].end - low > NORMALIZE_WINDOW)
            break;
        from = low;
        *end = spans[n].end;
    }
    *begin = from;
    return n;
}

/* Emits those of a window that are in the form. */
static int emit_plain(struct keys *keys, const unsigned char *base, bool valued)
{
    const size_t count = keys->plain.count;

    keys->plain.count = 0;
    return emit(keys, base, keys->plain.spans, count, valued ? keys->plain.values : NULL);
}

/* Emits some keys of one window, of which some are perhaps not in the form. */
static int emit_window(struct keys *keys, const unsigned char *base, const struct mr_span *spans,
                       size_t count, const uint64_t *values)
{
    size_t begin, end, n;

    for (size_t from = 0; from < count; from += n) {
        struct keys_part *plain = &keys->plain;
        n = window_of(keys, spans + from, count - from, &begin, &end);
        const bool large = end - begin > NORMALIZE_WINDOW; /* one key */
        const bool found = large ? !normalize_passes(&keys->normalize, base + begin, end - begin)
                                 : normalize_find(&keys->normalize, base + begin, end - begin);
        plain->count = 0;
        for (size_t i = from; found && i < from + n; i++) {
            const struct mr_span span = spans[i];
            const uint64_t value = values ? values[i] : 1;
            if (large || normalize_found(&keys->normalize, span.begin - begin, span.end - begin)) {
                if (keys->rules.ordered && emit_plain(keys, base, values != NULL) != 0)
                    return -1;
                if (normalize_one(keys, base + span.begin, span.end - span.begin, value,
                                  values != NULL) != 0)
                    return -1;
            } else {
                if (keys->rules.ordered && emit_normal(keys, values != NULL) != 0)
                    return -1;
                plain->values[plain->count] = value;
                plain->spans[plain->count++] = span;
            }
        }
        int status = found ? emit_plain(keys, base, values != NULL)
                           : emit(keys, base, spans + from, n, values ? values + from : NULL);
        if (status != 0)
            return status;
    }
    return emit_normal(keys, values != NULL);
}

/* Before keys that come from elsewhere: where there is an order, those that are made go first. */
static int keys_let_pass(struct keys *keys)
{
    return keys->rules.ordered && keys->count > 0 ? keys_flush(keys) : 0;
}

int keys_emit(struct keys *keys, const unsigned char *base, const struct mr_span *spans,
              size_t count, const uint64_t *values)
{
    if (count > 0 && keys_let_pass(keys) != 0)
        return -1;
    if (keys->rules.form == NORMALIZE_NONE || count == 0)
        return emit(keys, base, spans, count, values);
    return emit_window(keys, base, spans, count, values);
}

int keys_emit_one(struct keys *keys, const unsigned char *key, size_t size, uint64_t value)
{
    if (keys_let_pass(keys) != 0)
        return -1;
    if (keys->rules.form == NORMALIZE_NONE || normalize_passes(&keys->normalize, key, size))
        return emit_one(keys, key, size, value);
    if (normalize_one(keys, key, size, value, true) != 0)
        return -1;
    return emit_normal(keys, true);
}

int keys_listed(struct keys *keys, const unsigned char *token, size_t size)
{
    if (keys->rules.form != NORMALIZE_NONE && !normalize_passes(&keys->normalize, token, size)) {
        size_t used = 0;
        if (normalize_key(&keys->normalize, token, size, &keys->normal_text, &used) != 0)
            return keys_no_memory(keys);
        token = keys->normal_text.data;
        size = used;
    }
    if (size == 0 || !filter_lists(keys->rules.filter, token, size))
        return 0;
    keys->met = true;
    return 1;
}

/* ---- Keys that are made ---------------------------------------------------------------------- */

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
    if (end > keys->rules.longest)
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
                     keys->rules.valued ? keys->made_values : NULL);
}
