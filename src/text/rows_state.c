/* SPDX-License-Identifier: MIT
 *
 * rows_state - see rows_state.h.
 */
#include "text/rows_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/line_count.h"

/* Bytes of a chunk. */
#define CHUNK_SIZE ((size_t)1 << 16)
/* Bytes that the texts, values and keys of a batch may take, unless it is of one row. */
#define BATCH_BYTES ((size_t)1 << 16)

struct rows_chunk {
    struct rows_chunk *next;
    size_t size;
    unsigned char data[];
};

/* ---- Opening and closing --------------------------------------------------------------------- */

/* Bytes of an aligned_alloc of as many and some more. */
static size_t rounded(size_t size)
{
    return (size + MR_PAD + 63) / 64 * 64;
}

static int no_memory(struct mr_error *error)
{
    mr_error_set(error, MR_NOMEM, 0, "memory exhausted");
    return -1;
}

int rows_state_open(struct tokenizer_state *state, struct mr_error *error)
{
    const struct rows_options *options = state->tokenizer->rows;
    const size_t fields = options->field_count;
    const size_t bytes =
        sizeof(struct rows_key) + fields * sizeof(struct mr_bytes) + options->value_size;
    const size_t most = bytes > BATCH_BYTES                ? 1
                        : BATCH_BYTES / bytes < ROWS_BATCH ? BATCH_BYTES / bytes
                                                           : ROWS_BATCH;
    struct rows_state *rows = calloc(1, sizeof *rows);

    state->rows = rows;
    if (!rows)
        return no_memory(error);
    for (size_t i = 0; i < ROWS_BATCH; i++)
        rows->all[i] = i;
    rows->options = options;
    rows->most = most;
    rows->keys = malloc(most * sizeof *rows->keys);
    rows->fields = calloc((most + 1) * fields + 1, sizeof *rows->fields);
    rows->wants = calloc(fields + 1, sizeof *rows->wants);
    rows->values = aligned_alloc(64, rounded(most * options->value_size));
    if (!rows->keys || !rows->fields || !rows->wants || !rows->values)
        return no_memory(error);
    if (keys_gather(&state->keys) != 0)
        return no_memory(error);
    rows_state_choose(state, state->tokenizer->row_fields);
    if (options->open && options->open(options->context, &rows->state, error) != 0)
        return -1;
    rows->opened = true;
    state->keys.row_state = rows->state;
    return 0;
}

void rows_state_close(struct tokenizer_state *state)
{
    struct rows_state *rows = state->rows;

    if (!rows)
        return;
    if (rows->opened && rows->options->close)
        rows->options->close(rows->options->context, rows->state);
    while (rows->chunks) {
        struct rows_chunk *chunk = rows->chunks;
        rows->chunks = chunk->next;
        free(chunk);
    }
    free(rows->keys);
    free(rows->fields);
    free(rows->wants);
    free(rows->values);
    free(rows);
    state->rows = NULL;
}

static int by_number(const void *left, const void *right)
{
    const struct rows_want *a = left, *b = right;

    return a->number != b->number ? (a->number > b->number) - (a->number < b->number)
                                  : (a->index > b->index) - (a->index < b->index);
}

void rows_state_choose(struct tokenizer_state *state, const uint64_t *numbers)
{
    struct rows_state *rows = state->rows;
    const size_t count = rows->options->field_count;

    rows->first = state->range_count > 0 ? state->ranges[0].first : UINT64_MAX;
    for (size_t i = 0; i < count; i++)
        rows->wants[i] = (struct rows_want){numbers[i], i};
    qsort(rows->wants, count, sizeof *rows->wants, by_number);
    for (size_t i = 0; i < count; i++)
        if (numbers[i] > 0 && numbers[i] < rows->first)
            rows->first = numbers[i];
}

/* ---- Texts that are made --------------------------------------------------------------------- */

unsigned char *rows_state_room(struct tokenizer_state *state, size_t size)
{
    struct rows_state *rows = state->rows;

    if (!rows->chunks || rows->chunks->size - rows->used < size) {
        const size_t want = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        struct rows_chunk *chunk =
            want > SIZE_MAX / 2 ? NULL : malloc(sizeof *chunk + want + MR_PAD);
        if (!chunk) {
            (void)keys_no_memory(&state->keys);
            return NULL;
        }
        *chunk = (struct rows_chunk){.next = rows->chunks, .size = want};
        rows->chunks = chunk;
        rows->used = 0;
        rows->held += want;
    }
    return rows->chunks->data + rows->used;
}

/* Of all chunks one of the ordinary size stays. */
static void drop_chunks(struct rows_state *rows)
{
    struct rows_chunk *kept = NULL, *next;

    for (struct rows_chunk *chunk = rows->chunks; chunk; chunk = next) {
        next = chunk->next;
        if (!kept && chunk->size == CHUNK_SIZE)
            kept = chunk;
        else
            free(chunk);
    }
    if (kept)
        kept->next = NULL;
    rows->chunks = kept;
    rows->held = kept ? kept->size : 0;
    rows->used = 0;
}

/* ---- Batches --------------------------------------------------------------------------------- */

void rows_state_begin(struct tokenizer_state *state, const struct mr_split *split)
{
    state->rows->split = split;
    state->rows->count = 0;
}

/* A key that stands in no split, or is folded. */
static int put_made(struct tokenizer_state *state, const struct rows_key *key, uint64_t number)
{
    const bool fold = state->tokenizer->case_fold;

    if (fold && key->size > (SIZE_MAX / 2 - CASE_FOLD_SLACK) / CASE_FOLD_GROWTH)
        return keys_no_memory(&state->keys);
    unsigned char *out = keys_room(&state->keys, fold ? CASE_FOLD_ROOM(key->size) : key->size);
    if (!out)
        return -1;
    size_t size = key->size;
    if (fold)
        size = state->tokenizer->fold(key->data, size, out);
    else if (size > 0)
        memcpy(out, key->data, size);
    return keys_made(&state->keys, size, number);
}

/* Emits the keys of the split, from *at on, that spans of one base can hold; all `count` keys of
 * the batch are there, in the order of the text. */
static int emit_spans(struct tokenizer_state *state, size_t count, size_t *at)
{
    struct rows_state *rows = state->rows;
    const size_t longest = state->tokenizer->longest, first = *at;
    const unsigned char *base = rows->keys[first].data, *last = base;
    size_t n = 0, i = first;

    for (; i < count; i++) {
        const struct rows_key *key = &rows->keys[i];
        const unsigned char *end = key->data + key->size;
        if (key->made)
            continue;
        if (key->data < base || end < last || (size_t)(end - base) > longest)
            break;
        last = end;
        rows->spans[n] = (struct mr_span){(uint32_t)(key->data - base), (uint32_t)(end - base)};
        rows->numbers[n++] = i;
    }
    *at = i;
    if (n == 0) { /* the first is too long */
        *at = first + 1;
        return keys_emit_one(&state->keys, base, rows->keys[first].size, first);
    }
    return keys_emit(&state->keys, base, rows->spans, n, rows->numbers);
}

/* Emits the first `count` rows with their values. */
static int emit(struct tokenizer_state *state, size_t count)
{
    struct rows_state *rows = state->rows;
    const bool fold = state->tokenizer->case_fold;

    state->keys.row_values = rows->values;
    for (size_t i = 0; i < count; i++)
        if ((fold || rows->keys[i].made) && put_made(state, &rows->keys[i], i) != 0)
            return -1;
    for (size_t i = 0; !fold && i < count;) {
        if (rows->keys[i].made)
            i++;
        else if (emit_spans(state, count, &i) != 0)
            return -1;
    }
    return keys_flush(&state->keys);
}

/* A row is wrong, which stands on that line; NULL: on the one that is condensed. Returns -1. */
static int report(struct tokenizer_state *state, const unsigned char *line, const char *reason)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const struct mr_split *split = state->rows->split;
    uint64_t lines = state->lines_skipped;

    if (!first_fault_follows(tokenizer->faults)) {
        mr_error_set(state->keys.error, MR_MAP, 0, "%s", reason);
        return -1;
    }
    /* Behind its bytes stands the line that is condensed. */
    lines +=
        line_count(split->data, line ? (size_t)(line - split->data) : split->size, tokenizer->end);
    first_fault_report(tokenizer->faults, split, lines, reason, state->keys.error);
    return -1;
}

/* Parses rows from number `at` on, whose values come behind `right` others; returns how many are
 * right before one that is wrong. */
static size_t parse(struct rows_state *rows, size_t at, size_t count, size_t right,
                    struct rows_fault *fault)
{
    const struct rows_options *options = rows->options;

    return options->parse(options->context, rows->fields + at * options->field_count, count - at,
                          rows->values + right * options->value_size,
                          options->skip_invalid ? NULL : fault);
}

int rows_state_flush(struct tokenizer_state *state)
{
    struct rows_state *rows = state->rows;
    const struct rows_options *options = rows->options;
    const size_t count = rows->count;
    struct rows_fault fault;
    size_t right = 0;

    for (size_t at = 0; at < count; at++) {
        const size_t n = parse(rows, at, count, right, &fault);
        if (at != right)
            memmove(rows->keys + right, rows->keys + at, n * sizeof *rows->keys);
        right += n;
        at += n;
        if (at == count)
            break;
        if (!options->skip_invalid) {
            rows->count = 0;
            return report(state, rows->keys[at].line, fault.reason);
        }
        rows->left_out++;
    }
    rows->count = 0;
    if (right > 0 && emit(state, right) != 0)
        return -1;
    if (rows->held > CHUNK_SIZE || rows->used > 0)
        drop_chunks(rows);
    return 0;
}

int rows_state_emit(struct tokenizer_state *state, const unsigned char *base, size_t count)
{
    struct rows_state *rows = state->rows;
    const struct rows_options *options = rows->options;
    struct rows_fault fault;
    size_t right = 0;

    for (size_t at = 0; at < count; at++) {
        const size_t n = parse(rows, at, count, right, &fault);
        if (at != right)
            memmove(rows->spans + right, rows->spans + at, n * sizeof *rows->spans);
        right += n;
        at += n;
        if (at == count)
            break;
        if (!options->skip_invalid)
            return report(state, base + rows->spans[at].begin, fault.reason);
        rows->left_out++;
    }
    state->keys.row_values = rows->values;
    return keys_emit(&state->keys, base, rows->spans, right, rows->all);
}
