/* SPDX-License-Identifier: MIT
 *
 * tokenizer_state - see tokenizer_state.h.
 */
#include "text/tokenizer_state.h"

#include <stdlib.h>

#include "base/kernels/kernels.h"

struct tokenizer_state *tokenizer_state_open(const struct tokenizer *tokenizer)
{
    /* Mappers count on every token: none shares a cache line with another's counters. */
    size_t size = (sizeof(struct tokenizer_state) + 127) / 128 * 128;
    struct tokenizer_state *state = aligned_alloc(128, size);

    if (!state)
        return NULL;
    /* The arrays need no content. */
    state->tokenizer = tokenizer;
    state->invalid = 0;
    state->share = (struct invalid_share){.begun = false};
    state->folded = state->joined = state->chosen = (struct room){NULL, 0};
    tokenizer_state_choose(state, tokenizer->ranges, tokenizer->range_count);
    state->patterns = NULL;
    state->rows = NULL;
    if (tokenizer->patterns) {
        state->patterns = patterns_state_open(tokenizer->patterns, tokenizer->end);
        if (!state->patterns) {
            free(state);
            return NULL;
        }
    }
    const struct keys_rules rules = {
        .filter = tokenizer->filter,
        .form = tokenizer->form,
        .case_fold = tokenizer->case_fold,
        .filled = tokenizer->kind->filled,
        .longest = tokenizer->longest,
        .valued = tokenizer->kind->valued || tokenizer->rows,
        .rows = tokenizer->rows,
        .value_words = tokenizer->value_words,
        .overlapping = tokenizer->ngram_max > 0,
        .ordered = tokenizer->ordered,
    };
    keys_open(&state->keys, &rules);
    ngrams_open(&state->ngrams, tokenizer->ngram_min, tokenizer->ngram_max, tokenizer->kind->spaced,
                &state->keys);
    words_open(&state->words, (struct words_kernel){kernels_selected.words}, tokenizer->case_fold);
    state->words.fold = tokenizer->fold;
    return state;
}

void tokenizer_state_choose(struct tokenizer_state *state, const struct range *ranges, size_t count)
{
    state->ranges = ranges;
    state->range_count = count;
    state->last_field = count > 0 ? ranges[count - 1].last : 0;
}

void tokenizer_state_close(struct tokenizer_state *state)
{
    words_close(&state->words);
    ngrams_close(&state->ngrams);
    keys_close(&state->keys);
    room_free(&state->folded);
    room_free(&state->joined);
    room_free(&state->chosen);
    patterns_state_close(state->patterns);
    free(state);
}
