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
    {"UTF-16LE", 2, 1, 0, NULL},    {"utf16be", 2, 1, 0, "UTF-16BE"}, {"UTF-16", 2, 1, 0, NULL},
    {"UTF-32LE", 4, 1, 0, NULL},    {"UTF-32BE", 4, 1, 0, NULL},      {"UTF-32", 4, 1, 0, NULL},
    {"ISO-8859-1", 1, 1, 0, NULL},  {"windows-1252", 1, 1, 0, NULL},  {"KOI8-R", 1, 1, 0, NULL},
    {"US-ASCII", 1, 1, 0, NULL},    {"IBM037", 1, 1, 0, NULL},        {"SHIFT_JIS", 1, 0, 0, NULL},
    {"GB18030", 1, 0, 0, NULL},     {"EUC-JP", 1, 0, 0, NULL},        {"BIG5", 1, 0, 0, NULL},
    {"ISO-2022-JP", 1, 0, 0, NULL}, {"UTF-7", 1, 0, 0, NULL},         {"UCS-2LE", 2, 0, 0, NULL},
    {"UCS-4BE", 4, 0, 0, NULL},     {"WINDOWS-1255", 1, 0, 1, NULL},
};
const size_t charset_references_count = sizeof charset_references / sizeof *charset_references;

/* More than any byte becomes. */
#define GROWTH 16

unsigned char *charset_reference_convert(const struct charset_reference *charset,
                                         const unsigned char *bytes, size_t size, size_t *converted)
{
    const iconv_t conversion = iconv_open("UTF-8", charset->own ? charset->own : charset->name);
    if (conversion == (iconv_t)-1)
        return NULL;
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
        if (*converted >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
            *converted -= 3;
            memmove(text, text + 3, *converted);
        }
    }
    iconv_close(conversion);
    return text;
}
