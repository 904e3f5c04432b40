/* SPDX-License-Identifier: MIT
 *
 * case_fold - full case folding, see case_fold.h. Most bytes of most keys are ASCII or fold to
 * themselves, so those two cases come first and copy without branches on the content.
 */
#include "text/case_fold.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "text/unicode/normal_tables.h"
#include "text/unicode/tables.h"
#include "base/utf8.h"

/* Lower-cases the eight ASCII bytes of a word, all at once: adding 0x3F (0x25) carries into bit 7
 * for bytes from 'A' on (past 'Z'); no carry leaves its byte. */
static uint64_t lower8(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101;
    uint64_t upper = (word + ones * (0x80 - 'A')) & ~(word + ones * (0x7F - 'Z')) & (ones * 0x80);

    return word | upper >> 2;
}

size_t case_fold_bytes(const unsigned char *data, size_t size, unsigned char *out)
{
    const unsigned char *p = data, *end = data + size;
    unsigned char *to = out;

    while (p < end) {
        while (end - p >= 8) {
            uint64_t word;
            memcpy(&word, p, 8);
            if (word & 0x8080808080808080)
                break;
            word = lower8(word);
            memcpy(to, &word, 8);
            p += 8;
            to += 8;
        }
        while (p < end && *p < 0x80) {
            *to++ = (unsigned char)(*p | (*p >= 'A' && *p <= 'Z') << 5);
            p++;
        }
        while (p < end && *p >= 0x80) {
            while (end - p > 1 && p[0] >= 0xC2 && p[0] < 0xE0 && (p[1] & 0xC0) == 0x80 &&
                   unicode_fold_second[(p[0] & 0x1F) << 6 | (p[1] & 0x3F)] == 0) {
                memcpy(to, p, 2);
                p += 2;
                to += 2;
            }
            if (p == end)
                break;
            uint32_t code;
            size_t length = utf8_decode(p, (size_t)(end - p), &code);
            unsigned form;

            if (length == 0)
                form = 0, length = 1;
            else
                form = unicode_fold(code);
            if (form == 0) {
                for (size_t i = 0; i < length; i++)
                    to[i] = p[i];
                to += length;
            } else {
                memcpy(to, unicode_folded[form] + 1, 7);
                to += unicode_folded[form][0];
            }
            p += length;
        }
    }
    return (size_t)(to - out);
}

/* U+0345, the iota subscript, and in UTF-8 the iota that it is folded to. */
#define SUBSCRIPT 0x345
static const unsigned char iota[] = {0xCE, 0xB9};

/* Whether a character's folded form ends in an iota that was a subscript: that of U+0345, and of
 * the letters from U+1F80 on that have one. U+1FBE is an iota by itself. */
static bool ends_in_subscript(uint32_t code, const uint8_t *form)
{
    if (code != SUBSCRIPT && (code < 0x1F80 || code > 0x1FFF || form[0] <= sizeof iota))
        return false;
    return memcmp(form + 1 + form[0] - sizeof iota, iota, sizeof iota) == 0;
}

/* Whether there may be a subscript. */
static bool has_subscript(const unsigned char *data, size_t size)
{
    for (size_t i = 0; i + 1 < size; i++) {
        if ((data[i] == 0xCD && data[i + 1] == 0x85) ||
            (data[i] == 0xE1 && (data[i + 1] & 0xFE) == 0xBE))
            return true;
    }
    return false;
}

size_t case_fold_ordered(const unsigned char *data, size_t size, unsigned char *out)
{
    const unsigned char *p = data, *end = data + size;
    unsigned char *to = out;
    size_t waiting = 0; /* subscripts */

    if (!has_subscript(data, size))
        return case_fold_bytes(data, size, out);
    while (p < end) {
        uint32_t code = 0;
        size_t length = utf8_decode(p, (size_t)(end - p), &code);
        unsigned form = length > 0 ? unicode_fold(code) : 0;
        bool mark = length > 0 && unicode_normal(code)->combining != 0;
        for (; !mark && waiting > 0; waiting--, to += sizeof iota)
            memcpy(to, iota, sizeof iota);
        if (length == 0)
            length = 1;
        if (form == 0) {
            for (size_t i = 0; i < length; i++)
                *to++ = p[i];
        } else {
            size_t bytes = unicode_folded[form][0];
            if (ends_in_subscript(code, unicode_folded[form])) {
                bytes -= sizeof iota;
                waiting++;
            }
            memcpy(to, unicode_folded[form] + 1, bytes);
            to += bytes;
        }
        p += length;
    }
    for (; waiting > 0; waiting--, to += sizeof iota)
        memcpy(to, iota, sizeof iota);
    return (size_t)(to - out);
}
