/* SPDX-License-Identifier: MIT
 *
 * sums - exact sums of decimal numbers in 16 bytes, and the least and the greatest of them.
 *
 * A sum lies in two words: a magnitude of 122 bits, its sign and its scale, the last two in the
 * lowest bits, so that small sums have few significant bytes. What does not fit, as where scales
 * are far apart, is in a cell of 256 bits beside, and the words say where. A cell has one owner,
 * the sum that names it, which is moved but not copied: it is added to another once, and is used
 * up by that. It takes 48 bytes, beside any budget of memory.
 *
 * Whatever the order in which numbers are added, the sum is the same: nothing is rounded, and
 * nothing overflows below 2^64 numbers.
 */
#ifndef VALUES_SUMS_H
#define VALUES_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "values/decimal.h"

/* Where cells are. Any number of threads may use it at once; ordinary sums never lock anything. */
struct sums;

/* Returns NULL when memory is out. */
struct sums *sums_open(void);
/* Frees all cells. NULL is allowed. */
void sums_close(struct sums *sums);
/* Whether memory for a cell could not be had: then sums are wrong, and what came of them must not
 * be used. Once true it stays so. */
bool sums_failed(const struct sums *sums);

/* low: from its lowest bit on the scale (5 bits), the sign (1), the low 58 bits of the magnitude;
 * high: its other 64 bits. Or low is SUM_CELL and high the address of a cell. 0 is all zero but for
 * its scale. */
struct sum {
    uint64_t low, high;
};

#define SUM_SCALE UINT64_C(31)
#define SUM_SIGN UINT64_C(32)
#define SUM_CELL UINT64_C(31) /* no scale is as large */
#define SUM_LOW_BITS 58       /* of the magnitude, which lie in `low` */
#define SUM_TAG_BITS 6        /* below them */

/* A sum and how many numbers it is of, in two words as well. low: as above; more: from its lowest
 * bit on the count (31 bits), a 0, the bits of the magnitude that are above those in low (30),
 * another 0. Or more is SUM_COUNTED_CELL and the count, and low the address of a cell. */
struct sum_counted {
    uint64_t low, more;
};

#define SUM_COUNTED_BITS 31       /* of the count */
#define SUM_COUNTED_HIGH_BITS 30  /* of the magnitude, */
#define SUM_COUNTED_HIGH_SHIFT 32 /* which begin there */
#define SUM_COUNTED_CELL (UINT64_C(1) << 63)
/* Where these bits of the sum of two second words are 0, that is right, and no cell is named. */
#define SUM_COUNTED_GUARD                                                                          \
    (SUM_COUNTED_CELL | UINT64_C(1) << (SUM_COUNTED_HIGH_SHIFT + SUM_COUNTED_HIGH_BITS) |          \
     UINT64_C(1) << SUM_COUNTED_BITS)

/* What is behind the four functions below where a look at the words does not do. */
void sum_set_any(struct sums *sums, struct sum *sum, const struct decimal *decimal);
void sum_add_any(struct sums *sums, struct sum *into, const struct sum *from);
void sum_least_any(struct sums *sums, struct sum *into, const struct sum *from);
void sum_greatest_any(struct sums *sums, struct sum *into, const struct sum *from);

/* The sum of one number, which is that number with its scale. */
static inline void sum_set(struct sums *sums, struct sum *sum, const struct decimal *decimal)
{
    uint64_t digits = (uint64_t)decimal->digits;

    if (decimal->digits >= 0 && decimal->digits >> SUM_LOW_BITS == 0)
        *sum = (struct sum){digits << SUM_TAG_BITS | decimal->scale, 0};
    else
        sum_set_any(sums, sum, decimal);
}

/* Whether both are one word, and have the same scale and the same sign: no cell does, as its
 * address is not 0. */
static inline bool sum_alike(const struct sum *a, const struct sum *b)
{
    return (a->high | b->high | ((a->low ^ b->low) & (SUM_SCALE | SUM_SIGN))) == 0;
}

/* Adds `from`, which is used up. */
static inline void sum_add(struct sums *sums, struct sum *into, const struct sum *from)
{
    uint64_t low;

    if (sum_alike(into, from) &&
        !__builtin_add_overflow(into->low, from->low & ~(SUM_SCALE | SUM_SIGN), &low))
        into->low = low;
    else
        sum_add_any(sums, into, from);
}

/* Keeps the less of two numbers that sum_set made, or the greater, of equal ones that with fewer
 * decimals. `from` is used up. */
static inline void sum_least(struct sums *sums, struct sum *into, const struct sum *from)
{
    if (!sum_alike(into, from) || (into->low & SUM_SIGN) != 0)
        sum_least_any(sums, into, from);
    else if (from->low < into->low)
        into->low = from->low;
}

static inline void sum_greatest(struct sums *sums, struct sum *into, const struct sum *from)
{
    if (!sum_alike(into, from) || (into->low & SUM_SIGN) != 0)
        sum_greatest_any(sums, into, from);
    else if (from->low > into->low)
        into->low = from->low;
}

/* The same words otherwise: the sum is moved, so that one of both is no sum any more. */
void sum_counted_set(struct sums *sums, struct sum_counted *counted, const struct sum *sum,
                     uint64_t count);
static inline struct sum sum_counted_sum(const struct sum_counted *counted)
{
    if ((counted->more & SUM_COUNTED_CELL) != 0)
        return (struct sum){SUM_CELL, counted->low};
    return (struct sum){counted->low, counted->more >> SUM_COUNTED_HIGH_SHIFT};
}

static inline uint64_t sum_counted_count(const struct sum_counted *counted)
{
    return (counted->more & SUM_COUNTED_CELL) != 0 ? counted->more & ~SUM_COUNTED_CELL
                                                   : (uint32_t)counted->more;
}

/* Adds `from`, which is used up, and its count. */
void sum_counted_add(struct sums *sums, struct sum_counted *into, const struct sum_counted *from);

/* The number of which sum_set made it. */
void sum_decimal(const struct sum *sum, struct decimal *decimal);
/* The sum without zeros at the end of its decimals. DECIMAL_TOO_LONG where it has more than
 * DECIMAL_DIGITS digits. */
enum decimal_fault sum_total(const struct sum *sum, struct decimal *total);
/* What means are rounded to, half to even. */
#define SUM_MEAN_DECIMALS 6

/* The absolute value of the mean in units of its last decimal, where words of 64 bits are enough,
 * as they mostly are; else false. */
static inline bool sum_mean_word(const struct sum *sum, uint64_t count, uint64_t *mean)
{
    const unsigned scale = (unsigned)(sum->low & SUM_SCALE);
    uint64_t digits = sum->low >> SUM_TAG_BITS;

    if (sum->high != 0 || scale > SUM_MEAN_DECIMALS ||
        __builtin_mul_overflow(digits, (uint64_t)decimal_powers[SUM_MEAN_DECIMALS - scale],
                               &digits))
        return false;
    const uint64_t quotient = digits / count, rest = digits % count;
    /* More than half, or half and odd: a branch would be an unpredictable one. */
    *mean = quotient + (rest > count - rest - (quotient & 1));
    return true;
}

/* The sum divided by `count`, which is not 0, rounded so, without zeros at the end. Returns as
 * sum_total, for the mean. */
enum decimal_fault sum_mean(const struct sum *sum, uint64_t count, struct decimal *mean);

#endif
