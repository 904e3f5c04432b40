/* SPDX-License-Identifier: MIT
 *
 * decimal_code - codes of numbers as words: the first eight bytes of one, the highest bits first,
 * so that words are in the order of the numbers. What codes are is said in decimal_code.c.
 */
#ifndef VALUES_DECIMAL_CODE_H
#define VALUES_DECIMAL_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "values/decimal.h"

#define DECIMAL_CODE_WORD 8

/* The first byte of a code whose whole takes so many bytes behind it: that many more than the
 * least. */
#define DECIMAL_CODE_LONG 0xF0
#define DECIMAL_CODE_LEAST 3

/* Whole numbers that are not negative and below this have codes of a word at the most. */
#define DECIMAL_CODE_SMALL (UINT64_C(1) << 55)

/* The word of eight bytes. */
static inline uint64_t decimal_code_load(const unsigned char *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The eight bytes of a word. */
static inline void decimal_code_store(unsigned char *bytes, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(bytes, &word, sizeof word);
}

/* By how many bits a number has, from none to 56: its code's size, how far up the number is in the
 * word, and the bits above it. */
struct decimal_code_shape {
    uint64_t head;
    uint32_t shift, size;
};

#define DECIMAL_CODE_BITS 56
extern const struct decimal_code_shape decimal_code_shapes[DECIMAL_CODE_BITS + 1];

/* The word of a code whose whole and what follows it are `twice`, below 2^56, with zeros behind it.
 * Its size is set in *size. */
static inline uint64_t decimal_code_word(uint64_t twice, size_t *size)
{
    const struct decimal_code_shape *shape =
        &decimal_code_shapes[64 - (unsigned)__builtin_clzll(twice | 1)];

    *size = shape->size;
    return shape->head | twice << shape->shift;
}

/* Numbers of so many decimals at the most are coded in words. */
#define DECIMAL_CODE_DECIMALS 6

/* By decimals from 1 on: what a number below 2^55 is multiplied with, and how far above the lowest
 * 64 bits of that its whole begins (T. Granlund and P. Montgomery, "Division by Invariant Integers
 * using Multiplication", 1994). */
struct decimal_code_inverse {
    uint64_t factor;
    unsigned shift;
};

extern const struct decimal_code_inverse decimal_code_inverses[DECIMAL_CODE_DECIMALS];

/* Parts a number of so many decimals, not 0, into its whole and what is above, in millionths. */
static inline uint64_t decimal_code_part(uint64_t digits, unsigned scale, uint32_t *millionths)
{
    const struct decimal_code_inverse *inverse = &decimal_code_inverses[scale - 1];
    const uint64_t whole =
        (uint64_t)((unsigned __int128)digits * inverse->factor >> 64) >> inverse->shift;
    const uint64_t one = (uint64_t)decimal_powers[scale];

    *millionths = (uint32_t)((digits - whole * one) *
                             (uint64_t)decimal_powers[DECIMAL_CODE_DECIMALS - scale]);
    return whole;
}

/* Millionths as pairs of digits. */
struct decimal_code_pairs {
    uint32_t first, second, third;
    unsigned count; /* without pairs of zeros at the end, but one at least */
};

static inline struct decimal_code_pairs decimal_code_pairs(uint32_t millionths)
{
    const uint32_t first = millionths / 10000, others = millionths % 10000;
    const uint32_t second = others / 100, third = others % 100;

    return (struct decimal_code_pairs){first, second, third, 1u + (others != 0) + (third != 0)};
}

/* The word of a code with decimals, and its size in *size, where it holds all of it; else 0. */
static inline uint64_t decimal_code_parts(uint64_t whole, struct decimal_code_pairs pairs,
                                          unsigned scale, size_t *size)
{
    const uint64_t word = decimal_code_word(whole << 1 | 1, size);
    /* A pair of zeros is a byte of zeros. */
    const uint64_t bytes = (uint64_t)(pairs.first << 1 | (pairs.count > 1)) << 16 |
                           (pairs.second << 1 | (pairs.count > 2)) << 8 | pairs.third << 1;
    const size_t used = *size + pairs.count;

    if (used >= DECIMAL_CODE_WORD)
        return 0;
    const uint64_t made =
        word | bytes << 40 >> 8 * *size | (uint64_t)scale << (DECIMAL_CODE_BITS - 8 * used);
    *size = used + 1;
    return made;
}

/* The word of the code of that many digits and decimals, and its size in *size, where it holds all
 * of it; 0 where it does not, or may not. */
static inline uint64_t decimal_code_digits(uint64_t digits, unsigned scale, size_t *size)
{
    uint32_t millionths;

    if (digits >= DECIMAL_CODE_SMALL || scale > DECIMAL_CODE_DECIMALS)
        return 0;
    if (scale == 0)
        return decimal_code_word(digits << 1, size);
    const uint64_t whole = decimal_code_part(digits, scale, &millionths);
    return decimal_code_parts(whole, decimal_code_pairs(millionths), scale, size);
}

/* The same of a number. */
static inline uint64_t decimal_code_short(const struct decimal *decimal)
{
    size_t size;

    if (decimal->digits < 0 || decimal->digits >= (__int128)DECIMAL_CODE_SMALL)
        return 0;
    return decimal_code_digits((uint64_t)decimal->digits, decimal->scale, &size);
}

/* The same of that many digits and decimals, whose zeros at the end are taken off. */
static inline uint64_t decimal_code_stripped(uint64_t digits, unsigned scale)
{
    uint32_t millionths = 0;
    size_t size;

    if (digits >= DECIMAL_CODE_SMALL || scale > DECIMAL_CODE_DECIMALS)
        return 0;
    const uint64_t whole = scale > 0 ? decimal_code_part(digits, scale, &millionths) : digits;
    if (millionths == 0)
        return decimal_code_word(whole << 1, &size);
    const struct decimal_code_pairs pairs = decimal_code_pairs(millionths);
    const uint32_t last = pairs.count > 2   ? pairs.third
                          : pairs.count > 1 ? pairs.second
                                            : pairs.first;
    return decimal_code_parts(whole, pairs, 2 * pairs.count - (last % 10 == 0), &size);
}

/* Writes the text of a number, as decimal_print does, whose code is whole in a word. Returns its
 * size; 0 where the code goes on behind the word, or is of a number below 0. */
size_t decimal_code_print(uint64_t word, unsigned char out[DECIMAL_ROOM]);

#endif
