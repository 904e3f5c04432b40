/* SPDX-License-Identifier: MIT
 *
 * decimal_plain - numbers as nearly all are: a sign or none, digits, and a point or none among
 * them, in at most 16 bytes behind the sign.
 *
 * They are read eight bytes at a time, the point squeezed out by shifting the digits before it. The
 * words are filled from their end, which leaves zeros where a number is short.
 *
 * That three multiplications make a number of eight digits is due to Wojciech Mula and Daniel
 * Lemire ("Quickly parsing eight digits", 2018).
 */
#ifndef VALUES_DECIMAL_PLAIN_H
#define VALUES_DECIMAL_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that may be read behind a text. */
#define DECIMAL_PAD 8

#define DECIMAL_EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))
#define DECIMAL_POINT ((unsigned)'.' ^ '0') /* a point, from which '0' has been taken */

/* The bytes of a word, the first in the lowest bits. */
static inline uint64_t decimal_load_8(const unsigned char *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline uint64_t decimal_load_4(const unsigned char *bytes)
{
    uint32_t word;

    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap32(word);
#endif
    return word;
}

/* The same of 1 to 8 bytes, without a look behind them. */
static inline uint64_t decimal_load_some(const unsigned char *bytes, size_t size)
{
    if (size >= 4)
        return decimal_load_4(bytes) | decimal_load_4(bytes + size - 4) << 8 * (size - 4);
    /* Of one byte all three are the first, of two the last two are the second. */
    return bytes[0] | (uint64_t)bytes[size / 2] << 8 * (size / 2) |
           (uint64_t)bytes[size - 1] << 8 * (size - 1);
}

/* The first 1 to 8 bytes of a word at its end, '0' taken from each, and behind zeros. */
static inline uint64_t decimal_at_end(uint64_t bytes, size_t size)
{
    return (bytes ^ DECIMAL_EIGHT('0')) << (0 - 8 * size) % 64;
}

/* The highest bit of each byte that is no digit, of bytes from which '0' has been taken by xor. The
 * first is exact; behind one above 0x89 others may be marked that are digits. */
static inline uint64_t decimal_no_digits(uint64_t word)
{
    return ((word + DECIMAL_EIGHT(0x76)) | word) & DECIMAL_EIGHT(0x80);
}

/* The number of eight digits, the first in the lowest byte, each from 0 to 9. */
static inline uint64_t decimal_eight_digits(uint64_t word)
{
    word = word * 10 + (word >> 8);
    return ((word & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064) +
            (word >> 16 & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001)) >>
           32;
}

/* Takes the point out of a word, where `wrong`, of decimal_no_digits, is its mark alone: what
 * stands before it moves up, and `before` is put in at the beginning. Returns false where it is no
 * point. */
static inline bool decimal_take_point(uint64_t *word, uint64_t wrong, uint64_t before,
                                      unsigned *decimals)
{
    uint64_t point = wrong >> 7;
    unsigned at = (unsigned)__builtin_ctzll(wrong) & ~7u;

    if ((wrong & (wrong - 1)) != 0 || (*word >> at & 0xFF) != DECIMAL_POINT)
        return false;
    *word = (*word & ~((point << 8) - 1)) | (*word & (point - 1)) << 8 | before;
    *decimals = 7 - at / 8;
    return true;
}

/* Reads digits and a point or none, 8 bytes at the most, as most numbers are. Returns false where
 * it is anything else. DECIMAL_PAD bytes that can be read follow the text. */
static inline bool decimal_plain_short(const unsigned char *text, size_t size, uint64_t *digits,
                                       unsigned *scale)
{
    if (size - 1 >= 8)
        return false;
    uint64_t word = decimal_at_end(decimal_load_8(text), size);
    const uint64_t wrong = decimal_no_digits(word);

    *scale = 0;
    if (wrong != 0 && (size == 1 || !decimal_take_point(&word, wrong, 0, scale)))
        return false;
    *digits = decimal_eight_digits(word);
    return true;
}

/* A number as such a text has it: below 10^16, so 54 bits. */
struct decimal_plain {
    uint64_t digits;
    unsigned scale;
    bool negative; /* with digits of 0, too */
};

/* Reads one of them. Returns false where it is anything else. `padded` says that DECIMAL_PAD bytes
 * that can be read follow the text. */
static inline __attribute__((always_inline)) bool
decimal_plain_read(const unsigned char *text, size_t size, bool padded, struct decimal_plain *plain)
{
    size_t sign = size > 1 && (text[0] == '-' || text[0] == '+');

    plain->negative = sign != 0 && text[0] == '-';
    plain->scale = 0;
    text += sign;
    size -= sign;
    if (size - 1 < 8) {
        uint64_t bytes = padded ? decimal_load_8(text) : decimal_load_some(text, size);
        uint64_t word = decimal_at_end(bytes, size);
        uint64_t wrong = decimal_no_digits(word);

        if (wrong != 0 && (size == 1 || !decimal_take_point(&word, wrong, 0, &plain->scale)))
            return false;
        plain->digits = decimal_eight_digits(word);
        return true;
    }
    if (size - 1 >= 16)
        return false;

    uint64_t first = (decimal_load_8(text) ^ DECIMAL_EIGHT('0')) << 8 * (16 - size);
    uint64_t second = decimal_load_8(text + size - 8) ^ DECIMAL_EIGHT('0');
    uint64_t wrong_first = decimal_no_digits(first), wrong = decimal_no_digits(second);

    if (wrong_first != 0) {
        if (wrong != 0 || !decimal_take_point(&first, wrong_first, 0, &plain->scale))
            return false;
        plain->scale += 8;
    } else if (wrong != 0) {
        if (!decimal_take_point(&second, wrong, first >> 56, &plain->scale))
            return false;
        first <<= 8;
    }
    plain->digits = decimal_eight_digits(first) * 100000000 + decimal_eight_digits(second);
    return true;
}

#endif
