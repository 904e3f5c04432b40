/* SPDX-License-Identifier: MIT
 *
 * unicode_words - words by UAX #29, which words.h finds, as a kind of tokens.
 */
#include "text/tokens.h"
#include "text/words_border.h"

_Static_assert(WORDS_BATCH <= KEYS_SPANS, "a batch of words goes on whole");

static int map_text(struct tokenizer_state *state, const unsigned char *data, size_t size)
{
    struct words_batch batch;
    int got, status;

    words_begin(&state->words, data, size);
    while ((got = words_next(&state->words, &batch)) > 0) {
        if (batch.giant > 0)
            status = tokens_put_folded_one(state, batch.base, batch.giant);
        else
            status = tokens_put_folded(state, batch.base, batch.spans, batch.count);
        if (status != 0)
            return status;
    }
    return got < 0 ? keys_no_memory(&state->keys) : 0;
}

static int map(struct tokenizer_state *state, const struct mr_split *split)
{
    /* A newline is an edge of words, a NUL is not: a mark would attach to it. */
    if (state->tokenizer->zero_terminated)
        return tokens_lines(state, split->data, split->size);
    return map_text(state, split->data, split->size);
}

static size_t border(const struct tokenizer *tokenizer, const unsigned char *data, size_t size,
                     size_t from)
{
    (void)tokenizer;
    return words_border(data, size, from);
}

static size_t border_last(const struct tokenizer *tokenizer, const unsigned char *data, size_t size)
{
    (void)tokenizer;
    return words_border_last(data, size);
}

const struct token_kind token_kind_unicode = {
    .map = map,
    .map_line = map_text,
    .border = border,
    .border_last = border_last,
    .filled = true,
    .words = true,
    .spaced = true,
    .decodes = true,
};
