/* SPDX-License-Identifier: MIT
 *
 * decimal_parse - see decimal.h. What decimal_plain.h does not read is read here: numbers with
 * blanks, exponents or many digits, and all that is no number.
 */
#include <stdbool.h>
#include <string.h>

#include "values/decimal.h"
#include "values/decimal_plain.h"

/* What stands for a huge exponent. It is more than any text has digits, and sums of it with their
 * number do not overflow. */
#define EXPONENT_MOST (INT64_C(1) << 61)

/* How many digits the text begins with. */
static size_t run_of_digits(const unsigned char *text, size_t size)
{
    size_t i = 0;

    while (size - i >= 8 && decimal_no_digits(decimal_load_8(text + i) ^ DECIMAL_EIGHT('0')) == 0)
        i += 8;
    while (i < size && text[i] >= '0' && text[i] <= '9')
        i++;
    return i;
}

static size_t run_of_zeros(const unsigned char *text, size_t size)
{
    size_t i = 0;

    while (size - i >= 8 && decimal_load_8(text + i) == DECIMAL_EIGHT('0'))
        i += 8;
    while (i < size && text[i] == '0')
        i++;
    return i;
}

/* How many zeros it ends in. */
static size_t zeros_at_end(const unsigned char *text, size_t size)
{
    size_t i = size;

    while (i >= 8 && decimal_load_8(text + i - 8) == DECIMAL_EIGHT('0'))
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
        number =
            number * 100000000 + decimal_eight_digits(decimal_load_8(text) ^ DECIMAL_EIGHT('0'));
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
    struct decimal_plain plain;

    if (!decimal_plain_read(text, size, false, &plain))
        return read_any(text, size, decimal);
    decimal->digits = plain.negative ? -(__int128)plain.digits : (__int128)plain.digits;
    decimal->scale = plain.scale;
    return DECIMAL_OK;
}
