/* SPDX-License-Identifier: MIT
 *
 * rows_plain - see rows_plain.h.
 */
#include "text/rows_plain.h"

#include "base/kernels/kernels.h"
#include "text/spans.h"

/* What loops are made for. */
enum shape {
    PAIR, /* the first field and the second */
    ONE,  /* one value */
    MANY,
};

/* The line at hand, and what is constant. */
struct plain {
    struct tokenizer_state *state;
    const unsigned char *data;
    uint64_t key;   /* the field that is the key */
    uint64_t value; /* the value's, where there is one only */
    uint64_t last;  /* behind that none is wanted */
    uint64_t field; /* how many have come */
    struct mr_span found;
    size_t want;  /* of many values the first that has not come */
    size_t count; /* complete rows that wait */
    size_t most;  /* of these */
    struct mr_bytes *fields;
    struct mr_span *spans;
};

bool rows_plain_is(const struct tokenizer_state *state)
{
    const struct tokenizer *tokenizer = state->tokenizer;

    return tokenizer->kind == &token_kind_fields && tokenizer->delimiter_size <= 1 &&
           !tokenizer->case_fold && !tokenizer->chooses_lines && state->range_count == 1 &&
           state->ranges[0].first == state->ranges[0].last &&
           state->rows->options->field_count > 0 && state->rows->wants[0].number > 0;
}

/* Emits the rows that wait. The struct is not passed on by its address, so that it can be in
 * registers. */
static inline __attribute__((always_inline)) int flush(struct plain *plain)
{
    const size_t count = plain->count;

    plain->count = 0;
    return count > 0 ? rows_state_emit(plain->state, plain->data, count) : 0;
}

/* With what is constant of a shape. */
static inline __attribute__((always_inline)) struct plain shaped(const struct plain *given,
                                                                 enum shape shape)
{
    struct plain plain = *given;

    if (shape == PAIR) {
        plain.key = 1;
        plain.value = plain.last = 2;
    }
    return plain;
}

/* The line has one more field. */
static inline __attribute__((always_inline)) void add(struct plain *plain, bool one, uint32_t begin,
                                                      uint32_t end)
{
    const struct rows_state *rows = plain->state->rows;
    const uint64_t field = ++plain->field;

    if (field == plain->key)
        plain->found = (struct mr_span){begin, end};
    if (one) {
        if (field == plain->value)
            plain->fields[plain->count] = (struct mr_bytes){plain->data + begin, end - begin};
        return;
    }
    const size_t count = rows->options->field_count;
    for (; plain->want < count && rows->wants[plain->want].number == field; plain->want++)
        plain->fields[plain->count * count + rows->wants[plain->want].index] =
            (struct mr_bytes){plain->data + begin, end - begin};
}

/* The line ends. */
static inline __attribute__((always_inline)) int end_line(struct plain *plain, bool one)
{
    const struct rows_state *rows = plain->state->rows;
    const size_t count = rows->options->field_count;
    const uint64_t field = plain->field;

    if (field >= plain->key) {
        if (one && field < plain->value)
            plain->fields[plain->count] = (struct mr_bytes){NULL, 0};
        for (; !one && plain->want < count; plain->want++)
            plain->fields[plain->count * count + rows->wants[plain->want].index] =
                (struct mr_bytes){NULL, 0};
        plain->spans[plain->count++] = plain->found;
    }
    plain->field = 0;
    plain->want = 0;
    return plain->count == plain->most ? flush(plain) : 0;
}

/* A field of a line whose spans are at `at` or, of one that begins at `begin`, the marks that end
 * its fields. */
static inline __attribute__((always_inline)) struct mr_span span_of(const uint32_t *at, bool blanks,
                                                                    uint32_t begin, uint64_t number)
{
    if (blanks)
        return (struct mr_span){at[2 * number - 2], at[2 * number - 1]};
    return (struct mr_span){number > 1 ? at[number - 2] + 1 : begin, at[number - 1]};
}

/* A line of which all fields that are of use have come. */
static inline __attribute__((always_inline)) int
put_line(struct plain *plain, bool one, const uint32_t *at, bool blanks, uint32_t begin)
{
    const struct rows_state *rows = plain->state->rows;
    const size_t count = one ? 1 : rows->options->field_count;

    plain->spans[plain->count] = span_of(at, blanks, begin, plain->key);
    for (size_t i = 0; i < count; i++) {
        const struct mr_span span =
            span_of(at, blanks, begin, one ? plain->value : rows->wants[i].number);
        plain->fields[plain->count * count + (one ? 0 : rows->wants[i].index)] =
            (struct mr_bytes){plain->data + span.begin, span.end - span.begin};
    }
    return ++plain->count == plain->most ? flush(plain) : 0;
}

/* Whether the next `last` of the fields are of one line, with one blank between them. */
static inline __attribute__((always_inline)) bool
is_line(const unsigned char *data, const struct mr_span *fields, uint64_t last, unsigned char end)
{
    for (uint64_t i = 0; i + 1 < last; i++)
        if (fields[i + 1].begin - fields[i].end != 1 || data[fields[i].end] == end)
            return false;
    return true;
}

/* The same of fields that end at marks. */
static inline __attribute__((always_inline)) bool
is_marked_line(const unsigned char *data, const uint32_t *marks, uint64_t last, unsigned char end)
{
    for (uint64_t i = 0; i + 1 < last; i++)
        if (data[marks[i]] == end)
            return false;
    return true;
}

/* Puts lines of two fields, a key and a value, with one blank between them and nothing behind, as
 * many as come in a row among `count` fields, and room is for. Returns how many they are: most
 * lines of such a table, in half of the instructions. */
static inline __attribute__((always_inline)) size_t
put_pairs(struct plain *plain, const struct mr_span *found, size_t count, unsigned char end)
{
    const unsigned char *const data = plain->data;
    struct mr_span *const spans = plain->spans + plain->count;
    struct mr_bytes *const fields = plain->fields + plain->count;
    const size_t room = plain->most - plain->count, most = count / 2 < room ? count / 2 : room;
    size_t rows = 0;

    for (; rows < most; rows++) {
        const struct mr_span key = found[2 * rows], value = found[2 * rows + 1];
        if (value.begin - key.end != 1 || data[key.end] == end || data[value.end] != end)
            break;
        spans[rows] = key;
        fields[rows] = (struct mr_bytes){data + value.begin, value.end - value.begin};
    }
    plain->count += rows;
    return rows;
}

/* Whether a line ends in the gap between two fields. */
static inline __attribute__((always_inline)) bool ends_in(const unsigned char *data, size_t from,
                                                          size_t to, unsigned char end)
{
    bool ended = false;

    for (; from < to; from++)
        ended |= data[from] == end;
    return ended;
}

static inline __attribute__((always_inline)) int map_blanks(struct plain *given, size_t size,
                                                            enum shape shape)
{
    struct plain plain = shaped(given, shape);
    const bool one = shape != MANY;
    struct tokenizer_state *state = plain.state;
    const unsigned char *data = plain.data;
    const unsigned char end = state->tokenizer->end, extra = state->tokenizer->extra;
    struct kernels_output output = {.positions = spans_positions(state->spans), .max = KEYS_SPANS};
    size_t before = 0;
    bool resting = false; /* what is left of the line is of no use */

    for (size_t pos = 0, i = 0; pos < size; i = 0) {
        pos = kernels_selected.blanks(data, size, pos, &output, extra);
        while (i < output.count) {
            const struct mr_span field = state->spans[i];
            size_t whole = i;
            if (shape == PAIR && plain.field == 0 && !resting) {
                const size_t rows = put_pairs(&plain, state->spans + i, output.count - i, end);
                i += 2 * rows;
                if (rows > 0)
                    before = (size_t)state->spans[i - 1].end + 1;
                if (plain.count == plain.most && flush(&plain) != 0)
                    return -1;
                if (rows > 0)
                    continue;
            }
            while (plain.field == 0 && !resting && output.count - whole >= plain.last &&
                   is_line(data, state->spans + whole, plain.last, end)) {
                if (put_line(&plain, one, spans_positions(state->spans + whole), true, 0) != 0)
                    return -1;
                whole += plain.last;
                resting = data[state->spans[whole - 1].end] != end;
            }
            if (whole > i) {
                i = whole;
                before = (size_t)state->spans[i - 1].end + !resting;
                continue;
            }
            const bool ended = ends_in(data, before, field.begin, end);
            before = field.begin;
            if (ended && end_line(&plain, one) != 0)
                return -1;
            resting &= !ended;
            if (ended)
                continue;
            if (!resting)
                add(&plain, one, field.begin, field.end);
            before = field.end;
            i++;
        }
    }
    return end_line(&plain, one) != 0 ? -1 : flush(&plain);
}

static inline __attribute__((always_inline)) int map_delimited(struct plain *given, size_t size,
                                                               enum shape shape)
{
    struct plain plain = shaped(given, shape);
    const bool one = shape != MANY;
    struct tokenizer_state *state = plain.state;
    const unsigned char *data = plain.data;
    const unsigned char end = state->tokenizer->end, delimiter = state->tokenizer->delimiter[0];
    struct kernels_output output = {.positions = state->positions, .max = KEYS_SPANS};
    uint32_t begin = 0;
    bool resting = false;

    for (size_t pos = 0, i = 0; pos < size; i = 0) {
        pos = kernels_selected.marks(data, size, pos, &output, delimiter, end);
        while (i < output.count) {
            const uint32_t stop = state->positions[i];
            if (resting) {
                resting = data[stop] != end;
                begin = stop + 1;
                i++;
                continue;
            }
            const size_t first = i;
            while (plain.field == 0 && !resting && output.count - i >= plain.last &&
                   is_marked_line(data, state->positions + i, plain.last, end)) {
                if (put_line(&plain, one, state->positions + i, false, begin) != 0)
                    return -1;
                i += plain.last;
                begin = state->positions[i - 1] + 1;
                resting = data[begin - 1] != end;
            }
            if (i > first)
                continue;
            add(&plain, one, begin, stop);
            begin = stop + 1;
            i++;
            if (data[stop] == end && end_line(&plain, one) != 0)
                return -1;
        }
    }
    if (data[size - 1] != end && !resting) {
        add(&plain, one, begin, (uint32_t)size);
        if (end_line(&plain, one) != 0)
            return -1;
    }
    return flush(&plain);
}

int rows_plain_map(struct tokenizer_state *state, const unsigned char *data, size_t size)
{
    const struct rows_state *rows = state->rows;
    const size_t count = rows->options->field_count;
    const bool delimited = state->tokenizer->delimiter_size > 0;
    struct plain plain = {
        .state = state,
        .data = data,
        .key = state->ranges[0].first,
        .value = rows->wants[0].number,
        .last = rows->wants[count - 1].number,
        .most = rows->most,
        .fields = rows->fields,
        .spans = state->rows->spans,
    };

    if (plain.last < plain.key)
        plain.last = plain.key;
    if (count == 1 && plain.key == 1 && plain.value == 2)
        return delimited ? map_delimited(&plain, size, PAIR) : map_blanks(&plain, size, PAIR);
    if (count == 1)
        return delimited ? map_delimited(&plain, size, ONE) : map_blanks(&plain, size, ONE);
    return delimited ? map_delimited(&plain, size, MANY) : map_blanks(&plain, size, MANY);
}
