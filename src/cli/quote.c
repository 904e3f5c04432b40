/* SPDX-License-Identifier: MIT
 *
 * quote - text from elsewhere made safe to show; see quote.h.
 */
#include "cli/quote.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* Characters that would end or divide a line, or turn the direction of what follows: shown raw, a
 * name with one of them could pass for something else. */
static bool quote_treacherous(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

size_t quote_printable(const char *s)
{
    uint32_t c;
    /* Read on from byte to byte: the end of the text ends a character that is cut short. */
    size_t size = utf8_decode((const unsigned char *)s, 4, &c);

    return size > 0 && !quote_treacherous(c) ? size : 0;
}

static char *quote_octal(char *out, unsigned char c)
{
    *out++ = '\\';
    *out++ = (char)('0' + (c >> 6));
    *out++ = (char)('0' + (c >> 3 & 7));
    *out++ = (char)('0' + (c & 7));
    return out;
}

void quote_escape(const char *text, char *out)
{
    while (*text != '\0') {
        size_t size = quote_printable(text);
        if (size == 0) {
            out = quote_octal(out, (unsigned char)*text++);
            continue;
        }
        memcpy(out, text, size);
        out += size;
        text += size;
    }
    *out = '\0';
}

/* What a shell takes literally without quotes, wherever it stands. A colon is none here: it ends
 * the name in a message. */
static bool quote_plain(const char *name)
{
    if (*name == '\0' || *name == '~' || *name == '#')
        return false;
    for (const char *p = name; *p != '\0';) {
        size_t size = quote_printable(p);
        if (size == 0 || (size == 1 && strchr(" !\"$&'()*:;<=>?[\\]^`{|}", *p) != NULL))
            return false;
        p += size;
    }
    return true;
}

void quote_name(const char *name, char *out)
{
    bool open = false;    /* inside '...' */
    bool escaped = false; /* inside $'...' */

    if (quote_plain(name)) {
        strcpy(out, name);
        return;
    }
    if (*name == '\0' || quote_printable(name) > 0) {
        *out++ = '\'';
        open = true;
    }
    while (*name != '\0') {
        size_t size = quote_printable(name);
        bool awkward = size == 0 || *name == '\'';
        if (awkward && !escaped) {
            if (open)
                *out++ = '\'';
            *out++ = '$';
            *out++ = '\'';
            open = false;
            escaped = true;
        } else if (!awkward && escaped) {
            *out++ = '\'';
            *out++ = '\'';
            escaped = false;
            open = true;
        }
        if (size == 0) {
            out = quote_octal(out, (unsigned char)*name++);
        } else if (*name == '\'') {
            *out++ = '\\';
            *out++ = *name++;
        } else {
            memcpy(out, name, size);
            out += size;
            name += size;
        }
    }
    *out++ = '\'';
    *out = '\0';
}
