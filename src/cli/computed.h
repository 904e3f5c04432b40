/* SPDX-License-Identifier: MIT
 *
 * computed - what is computed for a key instead of its count: the columns, as the command line
 * names them.
 */
#ifndef CLI_COMPUTED_H
#define CLI_COMPUTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum computed_op {
    COMPUTED_COUNT,
    COMPUTED_SUM,
    COMPUTED_MIN,
    COMPUTED_MAX,
    COMPUTED_MEAN,
    COMPUTED_MEDIAN,
    COMPUTED_QUANTILE,
    COMPUTED_DISTINCT,
};

/* In this many parts a quantile's place is told: all 18 digits behind the point. */
#define COMPUTED_PLACES UINT64_C(1000000000000000000)

struct computed_column {
    enum computed_op op;
    char *field;       /* F as given; its name alone once it has been found to be one */
    bool named;        /* F is a name, else a number: */
    uint64_t number;   /* from 1; of groups 0 is the whole match */
    uint64_t place;    /* P, in parts of COMPUTED_PLACES, */
    const char *given; /* and as it was given, which ends nowhere */
    size_t given_size;
};

/* In the order given. All zero: the count alone. */
struct computed {
    struct computed_column *columns; /* ours to free */
    size_t count;
};

/* What the functions below return where memory is out. */
extern const char computed_no_memory[];

/* Appends the columns that `argument` names: F, of a quantile F:P[,P]..., NULL for a count.
 * Returns NULL, or what is wrong: a static text. */
const char *computed_add(struct computed *computed, enum computed_op op, const char *argument);
void computed_free(struct computed *computed);

/* Finds out what F is: a number or, where there are names, a name in the form that a LIST of fields
 * has. Returns as that. */
const char *computed_find(struct computed_column *column, bool names, bool groups);

/* As its option is called. */
const char *computed_name(enum computed_op op);

/* Writes the column's heading, such as "sum_10", to `out`, which has room for this: */
size_t computed_heading_room(const struct computed_column *column);
void computed_heading(const struct computed_column *column, char *out);

#endif
