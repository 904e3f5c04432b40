/* SPDX-License-Identifier: MIT
 *
 * utf8 - the one decoder. Valid is what RFC 3629 says: shortest form, no
 * surrogates, nothing above U+10FFFF. A byte that begins no valid sequence is invalid by itself
 * and its neighbours get their own chance, so no valid byte is ever lost.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the valid character at p, where `left` > 0 bytes are left, and the code point in
 * *code; 0 when the byte at p is invalid (and *code is untouched). */
static inline size_t utf8_decode(const unsigned char *p, size_t left, uint32_t *code)
{
    uint32_t c = p[0];

    if (c < 0x80) {
        *code = c;
        return 1;
    }
    if (c < 0xC2 || c > 0xF4 || left < 2 || (p[1] & 0xC0) != 0x80)
        return 0;
    if (c < 0xE0) {
        *code = (c & 0x1F) << 6 | (p[1] & 0x3F);
        return 2;
    }
    if (left < 3 || (p[2] & 0xC0) != 0x80)
        return 0;
    if (c < 0xF0) {
        uint32_t v = (c & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
        if (v < 0x800 || (v >= 0xD800 && v <= 0xDFFF))
            return 0;
        *code = v;
        return 3;
    }
    if (left < 4 || (p[3] & 0xC0) != 0x80)
        return 0;
    uint32_t v = (c & 0x07) << 18 | (uint32_t)(p[1] & 0x3F) << 12 | (uint32_t)(p[2] & 0x3F) << 6 |
                 (p[3] & 0x3F);
    if (v < 0x10000 || v > 0x10FFFF)
        return 0;
    *code = v;
    return 4;
}

/* The bytes of the longest character. */
#define UTF8_MOST ((size_t)4)

/* Whether the `left` > 0 bytes at p may be the beginning of a valid character that is longer. */
static inline bool utf8_unfinished(const unsigned char *p, size_t left)
{
    size_t size = p[0] < 0xC2 || p[0] > 0xF4 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;

    if (left >= size)
        return false;
    for (size_t i = 1; i < left; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return false;
    }
    return true;
}

/* Whether data[p] begins a character or is invalid, as against being within a character, whatever
 * stands before data[0] and after data[size]. */
bool utf8_begins(const unsigned char *data, size_t size, size_t p);

/* How many bytes at the start of data[0, size) are valid: all, or those before the first that is
 * not. */
size_t utf8_valid_size(const unsigned char *data, size_t size);
/* How many bytes are not. */
uint64_t utf8_count_invalid(const unsigned char *data, size_t size);

#endif
