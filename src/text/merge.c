/* SPDX-License-Identifier: MIT
 *
 * merge - KEY<TAB>COUNT lines as tokens with a value. A line that is none ends the job.
 */
#include <stdio.h>
#include <string.h>

#include "base/excerpt.h"
#include "text/counted.h"
#include "text/lines.h"
#include "text/tokens.h"

/* Takes the backslashes out of a key; `out` has room for `size`. Returns the bytes written, or
 * SIZE_MAX where a backslash begins nothing. */
static size_t unescape(const unsigned char *key, size_t size, unsigned char *out)
{
    unsigned char *start = out;

    for (size_t i = 0; i < size; i++) {
        unsigned char c = key[i];
        if (c == '\\') {
            c = ++i < size ? key[i] : 0;
            c = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == '\\' ? c : 0;
            if (c == 0)
                return SIZE_MAX;
        }
        *out++ = c;
    }
    return (size_t)(out - start);
}

/* A key whose backslashes are taken out before it is folded. */
static int escaped_key(struct tokenizer_state *state, const unsigned char *key, size_t size,
                       uint64_t value, const char **reason)
{
    if (room_grow(&state->joined, size, false) != 0)
        return keys_no_memory(&state->keys);
    size = unescape(key, size, state->joined.data);
    if (size != SIZE_MAX)
        return counted_put_made(state, state->joined.data, size, value);
    *reason = "a backslash in the key without t, n, r or a backslash behind it";
    return -1;
}

/* What is found out about a split while it is mapped. */
struct progress {
    const unsigned char *line; /* the one at hand */
    uint64_t lines;            /* before it */
    const char *reason;
    const unsigned char *key; /* the last one looked at */
    size_t key_size;
    struct counted counted;
};

/* A key, the TAB behind it, and the end of the count. */
static int map_pair(struct tokenizer_state *state, const unsigned char *key,
                    const unsigned char *tab, const unsigned char *stop, struct progress *progress)
{
    size_t size = (size_t)(tab - key);
    uint64_t value = 0;

    progress->key = key;
    progress->key_size = size;
    progress->reason = counted_read(tab + 1, stop, &value);
    if (progress->reason)
        return -1;
    if (state->tokenizer->unescape && memchr(key, '\\', size))
        return state->tokenizer->ordered && counted_flush(state, &progress->counted, key) != 0
                   ? -1
                   : escaped_key(state, key, size, value, &progress->reason);
    return counted_put(state, &progress->counted, key, size, value);
}

/* A line of a field for others, then keys and counts in turn. */
static int map_bundle(struct tokenizer_state *state, const unsigned char *stop,
                      struct progress *progress)
{
    const unsigned char *at = memchr(progress->line, '\t', (size_t)(stop - progress->line));
    int status = at ? 0 : -1;

    if (!at)
        progress->reason = "no TAB";
    while (at && status == 0) {
        const unsigned char *key = at + 1, *tab = memchr(key, '\t', (size_t)(stop - key));
        if (!tab) {
            progress->reason = "a key without a count";
            return -1;
        }
        at = memchr(tab + 1, '\t', (size_t)(stop - tab - 1));
        status = map_pair(state, key, tab, at ? at : stop, progress);
    }
    return status;
}

/* Maps lines until the end, a bad line, or the end of the job. */
static int map_lines(struct tokenizer_state *state, const struct mr_split *split,
                     struct progress *progress)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const unsigned char *end = split->data + split->size;
    int status = 0;

    while (progress->line < end && status == 0) {
        const unsigned char *line = progress->line;
        const unsigned char *stop = memchr(line, tokenizer->end, (size_t)(end - line));
        if (!stop)
            stop = end;
        if (tokenizer->unbundle) {
            status = map_bundle(state, stop, progress);
        } else {
            const unsigned char *tab = memrchr(line, '\t', (size_t)(stop - line));
            if (!tab)
                progress->reason = "no TAB";
            status = tab ? map_pair(state, line, tab, stop, progress) : -1;
        }
        if (progress->reason)
            return -1;
        progress->line = stop < end ? stop + 1 : end;
        progress->lines++;
    }
    if (status == 0)
        status = counted_flush(state, &progress->counted, end);
    return status != 0 ? status : keys_flush(&state->keys);
}

static int map(struct tokenizer_state *state, const struct mr_split *split)
{
    struct progress progress = {.line = split->data, .counted.base = split->data};
    int status = map_lines(state, split, &progress);

    sequence_count(split, progress.lines);
    if (progress.reason) {
        char key[EXCERPT_ROOM], text[FIRST_FAULT_ROOM];
        if (progress.reason == counted_too_large) {
            excerpt_write(progress.key, progress.key_size, key);
            snprintf(text, sizeof text, "the count of '%s' is past 18446744073709551615", key);
            progress.reason = text;
        }
        first_fault_report(state->tokenizer->faults, split, progress.lines, progress.reason,
                           state->keys.error);
    }
    return status;
}

const struct token_kind token_kind_merge = {
    .map = map,
    .border = lines_border,
    .border_last = lines_border_last,
    .valued = true,
    .strict = true,
};
