/* SPDX-License-Identifier: MIT
 *
 * matches - matches of REs in lines, as grep -oP finds them: of several REs the one whose match
 * begins first, or of these the one given first; behind it, or behind a character where it is
 * empty, the next. A token is the match, its first group or what a template makes of it, unless
 * that is empty.
 */
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "text/lines.h"
#include "text/patterns_state.h"
#include "text/rows_state.h"
#include "text/tokens.h"

/* The tokens that stand in the text are gathered for one call. */
struct batch {
    const unsigned char *base;
    size_t count;
};

static int flush(struct tokenizer_state *state, struct batch *batch)
{
    const size_t count = batch->count;

    batch->count = 0;
    return count > 0 ? tokens_put_folded(state, batch->base, state->spans, count) : 0;
}

/* A token of the text. */
static int put(struct tokenizer_state *state, struct batch *batch, const unsigned char *key,
               size_t size)
{
    const struct tokenizer *tokenizer = state->tokenizer;

    if (tokenizer->case_fold || size > tokenizer->longest)
        return tokenizer->ordered && flush(state, batch) != 0 ? -1
                                                              : tokens_put_one(state, key, size);
    if (batch->count == KEYS_SPANS ||
        (batch->count > 0 && (size_t)(key + size - batch->base) > tokenizer->longest)) {
        if (flush(state, batch) != 0)
            return -1;
    }
    if (batch->count == 0)
        batch->base = key;
    state->spans[batch->count++] =
        (struct mr_span){(uint32_t)(key - batch->base), (uint32_t)(key + size - batch->base)};
    return 0;
}

/* A token that the template makes of a match of the RE with that index. */
static int put_filled(struct tokenizer_state *state, size_t index, const unsigned char *line)
{
    const struct template *template = state->patterns->patterns->template;
    const size_t *groups = state->patterns->tokens.regexes[index].match.groups;
    const size_t size = template_size(template, index, groups);

    if (size == 0)
        return 0;
    if (state->tokenizer->case_fold) {
        if (room_grow(&state->joined, size, false) != 0)
            return keys_no_memory(&state->keys);
        template_fill(template, index, groups, line, state->joined.data);
        return tokens_put_one(state, state->joined.data, size);
    }
    unsigned char *out = keys_room(&state->keys, size);
    if (!out)
        return -1;
    template_fill(template, index, groups, line, out);
    return keys_made(&state->keys, size, 1);
}

/* Its row: the key and the groups that values are of. */
static int put_row(struct tokenizer_state *state, size_t index, const unsigned char *line,
                   const struct rows_key *key)
{
    const size_t *groups = state->patterns->tokens.regexes[index].match.groups;
    const size_t count = state->tokenizer->rows->field_count;
    const int *wanted = state->tokenizer->row_groups + index * count;
    struct mr_bytes *fields = rows_state_fields(state->rows);

    rows_state_clear(state->rows);
    for (size_t i = 0; i < count; i++) {
        if (wanted[i] < 0)
            continue;
        const size_t begin = groups[2 * wanted[i]], end = groups[2 * wanted[i] + 1];
        if (begin != SIZE_MAX && begin <= end)
            fields[i] = (struct mr_bytes){line + begin, end - begin};
    }
    return rows_state_put(state, *key);
}

/* The same with a key that the template makes. */
static int put_filled_row(struct tokenizer_state *state, size_t index, const unsigned char *line)
{
    const struct template *template = state->patterns->patterns->template;
    const size_t *groups = state->patterns->tokens.regexes[index].match.groups;
    const size_t size = template_size(template, index, groups);

    if (size == 0)
        return 0;
    unsigned char *room = rows_state_room(state, size);
    if (!room)
        return -1;
    template_fill(template, index, groups, line, room);
    rows_state_keep(state->rows, size);
    const struct rows_key key = {room, size, line, true};
    return put_row(state, index, line, &key);
}

/* A match of the RE with that index. */
static int put_match(struct tokenizer_state *state, struct batch *batch, size_t index,
                     const unsigned char *line)
{
    const struct regex_match *match = &state->patterns->tokens.regexes[index].match;
    const size_t group = regex_groups(match->regex) > 0 ? 1 : 0;
    const size_t begin = match->groups[2 * group], end = match->groups[2 * group + 1];

    if (match->groups[0] >= match->groups[1])
        return 0;
    if (state->patterns->patterns->template != NULL)
        return (state->rows ? put_filled_row : put_filled)(state, index, line);
    if (begin == SIZE_MAX || begin >= end)
        return 0;
    if (state->rows) {
        const struct rows_key key = {line + begin, end - begin, line, false};
        return put_row(state, index, line, &key);
    }
    return put(state, batch, line + begin, end - begin);
}

/* Has the next match of the RE at or behind `from` be known. */
static int search(struct patterns_state *patterns, struct patterns_regex *regex,
                  const unsigned char *line, size_t size, size_t from)
{
    if (regex->known && (regex->found == REGEX_NONE || regex->match.place >= from) &&
        !regex_anchored_at_search(regex->match.regex))
        return 0;
    regex->known = true;
    regex->found = REGEX_NONE;
    if (regex_has_hint(regex->match.regex) &&
        patterns_seek(patterns, regex, line + from) >= line + size)
        return 0;
    regex->found = regex_search(&regex->match, line, size, from);
    return regex->found <= REGEX_FOUND ? 0 : patterns_state_fail(patterns, regex, line);
}

/* Where to look on behind a match. */
static size_t behind(const struct regex_match *match, const unsigned char *line, size_t size)
{
    const size_t begin = match->groups[0], end = match->groups[1];
    uint32_t code;

    if (begin < end)
        return end;
    const size_t length = begin < size ? utf8_decode(line + begin, size - begin, &code) : 0;
    return begin + (length > 0 ? length : 1);
}

static int map_matches(struct tokenizer_state *state, struct batch *batch,
                       const unsigned char *line, size_t size)
{
    struct patterns_state *patterns = state->patterns;
    struct patterns_regex *regexes = patterns->tokens.regexes;
    const size_t count = patterns->tokens.count;

    for (size_t i = 0; i < count; i++)
        regexes[i].known = false;
    for (size_t from = 0; from < size;) {
        size_t first = count;
        for (size_t i = 0; i < count; i++) {
            if (search(patterns, &regexes[i], line, size, from) != 0)
                return -1;
            if (regexes[i].found == REGEX_FOUND &&
                (first == count || regexes[i].match.place < regexes[first].match.place))
                first = i;
        }
        if (first == count)
            return 0;
        if (put_match(state, batch, first, line) != 0)
            return -1;
        from = behind(&regexes[first].match, line, size);
        regexes[first].known = false;
    }
    return 0;
}

/* The first place at or behind `line` where a line may have a match, or the end of the text. */
static const unsigned char *next_hint(struct patterns_state *patterns, const unsigned char *line)
{
    const unsigned char *first = patterns->end;

    for (size_t i = 0; i < patterns->tokens.count; i++) {
        const unsigned char *hint = patterns_seek(patterns, &patterns->tokens.regexes[i], line);
        if (hint < first)
            first = hint;
    }
    return first;
}

static int map(struct tokenizer_state *state, const struct mr_split *split)
{
    struct patterns_state *patterns = state->patterns;
    const unsigned char *line = split->data, *end = line + split->size;
    struct batch batch = {NULL, 0};

    while (line < end) {
        if (patterns->tokens.all_hinted) {
            const unsigned char *hint = next_hint(patterns, line);
            if (hint >= end)
                break;
            line = patterns_line_of(patterns, line, hint);
        }
        const unsigned char *stop = patterns_line_end(patterns, line, end);
        if (map_matches(state, &batch, line, (size_t)(stop - line)) != 0)
            return -1;
        line = stop < end ? stop + 1 : end;
    }
    if (flush(state, &batch) != 0)
        return -1;
    return keys_flush(&state->keys);
}

const struct token_kind token_kind_matches = {
    .map = map,
    .border = lines_border,
    .border_last = lines_border_last,
    .located = true,
    .filled = true,
};
