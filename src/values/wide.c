/* SPDX-License-Identifier: MIT
 *
 * wide - see wide.h. Few sums come here: what is short was chosen before what is fast.
 */
#include "values/wide.h"

#define LIMBS 4

struct wide wide_of(__int128 number)
{
    uint64_t above = number < 0 ? UINT64_MAX : 0;

    return (struct wide){{(uint64_t)number, (uint64_t)(number >> 64), above, above}};
}

bool wide_narrow(const struct wide *wide, __int128 *number)
{
    unsigned __int128 low = (unsigned __int128)wide->limbs[1] << 64 | wide->limbs[0];
    uint64_t above = (__int128)low < 0 ? UINT64_MAX : 0;

    *number = (__int128)low;
    return wide->limbs[2] == above && wide->limbs[3] == above;
}

bool wide_negative(const struct wide *wide)
{
    return wide->limbs[LIMBS - 1] >> 63 != 0;
}

void wide_add(struct wide *into, const struct wide *from)
{
    unsigned __int128 carry = 0;

    for (unsigned i = 0; i < LIMBS; i++) {
        carry += (unsigned __int128)into->limbs[i] + from->limbs[i];
        into->limbs[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

void wide_negate(struct wide *wide)
{
    static const struct wide one = {{1, 0, 0, 0}};

    for (unsigned i = 0; i < LIMBS; i++)
        wide->limbs[i] = ~wide->limbs[i];
    wide_add(wide, &one);
}

void wide_multiply(struct wide *wide, uint64_t by)
{
    unsigned __int128 carry = 0;

    for (unsigned i = 0; i < LIMBS; i++) {
        carry += (unsigned __int128)wide->limbs[i] * by;
        wide->limbs[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

unsigned __int128 wide_divide(struct wide *wide, unsigned __int128 by)
{
    unsigned __int128 rest = 0;

    if (by <= UINT64_MAX) {
        for (unsigned i = LIMBS; i-- > 0;) {
            rest = rest << 64 | wide->limbs[i];
            wide->limbs[i] = (uint64_t)(rest / by);
            rest %= by;
        }
        return rest;
    }
    /* Bit by bit, as on paper: the rest stays below `by`, and twice that below 2^128. */
    for (unsigned bit = 64 * LIMBS; bit-- > 0;) {
        uint64_t *limb = &wide->limbs[bit / 64];
        uint64_t one = UINT64_C(1) << bit % 64;
        rest = rest << 1 | ((*limb & one) != 0);
        *limb &= ~one;
        if (rest >= by) {
            rest -= by;
            *limb |= one;
        }
    }
    return rest;
}
