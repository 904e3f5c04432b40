/* SPDX-License-Identifier: MIT
 *
 * sums - see sums.h.
 */
#include "values/sums.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/thread.h"
#include "values/wide.h"

#define MAGNITUDE_BITS (SUM_LOW_BITS + 64)
#define COUNTED_BITS (SUM_LOW_BITS + SUM_COUNTED_HIGH_BITS)

/* Where threads that need cells at once find some; two that share one wait for each other. */
#define SHARDS 32
/* Cells that are had from the system at once: some 4 KiB. */
#define BLOCK_CELLS 84

/* A number at a scale; while it is free, the next that is. */
struct cell {
    union {
        struct wide wide;
        struct cell *next;
    } as;
    uint64_t scale;
};

struct block {
    struct block *next;
    struct cell cells[BLOCK_CELLS];
};

struct shard {
    struct thread_mutex lock; /* of all that follows */
    struct cell *unused;
    struct block *blocks;
};

struct sums {
    atomic_bool failed;
    unsigned opened; /* shards with a lock */
    struct shard shards[SHARDS];
};

struct sums *sums_open(void)
{
    struct sums *sums = calloc(1, sizeof *sums);

    if (sums == NULL)
        return NULL;
    atomic_init(&sums->failed, false);
    for (; sums->opened < SHARDS; sums->opened++) {
        if (thread_mutex_open(&sums->shards[sums->opened].lock) != 0) {
            sums_close(sums);
            return NULL;
        }
    }
    return sums;
}

void sums_close(struct sums *sums)
{
    if (sums == NULL)
        return;
    for (unsigned i = 0; i < sums->opened; i++) {
        struct block *next;
        for (struct block *block = sums->shards[i].blocks; block != NULL; block = next) {
            next = block->next;
            free(block);
        }
        thread_mutex_close(&sums->shards[i].lock);
    }
    free(sums);
}

bool sums_failed(const struct sums *sums)
{
    return atomic_load_explicit(&sums->failed, memory_order_relaxed);
}

/* ---- Cells ---------------------------------------------------------------------------------- */

/* That of the calling thread. A cell may come from one and go to another. */
static struct shard *shard_of(struct sums *sums)
{
    uint64_t self = (uint64_t)(uintptr_t)thread_self();

    return &sums->shards[(self * UINT64_C(0x9E3779B97F4A7C15)) >> 32 & (SHARDS - 1)];
}

/* NULL when memory is out, which is kept in mind. */
static struct cell *take_cell(struct sums *sums)
{
    struct shard *shard = shard_of(sums);
    struct cell *cell;

    thread_lock(&shard->lock);
    if (shard->unused == NULL) {
        struct block *block = malloc(sizeof *block);
        if (block != NULL) {
            block->next = shard->blocks;
            shard->blocks = block;
            for (unsigned i = 0; i < BLOCK_CELLS; i++) {
                block->cells[i].as.next = shard->unused;
                shard->unused = &block->cells[i];
            }
        }
    }
    cell = shard->unused;
    if (cell != NULL)
        shard->unused = cell->as.next;
    thread_unlock(&shard->lock);
    if (cell == NULL)
        atomic_store_explicit(&sums->failed, true, memory_order_relaxed);
    return cell;
}

/* The cell that a sum names; NULL where it is in its words. */
static struct cell *cell_of(const struct sum *sum)
{
    return sum->low == SUM_CELL ? (struct cell *)(uintptr_t)sum->high : NULL;
}

/* Ends a sum. */
static void drop_cell(struct sums *sums, const struct sum *sum)
{
    struct cell *cell = cell_of(sum);

    if (cell == NULL)
        return;
    struct shard *shard = shard_of(sums);
    thread_lock(&shard->lock);
    cell->as.next = shard->unused;
    shard->unused = cell;
    thread_unlock(&shard->lock);
}

/* ---- What a sum holds ----------------------------------------------------------------------- */

static unsigned __int128 magnitude_of(const struct sum *sum)
{
    return (unsigned __int128)sum->high << SUM_LOW_BITS | sum->low >> SUM_TAG_BITS;
}

/* Of one that names no cell. */
static __int128 digits_of(const struct sum *sum)
{
    __int128 magnitude = (__int128)magnitude_of(sum);

    return (sum->low & SUM_SIGN) != 0 ? -magnitude : magnitude;
}

static unsigned scale_of(const struct sum *sum)
{
    const struct cell *cell = cell_of(sum);

    return cell != NULL ? (unsigned)cell->scale : (unsigned)(sum->low & SUM_SCALE);
}

static struct wide wide_digits_of(const struct sum *sum)
{
    const struct cell *cell = cell_of(sum);

    return cell != NULL ? cell->as.wide : wide_of(digits_of(sum));
}

/* Puts the digits into the words of a sum without a cell, where they have as few bits. */
static bool put_digits(struct sum *sum, __int128 digits, unsigned scale, unsigned bits)
{
    unsigned __int128 magnitude =
        digits < 0 ? -(unsigned __int128)digits : (unsigned __int128)digits;

    if (magnitude >> bits != 0)
        return false;
    sum->low = (uint64_t)magnitude << SUM_TAG_BITS | (digits < 0 ? SUM_SIGN : 0) | scale;
    sum->high = (uint64_t)(magnitude >> SUM_LOW_BITS);
    return true;
}

/* Puts a number where one of any kind is: into words where it has as few bits, and these are not
 * 0, else into a cell. */
static void put_wide(struct sums *sums, struct sum *sum, const struct wide *wide, unsigned scale,
                     unsigned bits)
{
    struct sum old = *sum;
    struct cell *cell;
    __int128 digits;

    if (bits > 0 && wide_narrow(wide, &digits) && put_digits(sum, digits, scale, bits)) {
        drop_cell(sums, &old);
        return;
    }
    cell = cell_of(sum);
    if (cell == NULL)
        cell = take_cell(sums);
    if (cell == NULL) {
        *sum = (struct sum){0, 0};
        return;
    }
    cell->as.wide = *wide;
    cell->scale = scale;
    *sum = (struct sum){SUM_CELL, (uint64_t)(uintptr_t)cell};
}

void sum_set_any(struct sums *sums, struct sum *sum, const struct decimal *decimal)
{
    if (!put_digits(sum, decimal->digits, decimal->scale, MAGNITUDE_BITS)) {
        struct wide wide = wide_of(decimal->digits);
        *sum = (struct sum){0, 0};
        put_wide(sums, sum, &wide, decimal->scale, MAGNITUDE_BITS);
    }
}

/* ---- Adding --------------------------------------------------------------------------------- */

/* Digits at a scale that is larger by `more`; false where they pass those that words have. */
static bool scale_up(__int128 *digits, unsigned more)
{
    unsigned __int128 magnitude =
        *digits < 0 ? -(unsigned __int128)*digits : (unsigned __int128)*digits;
    uint64_t power = (uint64_t)decimal_powers[more];
    unsigned __int128 low = (unsigned __int128)(uint64_t)magnitude * power;
    unsigned __int128 high = (unsigned __int128)(uint64_t)(magnitude >> 64) * power + (low >> 64);

    if (high >> (MAGNITUDE_BITS - 64) != 0)
        return false;
    magnitude = high << 64 | (uint64_t)low;
    *digits = *digits < 0 ? -(__int128)magnitude : (__int128)magnitude;
    return true;
}

/* Adds where one word each is enough for all of it, whatever signs and scales. */
static bool add_words(struct sum *into, const struct sum *from)
{
    int64_t a = (int64_t)(into->low >> SUM_TAG_BITS), b = (int64_t)(from->low >> SUM_TAG_BITS);
    uint64_t scale = into->low & SUM_SCALE, other = from->low & SUM_SCALE;

    if ((into->high | from->high) != 0)
        return false;
    if (scale != other) {
        int64_t *less = scale < other ? &a : &b;
        uint64_t more = scale < other ? other - scale : scale - other;
        if (__builtin_mul_overflow(*less, (int64_t)decimal_powers[more], less))
            return false;
        scale = scale < other ? other : scale;
    }
    a = (into->low & SUM_SIGN) != 0 ? -a : a;
    b = (from->low & SUM_SIGN) != 0 ? -b : b;
    if (__builtin_add_overflow(a, b, &a))
        return false;
    uint64_t magnitude = a < 0 ? 0 - (uint64_t)a : (uint64_t)a;
    if (magnitude >> SUM_LOW_BITS != 0)
        return false;
    into->low = magnitude << SUM_TAG_BITS | (a < 0 ? SUM_SIGN : 0) | scale;
    return true;
}

/* Adds where words hold both at one scale, and what they give. */
static bool add_digits(struct sum *into, const struct sum *from, unsigned bits)
{
    __int128 a = digits_of(into), b = digits_of(from);
    unsigned scale = scale_of(into), other = scale_of(from);

    if (scale < other) {
        if (!scale_up(&a, other - scale))
            return false;
        scale = other;
    } else if (scale > other && !scale_up(&b, scale - other)) {
        return false;
    }
    return put_digits(into, a + b, scale, bits);
}

/* Adds where that takes 128 bits or a cell; `bits` as put_wide. Apart, so that the way of words
 * saves no registers. */
static __attribute__((noinline)) void add_wide(struct sums *sums, struct sum *into,
                                               const struct sum *from, unsigned bits)
{
    if (bits > 0 && cell_of(into) == NULL && cell_of(from) == NULL && add_digits(into, from, bits))
        return;

    struct wide a = wide_digits_of(into), b = wide_digits_of(from);
    unsigned scale = scale_of(into), other = scale_of(from);

    /* A number of 38 digits at scale 18 has 187 bits, and 2^64 of them 251. */
    if (scale < other) {
        wide_multiply(&a, (uint64_t)decimal_powers[other - scale]);
        scale = other;
    } else if (scale > other) {
        wide_multiply(&b, (uint64_t)decimal_powers[scale - other]);
    }
    wide_add(&a, &b);
    put_wide(sums, into, &a, scale, bits);
    drop_cell(sums, from);
}

void sum_add_any(struct sums *sums, struct sum *into, const struct sum *from)
{
    if (!add_words(into, from))
        add_wide(sums, into, from, MAGNITUDE_BITS);
}

/* ---- With a count --------------------------------------------------------------------------- */

static bool is_small_count(uint64_t count)
{
    return count >> SUM_COUNTED_BITS == 0;
}

void sum_counted_set(struct sums *sums, struct sum_counted *counted, const struct sum *sum,
                     uint64_t count)
{
    struct sum put = *sum;

    if (cell_of(&put) == NULL &&
        (put.high >> SUM_COUNTED_HIGH_BITS != 0 || !is_small_count(count))) {
        const struct wide wide = wide_digits_of(&put);
        put_wide(sums, &put, &wide, scale_of(&put), 0);
    }
    if (cell_of(&put) != NULL)
        *counted = (struct sum_counted){put.high, SUM_COUNTED_CELL | count};
    else
        *counted = (struct sum_counted){put.low, put.high << SUM_COUNTED_HIGH_SHIFT | count};
}

static __attribute__((noinline)) void counted_add_any(struct sums *sums, struct sum_counted *into,
                                                      const struct sum_counted *from)
{
    const uint64_t count = sum_counted_count(into) + sum_counted_count(from);
    const struct sum more = sum_counted_sum(from);
    struct sum sum = sum_counted_sum(into);

    /* What must be in a cell in the end stays there. */
    add_wide(sums, &sum, &more, is_small_count(count) ? COUNTED_BITS : 0);
    sum_counted_set(sums, into, &sum, count);
}

void sum_counted_add(struct sums *sums, struct sum_counted *into, const struct sum_counted *from)
{
    const struct sum more = {from->low, 0};
    struct sum sum = {into->low, 0};

    if (!is_small_count(into->more | from->more) || !is_small_count(into->more + from->more) ||
        !add_words(&sum, &more)) {
        counted_add_any(sums, into, from);
        return;
    }
    into->low = sum.low;
    into->more += from->more;
}

/* ---- Least and greatest --------------------------------------------------------------------- */

/* Less than 0, 0 or more than 0: the order of two numbers that sum_set made. */
static int compare(const struct sum *a, const struct sum *b)
{
    struct decimal left, right;

    if ((a->high | b->high) == 0) {
        /* 58 bits, and 60 of the power. */
        unsigned scale = scale_of(a), other = scale_of(b);
        __int128 x = digits_of(a), y = digits_of(b);
        if (scale < other)
            x *= (__int128)decimal_powers[other - scale];
        else
            y *= (__int128)decimal_powers[scale - other];
        return (x > y) - (x < y);
    }
    sum_decimal(a, &left);
    sum_decimal(b, &right);
    return decimal_compare(&left, &right);
}

/* Leaves the one of both in `into`, whose order is `better`, or of equal ones that with fewer
 * decimals. */
static void keep(struct sums *sums, struct sum *into, const struct sum *from, int better)
{
    int order = compare(from, into);

    if (order == better || (order == 0 && scale_of(from) < scale_of(into))) {
        struct sum taken = *from;
        drop_cell(sums, into);
        *into = taken;
    } else {
        drop_cell(sums, from);
    }
}

void sum_least_any(struct sums *sums, struct sum *into, const struct sum *from)
{
    keep(sums, into, from, -1);
}

void sum_greatest_any(struct sums *sums, struct sum *into, const struct sum *from)
{
    keep(sums, into, from, 1);
}

/* ---- Results -------------------------------------------------------------------------------- */

void sum_decimal(const struct sum *sum, struct decimal *decimal)
{
    struct wide wide = wide_digits_of(sum);

    (void)wide_narrow(&wide, &decimal->digits);
    decimal->scale = scale_of(sum);
}

/* The number without the zeros at the end of its decimals. */
static enum decimal_fault strip(struct wide *wide, unsigned scale, bool negative,
                                struct decimal *decimal)
{
    for (__int128 digits; !wide_narrow(wide, &digits) && scale > 0; scale--) {
        struct wide tenth = *wide;
        if (wide_divide(&tenth, 10) != 0)
            return DECIMAL_TOO_LONG;
        *wide = tenth;
    }
    decimal->scale = scale;
    if (!wide_narrow(wide, &decimal->digits))
        return DECIMAL_TOO_LONG;
    decimal_strip(decimal);
    if ((unsigned __int128)decimal->digits >= decimal_powers[DECIMAL_DIGITS])
        return DECIMAL_TOO_LONG;
    if (negative)
        decimal->digits = -decimal->digits;
    return DECIMAL_OK;
}

/* Makes the digits of a sum those of its absolute value; returns whether it is negative. */
static bool absolute(const struct sum *sum, struct wide *wide)
{
    *wide = wide_digits_of(sum);
    if (!wide_negative(wide))
        return false;
    wide_negate(wide);
    return true;
}

enum decimal_fault sum_total(const struct sum *sum, struct decimal *total)
{
    struct wide wide;
    bool negative;

    if (cell_of(sum) == NULL) {
        *total = (struct decimal){digits_of(sum), scale_of(sum)};
        decimal_strip(total);
        return DECIMAL_OK;
    }
    negative = absolute(sum, &wide);
    return strip(&wide, scale_of(sum), negative, total);
}

/* As sum_mean where words of 64 bits are enough, as they mostly are; else false. */
static bool small_mean(const struct sum *sum, uint64_t count, struct decimal *mean)
{
    uint64_t digits;

    if (!sum_mean_word(sum, count, &digits))
        return false;
    *mean = (struct decimal){(sum->low & SUM_SIGN) != 0 ? -(__int128)digits : (__int128)digits,
                             SUM_MEAN_DECIMALS};
    decimal_strip(mean);
    return true;
}

enum decimal_fault sum_mean(const struct sum *sum, uint64_t count, struct decimal *mean)
{
    if (small_mean(sum, count, mean))
        return DECIMAL_OK;

    static const struct wide one = {{1, 0, 0, 0}};
    unsigned scale = scale_of(sum);
    unsigned __int128 by = count, rest;
    struct wide wide;
    bool negative = absolute(sum, &wide);

    if (scale < SUM_MEAN_DECIMALS)
        wide_multiply(&wide, (uint64_t)decimal_powers[SUM_MEAN_DECIMALS - scale]);
    else
        by *= decimal_powers[scale - SUM_MEAN_DECIMALS]; /* 64 bits and 40 */
    rest = wide_divide(&wide, by);
    if (rest > by - rest || (rest == by - rest && (wide.limbs[0] & 1) != 0))
        wide_add(&wide, &one);
    return strip(&wide, SUM_MEAN_DECIMALS, negative, mean);
}
