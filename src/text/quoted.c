/* SPDX-License-Identifier: MIT
 *
 * quoted - fields of lines of which some are in double quotes or in brackets, as the logs of web
 * servers have them.
 *
 * A field is in quotes where it begins with one, and the next quote of the line that no backslash
 * takes its meaning from stands before a delimiter or the end of the line; in brackets likewise.
 * Else such a mark is a byte like any other. A CR before the end of a line is no part of it.
 */
#include <string.h>

#include "base/kernels/kernels.h"
#include "text/field_key.h"
#include "text/field_walk.h"
#include "text/lines.h"
#include "text/rows_lines.h"
#include "text/spans.h"
#include "text/tokens.h"

/* ---- One field ------------------------------------------------------------------------------- */

static inline bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* The next quote at or behind `at` that closes what was opened before: an even number of
 * backslashes stands before it. `size` where there is none. */
static size_t closing_quote(const unsigned char *data, size_t size, size_t at)
{
    for (size_t from = at; from < size;) {
        const unsigned char *found = memchr(data + from, '"', size - from);
        if (!found)
            break;
        const size_t quote = (size_t)(found - data);
        size_t slash = quote;
        while (slash > at && data[slash - 1] == '\\')
            slash--;
        if ((quote - slash) % 2 == 0)
            return quote;
        from = quote + 1;
    }
    return size;
}

/* What was found is kept, as fields that are in no quotes may be many. */
static size_t closing(struct field_walk *walk)
{
    const unsigned char *data = walk->data;
    const size_t from = walk->at + 1, size = walk->size;

    if (data[walk->at] == '"') {
        if (walk->quote < from)
            walk->quote = closing_quote(data, size, from);
        return walk->quote;
    }
    if (walk->bracket < from) {
        const unsigned char *found = from < size ? memchr(data + from, ']', size - from) : NULL;
        walk->bracket = found ? (size_t)(found - data) : size;
    }
    return walk->bracket;
}

/* The bytes of the delimiter that stands at `at`, 0 where there is none. */
static inline size_t delimiter_at(const struct tokenizer *tokenizer, const struct field_walk *walk,
                                  size_t at)
{
    const size_t length = tokenizer->delimiter_size;

    if (length == 0)
        return is_blank(walk->data[at]);
    return walk->size - at >= length && memcmp(walk->data + at, tokenizer->delimiter, length) == 0
               ? length
               : 0;
}

static inline bool next_field(const struct tokenizer *tokenizer, struct field_walk *walk)
{
    const unsigned char *data = walk->data;
    const size_t size = walk->size;

    if (tokenizer->delimiter_size == 0) {
        while (walk->at < size && is_blank(data[walk->at]))
            walk->at++;
        walk->ended = walk->at == size;
    }
    if (walk->ended)
        return false;
    size_t begin = walk->at, end = begin, behind;
    walk->marked = false;
    if (begin < size && (data[begin] == '"' || data[begin] == '[')) {
        const size_t close = closing(walk);
        if (close < size && (close + 1 == size || delimiter_at(tokenizer, walk, close + 1) > 0)) {
            end = close + 1;
            walk->marked = true;
        }
    }
    if (!walk->marked && tokenizer->delimiter_size == 0) {
        while (end < size && !is_blank(data[end]))
            end++;
    } else if (!walk->marked) {
        const unsigned char *found = begin < size
                                         ? memmem(data + begin, size - begin, tokenizer->delimiter,
                                                  tokenizer->delimiter_size)
                                         : NULL;
        end = found ? (size_t)(found - data) : size;
    }
    behind = end < size ? delimiter_at(tokenizer, walk, end) : 0;
    walk->ended = behind == 0;
    walk->begin = begin;
    walk->end = end;
    walk->at = end + behind;
    return true;
}

static bool next_of_line(const struct tokenizer *tokenizer, struct field_walk *walk)
{
    return next_field(tokenizer, walk);
}

static size_t field_text(const unsigned char *data, size_t size, unsigned char *out)
{
    unsigned char *const first = out;

    if (data[0] == '[') {
        memcpy(out, data + 1, size - 2);
        return size - 2;
    }
    for (size_t at = 1; at + 1 < size; at++) {
        if (data[at] == '\\') {
            if (data[at + 1] != '"')
                *out++ = '\\';
            at++;
        }
        *out++ = data[at];
    }
    return (size_t)(out - first);
}

/* ---- Mapping --------------------------------------------------------------------------------- */

static inline int map_line(struct tokenizer_state *state, struct field_key *key, size_t begin,
                           size_t end)
{
    struct field_walk walk = {.data = key->data + begin, .size = end - begin};

    while (!field_key_done(state, key) && next_field(state->tokenizer, &walk)) {
        const size_t first = begin + walk.begin, last = begin + walk.end;
        int status = 0;
        if (!field_key_wants(state, key))
            continue;
        if (!walk.marked)
            status = field_key_put(state, key, first, last);
        else if (key->data[first] == '[' || !memchr(key->data + first + 1, '\\', last - first - 2))
            status = field_key_put(state, key, first + 1, last - 1);
        else
            status = field_key_put_text(state, key, first, last);
        if (status != 0)
            return status;
    }
    return field_key_end(state, key);
}

static int map_window(struct tokenizer_state *state, const unsigned char *data, size_t size,
                      unsigned char *folded)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const bool one = state->range_count == 1 && state->ranges[0].first == state->ranges[0].last;
    struct field_key key = {.data = data, .joining = !one};
    size_t begin = 0;

    key.output =
        (struct kernels_output){.positions = state->positions, .max = KEYS_SPANS, .folded = folded};
    for (size_t pos = 0; pos < size;) {
        pos = kernels_selected.marks(data, size, pos, &key.output, tokenizer->end, tokenizer->end);
        for (size_t i = 0; i < key.output.count; i++) {
            const size_t end = state->positions[i];
            if (map_line(state, &key, begin, lines_without_return(tokenizer, data, begin, end)) !=
                0)
                return -1;
            begin = end + 1;
        }
    }
    if (begin < size &&
        map_line(state, &key, begin, lines_without_return(tokenizer, data, begin, size)) != 0)
        return -1;
    return field_key_flush(state, &key);
}

static int map_long_line(struct tokenizer_state *state, const unsigned char *data, size_t size,
                         unsigned char *folded)
{
    if (data[size - 1] == state->tokenizer->end)
        size--;
    return field_key_long(state, data, lines_without_return(state->tokenizer, data, 0, size),
                          folded);
}

static int map(struct tokenizer_state *state, const struct mr_split *split)
{
    const bool rows = state->rows != NULL;
    int status = tokens_windows(state, split->data, split->size, rows ? rows_lines_map : map_window,
                                rows ? rows_lines_map_long : map_long_line);

    return status != 0 ? status : keys_flush(&state->keys);
}

const struct token_kind token_kind_quoted = {
    .map = map,
    .border = lines_border,
    .border_last = lines_border_last,
    .next_field = next_of_line,
    .field_text = field_text,
};
