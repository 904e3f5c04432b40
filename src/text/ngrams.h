/* SPDX-License-Identifier: MIT
 *
 * ngrams - sequences of N to M consecutive tokens of a line. The tokens of a line are written one
 * behind the other with their joiner between, so that every n-gram is a span of that.
 */
#ifndef TEXT_NGRAMS_H
#define TEXT_NGRAMS_H

#include <stddef.h>

#include "engine/mapreduce.h"

struct scan;

struct ngrams {
    unsigned char *data;
    size_t room, used;
    size_t *begins, *ends; /* of the tokens in data */
    size_t tokens, token_room;
    size_t line; /* the first token of the line at hand */
    struct mr_span *spans;
    size_t count;
};

/* Where a token of up to `size` bytes can be written; NULL when the job has ended. */
unsigned char *ngrams_room(struct scan *scan, size_t size);
/* The token written there has `size` bytes. */
int ngrams_add(struct scan *scan, size_t size);
/* What comes next is of another line. */
void ngrams_line_end(struct scan *scan);
/* Emits what has been found so far. To be called before the end of a split. */
int ngrams_flush(struct scan *scan);
void ngrams_close(struct ngrams *ngrams);

#endif
