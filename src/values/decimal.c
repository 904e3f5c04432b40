/* SPDX-License-Identifier: MIT
 *
 * decimal - see decimal.h; reading is decimal_parse.c, codes are decimal_code.c.
 */
#include "values/decimal.h"

#include <stdbool.h>
#include <string.h>

#define E18 ((unsigned __int128)UINT64_C(1000000000000000000))

const unsigned __int128 decimal_powers[DECIMAL_DIGITS + 1] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    E18,
    E18 * 10,
    E18 * 100,
    E18 * 1000,
    E18 * 10000,
    E18 * 100000,
    E18 * 1000000,
    E18 * 10000000,
    E18 * 100000000,
    E18 * 1000000000,
    E18 * 10000000000,
    E18 * 100000000000,
    E18 * 1000000000000,
    E18 * 10000000000000,
    E18 * 100000000000000,
    E18 * 1000000000000000,
    E18 * 10000000000000000,
    E18 * 100000000000000000,
    E18 *E18,
    E18 *E18 * 10,
    E18 *E18 * 100,
};

/* Writes the digits of a number before `end`, the last one there; returns where they begin. */
static unsigned char *digits_before(unsigned char *end, uint64_t number)
{
    do {
        *--end = (unsigned char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return end;
}

/* The same with zeros before them, from `begin` on. */
static unsigned char *digits_from(unsigned char *begin, unsigned char *end, uint64_t number)
{
    unsigned char *p = digits_before(end, number);

    while (p > begin)
        *--p = '0';
    return p;
}

size_t decimal_print(const struct decimal *decimal, unsigned char out[DECIMAL_ROOM])
{
    /* The digits stand at the end, with zeros before them as far as the point needs some. */
    unsigned char digits[DECIMAL_ROOM], *end = digits + sizeof digits, *p;
    unsigned __int128 rest = decimal->digits < 0 ? -(unsigned __int128)decimal->digits
                                                 : (unsigned __int128)decimal->digits;
    unsigned char *at = end;
    size_t size = 0;

    for (; rest > UINT64_MAX; rest /= (uint64_t)E18) {
        p = at - DECIMAL_DECIMALS;
        at = digits_from(p, at, (uint64_t)(rest % (uint64_t)E18));
    }
    p = digits_before(at, (uint64_t)rest);
    while ((size_t)(end - p) <= decimal->scale)
        *--p = '0';

    if (decimal->digits < 0)
        out[size++] = '-';
    size_t whole = (size_t)(end - p) - decimal->scale;
    memcpy(out + size, p, whole);
    size += whole;
    if (decimal->scale > 0) {
        out[size++] = '.';
        memcpy(out + size, p + whole, decimal->scale);
        size += decimal->scale;
    }
    return size;
}

void decimal_strip(struct decimal *decimal)
{
    /* Most fit a word, which is divided in a tenth of the time. */
    while (decimal->scale > 0 && decimal->digits == (int64_t)decimal->digits) {
        int64_t digits = (int64_t)decimal->digits;
        if (digits % 10 != 0)
            return;
        decimal->digits = digits / 10;
        decimal->scale--;
    }
    while (decimal->scale > 0 && decimal->digits % 10 == 0) {
        decimal->digits /= 10;
        decimal->scale--;
    }
}

int decimal_compare(const struct decimal *a, const struct decimal *b)
{
    __int128 left = a->digits, right = b->digits;

    if (a->scale != b->scale) {
        /* What is before the points, and where that is the same, what is behind them at one
         * scale. */
        __int128 left_one = (__int128)decimal_powers[a->scale];
        __int128 right_one = (__int128)decimal_powers[b->scale];
        left /= left_one;
        right /= right_one;
        if (left == right) {
            left = (a->digits - left * left_one) *
                   (__int128)decimal_powers[DECIMAL_DECIMALS - a->scale];
            right = (b->digits - right * right_one) *
                    (__int128)decimal_powers[DECIMAL_DECIMALS - b->scale];
        }
    }
    return (left > right) - (left < right);
}
