/* SPDX-License-Identifier: MIT
 *
 * wide - whole numbers of 256 bits, for sums that 128 do not hold.
 */
#ifndef VALUES_WIDE_H
#define VALUES_WIDE_H

#include <stdbool.h>
#include <stdint.h>

/* In two's complement, the lowest 64 bits first. */
struct wide {
    uint64_t limbs[4];
};

struct wide wide_of(__int128 number);
/* Sets *number where it is in -2^127 to 2^127 - 1; else returns false. */
bool wide_narrow(const struct wide *wide, __int128 *number);
bool wide_negative(const struct wide *wide);

/* What is past 256 bits is dropped: callers know that nothing is. */
void wide_add(struct wide *into, const struct wide *from);
void wide_negate(struct wide *wide);
void wide_multiply(struct wide *wide, uint64_t by);
/* Of a number that is not negative, by one from 1 to 2^127; returns the remainder. */
unsigned __int128 wide_divide(struct wide *wide, unsigned __int128 by);

#endif
