/* SPDX-License-Identifier: MIT
 *
 * merge - KEY<TAB>COUNT lines as tokens, and the first of the input that is none.
 */
#ifndef TEXT_MERGE_H
#define TEXT_MERGE_H

#include "base/excerpt.h"
#include "text/sequence.h"
#include "text/text.h"

/* What the mappers of a rule share. */
struct merge {
    struct sequence sequence;
    /* Written by the mapper whose turn it is by `sequence`, and only by the first. reason is NULL:
     * none. */
    struct text_fault fault;
    char reason[EXCERPT_ROOM + 64]; /* what fault.reason points to where it names the key */
};

/* Returns 0 and sets *merge, or -1 with *error filled. */
int merge_open(struct merge **merge, struct mr_error *error);
/* NULL is allowed. */
void merge_close(struct merge *merge);

#endif
