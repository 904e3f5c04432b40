/* SPDX-License-Identifier: MIT
 *
 * decimal_parse - see decimal.h.
 *
 * Nearly all numbers are a sign or none, digits, and a point or none among them, in at most 16
 * bytes: these are read eight bytes at a time, the point squeezed out by shifting the digits before
 * it. The words are filled from their end, which leaves zeros where a number is short. All others,
 * with blanks, exponents or more digits, and all that is no number, go through read_any.
 *
 * That three multiplications make a number of eight digits is due to Wojciech Mula and Daniel
 * Lemire ("Quickly parsing eight digits", 2018).
 */
#include <stdbool.h>
#include <string.h>

#include "values/decimal.h"

#define EIGHT(byte) (UINT64_C(0x0101010101010101) * (byte))
#define POINT ((unsigned)'.' ^ '0') /* a point, from which '0' has been taken */

/* What stands for a huge exponent. It is more than any text has digits, and sums of it with their
 * number do not overflow. */
#define EXPONENT_MOST (INT64_C(1) << 61)

/* The bytes of a word, the first in the lowest bits. */
static inline uint64_t load_8(const unsigned char *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline uint64_t load_4(const unsigned char *bytes)
{
    uint32_t word;

    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap32(word);
#endif
    return word;
}

/* The same of 1 to 8 bytes, without a look behind them. */
static inline uint64_t load_some(const unsigned char *bytes, size_t size)
{
    if (size >= 4)
        return load_4(bytes) | load_4(bytes + size - 4) << 8 * (size - 4);
    /* Of one byte all three are the first, of two the last two are the second. */
    return bytes[0] | (uint64_t)bytes[size / 2] << 8 * (size / 2) |
           (uint64_t)bytes[size - 1] << 8 * (size - 1);
}

/* The highest bit of each byte that is no digit, of bytes from which '0' has been taken by xor. The
 * first is exact; behind one above 0x89 others may be marked that are digits. */
static inline uint64_t no_digits(uint64_t word)
{
    return ((word + EIGHT(0x76)) | word) & EIGHT(0x80);
}

/* The number of eight digits, the first in the lowest byte, each from 0 to 9. */
static inline uint64_t eight_digits(uint64_t word)
{
    word = word * 10 + (word >> 8);
    return ((word & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064) +
            (word >> 16 & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001)) >>
           32;
}

/* Takes the point out of a word, where `wrong`, of no_digits, is its mark alone: what stands before
 * it moves up, and `before` is put in at the beginning. Returns false where it is no point. */
static inline bool take_point(uint64_t *word, uint64_t wrong, uint64_t before, unsigned *decimals)
{
    uint64_t point = wrong >> 7;
    unsigned at = (unsigned)__builtin_ctzll(wrong) & ~7u;

    if ((wrong & (wrong - 1)) != 0 || (*word >> at & 0xFF) != POINT)
        return false;
    *word = (*word & ~((point << 8) - 1)) | (*word & (point - 1)) << 8 | before;
    *decimals = 7 - at / 8;
    return true;
}

/* Reads digits, with or without a point, in 1 to 16 bytes. Returns false where it is anything
 * else. */
static inline bool read_plain(const unsigned char *text, size_t size, uint64_t *digits,
                              unsigned *scale)
{
    *scale = 0;
    if (size <= 8) {
        uint64_t word = (load_some(text, size) ^ EIGHT('0')) << (64 - 8 * size);
        uint64_t wrong = no_digits(word);

        if (wrong != 0 && (size == 1 || !take_point(&word, wrong, 0, scale)))
            return false;
        *digits = eight_digits(word);
        return true;
    }

    uint64_t first = (load_8(text) ^ EIGHT('0')) << 8 * (16 - size);
    uint64_t second = load_8(text + size - 8) ^ EIGHT('0');
    uint64_t wrong_first = no_digits(first), wrong = no_digits(second);

    if (wrong_first != 0) {
        if (wrong != 0 || !take_point(&first, wrong_first, 0, scale))
            return false;
        *scale += 8;
    } else if (wrong != 0) {
        if (!take_point(&second, wrong, first >> 56, scale))
            return false;
        first <<= 8;
    }
    *digits = eight_digits(first) * 100000000 + eight_digits(second);
    return true;
}

/* ---- Any number ----------------------------------------------------------------------------- */

/* How many digits the text begins with. */
static size_t run_of_digits(const unsigned char *text, size_t size)
{
    size_t i = 0;

    while (size - i >= 8 && no_digits(load_8(text + i) ^ EIGHT('0')) == 0)
        i += 8;
    while (i < size && text[i] >= '0' && text[i] <= '9')
        i++;
    return i;
}

static size_t run_of_zeros(const unsigned char *text, size_t size)
{
    size_t i = 0;

    while (size - i >= 8 && load_8(text + i) == EIGHT('0'))
        i += 8;
    while (i < size && text[i] == '0')
        i++;
    return i;
}

/* How many zeros it ends in. */
static size_t zeros_at_end(const unsigned char *text, size_t size)
{
    size_t i = size;

    while (i >= 8 && load_8(text + i - 8) == EIGHT('0'))
        i -= 8;
    while (i > 0 && text[i - 1] == '0')
        i--;
    return size - i;
}

/* The number that has these digits behind it. */
static unsigned __int128 append_digits(unsigned __int128 number, const unsigned char *text,
                                       size_t size)
{
    uint64_t rest = 0;

    for (; size >= 8; text += 8, size -= 8)
        number = number * 100000000 + eight_digits(load_8(text) ^ EIGHT('0'));
    for (size_t i = 0; i < size; i++)
        rest = rest * 10 + (text[i] & 15);
    return number * (uint64_t)decimal_powers[size] + rest;
}

/* What a number's text is made of: digits before and behind its point, and an exponent. */
struct parts {
    bool negative;
    const unsigned char *whole, *fraction;
    size_t whole_size, fraction_size;
    int64_t exponent;
};

/* Reads "e", a sign or none and digits, which end the text. */
static bool read_exponent(const unsigned char *text, size_t size, int64_t *exponent)
{
    size_t i = 1;
    bool negative = false;

    if (i < size && (text[i] == '-' || text[i] == '+'))
        negative = text[i++] == '-';
    if (i == size || run_of_digits(text + i, size - i) < size - i)
        return false;
    *exponent = 0;
    for (; i < size; i++) {
        *exponent = *exponent * 10 + (text[i] - '0');
        if (*exponent > EXPONENT_MOST / 16)
            *exponent = EXPONENT_MOST / 16;
    }
    if (negative)
        *exponent = -*exponent;
    return true;
}

static bool is_blank(unsigned char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Divides the text into its parts; false where it is no number. */
static bool read_parts(const unsigned char *text, size_t size, struct parts *parts)
{
    while (size > 0 && is_blank(*text))
        text++, size--;
    while (size > 0 && (is_blank(text[size - 1]) || text[size - 1] == '\r'))
        size--;

    parts->negative = size > 0 && *text == '-';
    if (size > 0 && (*text == '-' || *text == '+'))
        text++, size--;
    parts->whole = text;
    parts->whole_size = run_of_digits(text, size);
    text += parts->whole_size, size -= parts->whole_size;
    parts->fraction = text;
    parts->fraction_size = 0;
    if (size > 0 && *text == '.') {
        parts->fraction = ++text;
        parts->fraction_size = run_of_digits(text, --size);
        text += parts->fraction_size, size -= parts->fraction_size;
    }
    if (parts->whole_size + parts->fraction_size == 0)
        return false;
    parts->exponent = 0;
    if (size == 0)
        return true;
    return (*text == 'e' || *text == 'E') && read_exponent(text, size, &parts->exponent);
}

/* Apart, so that the way of nearly all numbers saves no registers. */
static __attribute__((noinline)) enum decimal_fault read_any(const unsigned char *text, size_t size,
                                                             struct decimal *decimal)
{
    struct parts parts;

    if (!read_parts(text, size, &parts))
        return DECIMAL_NONE;

    /* Where the point comes to be, counted from the end of all digits. */
    int64_t scale = (int64_t)parts.fraction_size - parts.exponent;
    size_t zeros = run_of_zeros(parts.whole, parts.whole_size);
    parts.whole += zeros, parts.whole_size -= zeros;
    if (parts.whole_size == 0) {
        zeros = run_of_zeros(parts.fraction, parts.fraction_size);
        parts.fraction += zeros, parts.fraction_size -= zeros;
    }
    size_t count = parts.whole_size + parts.fraction_size;
    if (count == 0) {
        decimal->digits = 0;
        decimal->scale = scale >= 0 && scale <= DECIMAL_DECIMALS ? (unsigned)scale : 0;
        return DECIMAL_OK;
    }

    if (scale > 0 && (scale > DECIMAL_DECIMALS || count > DECIMAL_DIGITS)) {
        zeros = zeros_at_end(parts.fraction, parts.fraction_size);
        if (zeros == parts.fraction_size)
            zeros += zeros_at_end(parts.whole, parts.whole_size);
        if (zeros > (uint64_t)scale)
            zeros = (size_t)scale;
        scale -= (int64_t)zeros;
        count -= zeros;
        size_t of_fraction = zeros < parts.fraction_size ? zeros : parts.fraction_size;
        parts.fraction_size -= of_fraction;
        parts.whole_size -= zeros - of_fraction;
    }
    if (count > DECIMAL_DIGITS || scale > DECIMAL_DECIMALS ||
        scale < (int64_t)count - DECIMAL_DIGITS)
        return DECIMAL_TOO_LONG;

    unsigned __int128 digits = append_digits(0, parts.whole, parts.whole_size);
    digits = append_digits(digits, parts.fraction, parts.fraction_size);
    if (scale < 0) {
        digits *= decimal_powers[-scale];
        scale = 0;
    }
    decimal->digits = parts.negative ? -(__int128)digits : (__int128)digits;
    decimal->scale = (unsigned)scale;
    return DECIMAL_OK;
}

enum decimal_fault decimal_parse(const unsigned char *text, size_t size, struct decimal *decimal)
{
    size_t sign = size > 1 && (text[0] == '-' || text[0] == '+');
    uint64_t digits;
    unsigned scale;

    if (size - sign - 1 >= 16 || !read_plain(text + sign, size - sign, &digits, &scale))
        return read_any(text, size, decimal);
    decimal->digits = sign != 0 && text[0] == '-' ? -(__int128)digits : (__int128)digits;
    decimal->scale = scale;
    return DECIMAL_OK;
}
