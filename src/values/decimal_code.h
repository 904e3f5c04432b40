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

/* Millionths as pairs of digits, a byte each, the first of them the highest of three, and the bits
 * of those at the end that are zeros: not of the first one. */
struct decimal_code_pairs {
    uint32_t pairs;
    unsigned zeros;
};

static inline struct decimal_code_pairs decimal_code_pairs(uint32_t millionths)
{
    const uint32_t first = millionths / 10000, others = millionths % 10000;
    const uint32_t pairs = first << 16 | others / 100 << 8 | others % 100;

    /* Comparisons would become branches, and these are unpredictable of means. */
    return (struct decimal_code_pairs){pairs, (unsigned)__builtin_ctz(pairs | 1u << 23) & ~7u};
}

/* The bytes of pairs, each twice the pair and one more where another follows, from the top on. */
static inline uint64_t decimal_code_bytes(struct decimal_code_pairs pairs)
{
    return (uint64_t)(pairs.pairs << 1 | (0x010100u << pairs.zeros & 0xFFFF00u)) << 40;
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
    const struct decimal_code_pairs pairs = decimal_code_pairs(millionths);
    const uint64_t word = decimal_code_word(whole << 1 | 1, size);
    const size_t used = *size + 3 - pairs.zeros / 8;

    if (used >= DECIMAL_CODE_WORD)
        return 0;
    const uint64_t made = word | decimal_code_bytes(pairs) >> 8 * *size |
                          (uint64_t)scale << (DECIMAL_CODE_BITS - 8 * used);
    *size = used + 1;
    return made;
}

/* The word of the bare code of such a number without the zeros at its end. How many these are is as
 * good as random of means, so that there is no branch for it. */
static inline uint64_t decimal_code_bare_digits(uint64_t digits, unsigned scale)
{
    uint32_t millionths = 0;
    size_t size;

    if (digits >= DECIMAL_CODE_SMALL || scale > DECIMAL_CODE_DECIMALS)
        return 0;
    const uint64_t whole = scale > 0 ? decimal_code_part(digits, scale, &millionths) : digits;
    const struct decimal_code_pairs pairs = decimal_code_pairs(millionths);
    const uint64_t word = decimal_code_word(whole << 1 | (millionths != 0), &size);

    if (size + 3 - pairs.zeros / 8 > DECIMAL_CODE_WORD)
        return millionths != 0 ? 0 : word;
    return word | decimal_code_bytes(pairs) >> 8 * size;
}

/* Writes the text of a number, as decimal_print does, whose bare code is whole in a word and has
 * DECIMAL_CODE_DECIMALS at the most. Returns its size; 0 where that is not so, or the number is
 * below 0. */
size_t decimal_code_print(uint64_t word, unsigned char out[DECIMAL_ROOM]);

#endif
