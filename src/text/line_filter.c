/* SPDX-License-Identifier: MIT
 *
 * line_filter - see line_filter.h.
 *
 * Lines that follow each other and pass are one run. A long run is mapped where it stands; short
 * ones are copied together first, as a map costs more than a line.
 */
#include "text/line_filter.h"

#include <string.h>

#include "base/utf8.h"
#include "text/lines.h"
#include "text/patterns_state.h"
#include "text/tokens.h"

/* Bytes of a run from which on it is mapped where it stands, and of short ones for one map. */
#define LONG_RUN ((size_t)1 << 14)
#define MOST_COPIED ((size_t)1 << 18)

/* A part of the split whose lines have passed; the first of them stands at `offset`. */
static int map_part(struct tokenizer_state *state, const struct mr_split *split, uint64_t offset,
                    const unsigned char *data, size_t size)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    struct mr_split part = *split;

    if (size == 0)
        return 0;
    part.data = data;
    part.size = size;
    part.offset = offset;
    part.context = NULL;
    part.context_size = 0;
    if (tokenizer->count_invalid && !tokenizer->kind->decodes)
        state->invalid += utf8_count_invalid(data, size);
    return tokens_text(state, &part);
}

/* The copied lines. */
static int map_copied(struct tokenizer_state *state, const struct mr_split *split)
{
    const size_t size = state->copied;

    state->copied = 0;
    return map_part(state, split, state->copied_from, state->chosen.data, size);
}

static int add_run(struct tokenizer_state *state, const struct mr_split *split,
                   const unsigned char *run, size_t size)
{
    const uint64_t offset = split->offset + (uint64_t)(run - split->data);

    if (size >= LONG_RUN || state->tokenizer->kind->located || state->rows)
        return map_part(state, split, offset, run, size);
    if (state->copied + size > MOST_COPIED && map_copied(state, split) != 0)
        return -1;
    if (room_grow(&state->chosen, MOST_COPIED, false) != 0)
        return keys_no_memory(&state->keys);
    if (state->copied == 0)
        state->copied_from = offset;
    memcpy(state->chosen.data + state->copied, run, size);
    state->copied += size;
    return 0;
}

/* Whether the line has a match; -1 where that cannot be said. */
static int has_match(struct patterns_state *patterns, struct patterns_regex *regex,
                     const unsigned char *line, size_t size)
{
    if (regex_has_hint(regex->match.regex)) {
        if (patterns_seek(patterns, regex, line) >= line + size)
            return 0;
        if (regex_is_hint(regex->match.regex))
            return 1;
    }
    regex->found = regex_search(&regex->match, line, size, 0);
    if (regex->found <= REGEX_FOUND)
        return regex->found == REGEX_FOUND;
    return patterns_state_fail(patterns, regex, line);
}

/* Whether the line passes; -1 as above. */
static int passes(struct patterns_state *patterns, const unsigned char *line, size_t size)
{
    int status = 1;

    for (size_t i = 0; status == 1 && i < patterns->wanted.count; i++)
        status = has_match(patterns, &patterns->wanted.regexes[i], line, size);
    for (size_t i = 0; status == 1 && i < patterns->unwanted.count; i++) {
        status = has_match(patterns, &patterns->unwanted.regexes[i], line, size);
        if (status >= 0)
            status = !status;
    }
    return status;
}

/* The first line from `line` on that may pass: before it each lacks what a wanted RE must have. */
static const unsigned char *next_hopeful(struct patterns_state *patterns, const unsigned char *line)
{
    const unsigned char *last = line;

    for (size_t i = 0; i < patterns->wanted.count; i++) {
        struct patterns_regex *regex = &patterns->wanted.regexes[i];
        if (!regex_has_hint(regex->match.regex))
            continue;
        const unsigned char *hint = patterns_seek(patterns, regex, line);
        if (hint > last)
            last = hint;
    }
    return last == patterns->end ? last : patterns_line_of(patterns, line, last);
}

/* The first line from `line` on that may not pass. */
static const unsigned char *next_doubtful(struct patterns_state *patterns,
                                          const unsigned char *line)
{
    const unsigned char *first = patterns->end;

    if (patterns->wanted.count > 0 || !patterns->unwanted.all_hinted)
        return line;
    for (size_t i = 0; i < patterns->unwanted.count; i++) {
        const unsigned char *hint = patterns_seek(patterns, &patterns->unwanted.regexes[i], line);
        if (hint < first)
            first = hint;
    }
    return first == patterns->end ? first : patterns_line_of(patterns, line, first);
}

/* Where the line or record ends, behind its line end; *size is what it has before that. Sets
 * state->unclosed where it never ends. */
static const unsigned char *line_behind(struct tokenizer_state *state, const unsigned char *line,
                                        const unsigned char *end, size_t *size)
{
    const struct tokenizer *tokenizer = state->tokenizer;

    if (!tokenizer->kind->record_end) {
        const unsigned char *stop = patterns_line_end(state->patterns, line, end);
        *size = (size_t)(stop - line);
        return stop < end ? stop + 1 : end;
    }
    size_t behind =
        tokenizer->kind->record_end(tokenizer, line, (size_t)(end - line), &state->unclosed);
    *size = lines_without_return(tokenizer, line, 0,
                                 behind - (line[behind - 1] == tokenizer->end ? 1 : 0));
    return line + behind;
}

/* Maps the runs up to the end, or to a line on which matching fails: then *run to *line are lines
 * that pass and have not been mapped. */
static int map_runs(struct tokenizer_state *state, const struct mr_split *split,
                    const unsigned char **run, const unsigned char **at)
{
    struct patterns_state *patterns = state->patterns;
    const unsigned char *line = split->data, *end = line + split->size, *next;
    /* Where records end follows from where they begin: none can be left out unseen. */
    const bool records = state->tokenizer->kind->record_end != NULL;
    int status = 0;

    for (*run = line; line < end && status == 0; line = next) {
        /* All from *run to `line` pass. */
        *at = line;
        if (!records && (next = next_hopeful(patterns, line)) > line) {
            status = add_run(state, split, *run, (size_t)(line - *run));
            *run = next;
        } else if (records || (next = next_doubtful(patterns, line)) == line) {
            size_t size;
            next = line_behind(state, line, end, &size);
            if (state->unclosed)
                return -1;
            const int passed = passes(patterns, line, size);
            if (passed < 0)
                return -1;
            if (passed == 0) {
                status = add_run(state, split, *run, (size_t)(line - *run));
                *run = next;
            }
        }
    }
    *at = line;
    return status;
}

int line_filter_map(struct tokenizer_state *state, const struct mr_split *split)
{
    const unsigned char *run, *at = split->data;
    int status;

    state->copied = 0;
    state->unclosed = NULL;
    status = map_runs(state, split, &run, &at);
    const struct patterns_failure failure = state->patterns->failure;
    const unsigned char *unclosed = state->unclosed;
    if (status != 0 && (failure.line == NULL || failure.line != at) && !unclosed)
        return status;
    /* Before the line that cannot be matched others may be wrong, which come first. */
    state->patterns->failure.line = NULL;
    if (add_run(state, split, run, (size_t)(at - run)) != 0 || map_copied(state, split) != 0)
        return -1;
    state->patterns->failure = failure;
    state->unclosed = unclosed;
    return status;
}
