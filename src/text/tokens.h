/* SPDX-License-Identifier: MIT
 *
 * tokens - the way of a token from where a kind found it to the keys. Private to text/.
 *
 * A kind finds tokens in a window of the split and hands them on with their spans; from here they
 * go, in order, through case folding and n-grams, each only where there is any. All functions that
 * return int return 0 to go on; anything else has ended the job.
 */
#ifndef TEXT_TOKENS_H
#define TEXT_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include "text/tokenizer_state.h"

/* The buffer of folded text shall stay in a near cache. */
#define TOKENS_FOLD_WINDOW ((size_t)1 << 16)
/* Spans are of 32 bits. */
#define TOKENS_WINDOW ((size_t)1 << 31)
/* A longer window than that holds one token, too long for spans. */
#define TOKENS_LONGEST ((size_t)UINT32_MAX - MR_PAD)

/* Maps some bytes; under case folding, `folded` is room for as many and MR_PAD. */
typedef int tokens_map(struct tokenizer_state *state, const unsigned char *data, size_t size,
                       unsigned char *folded);
/* Maps a text in windows that end where no token can span: each by `many`, or, where it has grown
 * too long for spans as there was no such place, by `one`. */
int tokens_windows(struct tokenizer_state *state, const unsigned char *data, size_t size,
                   tokens_map *many, tokens_map *one);
/* A tokens_map of bytes that are one token. */
int tokens_one(struct tokenizer_state *state, const unsigned char *data, size_t size,
               unsigned char *folded);
/* Maps a text as the kind does, or its n-grams. */
int tokens_text(struct tokenizer_state *state, const struct mr_split *text);
/* Maps one line after the other by the kind's map_line: what is of n-grams, and what must not look
 * past a line's end. */
int tokens_lines(struct tokenizer_state *state, const unsigned char *data, size_t size);

/* Tokens found at `spans` of `base`, KEYS_SPANS at most. Under case folding, state->folded holds
 * the same bytes with ASCII folded, and wide says whether any is above 0x7f. Changes spans. */
int tokens_put(struct tokenizer_state *state, const unsigned char *base, struct mr_span *spans,
               size_t count, bool wide);
/* One token of any size. */
int tokens_put_one(struct tokenizer_state *state, const unsigned char *token, size_t size);
/* Tokens that are folded already. */
int tokens_put_folded(struct tokenizer_state *state, const unsigned char *base,
                      const struct mr_span *spans, size_t count);
/* One such token of any size. 16 bytes are read. */
int tokens_put_folded_one(struct tokenizer_state *state, const unsigned char *token, size_t size);

#endif
