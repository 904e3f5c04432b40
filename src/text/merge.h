/* SPDX-License-Identifier: MIT
 *
 * merge - KEY<TAB>COUNT lines as tokens, and where a line was none.
 *
 * A split knows the offset of a bad line in its FILE, but its number only if the lines of every
 * split before are known. So each mapper notes how many lines its splits had; put together when the
 * mappers are closed, the notes tell, as splits are handed out in order.
 */
#ifndef TEXT_MERGE_H
#define TEXT_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "text/text.h"

struct merge_note {
    uint64_t number, offset, size, lines;
};

struct merge {
    struct merge_note *notes;
    size_t count, room;
    struct text_fault fault; /* reason is NULL: none. Its line counts from the split's first */
    uint64_t fault_split;    /* the offset of that split */
};

/* Adds the notes of *from, and its fault if that is the first in the input. */
void merge_add(struct merge *into, const struct merge *from);
void merge_close(struct merge *merge);

#endif
