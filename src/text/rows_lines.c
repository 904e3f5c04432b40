/* SPDX-License-Identifier: MIT
 *
 * rows_lines - see rows_lines.h.
 */
#include "text/rows_lines.h"

#include <string.h>

#include "base/kernels/kernels.h"
#include "text/field_walk.h"
#include "text/lines.h"
#include "text/rows_plain.h"
#include "text/spans.h"

/* ---- The fields of a line -------------------------------------------------------------------- */

/* Puts what the key has so far, if it is not there yet, and one more field into state->joined. */
static int join(struct tokenizer_state *state, struct rows_line *line, const unsigned char *data,
                size_t size)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const size_t joiner = tokenizer->joiner_size;

    if (room_grow(&state->joined, line->size + joiner + size, true) != 0)
        return keys_no_memory(&state->keys);
    unsigned char *out = state->joined.data;
    if (!line->joined && line->size > 0)
        memcpy(out, line->key, line->size);
    out += line->size;
    memcpy(out, tokenizer->joiner, joiner);
    if (size > 0)
        memcpy(out + joiner, data, size);
    line->joined = line->made = true;
    line->size += joiner + size;
    line->key = state->joined.data;
    return 0;
}

/* The key has one more field. */
static int add_to_key(struct tokenizer_state *state, struct rows_line *line,
                      const unsigned char *data, size_t size, bool made)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const size_t joiner = tokenizer->joiner_size;

    if (!line->chosen) {
        line->key = data;
        line->size = size;
        line->made = made;
        line->chosen = true;
        return 0;
    }
    /* They stand in the text as they stand in the key. */
    if (!line->made && !made && line->key + line->size + joiner == data &&
        memcmp(line->key + line->size, tokenizer->joiner, joiner) == 0) {
        line->size += joiner + size;
        return 0;
    }
    return join(state, line, data, size);
}

int rows_lines_take(struct tokenizer_state *state, struct rows_line *line,
                    const unsigned char *data, size_t size, bool made)
{
    struct rows_state *rows = state->rows;
    const size_t wants = rows->options->field_count;
    const uint64_t field = line->field;
    uint64_t next = UINT64_MAX;

    while (line->range < state->range_count && state->ranges[line->range].last < field)
        line->range++;
    if (line->range < state->range_count && state->ranges[line->range].first <= field &&
        add_to_key(state, line, data, size, made) != 0)
        return -1;
    for (; line->want < wants && rows->wants[line->want].number <= field; line->want++)
        if (rows->wants[line->want].number == field)
            rows_state_fields(rows)[rows->wants[line->want].index] = (struct mr_bytes){data, size};
    if (line->want < wants)
        next = rows->wants[line->want].number;
    for (size_t i = line->range; i < state->range_count; i++) {
        const uint64_t first = state->ranges[i].first > field ? state->ranges[i].first : field + 1;
        if (first > state->ranges[i].last)
            continue;
        next = first < next ? first : next;
        break;
    }
    line->next = next;
    return 0;
}

int rows_lines_take_marked(struct tokenizer_state *state, struct rows_line *line,
                           const unsigned char *data, size_t size)
{
    unsigned char *room = rows_state_room(state, size);

    if (!room)
        return -1;
    size = state->tokenizer->kind->field_text(data, size, room);
    rows_state_keep(state->rows, size);
    return rows_lines_take(state, line, room, size, true);
}

int rows_lines_end(struct tokenizer_state *state, const struct rows_line *line)
{
    struct rows_key key = {line->key, line->size, line->begin, line->made};

    if (!line->chosen)
        return 0;
    if (line->joined) {
        unsigned char *room = rows_state_room(state, line->size);
        if (!room)
            return -1;
        memcpy(room, line->key, line->size);
        rows_state_keep(state->rows, line->size);
        key.data = room;
    }
    return rows_state_put(state, key);
}

/* ---- Any line, the simple way ---------------------------------------------------------------- */

/* One line or record, without its end. */
static int map_line(struct tokenizer_state *state, const unsigned char *data, size_t size)
{
    const struct token_kind *kind = state->tokenizer->kind;
    struct field_walk walk = {.data = data, .size = size};
    struct rows_line line;

    rows_lines_begin(state->rows, &line, data);
    while ((line.next != UINT64_MAX || kind->record_end) &&
           kind->next_field(state->tokenizer, &walk)) {
        if (walk.unclosed) {
            state->unclosed = data + walk.begin;
            return -1;
        }
        if (!rows_lines_wants(&line))
            continue;
        const unsigned char *field = data + walk.begin;
        const size_t length = walk.end - walk.begin;
        const int status = walk.marked ? rows_lines_take_marked(state, &line, field, length)
                                       : rows_lines_take(state, &line, field, length, false);
        if (status != 0)
            return status;
    }
    return rows_lines_end(state, &line);
}

int rows_lines_map_long(struct tokenizer_state *state, const unsigned char *data, size_t size,
                        unsigned char *folded)
{
    const struct tokenizer *tokenizer = state->tokenizer;

    (void)folded;
    if (size > 0 && data[size - 1] == tokenizer->end)
        size--;
    if (tokenizer->kind == &token_kind_quoted)
        size = lines_without_return(tokenizer, data, 0, size);
    return map_line(state, data, size);
}

int rows_lines_condensed(struct tokenizer_state *state, const unsigned char *kept, size_t size)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    struct field_walk walk = {.size = size};
    struct rows_line line;
    size_t range = 0;
    unsigned char *room = rows_state_room(state, size);

    if (!room)
        return -1;
    memcpy(room, kept, size);
    rows_state_keep(state->rows, size);
    walk.data = room;
    rows_lines_begin(state->rows, &line, NULL);
    /* The fields kept are those of kept_ranges, one after the other. */
    for (uint64_t number = 0; tokenizer->kind->next_field(tokenizer, &walk);) {
        number++;
        while (range < tokenizer->kept_count && tokenizer->kept_ranges[range].last < number)
            range++;
        if (range == tokenizer->kept_count)
            break;
        if (number < tokenizer->kept_ranges[range].first)
            number = tokenizer->kept_ranges[range].first;
        line.field = number;
        if (number == line.next &&
            rows_lines_take(state, &line, room + walk.begin, walk.end - walk.begin, true) != 0)
            return -1;
    }
    return rows_lines_end(state, &line);
}

/* ---- Windows --------------------------------------------------------------------------------- */

/* Lines one after the other. */
static int map_lines(struct tokenizer_state *state, const unsigned char *data, size_t size)
{
    const unsigned char end = state->tokenizer->end;
    struct kernels_output output = {.positions = state->positions, .max = KEYS_SPANS};
    size_t begin = 0;

    for (size_t pos = 0; pos < size;) {
        pos = kernels_selected.marks(data, size, pos, &output, end, end);
        for (size_t i = 0; i < output.count; i++) {
            const size_t stop = state->positions[i];
            if (rows_lines_map_long(state, data + begin, stop - begin, NULL) != 0)
                return -1;
            begin = stop + 1;
        }
    }
    return begin < size ? rows_lines_map_long(state, data + begin, size - begin, NULL) : 0;
}

/* Fields that one byte ends. */
static int map_delimited(struct tokenizer_state *state, const unsigned char *data, size_t size)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    struct kernels_output output = {.positions = state->positions, .max = KEYS_SPANS};
    struct rows_line line;
    size_t begin = 0;

    rows_lines_begin(state->rows, &line, data);
    for (size_t pos = 0; pos < size;) {
        pos = kernels_selected.marks(data, size, pos, &output, tokenizer->delimiter[0],
                                     tokenizer->end);
        for (size_t i = 0; i < output.count; i++) {
            const size_t end = state->positions[i];
            if (rows_lines_wants(&line) &&
                rows_lines_take(state, &line, data + begin, end - begin, false) != 0)
                return -1;
            begin = end + 1;
            if (data[end] != tokenizer->end)
                continue;
            if (rows_lines_end(state, &line) != 0)
                return -1;
            rows_lines_begin(state->rows, &line, data + begin);
        }
    }
    if (data[size - 1] == tokenizer->end)
        return 0;
    if (rows_lines_wants(&line) &&
        rows_lines_take(state, &line, data + begin, size - begin, false) != 0)
        return -1;
    return rows_lines_end(state, &line);
}

/* Fields between blanks. */
static int map_blanks(struct tokenizer_state *state, const unsigned char *data, size_t size)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    struct mr_span fields[KEYS_SPANS / 8];
    struct kernels_output output = {.positions = spans_positions(fields),
                                    .max = sizeof fields / sizeof *fields};
    struct rows_line line;
    size_t before = 0;

    rows_lines_begin(state->rows, &line, data);
    for (size_t pos = 0; pos < size;) {
        pos = kernels_selected.blanks(data, size, pos, &output, tokenizer->extra);
        for (size_t i = 0; i < output.count; i++) {
            const struct mr_span field = fields[i];
            bool ended = false;
            for (; before < field.begin; before++)
                ended |= data[before] == tokenizer->end;
            if (ended) {
                if (rows_lines_end(state, &line) != 0)
                    return -1;
                rows_lines_begin(state->rows, &line, data + field.begin);
            }
            if (rows_lines_wants(&line) && rows_lines_take(state, &line, data + field.begin,
                                                           field.end - field.begin, false) != 0)
                return -1;
            before = field.end;
        }
    }
    return rows_lines_end(state, &line);
}

int rows_lines_map(struct tokenizer_state *state, const unsigned char *data, size_t size,
                   unsigned char *folded)
{
    const struct tokenizer *tokenizer = state->tokenizer;

    (void)folded;
    if (rows_plain_is(state))
        return rows_state_flush(state) != 0 ? -1 : rows_plain_map(state, data, size);
    if (tokenizer->kind != &token_kind_fields || tokenizer->delimiter_size > 1)
        return map_lines(state, data, size);
    return tokenizer->delimiter_size == 1 ? map_delimited(state, data, size)
                                          : map_blanks(state, data, size);
}
