/* SPDX-License-Identifier: MIT
 *
 * ngram_context - how n-grams cross the borders of splits.
 *
 * An n-gram is of the split in which its last token stands. So a split must know the tokens before
 * it on the line that it begins in, one less than an n-gram has: they are its context, final and
 * each with its size, as a text between them and the split may be of any length.
 */
#ifndef TEXT_NGRAM_CONTEXT_H
#define TEXT_NGRAM_CONTEXT_H

#include <stddef.h>

#include "engine/mapreduce.h"

struct tokenizer;
struct tokenizer_state;

/* Makes a split's context, which the caller frees; NULL where it is empty. Returns 0, or -1 with
 * *error filled. */
int ngram_context_make(const struct tokenizer *tokenizer, struct mr_lookback *lookback,
                       unsigned char **context, size_t *size, struct mr_error *error);
/* Begins the first line of a split with what stands before it. Returns non-zero when the job has
 * ended. */
int ngram_context_recall(struct tokenizer_state *state, const unsigned char *context, size_t size);

#endif
