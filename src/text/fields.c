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

#include "text/case_fold.h"
#include "text/fields_condense.h"
#include "base/kernels/kernels.h"
#include "text/spans.h"
#include "text/lines.h"
#include "text/tokens.h"

/* The line at hand. */
struct line {
    const unsigned char *data; /* the window */
    struct kernels_output output;
    bool joining; /* keys are put together in state->joined */
    uint64_t field;
    size_t range;      /* the first that is not left behind */
    bool chosen;       /* some field was */
    size_t begin, end; /* of the key, in the window; or 0 and what state->joined has */
    size_t count;      /* spans waiting */
};

static int flush(struct tokenizer_state *state, struct line *line)
{
    size_t count = line->count;

    line->count = 0;
    return tokens_put(state, line->data, state->spans, count, line->output.wide);
}

/* The line has one more field, [begin, end). */
static inline int add_field(struct tokenizer_state *state, struct line *line, size_t begin,
                            size_t end)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    uint64_t field = ++line->field;

    while (line->range < tokenizer->range_count && tokenizer->ranges[line->range].last < field)
        line->range++;
    if (line->range == tokenizer->range_count || tokenizer->ranges[line->range].first > field)
        return 0;
    if (!line->joining) {
        if (!line->chosen)
            line->begin = begin;
        line->end = end;
    } else {
        size_t size = end - begin, used = line->end;
        if (room_grow(&state->joined, used + size + 1, true) != 0)
            return keys_no_memory(&state->keys);
        if (line->chosen)
            state->joined.data[used++] = tokenizer->have_delimiter ? tokenizer->delimiter : ' ';
        memcpy(state->joined.data + used, line->data + begin, size);
        line->end = used + size;
    }
    line->chosen = true;
    return 0;
}

static inline int end_line(struct tokenizer_state *state, struct line *line)
{
    int status = 0;

    if (line->chosen && line->joining) {
        const unsigned char *key = state->joined.data;
        size_t size = line->end;
        if (state->tokenizer->case_fold) {
            status = tokens_put_one(state, key, size);
        } else {
            unsigned char *out = keys_room(&state->keys, size);
            if (!out)
                return -1;
            memcpy(out, key, size);
            status = keys_made(&state->keys, size, 1);
        }
    } else if (line->chosen) {
        state->spans[line->count++] = (struct mr_span){(uint32_t)line->begin, (uint32_t)line->end};
        if (line->count == KEYS_SPANS)
            status = flush(state, line);
    }
    line->chosen = false;
    line->field = line->range = 0;
    line->begin = line->end = 0;
    return status;
}

static int map_delimited(struct tokenizer_state *state, struct line *line, size_t size,
                         unsigned char *folded)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const unsigned char *data = line->data;
    size_t begin = 0;

    line->output =
        (struct kernels_output){.positions = state->positions, .max = KEYS_SPANS, .folded = folded};
    for (size_t pos = 0; pos < size;) {
        pos = kernels_selected.marks(data, size, pos, &line->output, tokenizer->delimiter,
                                     tokenizer->end);
        for (size_t i = 0; i < line->output.count; i++) {
            size_t end = state->positions[i];
            if (add_field(state, line, begin, end) != 0)
                return -1;
            if (data[end] == tokenizer->end && end_line(state, line) != 0)
                return -1;
            begin = end + 1;
        }
    }
    if (data[size - 1] == tokenizer->end)
        return 0;
    if (add_field(state, line, begin, size) != 0)
        return -1;
    return end_line(state, line);
}

static int map_blanks(struct tokenizer_state *state, struct line *line, size_t size,
                      unsigned char *folded)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const unsigned char *data = line->data;
    struct mr_span fields[KEYS_SPANS / 8];
    size_t before = 0;

    line->output = (struct kernels_output){.positions = spans_positions(fields),
                                           .max = sizeof fields / sizeof *fields,
                                           .folded = folded};
    for (size_t pos = 0; pos < size;) {
        pos = kernels_selected.blanks(data, size, pos, &line->output, tokenizer->extra);
        for (size_t i = 0; i < line->output.count; i++) {
            const struct mr_span field = fields[i];
            bool ended = false;
            for (; before < field.begin; before++)
                ended |= data[before] == tokenizer->end;
            if (ended && end_line(state, line) != 0)
                return -1;
            if (add_field(state, line, field.begin, field.end) != 0)
                return -1;
            before = field.end;
        }
    }
    return end_line(state, line);
}

/* A line that is too long for spans: its key is put together field by field. */
static int map_long_line(struct tokenizer_state *state, const unsigned char *data, size_t size,
                         unsigned char *folded)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    struct line line = {.data = data, .joining = true};

    (void)folded;
    if (data[size - 1] == tokenizer->end)
        size--;
    for (size_t begin = 0, end; begin <= size; begin = end + 1) {
        const unsigned char *found;
        if (tokenizer->have_delimiter) {
            found = memchr(data + begin, tokenizer->delimiter, size - begin);
            end = found ? (size_t)(found - data) : size;
        } else {
            for (end = begin; end < size && data[end] != ' ' && data[end] != '\t' &&
                              data[end] != '\n' && data[end] != tokenizer->end;)
                end++;
            if (end == begin)
                continue;
        }
        if (add_field(state, &line, begin, end) != 0)
            return -1;
    }
    return end_line(state, &line);
}

static int map_window(struct tokenizer_state *state, const unsigned char *data, size_t size,
                      unsigned char *folded)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const struct range *first = &tokenizer->ranges[0];
    const bool one =
        tokenizer->range_count == 1 && (tokenizer->have_delimiter || first->first == first->last);
    struct line line = {.data = data, .joining = !one};
    int status = tokenizer->have_delimiter ? map_delimited(state, &line, size, folded)
                                           : map_blanks(state, &line, size, folded);

    return status != 0 ? status : flush(state, &line);
}

static int map(struct tokenizer_state *state, const struct mr_split *split)
{
    int status = tokens_windows(state, split->data, split->size, map_window, map_long_line);

    if (status == 0 && split->context)
        status = fields_condensed(state, split->context, split->context_size);
    return status != 0 ? status : keys_flush(&state->keys);
}

const struct token_kind token_kind_fields = {
    .map = map,
    .border = lines_border,
    .border_last = lines_border_last,
    .condense = fields_condense,
    .condense_end = fields_condense_end,
};
