/* SPDX-License-Identifier: MIT
 *
 * decimal - see decimal.h; reading is decimal_parse.c, codes are decimal_code.c.
 */
#include "values/decimal.h"

#include <stdbool.h>
#include <string.h>

#include "base/digits.h"

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

/* Writes a number below 10^width with zeros before it; returns the end. */
static unsigned char *put_padded(unsigned char *out, uint64_t number, unsigned width)
{
    const unsigned own = digits_width(number);

    if (own < width)
        memset(out, '0', width - own);
    return digits_put(out + width - own, number, own);
}

static unsigned char *put_whole(unsigned char *out, unsigned __int128 number)
{
    if (number <= UINT64_MAX)
        return digits_put(out, (uint64_t)number, digits_width((uint64_t)number));
    out = put_whole(out, number / E18);
    return put_padded(out, (uint64_t)(number % E18), DECIMAL_DECIMALS);
}

size_t decimal_print(const struct decimal *decimal, unsigned char out[DECIMAL_ROOM])
{
    const unsigned scale = decimal->scale;
    unsigned __int128 whole = decimal->digits < 0 ? -(unsigned __int128)decimal->digits
                                                  : (unsigned __int128)decimal->digits;
    uint64_t above = 0;
    unsigned char *p = out;

    if (scale > 0) {
        const uint64_t one = (uint64_t)decimal_powers[scale];
        if (whole <= UINT64_MAX) {
            above = (uint64_t)whole % one; /* a tenth of the time */
            whole = (uint64_t)whole / one;
        } else {
            above = (uint64_t)(whole % one);
            whole /= one;
        }
    }
    if (decimal->digits < 0)
        *p++ = '-';
    p = put_whole(p, whole);
    if (scale > 0) {
        *p++ = '.';
        p = put_padded(p, above, scale);
    }
    return (size_t)(p - out);
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
