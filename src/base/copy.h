/* SPDX-License-Identifier: MIT
 *
 * copy - copies of bytes that are mostly few: two fixed copies that may overlap, or three of a
 * byte, spare the call of memcpy, and read and write nothing beyond the bytes.
 */
#ifndef BASE_COPY_H
#define BASE_COPY_H

#include <stddef.h>
#include <string.h>

/* Returns the end of the copy. */
static inline unsigned char *copy_bytes(unsigned char *to, const unsigned char *from, size_t size)
{
    if (size >= 8 && size <= 16) {
        memcpy(to, from, 8);
        memcpy(to + size - 8, from + size - 8, 8);
    } else if (size >= 4 && size < 8) {
        memcpy(to, from, 4);
        memcpy(to + size - 4, from + size - 4, 4);
    } else if (size < 4) {
        if (size == 0)
            return to;
        const unsigned char first = from[0], middle = from[size / 2], last = from[size - 1];
        to[0] = first;
        to[size / 2] = middle;
        to[size - 1] = last;
    } else if (size <= 32) {
        memcpy(to, from, 16);
        memcpy(to + size - 16, from + size - 16, 16);
    } else {
        memcpy(to, from, size);
    }
    return to + size;
}

#endif
