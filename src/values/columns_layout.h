/* SPDX-License-Identifier: MIT
 *
 * columns_layout - what a value of columns is made of, for columns*.c.
 */
#ifndef VALUES_COLUMNS_LAYOUT_H
#define VALUES_COLUMNS_LAYOUT_H

#include "values/columns.h"
#include "values/columns_total.h"
#include "values/decimal_batch.h"
#include "values/sums.h"

/* What may be kept of a field. */
enum columns_slot {
    COLUMNS_TOTAL,
    COLUMNS_LEAST,
    COLUMNS_GREATEST,
    COLUMNS_SLOTS,
};

/* That of a column which is a number, and neither a quantile nor a count. */
static inline enum columns_slot columns_slot_of(enum column_op op)
{
    return op == COLUMN_MIN ? COLUMNS_LEAST : op == COLUMN_MAX ? COLUMNS_GREATEST : COLUMNS_TOTAL;
}

struct columns_field {
    const char *what;
    bool is_number;
    size_t words[COLUMNS_SLOTS]; /* 1 and where each is in a value, in words; 0: it is not kept */
    size_t kept[COLUMNS_SLOTS];  /* where those are that are kept */
    size_t kept_count;
};

/* One thing that is kept, in the order of the words. */
struct columns_kept {
    enum columns_slot slot;
    size_t word;
};

/* Constant once it is open, but for the cells of sums and the parts of totals. */
struct columns {
    const struct column *columns;
    size_t count;
    size_t field_count;
    uint64_t min_count;
    uint64_t max_count; /* UINT64_MAX: no limit */
    bool bounded;       /* one of both leaves keys out */
    enum columns_order order;
    bool pairs;
    bool has_count; /* the first word of a value is the count, */
    bool counted;   /* or a value is a struct sum_counted, which has it too */
    bool one_total; /* the sum of the one field is all that is kept, beside the count */
    bool ranks;     /* and with that what all columns are made of, */
    bool packs;     /* not the first one alone, by which results are ordered */
    size_t words;   /* of a value */
    struct columns_field *fields;
    struct columns_kept *kept;
    size_t kept_count;
    struct sums *sums;
    decimal_batch *batch;          /* reads the numbers of one_total */
    struct columns_totals *totals; /* of the first column; NULL: nobody wants one */
};

#endif
