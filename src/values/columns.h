/* SPDX-License-Identifier: MIT
 *
 * columns - what is computed for a key beside its count, or in its place: a column each.
 *
 * There are two ways. Where columns_need_pairs says no, each row of the input gives one value, a
 * struct of words that only these functions know; columns_rows makes it, columns_combine and
 * columns_reduce are a job's combine and reduce. Else quantiles and distinct values need all values
 * of a key, and who has found those puts the results by columns_put; such a value then holds what
 * the other columns need, its first word the count.
 *
 * Results of both ways are the same: records for columns_order and columns_record.
 */
#ifndef VALUES_COLUMNS_H
#define VALUES_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/mapreduce.h"
#include "values/decimal.h"

enum column_op {
    COLUMN_COUNT,
    COLUMN_SUM,
    COLUMN_MIN,
    COLUMN_MAX,
    COLUMN_MEAN,
    COLUMN_QUANTILE,
    COLUMN_DISTINCT,
};

struct column {
    enum column_op op;
    unsigned field;       /* which of a row's fields, from 0; of all but COLUMN_COUNT */
    struct decimal place; /* of COLUMN_QUANTILE: from 0 to 1 */
    const char *what;     /* the field in messages: "field 10", "group 3", "field 'price'" */
};

enum columns_order {
    COLUMNS_BY_FIRST, /* by the first column, the greatest first, equal ones by key */
    COLUMNS_BY_KEY,   /* by key, or in any order: the records need nothing for another */
};

struct columns_options {
    const struct column *columns; /* at least one; they and their texts must outlive what is made */
    size_t count;
    size_t field_count; /* of a row */
    uint64_t min_count; /* keys with a lower count give no result, */
    enum columns_order order;
    uint64_t max_count; /* nor those with a higher one; 0: no limit */
    bool total;         /* the first column, a sum, is added up over all keys: columns_total */
};

struct columns;

/* Returns 0 and sets *columns, or -1 with *error filled (MR_NOMEM). Any number of threads may use
 * it. */
int columns_open(const struct columns_options *options, struct columns **columns,
                 struct mr_error *error);
/* NULL is allowed. */
void columns_close(struct columns *columns);

/* Whether a column needs more than can be combined two by two. */
bool columns_need_pairs(const struct columns *columns);
/* Whether rows of that field must hold a number: all but those for COLUMN_DISTINCT alone. */
bool columns_is_number(const struct columns *columns, size_t field);

/* ---- Values --------------------------------------------------------------------------------- */

/* Bytes of a value, a multiple of 8. */
size_t columns_value_size(const struct columns *columns);
/* The add_tag and the add_guard of a job of such values (mapreduce.h). */
uint64_t columns_add_tag(const struct columns *columns);
uint64_t columns_add_guard(const struct columns *columns);

/* What is written of a row that is not taken: "there is no field 10", "field 10 is no number:
 * 'TEXT'". */
#define COLUMNS_REASON_ROOM 256

/* Makes values of `rows` rows: fields[row * field_count + i] is field i of a row, its data NULL
 * where the row has none, else with MR_PAD bytes behind it that can be read; `values` has room for
 * `rows` times `stride` bytes, and the value of each row is at its multiple of stride, aligned to
 * 8. `numbers`, which may be NULL, receives the numbers that were read, as the fields are laid out;
 * those of fields that need be none are left as they are. Returns how many rows were taken before
 * the first that is wrong, of which `reason` then tells (NULL: nobody wants to know): `rows` where
 * all are right. */
size_t columns_parse(const struct columns *columns, const struct mr_bytes *fields, size_t rows,
                     void *values, size_t stride, struct decimal *numbers,
                     char reason[COLUMNS_REASON_ROOM]);
/* The same with values side by side and no numbers; `columns` is a struct columns. */
size_t columns_rows(void *columns, const struct mr_bytes *fields, size_t rows, void *values,
                    char reason[COLUMNS_REASON_ROOM]);

/* A job's mr_combine; `columns` is a struct columns. A value may name what lies elsewhere: it can
 * be moved, but is combined once, and once it has been it is no value any more. Where pairs are
 * needed, values of which all words but the first are 0 are those of rows in which no column but
 * the count takes part: so are sums of them. */
void columns_combine(void *columns, void *into, const void *from);

/* The count in a value; 0 where none is kept. */
uint64_t columns_count(const struct columns *columns, const void *value);

/* ---- Results -------------------------------------------------------------------------------- */

/* A job's mr_open and mr_reduce for values as above; `columns` is a struct columns. Nothing is to
 * be closed. */
int columns_reducer_open(void *columns, void **state, struct mr_error *error);
int columns_reduce(void *columns, void *state, const void *key, size_t key_size,
                   struct mr_values *values, struct mr_results *results, struct mr_error *error);

/* A job's mr_rank, where columns_ranks says that there is one: for sums, means and counts of one
 * field. `columns` is a struct columns. */
bool columns_ranks(const struct columns *columns);
uint64_t columns_rank(void *columns, const void *value, unsigned char *payload,
                      size_t *payload_size);

/* The parts of columns_reduce, for who has quantiles and distinct values as well: sets in numbers[]
 * (one for each column) what the value says, and leaves the others. `total` is the state of the
 * reducer. Returns 0, or fails: a sum with too many digits, or where there is a total a negative
 * one, whose message names the key, or memory that could not be had. */
int columns_finish(const struct columns *columns, void *total, const void *key, size_t key_size,
                   const void *value, struct decimal *numbers, struct mr_error *error);
/* Puts the result of a key, one number for each column. Returns 0, or fails. */
int columns_put(const struct columns *columns, struct mr_results *results, const void *key,
                size_t key_size, const struct decimal *numbers, struct mr_error *error);

/* The sum of the first column over all keys, those without a result too, where it is wanted: when
 * all have been reduced. As many decimals as the number that has most. Returns 0, or fails where it
 * has more than DECIMAL_DIGITS digits. */
int columns_total(const struct columns *columns, struct decimal *total, struct mr_error *error);

/* The order of a job with such results: MR_ORDER_RANK for COLUMNS_BY_FIRST, MR_ORDER_KEY else (or
 * MR_ORDER_NONE, where the caller wants none). Under COLUMNS_BY_FIRST the record's rank is the
 * first 8 bytes of the first column's bare code, what is left of that stands, complemented, before
 * the key, and the payload is the columns' texts but for what the code says of the first one. Or
 * it is what columns_rank has packed. */
enum mr_order columns_mr_order(const struct columns *columns);

/* What columns_record may write beside the payload. */
size_t columns_record_room(const struct columns *columns);

/* The key of such a record and the texts of its columns, which TABs divide; `texts` has room for
 * the payload and columns_record_room. Returns the size of the texts. */
size_t columns_record(const struct columns *columns, const struct mr_record *record,
                      struct mr_bytes *key, unsigned char *texts);

#endif
