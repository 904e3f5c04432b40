/* SPDX-License-Identifier: MIT
 *
 * fields_condense - see fields_condense.h. What is kept is never more than what has been read, so
 * it stands in its place: behind a chosen field between blanks, a joiner is kept before it is known
 * whether another follows, and taken off at the end.
 */
#include "text/fields_condense.h"

#include <string.h>

#include "base/utf8.h"
#include "text/rows_lines.h"
#include "text/tokens.h"

/* What stands at the end of a context. */
struct tail {
    uint64_t invalid;
    uint64_t any;
};
_Static_assert(sizeof(struct tail) <= MR_CONDENSE_END, "the tail is all that the end adds");

/* How far a line has been read: what the words of struct mr_condense hold. */
struct line_state {
    uint64_t part;            /* which is at hand, counted from 1 */
    bool inside;              /* that goes on in the next piece */
    bool any;                 /* something is wanted, be it of no bytes */
    uint64_t invalid;         /* bytes so far */
    unsigned char pending[4]; /* the beginning of a character, where the pieces divide one */
    size_t pending_size;
};
_Static_assert(sizeof(struct line_state) <= sizeof(struct mr_condense), "it fits there");

static bool is_chosen(const struct tokenizer *tokenizer, uint64_t field)
{
    size_t low = 0, high = tokenizer->kept_count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (tokenizer->kept_ranges[middle].last < field)
            low = middle + 1;
        else
            high = middle;
    }
    return low < tokenizer->kept_count && tokenizer->kept_ranges[low].first <= field;
}

/* Whether no field from this one on is chosen. */
static bool is_past(const struct tokenizer *tokenizer, uint64_t field)
{
    return tokenizer->kept_ranges[tokenizer->kept_count - 1].last < field;
}

/* ---- Invalid bytes --------------------------------------------------------------------------- */

/* The bytes of a character that begins so, if it is valid. */
static size_t nominal(unsigned char lead)
{
    return lead < 0xc2 || lead > 0xf4 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* Counts in the pending bytes and a piece, but for a character that the next piece may go on
 * with. */
static void count_invalid(struct line_state *state, const unsigned char *data, size_t size)
{
    unsigned char both[2 * sizeof state->pending];
    size_t pending = state->pending_size, count = pending, at = 0;
    uint32_t code;

    memcpy(both, state->pending, pending);
    for (size_t i = 0; i < size && i < sizeof state->pending; i++)
        both[count++] = data[i];
    while (at < pending && count - at >= nominal(both[at])) {
        size_t length = utf8_decode(both + at, count - at, &code);
        state->invalid += length == 0;
        at += length > 0 ? length : 1;
    }
    if (at < pending) { /* the piece is of few bytes, and all of them are in `both` */
        state->pending_size = count - at;
        memcpy(state->pending, both + at, count - at);
        return;
    }
    data += at - pending;
    size -= at - pending;
    size_t rest = 0;
    for (size_t i = 1; i < sizeof state->pending && i <= size; i++) {
        if (nominal(data[size - i]) > i)
            rest = i;
    }
    state->pending_size = rest;
    if (rest > 0)
        memcpy(state->pending, data + size - rest, rest);
    state->invalid += utf8_count_invalid(data, size - rest);
}

/* ---- Fields ---------------------------------------------------------------------------------- */

/* The part of a line in [data, data + size), which has no line end. Returns how many bytes are
 * kept. */
static size_t keep_delimited(const struct tokenizer *tokenizer, struct line_state *state,
                             unsigned char *data, size_t size)
{
    size_t kept = 0;

    if (state->part == 0) {
        state->part = 1;
        state->any = is_chosen(tokenizer, 1);
    }
    for (size_t at = 0; !is_past(tokenizer, state->part); at++) {
        const unsigned char *found =
            at < size ? memchr(data + at, tokenizer->delimiter[0], size - at) : NULL;
        const size_t end = found ? (size_t)(found - data) : size;
        if (is_chosen(tokenizer, state->part)) {
            memmove(data + kept, data + at, end - at);
            kept += end - at;
        }
        if (!found)
            break;
        at = end;
        if (!is_chosen(tokenizer, ++state->part))
            continue;
        if (state->any)
            data[kept++] = tokenizer->delimiter[0];
        state->any = true;
    }
    return kept;
}

static size_t keep_between_blanks(const struct tokenizer *tokenizer, struct line_state *state,
                                  unsigned char *data, size_t size)
{
    bool chosen = is_chosen(tokenizer, state->part);
    size_t kept = 0;

    for (size_t at = 0; at < size; at++) {
        const unsigned char c = data[at];
        if (c == ' ' || c == '\t' || c == '\n') {
            if (state->inside && chosen)
                data[kept++] = ' ';
            state->inside = false;
        } else if (!state->inside && is_past(tokenizer, state->part + 1)) {
            break;
        } else {
            if (!state->inside)
                chosen = is_chosen(tokenizer, ++state->part);
            state->inside = true;
            state->any |= chosen;
            if (chosen)
                data[kept++] = c;
        }
    }
    return kept;
}

size_t fields_condense(const struct tokenizer *tokenizer, struct mr_condense *state,
                       unsigned char *data, size_t size, size_t *kept)
{
    const unsigned char *found = size > 0 ? memchr(data, tokenizer->end, size) : NULL;
    const size_t end = found ? (size_t)(found - data) : size;
    struct line_state line;

    memcpy(&line, state, sizeof line);
    if (tokenizer->count_invalid)
        count_invalid(&line, data, end);
    *kept = tokenizer->delimiter_size > 0 ? keep_delimited(tokenizer, &line, data, end)
                                          : keep_between_blanks(tokenizer, &line, data, end);
    memcpy(state, &line, sizeof line);
    return found ? end + 1 : 0;
}

size_t fields_condense_end(const struct mr_condense *state, unsigned char *room)
{
    struct line_state line;

    memcpy(&line, state, sizeof line);
    const struct tail tail = {
        .invalid = line.invalid + utf8_count_invalid(line.pending, line.pending_size),
        .any = line.any,
    };
    memcpy(room, &tail, sizeof tail);
    return sizeof tail;
}

int fields_condensed(struct tokenizer_state *state, const unsigned char *context, size_t size)
{
    struct tail tail;

    size -= sizeof tail;
    memcpy(&tail, context + size, sizeof tail);
    state->invalid += tail.invalid;
    if (!tail.any)
        return 0;
    if (state->rows)
        return rows_lines_condensed(state, context, size);
    if (state->tokenizer->delimiter_size == 0 && context[size - 1] == ' ')
        size--;
    return tokens_put_one(state, context, size);
}
