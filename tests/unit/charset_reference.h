/* SPDX-License-Identifier: MIT
 *
 * charset_reference - what text in a charset is, converted all at once by iconv.
 */
#ifndef TESTS_CHARSET_REFERENCE_H
#define TESTS_CHARSET_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

/* A charset, and what is known of it. */
struct charset_reference {
    const char *name;
    size_t unit;     /* bytes of what is no character, where its end cannot be seen */
    int divides;     /* pieces can be converted each by itself */
    int holds_back;  /* a character is kept until the next one is seen */
    const char *own; /* what iconv calls it, where our own converting is to be the same; or NULL */
    bool takes_mark; /* iconv takes a mark at the beginning off; of another charset we do */
};

extern const struct charset_reference charset_references[];
extern const size_t charset_references_count;

/* Converts all of it; the caller frees what is returned, *converted bytes. NULL where iconv does
 * not know the charset. */
unsigned char *charset_reference_convert(const struct charset_reference *charset,
                                         const unsigned char *bytes, size_t size,
                                         size_t *converted);

#endif
