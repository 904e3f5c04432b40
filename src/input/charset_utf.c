/* SPDX-License-Identifier: MIT
 *
 * charset_utf - UTF-16 and UTF-32 as UTF-8.
 */
#include "input/charset_kind.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Both are written once, for either order of bytes, and compiled for each. */
#define ALWAYS static inline __attribute__((always_inline))

ALWAYS uint32_t utf_unit16(const unsigned char *from, bool big)
{
    return big ? (uint32_t)from[0] << 8 | from[1] : (uint32_t)from[1] << 8 | from[0];
}

ALWAYS uint32_t utf_unit32(const unsigned char *from, bool big)
{
    return big ? utf_unit16(from, big) << 16 | utf_unit16(from + 2, big)
               : utf_unit16(from + 2, big) << 16 | utf_unit16(from, big);
}

ALWAYS unsigned char *utf_put(unsigned char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (unsigned char)c;
    } else if (c < 0x800) {
        *to++ = (unsigned char)(0xC0 | c >> 6);
        *to++ = (unsigned char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *to++ = (unsigned char)(0xE0 | c >> 12);
        *to++ = (unsigned char)(0x80 | (c >> 6 & 0x3F));
        *to++ = (unsigned char)(0x80 | (c & 0x3F));
    } else {
        *to++ = (unsigned char)(0xF0 | c >> 18);
        *to++ = (unsigned char)(0x80 | (c >> 12 & 0x3F));
        *to++ = (unsigned char)(0x80 | (c >> 6 & 0x3F));
        *to++ = (unsigned char)(0x80 | (c & 0x3F));
    }
    return to;
}

ALWAYS unsigned char *utf_put_invalid(unsigned char *to, const unsigned char *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        *to++ = charset_kind_invalid(from[i]);
    return to;
}

ALWAYS bool utf_high(uint32_t unit)
{
    return (unit & 0xFC00) == 0xD800;
}

ALWAYS bool utf_low(uint32_t unit)
{
    return (unit & 0xFC00) == 0xDC00;
}

/* Four units at a time, while they are ASCII; the machine's order of bytes is little-endian where
 * this is of use, and elsewhere it finds none. */
ALWAYS const unsigned char *utf_ascii(const unsigned char *from, const unsigned char *end,
                                      unsigned char **to, bool big)
{
    while (end - from >= 8) {
        uint64_t units;
        memcpy(&units, from, sizeof units);
        if (big)
            units = (units & 0x00FF00FF00FF00FFu) << 8 | (units >> 8 & 0x00FF00FF00FF00FFu);
        if ((units & 0xFF80FF80FF80FF80u) != 0)
            break;
        units = (units | units >> 8) & 0x0000FFFF0000FFFFu;
        const uint32_t bytes = (uint32_t)(units | units >> 16);
        memcpy(*to, &bytes, sizeof bytes);
        *to += sizeof bytes;
        from += 8;
    }
    return from;
}

ALWAYS unsigned char *utf16(const unsigned char *from, size_t size, unsigned char *to, bool big)
{
    const unsigned char *const end = from + size;

    while (end - from >= 2) {
        const uint32_t unit = utf_unit16(from, big);
        if (unit < 0x80) {
            *to++ = (unsigned char)unit;
            from = utf_ascii(from + 2, end, &to, big);
        } else if ((unit & 0xF800) != 0xD800) {
            to = utf_put(to, unit);
            from += 2;
        } else if (utf_high(unit) && end - from >= 4 && utf_low(utf_unit16(from + 2, big))) {
            const uint32_t low = utf_unit16(from + 2, big) & 0x3FF;
            to = utf_put(to, 0x10000 + ((unit & 0x3FF) << 10 | low));
            from += 4;
        } else {
            to = utf_put_invalid(to, from, 2);
            from += 2;
        }
    }
    return utf_put_invalid(to, from, (size_t)(end - from));
}

static unsigned char *utf16le_convert(const struct charset *charset, const unsigned char *from,
                                      size_t size, unsigned char *to)
{
    (void)charset;
    return utf16(from, size, to, false);
}

static unsigned char *utf16be_convert(const struct charset *charset, const unsigned char *from,
                                      size_t size, unsigned char *to)
{
    (void)charset;
    return utf16(from, size, to, true);
}

/* None of two surrogates without the other. */
ALWAYS size_t utf16_whole(const unsigned char *bytes, size_t size, bool big)
{
    size &= ~(size_t)1;
    return size > 0 && utf_high(utf_unit16(bytes + size - 2, big)) ? size - 2 : size;
}

static size_t utf16le_whole(const struct charset *charset, const unsigned char *bytes, size_t size)
{
    (void)charset;
    return utf16_whole(bytes, size, false);
}

static size_t utf16be_whole(const struct charset *charset, const unsigned char *bytes, size_t size)
{
    (void)charset;
    return utf16_whole(bytes, size, true);
}

ALWAYS unsigned char *utf32(const unsigned char *from, size_t size, unsigned char *to, bool big)
{
    const unsigned char *const end = from + size;

    for (; end - from >= 4; from += 4) {
        const uint32_t c = utf_unit32(from, big);
        if (c < 0xD800 || (c >= 0xE000 && c < 0x110000))
            to = utf_put(to, c);
        else
            to = utf_put_invalid(to, from, 4);
    }
    return utf_put_invalid(to, from, (size_t)(end - from));
}

static unsigned char *utf32le_convert(const struct charset *charset, const unsigned char *from,
                                      size_t size, unsigned char *to)
{
    (void)charset;
    return utf32(from, size, to, false);
}

static unsigned char *utf32be_convert(const struct charset *charset, const unsigned char *from,
                                      size_t size, unsigned char *to)
{
    (void)charset;
    return utf32(from, size, to, true);
}

static size_t utf32_whole(const struct charset *charset, const unsigned char *bytes, size_t size)
{
    (void)charset;
    (void)bytes;
    return size & ~(size_t)3;
}

const struct charset charset_kind_utf16le = {
    .convert = utf16le_convert,
    .growth = 3,
    .unit = 2,
    .little = &charset_kind_utf16le,
    .whole = utf16le_whole,
};
const struct charset charset_kind_utf16be = {
    .convert = utf16be_convert,
    .growth = 3,
    .unit = 2,
    .big = &charset_kind_utf16be,
    .whole = utf16be_whole,
};
const struct charset charset_kind_utf32le = {
    .convert = utf32le_convert,
    .growth = 2,
    .unit = 4,
    .little = &charset_kind_utf32le,
    .whole = utf32_whole,
};
const struct charset charset_kind_utf32be = {
    .convert = utf32be_convert,
    .growth = 2,
    .unit = 4,
    .big = &charset_kind_utf32be,
    .whole = utf32_whole,
};
const struct charset charset_kind_utf8 = {.unit = 1};
/* Without a mark, the order of this machine's iconv. */
const struct charset charset_kind_utf16 = {
    .unit = 2,
    .little = &charset_kind_utf16le,
    .big = &charset_kind_utf16be,
};
const struct charset charset_kind_utf32 = {
    .unit = 4,
    .little = &charset_kind_utf32le,
    .big = &charset_kind_utf32be,
};
