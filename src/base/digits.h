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

/* Four numbers below 100 in 16 bits each, the first of them the lowest: the digits of each in two
 * bytes, as numbers from 0 to 9. 103 / 1024 is a tenth that rounds right as far as that. */
static inline uint64_t digits_of_pairs(uint64_t pairs)
{
    const uint64_t tens = pairs * 103 >> 10 & UINT64_C(0x000F000F000F000F);

    return tens | (pairs - 10 * tens) << 8;
}

/* Stores eight bytes, the lowest first. */
static inline void digits_store(unsigned char *out, uint64_t bytes)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    memcpy(out, &bytes, sizeof bytes);
}

#define DIGITS_SHORT 100000000u
#define DIGITS_ZEROS UINT64_C(0x3030303030303030)

/* Writes a number below DIGITS_SHORT, and up to eight bytes; returns the end of the number. Halves,
 * quarters and digits are parted in one word and without branches (P. Khuong, "How to print
 * integers really fast", 2017). */
static inline unsigned char *digits_put_short(unsigned char *out, uint32_t number)
{
    const uint64_t halves = number / 10000 | (uint64_t)(number % 10000) << 32;
    const uint64_t hundreds = halves * 10486 >> 20 & UINT64_C(0x0000007F0000007F);
    const uint64_t digits = digits_of_pairs(hundreds | (halves - 100 * hundreds) << 16);
    /* The last one stays, if all are 0. */
    const unsigned zeros = (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 56) / 8;

    digits_store(out, (digits | DIGITS_ZEROS) >> 8 * zeros);
    return out + 8 - zeros;
}

#endif
