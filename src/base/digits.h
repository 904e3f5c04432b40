/* SPDX-License-Identifier: MIT
 *
 * digits - whole numbers as decimal digits.
 */
#ifndef BASE_DIGITS_H
#define BASE_DIGITS_H

#include <stdint.h>
#include <string.h>

/* Digits of the largest number. */
#define DIGITS_MOST 20

/* 00 to 99. */
extern const char digits_pairs[201] __attribute__((visibility("hidden")));

/* How many digits a number has: 0 has one. */
static inline unsigned digits_width(uint64_t number)
{
    unsigned width = 1;

    for (;;) {
        if (number < 10)
            return width;
        if (number < 100)
            return width + 1;
        if (number < 1000)
            return width + 2;
        if (number < 10000)
            return width + 3;
        number /= 10000;
        width += 4;
    }
}

/* Writes a number of that width; returns the end. No NUL follows. */
static inline unsigned char *digits_put(unsigned char *out, uint64_t number, unsigned width)
{
    unsigned char *p = out + width;

    while (number >= 100) {
        p -= 2;
        memcpy(p, digits_pairs + 2 * (number % 100), 2);
        number /= 100;
    }
    if (number >= 10)
        memcpy(p - 2, digits_pairs + 2 * number, 2);
    else
        p[-1] = (unsigned char)('0' + number);
    return out + width;
}

#endif
