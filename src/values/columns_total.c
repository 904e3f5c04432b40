/* SPDX-License-Identifier: MIT
 *
 * columns_total - a sum over all keys; see columns_total.h.
 */
#include "values/columns_total.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/excerpt.h"
#include "values/wide.h"

/* Numbers have 56 digits at most at the scale of DECIMAL_DECIMALS, so that 2^64 of them fit. */
struct columns_total {
    struct columns_total *next;
    struct wide sum;     /* in units of that scale */
    unsigned most_scale; /* of a number that was added */
};

struct columns_totals {
    _Atomic(struct columns_total *) parts;
};

struct columns_totals *columns_totals_open(void)
{
    return calloc(1, sizeof(struct columns_totals));
}

void columns_totals_close(struct columns_totals *totals)
{
    struct columns_total *part = totals != NULL ? atomic_load(&totals->parts) : NULL;

    while (part != NULL) {
        struct columns_total *next = part->next;
        free(part);
        part = next;
    }
    free(totals);
}

struct columns_total *columns_totals_part(struct columns_totals *totals)
{
    struct columns_total *part = calloc(1, sizeof *part);

    if (part == NULL)
        return NULL;
    part->next = atomic_load(&totals->parts);
    while (!atomic_compare_exchange_weak(&totals->parts, &part->next, part)) {
    }
    return part;
}

int columns_total_add(struct columns_total *total, const struct column *column, const void *key,
                      size_t key_size, const struct decimal *number, struct mr_error *error)
{
    struct wide wide = wide_of(number->digits);

    if (number->digits < 0) {
        char excerpt[EXCERPT_ROOM];
        excerpt_write(key, key_size, excerpt);
        return mr_fail(error, 0, "the sum of %s for key '%s' is negative, and has no share of all",
                       column->what, excerpt);
    }
    wide_multiply(&wide, (uint64_t)decimal_powers[DECIMAL_DECIMALS - number->scale]);
    wide_add(&total->sum, &wide);
    if (number->scale > total->most_scale)
        total->most_scale = number->scale;
    return 0;
}

enum decimal_fault columns_totals_sum(const struct columns_totals *totals, struct decimal *sum)
{
    struct wide all = wide_of(0);

    sum->scale = 0;
    for (const struct columns_total *part = atomic_load(&totals->parts); part != NULL;
         part = part->next) {
        wide_add(&all, &part->sum);
        if (part->most_scale > sum->scale)
            sum->scale = part->most_scale;
    }
    (void)wide_divide(&all, decimal_powers[DECIMAL_DECIMALS - sum->scale]);
    if (!wide_narrow(&all, &sum->digits) ||
        (unsigned __int128)sum->digits >= decimal_powers[DECIMAL_DIGITS])
        return DECIMAL_TOO_LONG;
    return DECIMAL_OK;
}
