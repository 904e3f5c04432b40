/* SPDX-License-Identifier: MIT
 *
 * amount - exact numbers and shares; see amount.h.
 */
#include "cli/amount.h"

#include <string.h>

/* Below this, 10000 times a number fits 64 bits, in which dividing is several times as fast. */
#define AMOUNT_SMALL ((amount)1 << 50)

unsigned amount_scale(const unsigned char *text, size_t size)
{
    const unsigned char *point = memchr(text, '.', size);

    return point != NULL ? (unsigned)(text + size - point - 1) : 0;
}

/* Appends a digit; false where there are too many. */
static bool amount_append(amount *number, unsigned digit)
{
    static const amount tenth = (amount)10000000000000000000u * 1000000000000000000u; /* 10^37 */

    if (*number >= tenth)
        return false;
    *number = *number * 10 + digit;
    return true;
}

bool amount_read(const unsigned char *text, size_t size, unsigned scale, amount *number)
{
    const unsigned decimals = amount_scale(text, size);
    amount read = 0;

    if (size == 0 || decimals > scale)
        return false;
    for (size_t i = 0; i < size; i++) {
        const unsigned digit = (unsigned)(text[i] - '0');
        if (text[i] == '.' && i + decimals + 1 == size)
            continue;
        if (digit > 9 || !amount_append(&read, digit))
            return false;
    }
    for (unsigned i = decimals; i < scale; i++)
        if (!amount_append(&read, 0))
            return false;
    *number = read;
    return true;
}

size_t amount_write(amount number, unsigned scale, unsigned char out[AMOUNT_ROOM])
{
    unsigned char digits[AMOUNT_ROOM];
    unsigned char *const end = digits + sizeof digits;
    unsigned char *p = end;

    for (; scale > 0 && number % 10 == 0; scale--)
        number /= 10;
    for (unsigned left = scale; number > 0 || p == end || left > 0;) {
        *--p = (unsigned char)('0' + (unsigned)(number % 10));
        number /= 10;
        if (left == 0)
            continue;
        if (--left == 0) {
            *--p = '.';
            if (number == 0)
                *--p = '0';
        }
    }
    memcpy(out, p, (size_t)(end - p));
    return (size_t)(end - p);
}

/* The whole part of part * units / whole, and what is left of it, by adding: the product may need
 * more than 128 bits, twice the whole does not. */
static unsigned amount_divide(amount part, amount whole, unsigned units, amount *rest)
{
    unsigned quotient = 0;
    amount left = 0;

    for (unsigned bit = 1u << 16; bit > 0; bit >>= 1) {
        left *= 2;
        quotient *= 2;
        if (left >= whole) {
            left -= whole;
            quotient++;
        }
        if ((units & bit) == 0)
            continue;
        left += part;
        if (left >= whole) {
            left -= whole;
            quotient++;
        }
    }
    *rest = left;
    return quotient;
}

static unsigned amount_divide_any(amount part, amount whole, unsigned units, amount *rest)
{
    if (whole >= AMOUNT_SMALL || units > 10000)
        return amount_divide(part, whole, units, rest);
    const uint64_t product = (uint64_t)part * units;
    *rest = product % (uint64_t)whole;
    return (unsigned)(product / (uint64_t)whole);
}

unsigned amount_share(amount part, amount whole)
{
    amount rest;

    if (whole == 0)
        return 0;
    const unsigned share = amount_divide_any(part, whole, 10000, &rest);
    return share + (2 * rest > whole || (2 * rest == whole && share % 2 == 1));
}

unsigned amount_fit(amount part, amount whole, unsigned units)
{
    amount rest;

    if (whole == 0)
        return 0;
    const unsigned fit = amount_divide_any(part, whole, units, &rest);
    return fit + (2 * rest >= whole);
}

size_t amount_write_share(unsigned share, unsigned char out[AMOUNT_SHARE_ROOM])
{
    const unsigned char digits[AMOUNT_SHARE_ROOM] = {
        (unsigned char)('0' + share / 10000),    (unsigned char)('0' + share / 1000 % 10),
        (unsigned char)('0' + share / 100 % 10), '.',
        (unsigned char)('0' + share / 10 % 10),  (unsigned char)('0' + share % 10)};
    const size_t zeros = share >= 10000 ? 0 : share >= 1000 ? 1 : 2;

    memcpy(out, digits + zeros, sizeof digits - zeros);
    return sizeof digits - zeros;
}
