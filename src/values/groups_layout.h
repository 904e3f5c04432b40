/* SPDX-License-Identifier: MIT
 *
 * groups_layout - what rows and values of groups are made of, for groups*.c.
 *
 * A row, between parse and emit: the words of columns.h; where numbers are wanted those of all
 * fields; where texts are, these.
 *
 * A value: the words but the first, which is the count and 1, base 128, low digits first; then the
 * parts, each with its size in front of it, likewise, but for the last one.
 */
#ifndef VALUES_GROUPS_LAYOUT_H
#define VALUES_GROUPS_LAYOUT_H

#include <stdbool.h>

#include "base/hash.h"
#include "values/groups.h"

/* The code of the number in a field, or its text. */
struct groups_part {
    size_t field;
    bool is_text;
    size_t at;     /* of a text: which of a row's it is */
    size_t places; /* of a number: how many columns are quantiles of it */
};

/* Constant once it is open. */
struct groups {
    struct columns_options options;
    const struct columns *columns;
    struct hash_seed seed;
    size_t words; /* of a columns' value */
    struct groups_part *parts;
    size_t part_count;
    size_t *part_of; /* a column: its part, where it has one */
    size_t text_count;
    size_t numbers_at, texts_at, row_size; /* of a row */
    bool
        only_texts; /* nothing but different texts is counted: it is the same how often one comes */
};

/* Reads a number of base 128, and returns where it ends. */
static inline const unsigned char *groups_get_number(const unsigned char *at, uint64_t *number)
{
    unsigned shift = 0;

    *number = 0;
    do
        *number |= (uint64_t)(*at & 127) << shift;
    while (shift += 7, (*at++ & 128) != 0);
    return at;
}

#endif
