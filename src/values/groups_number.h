/* SPDX-License-Identifier: MIT
 *
 * groups_number - numbers in the values of groups: base 128, the low digits first, and all but the
 * last digit with their highest bit set.
 */
#ifndef VALUES_GROUPS_NUMBER_H
#define VALUES_GROUPS_NUMBER_H

#include <stdint.h>

/* Bytes of the largest number. */
#define GROUPS_NUMBER_MOST 10u

/* Writes a number; returns its end. */
static inline unsigned char *groups_put_number(unsigned char *at, uint64_t number)
{
    for (; number >= 128; number >>= 7)
        *at++ = (unsigned char)(number | 128);
    *at++ = (unsigned char)number;
    return at;
}

/* Reads one; returns its end. */
static inline const unsigned char *groups_get_number(const unsigned char *at, uint64_t *number)
{
    unsigned shift = 0;

    *number = 0;
    do
        *number |= (uint64_t)(*at & 127) << shift;
    while (shift += 7, (*at++ & 128) != 0);
    return at;
}

#endif
