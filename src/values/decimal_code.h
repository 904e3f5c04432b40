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

/* The word of a code whose whole and what follows it are `twice`, below 2^56, with zeros behind it.
 * Its size is set in *size. */
static inline uint64_t decimal_code_word(uint64_t twice, size_t *size)
{
    const unsigned bits = 64 - (unsigned)__builtin_clzll(twice | 1);
    const unsigned bytes = (bits + 7) / 8;

    if (bits > 20) {
        *size = bytes + 1;
        return (uint64_t)(DECIMAL_CODE_LONG + bytes - DECIMAL_CODE_LEAST) << 56 |
               twice << (56 - 8 * bytes);
    }
    *size = bits <= 6 ? 1 : bits <= 13 ? 2 : 3;
    return bits <= 6    ? (0x80 | twice) << 56
           : bits <= 13 ? (0xC000 | twice) << 48
                        : (0xE00000 | twice) << 40;
}

/* Numbers of so many decimals at the most, whose whole is not large, are coded in words. */
#define DECIMAL_CODE_DECIMALS 6
#define DECIMAL_CODE_WHOLE (UINT64_C(1) << 40)

/* The word of a number's code where that holds all of it; 0 where it does not, or may not. */
static inline uint64_t decimal_code_short(const struct decimal *decimal)
{
    const unsigned scale = decimal->scale;
    const uint64_t digits = (uint64_t)decimal->digits;
    size_t size;

    if (decimal->digits < 0 || decimal->digits >= (__int128)DECIMAL_CODE_SMALL ||
        scale > DECIMAL_CODE_DECIMALS)
        return 0;
    if (scale == 0)
        return decimal_code_word(digits << 1, &size);
    const uint64_t one = (uint64_t)decimal_powers[scale], whole = digits / one;
    const uint32_t rest = (uint32_t)((digits - whole * one) *
                                     (uint64_t)decimal_powers[DECIMAL_CODE_DECIMALS - scale]);
    const uint32_t first = rest / 10000, others = rest % 10000, last = others % 100;
    uint64_t word = decimal_code_word(whole << 1 | 1, &size);
    if (size > DECIMAL_CODE_WORD - 4) /* three pairs and the scale follow, at the most */
        return 0;
    word |= (uint64_t)(first << 1 | (others != 0)) << (56 - 8 * size++);
    if (others != 0)
        word |= (uint64_t)(others / 100 << 1 | (last != 0)) << (56 - 8 * size++);
    if (last != 0)
        word |= (uint64_t)(last << 1) << (56 - 8 * size++);
    return word | (uint64_t)scale << (56 - 8 * size);
}

/* The number of a code of which a word holds all, and so that decimal_code_short might have made
 * it; false where it is of another. */
static inline bool decimal_decode_short(uint64_t word, struct decimal *decimal)
{
    const unsigned head = (unsigned)(word >> 56);
    unsigned size = head >= 0xE0 ? 3 : head >= 0xC0 ? 2 : 1, pairs = 0;
    uint64_t twice, above = 0;

    if (head < 0x80 || head > DECIMAL_CODE_LONG + DECIMAL_CODE_WORD - 1 - DECIMAL_CODE_LEAST)
        return false;
    if (head >= DECIMAL_CODE_LONG) {
        size = 1 + head - DECIMAL_CODE_LONG + DECIMAL_CODE_LEAST;
        twice = (word & UINT64_MAX >> 8) >> 8 * (DECIMAL_CODE_WORD - size);
    } else {
        twice = word << (size + 1) >> (size + 1) >> 8 * (DECIMAL_CODE_WORD - size);
    }
    *decimal = (struct decimal){(__int128)(twice >> 1), 0};
    if ((twice & 1) == 0)
        return true;
    if (twice >> 1 >= DECIMAL_CODE_WHOLE)
        return false;
    for (bool more = true; more; pairs++, size++) {
        if (size >= DECIMAL_CODE_WORD - 1)
            return false;
        const unsigned pair = (unsigned)(word >> (56 - 8 * size)) & 0xFF;
        above = above * 100 + (pair >> 1);
        more = (pair & 1) != 0;
    }
    const unsigned scale = (unsigned)(word >> (56 - 8 * size)) & 0xFF;
    if (scale > DECIMAL_CODE_DECIMALS)
        return false;
    /* Pairs have a digit more than the number, or it has zeros behind them. */
    above = scale < 2 * pairs ? above / 10 : above * (uint64_t)decimal_powers[scale - 2 * pairs];
    decimal->digits = (__int128)((twice >> 1) * (uint64_t)decimal_powers[scale] + above);
    decimal->scale = scale;
    return true;
}

#endif
