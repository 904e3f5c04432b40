/* SPDX-License-Identifier: MIT
 *
 * charset_kind - what a charset consists of; for the files of charset only.
 */
#ifndef INPUT_CHARSET_KIND_H
#define INPUT_CHARSET_KIND_H

#include <stddef.h>

/* What a byte is in a charset of one byte a character. */
struct charset_byte {
    unsigned char text[4];
    unsigned char size;
};

struct charset_pool; /* conversions of iconv's */

struct charset {
    /* Converts all of these bytes, and returns the end of the text, which is `growth` halves of a
     * byte long for each at most. NULL: iconv does, in order. */
    unsigned char *(*convert)(const struct charset *charset, const unsigned char *from, size_t size,
                              unsigned char *to);
    size_t (*whole)(const struct charset *charset, const unsigned char *bytes, size_t size);
    unsigned growth;
    size_t unit; /* bytes of what is no character, where its end cannot be seen */
    /* What it is behind a mark of that order of bytes, if there may be one; without, the first. */
    const struct charset *little, *big;
    struct charset_byte *table; /* of 256, of a charset of one byte a character; else NULL */
    struct charset_pool *pool;  /* of one that iconv converts; else NULL */
};

/* What stands in the text for a byte that is none. */
static inline unsigned char charset_kind_invalid(unsigned char byte)
{
    return (byte >= 0x80 && byte < 0xC0) || byte >= 0xF5 ? byte : 0xFF;
}

/* What is UTF-8 already, and what a mark makes one of the next. */
extern const struct charset charset_kind_utf8, charset_kind_utf16, charset_kind_utf32;
extern const struct charset charset_kind_utf16le, charset_kind_utf16be;
extern const struct charset charset_kind_utf32le, charset_kind_utf32be;

#endif
