/* SPDX-License-Identifier: MIT
 *
 * columns_total - the sum of one column's numbers over all keys, of which results are shares. Each
 * reducer adds to a part of its own.
 */
#ifndef VALUES_COLUMNS_TOTAL_H
#define VALUES_COLUMNS_TOTAL_H

#include <stddef.h>

#include "engine/mapreduce.h"
#include "values/columns.h"

struct columns_totals;
struct columns_total;

/* Returns NULL when memory is out. */
struct columns_totals *columns_totals_open(void);
/* Frees all parts. NULL is allowed. */
void columns_totals_close(struct columns_totals *totals);

/* Makes a part, for a thread to add to. Any number may at once. NULL when memory is out. */
struct columns_total *columns_totals_part(struct columns_totals *totals);

/* Adds the number that a key has in the column. Returns 0, or fails where that is negative, as
 * negative numbers have no shares. */
int columns_total_add(struct columns_total *total, const struct column *column, const void *key,
                      size_t key_size, const struct decimal *number, struct mr_error *error);

/* What all parts sum to, with as many decimals as the number that had most. Returns
 * DECIMAL_TOO_LONG where it has more than DECIMAL_DIGITS digits. When no one adds any more. */
enum decimal_fault columns_totals_sum(const struct columns_totals *totals, struct decimal *sum);

#endif
