/* SPDX-License-Identifier: MIT
 *
 * ngrams - sequences of N to M consecutive tokens of a line. The tokens of a line are written one
 * behind the other with their joiner between, so that every n-gram is a span of that.
 */
#ifndef TEXT_NGRAMS_H
#define TEXT_NGRAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/mapreduce.h"
#include "text/keys.h"

struct ngrams {
    unsigned min, max; /* 0: there are none */
    bool spaced;       /* a space stands between tokens; else nothing */
    struct keys *keys; /* where they go */

    struct room text;
    size_t used;
    size_t *begins, *ends; /* of the tokens in text */
    size_t tokens, token_room;
    size_t line; /* the first token of the line at hand */
    struct mr_span *spans;
    size_t count;
};

/* Allocates nothing yet. */
void ngrams_open(struct ngrams *ngrams, unsigned min, unsigned max, bool spaced, struct keys *keys);
void ngrams_close(struct ngrams *ngrams);

/* Where a token of up to `size` bytes can be written; NULL when the job has ended. */
unsigned char *ngrams_room(struct ngrams *ngrams, size_t size);
/* The token written there has `size` bytes. Returns non-zero when the job has ended. */
int ngrams_add(struct ngrams *ngrams, size_t size);
/* What comes next is of another line. */
void ngrams_end_line(struct ngrams *ngrams);
/* Emits what has been found so far. To be called before the end of a split; returns as the one
 * above. */
int ngrams_flush(struct ngrams *ngrams);

#endif
