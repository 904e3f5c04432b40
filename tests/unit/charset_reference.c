/* SPDX-License-Identifier: MIT
 *
 * charset_reference - text converted all at once; see charset_reference.h.
 */
#include "unit/charset_reference.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

const struct charset_reference charset_references[] = {
    {"UTF-16LE", 2, 1, 0, NULL, false},   {"utf16be", 2, 1, 0, "UTF-16BE", false},
    {"UTF-16", 2, 1, 0, NULL, true},      {"UTF-32LE", 4, 1, 0, NULL, false},
    {"UTF-32BE", 4, 1, 0, NULL, false},   {"UTF-32", 4, 1, 0, NULL, true},
    {"ISO-8859-1", 1, 1, 0, NULL, false}, {"windows-1252", 1, 1, 0, NULL, false},
    {"KOI8-R", 1, 1, 0, NULL, false},     {"US-ASCII", 1, 1, 0, NULL, false},
    {"IBM037", 1, 1, 0, NULL, false},     {"SHIFT_JIS", 1, 0, 0, NULL, false},
    {"GB18030", 1, 0, 0, NULL, false},    {"EUC-JP", 1, 0, 0, NULL, false},
    {"BIG5", 1, 0, 0, NULL, false},       {"ISO-2022-JP", 1, 0, 0, NULL, false},
    {"UTF-7", 1, 0, 0, NULL, false},      {"UCS-2LE", 2, 0, 0, NULL, false},
    {"UCS-4BE", 4, 0, 0, NULL, false},    {"WINDOWS-1255", 1, 0, 1, NULL, false},
};
const size_t charset_references_count = sizeof charset_references / sizeof *charset_references;

/* Whether a text begins with a mark that iconv takes off. */
static bool charset_reference_marked(const struct charset_reference *charset,
                                     const unsigned char *bytes, size_t size)
{
    static const unsigned char marks[][4] = {"\xff\xfe", "\xfe\xff", "\xff\xfe\0", "\0\0\xfe\xff"};

    for (size_t i = charset->unit == 4 ? 2 : 0; i < (charset->unit == 4 ? 4u : 2u); i++)
        if (size >= charset->unit && memcmp(bytes, marks[i], charset->unit) == 0)
            return true;
    return false;
}

/* More than any byte becomes. */
#define GROWTH 16

unsigned char *charset_reference_convert(const struct charset_reference *charset,
                                         const unsigned char *bytes, size_t size, size_t *converted)
{
    const iconv_t conversion = iconv_open("UTF-8", charset->own ? charset->own : charset->name);
    if (conversion == (iconv_t)-1)
        return NULL;
    const size_t given = size;
    size_t room = (size + 1) * GROWTH;
    unsigned char *text = malloc(room);
    char *in = (char *)bytes, *out = (char *)text;

    while (text && size > 0 && iconv(conversion, &in, &size, &out, &room) == (size_t)-1) {
        size_t unit = size < charset->unit ? size : charset->unit;
        if (charset->holds_back)
            iconv(conversion, NULL, NULL, &out, &room);
        for (; unit > 0; unit--, size--, room--) {
            const unsigned char byte = (unsigned char)*in++;
            /* What can be no part of a character of UTF-8, whatever stands beside it. */
            *out++ = (char)(byte < 0x80 || (byte >= 0xC0 && byte <= 0xF4) ? 0xFF : byte);
        }
    }
    if (text) {
        iconv(conversion, NULL, NULL, &out, &room);
        *converted = (size_t)(out - (char *)text);
        const bool marked = charset->takes_mark && charset_reference_marked(charset, bytes, given);
        if (!marked && *converted >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
            *converted -= 3;
            memmove(text, text + 3, *converted);
        }
    }
    iconv_close(conversion);
    return text;
}
