/* SPDX-License-Identifier: MIT
 *
 * ngram_context - see ngram_context.h. What stands before a split is read backward in windows that
 * grow, each of which is mapped from its first safe cut on; so a gap without a token may be of any
 * length, and only a token itself makes a window large.
 */
#include "text/ngram_context.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text/tokenizer_state.h"

/* The first window for each token that is wanted, most of text, and the largest that is tried where
 * there are safe cuts. */
#define WINDOW_A_TOKEN ((size_t)16)
#define WINDOW_LEAST ((size_t)256)
#define WINDOW_MOST ((size_t)1 << 16)

/* Some tokens, those of one window. */
struct chunk {
    struct chunk *next; /* those that follow in the text */
    size_t size;
    unsigned char tokens[];
};

/* The search for one split's context. */
struct search {
    const struct tokenizer *tokenizer;
    struct tokenizer_state *state; /* whose n-grams collect tokens and make none */
    struct chunk *chunks;
    size_t missing; /* tokens that are still wanted */
};

/* Maps a piece of a line, whose tokens are then the last of the state's n-grams. */
static int map_piece(struct search *search, const unsigned char *data, size_t size)
{
    ngrams_end_line(&search->state->ngrams);
    return size > 0 ? search->tokenizer->kind->map_line(search->state, data, size) : 0;
}

/* Whether the split has a token on its first line: 1, 0, or -1 when memory is out. */
static int has_token(struct search *search, const unsigned char *data, size_t size)
{
    const unsigned char *stop = memchr(data, search->tokenizer->end, size);
    size_t length;

    size = stop ? (size_t)(stop - data) : size;
    for (size_t step = WINDOW_LEAST; size > 0; step = WINDOW_MOST) {
        length = size;
        if (size > step)
            length = search->tokenizer->kind->border(search->tokenizer, data, size, step);
        if (map_piece(search, data, length) != 0)
            return -1;
        if (ngrams_token(&search->state->ngrams, 0, &(size_t){0}))
            return 1;
        data += length;
        size -= length;
    }
    return 0;
}

static int add_chunk(struct search *search, size_t size)
{
    struct chunk *chunk = size < SIZE_MAX / 2 ? malloc(sizeof *chunk + size) : NULL;

    if (!chunk)
        return -1;
    chunk->next = search->chunks;
    chunk->size = size;
    search->chunks = chunk;
    return 0;
}

/* Takes what is wanted of the tokens of a piece of the line, which ends where those begin that were
 * taken before. */
static int take_piece(struct search *search, const unsigned char *data, size_t size)
{
    const struct ngrams *ngrams = &search->state->ngrams;
    const unsigned char *token;
    size_t count = 0, bytes = 0, length;

    if (map_piece(search, data, size) != 0)
        return -1;
    for (; count < search->missing && ngrams_token(ngrams, count, &length) != NULL; count++)
        bytes += sizeof length + length;
    if (count == 0)
        return 0;
    if (add_chunk(search, bytes) != 0)
        return -1;
    search->missing -= count;
    for (unsigned char *to = search->chunks->tokens; count > 0; to += length) {
        token = ngrams_token(ngrams, --count, &length);
        memcpy(to, &length, sizeof length);
        memcpy(to += sizeof length, token, length);
    }
    return 0;
}

/* The same of the context of what stands before. */
static int take_older(struct search *search, const unsigned char *tokens, size_t size)
{
    size_t count = 0, length;

    for (size_t at = 0; at < size; at += sizeof length + length, count++)
        memcpy(&length, tokens + at, sizeof length);
    for (; count > search->missing; count--) {
        memcpy(&length, tokens, sizeof length);
        tokens += sizeof length + length;
        size -= sizeof length + length;
    }
    if (size == 0 || count == 0)
        return 0;
    if (add_chunk(search, size) != 0)
        return -1;
    memcpy(search->chunks->tokens, tokens, size);
    return 0;
}

static int look_back(struct search *search, struct mr_lookback *lookback)
{
    const struct tokenizer *tokenizer = search->tokenizer;
    size_t step = WINDOW_A_TOKEN * search->missing;
    uint64_t back = 0;

    if (step < WINDOW_LEAST)
        step = WINDOW_LEAST;
    while (search->missing > 0) {
        const unsigned char *data;
        long got = lookback->read(lookback, back, step, &data);
        if (got < 0)
            return -1;
        const size_t size = (size_t)got;
        const unsigned char *end = size > 0 ? memrchr(data, tokenizer->end, size) : NULL;
        size_t begin = 0;
        if (end)
            begin = (size_t)(end - data) + 1;
        else if (size == step)
            begin = tokenizer->kind->border(tokenizer, data, size, 0);
        if (!end && size == step && begin == size) {
            step *= 2;
            continue;
        }
        if (take_piece(search, data + begin, size - begin) != 0)
            return -1;
        if (end)
            return 0;
        if (size < step)
            return take_older(search, lookback->older, lookback->older_size);
        back += size - begin;
        step = step < WINDOW_MOST / 2 ? 2 * step : WINDOW_MOST;
    }
    return 0;
}

/* Makes one piece of the chunks. */
static int join_chunks(const struct search *search, unsigned char **context, size_t *size)
{
    const struct chunk *chunk;
    size_t all = 0;

    for (chunk = search->chunks; chunk != NULL; chunk = chunk->next)
        all += chunk->size;
    if (all == 0)
        return 0;
    unsigned char *to = malloc(all);
    if (!to)
        return -1;
    *context = to;
    *size = all;
    for (chunk = search->chunks; chunk != NULL; to += chunk->size, chunk = chunk->next)
        memcpy(to, chunk->tokens, chunk->size);
    return 0;
}

int ngram_context_make(const struct tokenizer *tokenizer, struct mr_lookback *lookback,
                       unsigned char **context, size_t *size, struct mr_error *error)
{
    struct search search = {.tokenizer = tokenizer, .missing = tokenizer->ngram_max - 1};
    int wanted = 1, status;

    *context = NULL;
    *size = 0;
    /* Most lines begin with their split: nothing is to be made for these. */
    if (lookback->piece_size > 0 && lookback->piece[0] == tokenizer->end)
        return 0;
    search.state = tokenizer_state_open(tokenizer);
    if (!search.state)
        goto no_memory;
    ngrams_collect(&search.state->ngrams);
    if (lookback->piece)
        wanted = has_token(&search, lookback->piece, lookback->piece_size);
    status = wanted > 0 ? look_back(&search, lookback) : wanted;
    if (status == 0)
        status = join_chunks(&search, context, size);
    for (struct chunk *next; search.chunks != NULL; search.chunks = next) {
        next = search.chunks->next;
        free(search.chunks);
    }
    tokenizer_state_close(search.state);
    if (status == 0)
        return 0;

no_memory:
    mr_error_set(error, MR_NOMEM, ENOMEM, "memory exhausted");
    return -1;
}

int ngram_context_recall(struct tokenizer_state *state, const unsigned char *context, size_t size)
{
    size_t length;

    for (size_t at = 0; at < size; at += length) {
        memcpy(&length, context + at, sizeof length);
        at += sizeof length;
        unsigned char *out = ngrams_room(&state->ngrams, length);
        if (!out)
            return -1;
        memcpy(out, context + at, length);
        if (ngrams_add_before(&state->ngrams, length) != 0)
            return -1;
    }
    return 0;
}
