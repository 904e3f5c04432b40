/* SPDX-License-Identifier: MIT
 *
 * chars - the code points of lines; invalid bytes are skipped and counted.
 *
 * Few code points make up most of any text, so those of one or two bytes are counted here, in an
 * array, and emitted once a split with how often they came.
 */
#include <string.h>

#include "text/case_fold.h"
#include "text/tokens.h"
#include "base/utf8.h"

/* Emits the counted characters, each once. */
static int emit_counted(struct tokenizer_state *state)
{
    for (uint32_t code = 0; code < 0x800; code++) {
        unsigned char key[2], folded[CASE_FOLD_ROOM(2)];
        size_t size = 1;
        uint64_t count = state->characters[code];
        count -= count > 0 && state->tokenizer->ordered; /* one has been emitted */
        if (count == 0)
            continue;
        state->characters[code] = 0;
        key[0] = (unsigned char)code;
        if (code >= 0x80) {
            key[0] = (unsigned char)(0xc0 | code >> 6);
            key[1] = (unsigned char)(0x80 | (code & 0x3f));
            size = 2;
        }
        const unsigned char *final = key;
        if (state->tokenizer->case_fold) {
            size = case_fold_bytes(key, size, folded);
            final = folded;
        }
        if (keys_emit_one(&state->keys, final, size, count) != 0)
            return -1;
    }
    return 0;
}

/* Emits one character by itself. */
static int put(struct tokenizer_state *state, const unsigned char *p, size_t length)
{
    const bool fold = state->tokenizer->case_fold;
    unsigned char *key = keys_room(&state->keys, fold ? CASE_FOLD_ROOM(4) : 4);

    if (!key)
        return -1;
    if (fold)
        length = case_fold_bytes(p, length, key);
    else
        memcpy(key, p, 4); /* the split is padded */
    return keys_made(&state->keys, length, 1);
}

/* As below, where it matters which comes first: so the first of each is emitted at once. */
static int count_ordered(struct tokenizer_state *state, const unsigned char *p,
                         const unsigned char *end)
{
    while (p < end) {
        uint32_t code;
        const size_t length = utf8_decode(p, (size_t)(end - p), &code);
        state->invalid += length == 0;
        if (length > 0 && code != state->tokenizer->end &&
            (length > 2 || state->characters[code]++ == 0) && put(state, p, length) != 0)
            return -1;
        p += length > 0 ? length : 1;
    }
    return 0;
}

/* Counts characters; those of three bytes and more it emits. */
static int count(struct tokenizer_state *state, const unsigned char *p, const unsigned char *end)
{
    uint64_t *counts = state->characters;

    while (p < end) {
        uint32_t code;
        if (*p < 0x80) {
            counts[*p++]++;
            continue;
        }
        size_t length = utf8_decode(p, (size_t)(end - p), &code);
        if (length == 0) {
            state->invalid++;
            length = 1;
        } else if (length == 2) {
            counts[code]++;
        } else if (put(state, p, length) != 0) {
            return -1;
        }
        p += length;
    }
    counts[state->tokenizer->end] = 0; /* ends of lines are none of their characters */
    return 0;
}

static int map(struct tokenizer_state *state, const struct mr_split *split)
{
    const unsigned char *end = split->data + split->size;

    memset(state->characters, 0, sizeof state->characters);
    if ((state->tokenizer->ordered ? count_ordered : count)(state, split->data, end) != 0 ||
        emit_counted(state) != 0)
        return -1;
    return keys_flush(&state->keys);
}

static int map_line(struct tokenizer_state *state, const unsigned char *data, size_t size)
{
    for (size_t i = 0, length; i < size; i += length) {
        uint32_t code;
        length = utf8_decode(data + i, size - i, &code);
        if (length == 0) {
            state->invalid++;
            length = 1;
        } else if (tokens_put_one(state, data + i, length) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Characters come apart where one begins. */
static size_t border(const struct tokenizer *tokenizer, const unsigned char *data, size_t size,
                     size_t from)
{
    (void)tokenizer;
    while (from < size && !utf8_begins(data, size, from))
        from++;
    return from;
}

static size_t border_last(const struct tokenizer *tokenizer, const unsigned char *data, size_t size)
{
    (void)tokenizer;
    if (size == 0 || data[size - 1] < 0x80)
        return size;
    size_t p = size - 1;
    while (p > 0 && !utf8_begins(data, size, p))
        p--;
    return p;
}

const struct token_kind token_kind_chars = {
    .map = map,
    .map_line = map_line,
    .border = border,
    .border_last = border_last,
    .filled = true,
    .decodes = true,
};
