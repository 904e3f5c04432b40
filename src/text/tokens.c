/* SPDX-License-Identifier: MIT
 *
 * tokens - see tokens.h.
 */
#include "text/tokens.h"

#include <string.h>

#include "text/case_fold.h"

/* ---- Windows --------------------------------------------------------------------------------- */

/* How far from data a kernel may be let: a safe cut, `size` at most. */
static size_t window_size(const struct tokenizer *tokenizer, const unsigned char *data, size_t size)
{
    const struct token_kind *kind = tokenizer->kind;
    size_t want = tokenizer->case_fold ? tokenizer->fold_window : tokenizer->window;

    if (size <= want)
        return size;
    token_kind_border *edge = kind->edge ? kind->edge : kind->border;
    token_kind_border_last *edge_last = kind->edge ? kind->edge_last : kind->border_last;
    size_t cut = edge_last(tokenizer, data, want);
    return cut > 0 ? cut : edge(tokenizer, data, size, want);
}

int tokens_windows(struct tokenizer_state *state, const unsigned char *data, size_t size,
                   tokens_map *many, tokens_map *one)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    int status = 0;

    while (size > 0 && status == 0) {
        size_t window = window_size(tokenizer, data, size);
        if (window > tokenizer->longest)
            status = one(state, data, window, NULL);
        else if (!tokenizer->case_fold)
            status = many(state, data, window, NULL);
        else if (room_grow(&state->folded, window + MR_PAD, false) == 0)
            status = many(state, data, window, state->folded.data);
        else
            status = keys_no_memory(&state->keys);
        data += window;
        size -= window;
    }
    return status;
}

int tokens_one(struct tokenizer_state *state, const unsigned char *data, size_t size,
               unsigned char *folded)
{
    (void)folded;
    return tokens_put_one(state, data, size);
}

int tokens_text(struct tokenizer_state *state, const struct mr_split *text)
{
    const struct tokenizer *tokenizer = state->tokenizer;

    return tokenizer->ngram_max == 0 ? tokenizer->kind->map(state, text)
                                     : tokens_lines(state, text->data, text->size);
}

int tokens_lines(struct tokenizer_state *state, const unsigned char *data, size_t size)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const unsigned char *end = data + size;

    while (data < end) {
        const unsigned char *stop = memchr(data, tokenizer->end, (size_t)(end - data));
        if (!stop)
            stop = end;
        if (tokenizer->kind->map_line(state, data, (size_t)(stop - data)) != 0)
            return -1;
        ngrams_end_line(&state->ngrams);
        data = stop + 1;
    }
    return tokenizer->ngram_max > 0 ? ngrams_flush(&state->ngrams) : 0;
}

/* ---- Tokens ---------------------------------------------------------------------------------- */

/* Whether [p, end) has a byte above 0x7f. Reads up to 7 bytes past end. */
static bool is_wide(const unsigned char *p, const unsigned char *end)
{
    const uint64_t high = UINT64_C(0x8080808080808080);
    uint64_t word;

    for (; p < end; p += 8) {
        memcpy(&word, p, 8);
        if ((word & high) != 0) {
            for (const unsigned char *q = p; q < end && q < p + 8; q++) {
                if (*q > 0x7f)
                    return true;
            }
        }
    }
    return false;
}

/* Puts the token, folded, into the n-grams or among the keys. */
static int case_fold_one(struct tokenizer_state *state, const unsigned char *token, size_t size)
{
    const bool chained = state->tokenizer->ngram_max > 0;

    if (size > (SIZE_MAX / 2 - CASE_FOLD_SLACK) / CASE_FOLD_GROWTH)
        return keys_no_memory(&state->keys);
    unsigned char *out = chained ? ngrams_room(&state->ngrams, CASE_FOLD_ROOM(size))
                                 : keys_room(&state->keys, CASE_FOLD_ROOM(size));
    if (!out)
        return -1;
    size = state->tokenizer->fold(token, size, out);
    return chained ? ngrams_add(&state->ngrams, size) : keys_made(&state->keys, size, 1);
}

int tokens_put_folded_one(struct tokenizer_state *state, const unsigned char *token, size_t size)
{
    if (state->tokenizer->ngram_max == 0)
        return keys_emit_one(&state->keys, token, size, 1);
    unsigned char *out = ngrams_room(&state->ngrams, size);

    if (!out)
        return -1;
    if (size <= 16)
        memcpy(out, token, 16); /* one move: both sides are padded */
    else
        memcpy(out, token, size);
    return ngrams_add(&state->ngrams, size);
}

int tokens_put_one(struct tokenizer_state *state, const unsigned char *token, size_t size)
{
    if (state->tokenizer->case_fold)
        return case_fold_one(state, token, size);
    return tokens_put_folded_one(state, token, size);
}

int tokens_put_folded(struct tokenizer_state *state, const unsigned char *base,
                      const struct mr_span *spans, size_t count)
{
    if (state->tokenizer->ngram_max == 0)
        return keys_emit(&state->keys, base, spans, count, NULL);
    for (size_t i = 0; i < count; i++) {
        if (tokens_put_folded_one(state, base + spans[i].begin, spans[i].end - spans[i].begin) != 0)
            return -1;
    }
    return 0;
}

int tokens_put(struct tokenizer_state *state, const unsigned char *base, struct mr_span *spans,
               size_t count, bool wide)
{
    const unsigned char *folded = state->folded.data;
    size_t ascii = 0;

    if (!state->tokenizer->case_fold)
        return tokens_put_folded(state, base, spans, count);
    if (!wide)
        return tokens_put_folded(state, folded, spans, count);
    /* Those with a byte above 0x7f are folded one by one; the rest are as the kernel left them. */
    for (size_t i = 0; i < count; i++) {
        struct mr_span span = spans[i];
        int status = 0;
        const bool one = is_wide(base + span.begin, base + span.end);
        if (one && ascii > 0 && state->tokenizer->ordered) {
            status = keys_emit(&state->keys, folded, spans, ascii, NULL);
            ascii = 0;
        }
        if (status != 0)
            return status;
        if (one)
            status = case_fold_one(state, base + span.begin, span.end - span.begin);
        else if (state->tokenizer->ngram_max > 0)
            status = tokens_put_folded_one(state, folded + span.begin, span.end - span.begin);
        else
            spans[ascii++] = span;
        if (status != 0)
            return status;
    }
    return keys_emit(&state->keys, folded, spans, ascii, NULL);
}
