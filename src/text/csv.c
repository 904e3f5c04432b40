/* SPDX-License-Identifier: MIT
 *
 * csv - see csv.h. Borders of records follow from all quotes before them, so the kind is in_order:
 * a split begins with a record, and so does a window of it.
 */
#include "text/csv.h"

#include <string.h>

#include "base/line_count.h"
#include "base/kernels/kernels.h"
#include "text/field_key.h"
#include "text/field_walk.h"
#include "text/lines.h"
#include "text/rows_lines.h"
#include "text/spans.h"
#include "text/tokens.h"

/* ---- One field ------------------------------------------------------------------------------- */

/* Where the field that begins at `at` ends: at a delimiter, at the end of the record or at `size`.
 * Sets *unclosed where that is within its quotes. */
static size_t field_end(const struct tokenizer *tokenizer, const unsigned char *data, size_t size,
                        size_t at, bool *unclosed)
{
    const unsigned char delimiter = tokenizer->delimiter[0], end = tokenizer->end;

    if (at < size && data[at] == '"') {
        do {
            const unsigned char *found = ++at < size ? memchr(data + at, '"', size - at) : NULL;
            if (!found) {
                *unclosed = true;
                return size;
            }
            at = (size_t)(found - data) + 1;
        } while (at < size && data[at] == '"');
    }
    while (at < size && data[at] != delimiter && data[at] != end)
        at++;
    return at;
}

static bool next_field(const struct tokenizer *tokenizer, struct field_walk *walk)
{
    const unsigned char *data = walk->data;
    const size_t begin = walk->at;
    bool first = walk->end == 0 && begin == 0;

    if (walk->ended)
        return false;
    size_t end = field_end(tokenizer, data, walk->size, begin, &walk->unclosed);
    walk->at = end < walk->size ? end + 1 : end;
    walk->ended = end == walk->size || data[end] == tokenizer->end;
    if (walk->ended && !walk->unclosed)
        end = lines_without_return(tokenizer, data, begin, end);
    walk->begin = begin;
    walk->end = end;
    walk->marked = end > begin && data[begin] == '"';
    return !(first && walk->ended && begin == end);
}

static size_t field_text(const unsigned char *data, size_t size, unsigned char *out)
{
    unsigned char *const first = out;
    size_t at = 1;

    for (;;) {
        const unsigned char *found = at < size ? memchr(data + at, '"', size - at) : NULL;
        const size_t stop = found ? (size_t)(found - data) : size;
        memcpy(out, data + at, stop - at);
        out += stop - at;
        if (!found)
            break;
        at = stop + 1;
        if (at == size || data[at] != '"') {
            memcpy(out, data + at, size - at);
            out += size - at;
            break;
        }
        *out++ = '"';
        at++;
    }
    return (size_t)(out - first);
}

static size_t record_end(const struct tokenizer *tokenizer, const unsigned char *data, size_t size,
                         const unsigned char **unclosed)
{
    const unsigned char *line_end = memchr(data, tokenizer->end, size);
    size_t end = line_end ? (size_t)(line_end - data) : size;

    /* Most records have no quotes. */
    if (memchr(data, '"', end)) {
        bool open = false;
        for (size_t at = 0;; at = end + 1) {
            end = field_end(tokenizer, data, size, at, &open);
            if (open)
                *unclosed = data + at;
            if (end == size || data[end] == tokenizer->end)
                break;
        }
    }
    return end < size ? end + 1 : end;
}

/* ---- Mapping --------------------------------------------------------------------------------- */

/* A wanted field is [begin, end) with its quotes. */
static inline int put_field(struct tokenizer_state *state, struct field_key *key, size_t begin,
                            size_t end)
{
    const unsigned char *data = key->data;

    if (begin == end || data[begin] != '"')
        return field_key_put(state, key, begin, end);
    if (end - begin >= 2 && data[end - 1] == '"' && !memchr(data + begin + 1, '"', end - begin - 2))
        return field_key_put(state, key, begin + 1, end - 1);
    return field_key_put_text(state, key, begin, end);
}

/* The record has one more field, [begin, end), with which it `ends` or does not. */
static inline int add_field(struct tokenizer_state *state, struct field_key *key, size_t begin,
                            size_t end, bool ends)
{
    if (ends)
        end = lines_without_return(state->tokenizer, key->data, begin, end);
    if (ends && begin == end && key->field == 0)
        return 0;
    if (field_key_wants(state, key) && put_field(state, key, begin, end) != 0)
        return -1;
    return ends ? field_key_end(state, key) : 0;
}

/* Adds the fields that end at the positions found, the first of which begins at *begin; moves that
 * behind the last. */
static int add_fields(struct tokenizer_state *state, struct field_key *key, size_t *begin)
{
    const unsigned char record_end = state->tokenizer->end;

    for (size_t i = 0; i < key->output.count; i++) {
        const size_t end = state->positions[i];
        if (add_field(state, key, *begin, end, key->data[end] == record_end) != 0)
            return -1;
        *begin = end + 1;
    }
    return 0;
}

/* The same where the field `wanted` is all that is: with little to do for the others it takes half
 * the time. */
static int add_one(struct tokenizer_state *state, struct field_key *key, size_t *begin,
                   uint64_t wanted)
{
    const unsigned char record_end = state->tokenizer->end;
    const size_t count = key->output.count;
    uint64_t field = key->field;
    size_t at = *begin;

    for (size_t i = 0; i < count; i++) {
        const size_t end = state->positions[i];
        const bool ends = key->data[end] == record_end;
        if (++field == wanted) {
            key->field = field - 1;
            if (add_field(state, key, at, end, ends) != 0 || field_key_end(state, key) != 0)
                return -1;
        }
        field = ends ? 0 : field;
        at = end + 1;
    }
    key->field = field;
    *begin = at;
    return 0;
}

static int map_window(struct tokenizer_state *state, const unsigned char *data, size_t size,
                      unsigned char *folded)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const bool one = state->range_count == 1 && state->ranges[0].first == state->ranges[0].last;
    struct kernels_records records = {
        .delimiter = tokenizer->delimiter[0], .end = tokenizer->end, .begins = true};
    struct field_key key = {.data = data, .joining = !one};
    size_t begin = 0;

    key.output =
        (struct kernels_output){.positions = state->positions, .max = KEYS_SPANS, .folded = folded};
    for (size_t pos = 0; pos < size;) {
        pos = kernels_selected.records(data, size, pos, &key.output, &records);
        const int status = one ? add_one(state, &key, &begin, state->ranges[0].first)
                               : add_fields(state, &key, &begin);
        if (status != 0)
            return status;
    }
    state->lines += records.ends;
    if (records.quoted) {
        state->unclosed = data + begin;
        return -1;
    }
    if (add_field(state, &key, begin, size, true) != 0)
        return -1;
    return field_key_flush(state, &key);
}

/* ---- Mapping rows ---------------------------------------------------------------------------- */

/* A field that is wanted is [begin, end) with its quotes. */
static int take_field(struct tokenizer_state *state, struct rows_line *line,
                      const unsigned char *begin, const unsigned char *end)
{
    const size_t size = (size_t)(end - begin);

    if (size == 0 || begin[0] != '"')
        return rows_lines_take(state, line, begin, size, false);
    if (size >= 2 && end[-1] == '"' && !memchr(begin + 1, '"', size - 2))
        return rows_lines_take(state, line, begin + 1, size - 2, false);
    return rows_lines_take_marked(state, line, begin, size);
}

/* As add_field; behind the record another begins. */
static inline int add_row_field(struct tokenizer_state *state, struct rows_line *line,
                                const unsigned char *data, size_t begin, size_t end, bool ends)
{
    const size_t stop = ends ? lines_without_return(state->tokenizer, data, begin, end) : end;

    if (ends && begin == stop && line->field == 0) {
        rows_lines_begin(state->rows, line, data + end + 1);
        return 0;
    }
    if (rows_lines_wants(line) && take_field(state, line, data + begin, data + stop) != 0)
        return -1;
    if (!ends)
        return 0;
    const int status = rows_lines_end(state, line);
    rows_lines_begin(state->rows, line, data + end + 1);
    return status;
}

static int map_rows(struct tokenizer_state *state, const unsigned char *data, size_t size,
                    unsigned char *folded)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    struct kernels_records records = {
        .delimiter = tokenizer->delimiter[0], .end = tokenizer->end, .begins = true};
    struct kernels_output output = {.positions = state->positions, .max = KEYS_SPANS};
    struct rows_line line;
    size_t begin = 0;

    (void)folded;
    rows_lines_begin(state->rows, &line, data);
    for (size_t pos = 0; pos < size;) {
        pos = kernels_selected.records(data, size, pos, &output, &records);
        for (size_t i = 0; i < output.count; i++) {
            const size_t end = state->positions[i];
            if (add_row_field(state, &line, data, begin, end, data[end] == tokenizer->end) != 0)
                return -1;
            begin = end + 1;
        }
    }
    state->lines += records.ends;
    if (records.quoted) {
        state->unclosed = data + begin;
        return -1;
    }
    return add_row_field(state, &line, data, begin, size, true);
}

static int map_long_record(struct tokenizer_state *state, const unsigned char *data, size_t size,
                           unsigned char *folded)
{
    const unsigned char end = state->tokenizer->end;

    state->lines += line_count(data, size, end);
    if (state->rows)
        return rows_lines_map_long(state, data, size, folded);
    return field_key_long(state, data, size - (data[size - 1] == end), folded);
}

static int map(struct tokenizer_state *state, const struct mr_split *split)
{
    const size_t mark = split->offset == 0 ? csv_mark(split->data, split->size) : 0;

    state->lines = state->lines_skipped;
    state->unclosed = NULL;
    int status = tokens_windows(state, split->data + mark, split->size - mark,
                                state->rows ? map_rows : map_window, map_long_record);
    /* Who chose the records has looked at all of the split. */
    if (!state->tokenizer->chooses_lines)
        sequence_count(split, state->lines);
    if (state->unclosed)
        return rows_state_flush_first(state) != 0 ? -1 : csv_report_unclosed(state, split);
    return status != 0 ? status : keys_flush(&state->keys);
}

int csv_report_unclosed(struct tokenizer_state *state, const struct mr_split *split)
{
    const uint64_t lines =
        state->lines_skipped +
        line_count(split->data, (size_t)(state->unclosed - split->data), state->tokenizer->end);

    first_fault_report(state->tokenizer->faults, split, lines,
                       "the quote that opens here is never closed", state->keys.error);
    return -1;
}

/* ---- Borders --------------------------------------------------------------------------------- */

static size_t border_last(const struct tokenizer *tokenizer, const unsigned char *data, size_t size)
{
    struct kernels_records records = {
        .delimiter = tokenizer->delimiter[0], .end = tokenizer->end, .begins = true};

    return kernels_selected.records_last(data, size, &records);
}

static size_t border(const struct tokenizer *tokenizer, const unsigned char *data, size_t size,
                     size_t from)
{
    bool unclosed = false;

    for (size_t at = 0; at < size; at++) {
        at = field_end(tokenizer, data, size, at, &unclosed);
        if (at < size && data[at] == tokenizer->end && at + 1 >= from)
            return at + 1;
    }
    return size;
}

size_t csv_mark(const unsigned char *data, size_t size)
{
    return size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

const struct token_kind token_kind_csv = {
    .map = map,
    .border = border,
    .border_last = border_last,
    .next_field = next_field,
    .field_text = field_text,
    .record_end = record_end,
    .in_order = true,
    .strict = true,
};
