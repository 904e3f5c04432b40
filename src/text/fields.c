/* SPDX-License-Identifier: MIT
 *
 * fields - chosen fields of lines. With a delimiter, as cut -f: a line of n delimiters has n + 1
 * fields, any of which may be empty. Without, as awk: fields are the runs of non-blanks.
 *
 * The chosen fields stand between delimiters already where a list is one range, so their key is a
 * span of the line. With several ranges, or without a delimiter, keys of more than one field are
 * put together in a buffer.
 */
#include <string.h>

#include "base/kernels/kernels.h"
#include "text/field_key.h"
#include "text/field_walk.h"
#include "text/fields_condense.h"
#include "text/lines.h"
#include "text/rows_lines.h"
#include "text/spans.h"
#include "text/tokens.h"

static int map_delimited(struct tokenizer_state *state, struct field_key *key, size_t size,
                         unsigned char *folded)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const unsigned char *data = key->data;
    size_t begin = 0;

    key->output =
        (struct kernels_output){.positions = state->positions, .max = KEYS_SPANS, .folded = folded};
    for (size_t pos = 0; pos < size;) {
        pos = kernels_selected.marks(data, size, pos, &key->output, tokenizer->delimiter[0],
                                     tokenizer->end);
        for (size_t i = 0; i < key->output.count; i++) {
            size_t end = state->positions[i];
            if (field_key_add(state, key, begin, end) != 0)
                return -1;
            if (data[end] == tokenizer->end && field_key_end(state, key) != 0)
                return -1;
            begin = end + 1;
        }
    }
    if (data[size - 1] == tokenizer->end)
        return 0;
    if (field_key_add(state, key, begin, size) != 0)
        return -1;
    return field_key_end(state, key);
}

/* As map_delimited, for a delimiter of several bytes: the marks are where it may begin. */
static int map_delimited_by_text(struct tokenizer_state *state, struct field_key *key, size_t size,
                                 unsigned char *folded)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const unsigned char *delimiter = tokenizer->delimiter;
    const size_t length = tokenizer->delimiter_size;
    const unsigned char *data = key->data;
    size_t begin = 0;

    key->output =
        (struct kernels_output){.positions = state->positions, .max = KEYS_SPANS, .folded = folded};
    for (size_t pos = 0; pos < size;) {
        pos = kernels_selected.marks(data, size, pos, &key->output, delimiter[0], tokenizer->end);
        for (size_t i = 0; i < key->output.count; i++) {
            const size_t end = state->positions[i];
            const bool ends = data[end] == tokenizer->end;
            if (!ends &&
                (end < begin || size - end < length || memcmp(data + end, delimiter, length) != 0))
                continue;
            if (field_key_add(state, key, begin, end) != 0)
                return -1;
            if (ends && field_key_end(state, key) != 0)
                return -1;
            begin = end + (ends ? 1 : length);
        }
    }
    if (data[size - 1] == tokenizer->end)
        return 0;
    if (field_key_add(state, key, begin, size) != 0)
        return -1;
    return field_key_end(state, key);
}

static int map_blanks(struct tokenizer_state *state, struct field_key *key, size_t size,
                      unsigned char *folded)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const unsigned char *data = key->data;
    struct mr_span fields[KEYS_SPANS / 8];
    size_t before = 0;

    key->output = (struct kernels_output){.positions = spans_positions(fields),
                                          .max = sizeof fields / sizeof *fields,
                                          .folded = folded};
    for (size_t pos = 0; pos < size;) {
        pos = kernels_selected.blanks(data, size, pos, &key->output, tokenizer->extra);
        for (size_t i = 0; i < key->output.count; i++) {
            const struct mr_span field = fields[i];
            bool ended = false;
            for (; before < field.begin; before++)
                ended |= data[before] == tokenizer->end;
            if (ended && field_key_end(state, key) != 0)
                return -1;
            if (field_key_add(state, key, field.begin, field.end) != 0)
                return -1;
            before = field.end;
        }
    }
    return field_key_end(state, key);
}

/* As map_blanks, for the one field of a number, which is a span wherever it stands. */
static int map_one_of_blanks(struct tokenizer_state *state, const unsigned char *data, size_t size,
                             unsigned char *folded)
{
    const uint64_t number = state->ranges[0].first;
    struct kernels_fields fields = {.number = number, .left = number, .end = state->tokenizer->end};
    struct kernels_output output = {
        .positions = spans_positions(state->spans), .max = KEYS_SPANS, .folded = folded};

    for (size_t pos = 0; pos < size;) {
        pos = kernels_selected.fields(data, size, pos, &output, &fields);
        if (tokens_put(state, data, state->spans, output.count, output.wide) != 0)
            return -1;
    }
    return 0;
}

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static bool next_field(const struct tokenizer *tokenizer, struct field_walk *walk)
{
    const unsigned char *data = walk->data;
    const size_t size = walk->size, length = tokenizer->delimiter_size;
    size_t begin = walk->at, end;

    if (length == 0) {
        while (begin < size && is_blank(data[begin]))
            begin++;
        for (end = begin; end < size && !is_blank(data[end]);)
            end++;
        walk->ended = begin == size;
        walk->at = end;
    } else {
        const unsigned char *found = NULL;
        if (walk->ended)
            return false;
        if (begin < size)
            found = memmem(data + begin, size - begin, tokenizer->delimiter, length);
        end = found ? (size_t)(found - data) : size;
        walk->ended = found == NULL;
        walk->at = end + (found ? length : 0);
    }
    walk->begin = begin;
    walk->end = end;
    return length > 0 || !walk->ended;
}

static int map_long_line(struct tokenizer_state *state, const unsigned char *data, size_t size,
                         unsigned char *folded)
{
    return field_key_long(state, data, size - (data[size - 1] == state->tokenizer->end), folded);
}

static int map_window(struct tokenizer_state *state, const unsigned char *data, size_t size,
                      unsigned char *folded)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const struct range *first = &state->ranges[0];
    struct field_key key = {.data = data,
                            .joining = state->range_count > 1 || tokenizer->delimiter_size == 0};

    if (tokenizer->delimiter_size == 0 && state->range_count == 1 && first->first == first->last)
        return map_one_of_blanks(state, data, size, folded);
    int status = tokenizer->delimiter_size == 0 ? map_blanks(state, &key, size, folded)
                 : tokenizer->delimiter_size == 1
                     ? map_delimited(state, &key, size, folded)
                     : map_delimited_by_text(state, &key, size, folded);

    return status != 0 ? status : field_key_flush(state, &key);
}

static int map(struct tokenizer_state *state, const struct mr_split *split)
{
    const bool rows = state->rows != NULL;
    int status = tokens_windows(state, split->data, split->size, rows ? rows_lines_map : map_window,
                                rows ? rows_lines_map_long : map_long_line);

    if (status == 0 && split->context)
        status = fields_condensed(state, split->context, split->context_size);
    return status != 0 ? status : keys_flush(&state->keys);
}

const struct token_kind token_kind_fields = {
    .map = map,
    .border = lines_border,
    .border_last = lines_border_last,
    .next_field = next_field,
    .condense = fields_condense,
    .condense_end = fields_condense_end,
};
