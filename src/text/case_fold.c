/* SPDX-License-Identifier: MIT
 *
 * case_fold - full case folding, see case_fold.h. Most bytes of most keys are ASCII or fold to
 * themselves, so those two cases come first and copy without branches on the content.
 */
#include "text/case_fold.h"

#include <stdint.h>
#include <string.h>

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
