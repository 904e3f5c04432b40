/* SPDX-License-Identifier: MIT
 *
 * decimal_code - see decimal.h.
 *
 * A number is a whole one, rounded down, and what is above that, so that both grow with it, of
 * negative numbers too. Twice the whole one, and one more where decimals follow, is
 *
 *     10vvvvvv                     below 2^6
 *     110vvvvv vvvvvvvv            below 2^13
 *     1110vvvv vvvvvvvv vvvvvvvv   below 2^20
 *     1111nnnn and 3 + n bytes     below 2^128
 *
 * the most significant bit first; below 0 all bits of v less are counted from -1 down and all bytes
 * complemented. Decimals are pairs of digits, a byte each of twice the pair and one more where
 * another follows, without pairs of zeros at the end; then the scale. So 5 comes before 5.0, that
 * before 5.00, and all of them before 5.01. A bare code is that of a number without zeros at the
 * end, whose scale follows from the last pair and is not written.
 */
#include "values/decimal_code.h"

#include "base/digits.h"
#include "values/decimal.h"

#define E16 UINT64_C(10000000000000000)

/* Writes the `size` lowest bytes of a number, the highest of them first, each xored with `flip`. */
static void put_bytes(unsigned char *out, unsigned __int128 number, size_t size, unsigned flip)
{
    for (size_t i = size; i-- > 0; number >>= 8)
        out[i] = (unsigned char)((unsigned)number ^ flip);
}

/* Bytes that a number takes, which is not 0. */
static size_t bytes_of(unsigned __int128 number)
{
    uint64_t high = (uint64_t)(number >> 64);

    if (high != 0)
        return 16 - (size_t)__builtin_clzll(high) / 8;
    return 8 - (size_t)__builtin_clzll((uint64_t)number) / 8;
}

static size_t put_whole(unsigned char *out, unsigned __int128 number, unsigned flip)
{
    size_t size;

    if (number >> 56 == 0) {
        uint64_t word = decimal_code_word((uint64_t)number, &size);
        decimal_code_store(out, flip != 0 ? ~word : word);
        return size;
    }
    size = bytes_of(number);
    out[0] = (unsigned char)((DECIMAL_CODE_LONG + size - DECIMAL_CODE_LEAST) ^ flip);
    put_bytes(out + 1, number, size, flip);
    return size + 1;
}

/* How many bytes of the whole begin with that one, the flip taken away. */
static size_t whole_size(unsigned head)
{
    if (head >= DECIMAL_CODE_LONG)
        return 1 + head - DECIMAL_CODE_LONG + DECIMAL_CODE_LEAST;
    return head >= 0xE0 ? 3 : head >= 0xC0 ? 2 : 1;
}

/* What is xored to all bytes of the whole. */
static unsigned flip_of(const unsigned char *code)
{
    return code[0] < 0x80 ? 0xFF : 0;
}

size_t decimal_code(const struct decimal *decimal, unsigned char out[DECIMAL_CODE_ROOM])
{
    __int128 whole = decimal->digits;
    unsigned flip = whole < 0 ? 0xFF : 0;
    unsigned more = decimal->scale > 0;
    uint64_t rest = 0;

    if (more) {
        __int128 one = (__int128)decimal_powers[decimal->scale];
        if (whole == (int64_t)whole)
            whole = (int64_t)whole / (int64_t)one; /* a tenth of the time */
        else
            whole /= one;
        __int128 above = decimal->digits - whole * one;
        if (above < 0) {
            whole--;
            above += one;
        }
        rest = (uint64_t)above * (uint64_t)decimal_powers[DECIMAL_DECIMALS - decimal->scale];
    }

    /* Below 2 * 10^38, which is below 2^128, either way. */
    unsigned __int128 twice = flip != 0 ? (unsigned __int128)~whole << 1 | (more ^ 1)
                                        : (unsigned __int128)whole << 1 | more;
    size_t size = put_whole(out, twice, flip);

    if (more) {
        do {
            uint64_t pair = rest / E16;
            rest = rest % E16 * 100;
            out[size++] = (unsigned char)(pair << 1 | (rest != 0));
        } while (rest != 0);
        out[size++] = (unsigned char)decimal->scale;
    }
    return size;
}

/* Whether decimals follow a whole of that size. */
static bool has_decimals(const unsigned char *code, size_t size)
{
    return ((code[size - 1] ^ flip_of(code)) & 1) != (flip_of(code) & 1);
}

size_t decimal_code_size(const unsigned char *code)
{
    size_t size = whole_size(code[0] ^ flip_of(code));

    if (!has_decimals(code, size))
        return size;
    while (code[size] & 1)
        size++;
    return size + 2;
}

/* Decodes what comes before a scale. Returns its size; *scale is 0 where no scale follows, and else
 * that which the last pair calls for. */
static size_t decode_parts(const unsigned char *code, __int128 *whole, uint64_t *above,
                           unsigned *scale)
{
    const unsigned flip = flip_of(code);
    size_t size = whole_size(code[0] ^ flip);
    unsigned __int128 twice = 0;
    size_t i = 1;

    if (size <= 3)
        twice = (code[0] ^ flip) & (0xFFu >> (size + 1));
    for (; i < size; i++)
        twice = twice << 8 | (code[i] ^ flip);

    *whole = flip != 0 ? ~(__int128)(twice >> 1) : (__int128)(twice >> 1);
    *above = 0;
    *scale = 0;
    if (!has_decimals(code, size))
        return size;
    for (uint64_t place = E16;; place /= 100) {
        const unsigned pair = code[size] >> 1;
        *above += pair * place;
        *scale += 2;
        if ((code[size++] & 1) == 0) {
            *scale -= pair % 10 == 0;
            return size;
        }
    }
}

static void join_parts(__int128 whole, uint64_t above, unsigned scale, struct decimal *decimal)
{
    decimal->scale = scale;
    decimal->digits = whole * (__int128)decimal_powers[scale] +
                      (__int128)(above / (uint64_t)decimal_powers[DECIMAL_DECIMALS - scale]);
}

size_t decimal_decode(const unsigned char *code, struct decimal *decimal)
{
    __int128 whole;
    uint64_t above;
    unsigned scale;
    size_t size = decode_parts(code, &whole, &above, &scale);

    if (scale > 0)
        scale = code[size++];
    join_parts(whole, above, scale, decimal);
    return size;
}

size_t decimal_code_bare(const struct decimal *stripped, unsigned char out[DECIMAL_CODE_ROOM])
{
    return decimal_code(stripped, out) - (stripped->scale > 0);
}

size_t decimal_decode_bare(const unsigned char *code, struct decimal *stripped)
{
    __int128 whole;
    uint64_t above;
    unsigned scale;
    const size_t size = decode_parts(code, &whole, &above, &scale);

    join_parts(whole, above, scale, stripped);
    return size;
}

#define SHAPE(bytes, head)                                                                         \
    {                                                                                              \
        (uint64_t)(head) << 56, DECIMAL_CODE_BITS + 8 - 8 * (bytes), (bytes)                       \
    }
/* `bytes` and one in front of them. */
#define LONG(bytes) SHAPE((bytes) + 1, DECIMAL_CODE_LONG + (bytes)-DECIMAL_CODE_LEAST)
#define FOUR(...) __VA_ARGS__, __VA_ARGS__, __VA_ARGS__, __VA_ARGS__
#define SEVEN(...) FOUR(__VA_ARGS__), __VA_ARGS__, __VA_ARGS__, __VA_ARGS__
#define EIGHT(...) FOUR(__VA_ARGS__), FOUR(__VA_ARGS__)

const struct decimal_code_shape decimal_code_shapes[DECIMAL_CODE_BITS + 1] = {
    SEVEN(SHAPE(1, 0x80)), SEVEN(SHAPE(2, 0xC0)), SEVEN(SHAPE(3, 0xE0)), FOUR(LONG(3)),
    EIGHT(LONG(4)),        EIGHT(LONG(5)),        EIGHT(LONG(6)),        EIGHT(LONG(7)),
};

#define INVERSE(power, shift)                                                                      \
    {                                                                                              \
        (uint64_t)(((unsigned __int128)1 << (64 + (shift))) / (power) + 1), (shift)                \
    }

/* The shift is the power's logarithm, rounded down: so the factor is the largest that fits, and is
 * off by less than one part in 2^62. */
const struct decimal_code_inverse decimal_code_inverses[DECIMAL_CODE_DECIMALS] = {
    INVERSE(10, 3),     INVERSE(100, 6),     INVERSE(1000, 9),
    INVERSE(10000, 13), INVERSE(100000, 16), INVERSE(1000000, 19),
};

size_t decimal_code_print(uint64_t word, unsigned char out[DECIMAL_ROOM])
{
    const unsigned head = (unsigned)(word >> 56);
    unsigned size = head >= 0xE0 ? 3 : head >= 0xC0 ? 2 : 1;
    uint64_t twice;

    if (head < 0x80 || head > DECIMAL_CODE_LONG + DECIMAL_CODE_WORD - 1 - DECIMAL_CODE_LEAST)
        return 0;
    if (head >= DECIMAL_CODE_LONG) {
        size = 1 + head - DECIMAL_CODE_LONG + DECIMAL_CODE_LEAST;
        twice = (word & UINT64_MAX >> 8) >> 8 * (DECIMAL_CODE_WORD - size);
    } else {
        twice = word << (size + 1) >> (size + 1) >> 8 * (DECIMAL_CODE_WORD - size);
    }
    const uint64_t whole = twice >> 1;
    unsigned char *p = whole < DIGITS_SHORT ? digits_put_short(out, (uint32_t)whole)
                                            : digits_put(out, whole, digits_width(whole));
    if ((twice & 1) == 0)
        return (size_t)(p - out);
    if (size >= DECIMAL_CODE_WORD)
        return 0;
    /* Up to three pairs, or fewer and zeros. */
    const uint64_t rest = word << 8 * size;
    const unsigned first = (unsigned)(rest >> 56), second = (unsigned)(rest >> 48) & 0xFF;
    const unsigned third = (unsigned)(rest >> 40) & 0xFF, more = first & second & 1;
    const unsigned count = 1 + (first & 1) + more;

    if (size + count > DECIMAL_CODE_WORD || (more & third) != 0)
        return 0;
    const uint64_t digits =
        digits_of_pairs(first >> 1 | (uint64_t)(second >> 1) << 16 | (uint64_t)(third >> 1) << 32);
    *p++ = '.';
    digits_store(p, DIGITS_ZEROS | digits);
    p += 2 * (size_t)count - ((digits >> (16 * count - 8) & 0xFF) == 0);
    return (size_t)(p - out);
}
