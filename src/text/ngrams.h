/* SPDX-License-Identifier: MIT
 *
 * ngrams - sequences of N to M consecutive tokens of a line. The tokens of a line are written one
 * behind the other with their joiner between, so that every n-gram is a span of that. One that
 * holds a token that the filter lists is left out.
 */
#ifndef TEXT_NGRAMS_H
#define TEXT_NGRAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/mapreduce.h"
#include "text/keys.h"

struct ngrams {
    unsigned min, max; /* 0: there are none; min > max: none are made */
    bool spaced;       /* a space stands between tokens; else nothing */
    struct keys *keys; /* where they go */

    struct room text;
    size_t used;
    size_t *begins, *ends; /* of the tokens in text */
    size_t tokens, token_room;
    size_t line;  /* the first token of the line at hand, */
    size_t first; /* and of that line the first behind the last that is listed */
    bool listing; /* there is a list */
    struct mr_span *spans;
    size_t count;
};

/* Allocates nothing yet. */
void ngrams_open(struct ngrams *ngrams, unsigned min, unsigned max, bool spaced, struct keys *keys);
void ngrams_close(struct ngrams *ngrams);
/* From now on tokens are kept for ngrams_token only. */
void ngrams_collect(struct ngrams *ngrams);

/* Where a token of up to `size` bytes can be written; NULL when the job has ended. */
unsigned char *ngrams_room(struct ngrams *ngrams, size_t size);
/* The token written there has `size` bytes. Returns non-zero when the job has ended. */
int ngrams_add(struct ngrams *ngrams, size_t size);
/* The same for a token of what stands before the split, which ends no n-gram here. */
int ngrams_add_before(struct ngrams *ngrams, size_t size);
/* The last tokens of the line at hand, the last one being 0, as long as nothing is added: NULL
 * where there are no more, or enough of them. */
const unsigned char *ngrams_token(const struct ngrams *ngrams, size_t last, size_t *size);
/* What comes next is of another line. */
void ngrams_end_line(struct ngrams *ngrams);
/* Emits what has been found so far. To be called before the end of a split; returns as the one
 * above. */
int ngrams_flush(struct ngrams *ngrams);

#endif
