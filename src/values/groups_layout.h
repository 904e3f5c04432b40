/* SPDX-License-Identifier: MIT
 *
 * groups_layout - what rows and values of groups are made of, for groups*.c.
 *
 * A row, between parse and emit: the words of columns.h; where numbers are wanted those of all
 * fields; where texts are, these.
 *
 * A value: the words but the first, which is the count and 1, as numbers; then the parts, each with
 * its size in front of it, likewise, but for the last one.
 */
#ifndef VALUES_GROUPS_LAYOUT_H
#define VALUES_GROUPS_LAYOUT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/hash.h"
#include "values/decimal_batch.h"
#include "values/decimal_code.h"
#include "values/groups.h"
#include "values/groups_number.h"

/* The code of the number in a field, or its text. */
struct groups_part {
    size_t field;
    bool is_text;
    size_t at;     /* of a text: which of a row's it is */
    size_t places; /* of a number: how many columns are quantiles of it */
};

/* A row of which nothing is wanted but one number: its code, or where that is longer than a word
 * the text, which is known to be a number. */
struct groups_code {
    union {
        unsigned char bytes[DECIMAL_CODE_WORD];
        const unsigned char *text;
    } at;
    size_t size; /* of a text: with GROUPS_CODE_TEXT added */
};

#define GROUPS_CODE_TEXT (SIZE_MAX / 2 + 1)

/* Constant once it is open, but for `packed`. */
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
    bool only_texts; /* only different texts are counted: it is the same how often one comes */
    bool one_number, one_text; /* rows have one field, of which only quantiles are wanted, or only
                                * how many are different: they are a struct groups_code, or that */
    decimal_batch *batch;      /* reads the numbers of one_number */
    _Atomic bool packed;       /* some values are packs */
};

#endif
