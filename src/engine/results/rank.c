/* SPDX-License-Identifier: MIT
 *
 * rank - numbers of other types as ranks, which are ordered as the numbers are.
 *
 * The bits of an IEEE 754 double, read as a sign and a size, are ordered as the doubles; an integer
 * of two's complement needs only its sign turned over.
 */
#include "engine/mapreduce.h"

#include <math.h>
#include <string.h>

#define SIGN (UINT64_C(1) << 63)

_Static_assert(sizeof(double) == sizeof(uint64_t), "ranks of doubles are their bits");

uint64_t mr_rank_of_int64(int64_t number)
{
    return (uint64_t)number ^ SIGN;
}

int64_t mr_rank_to_int64(uint64_t rank)
{
    const uint64_t bits = rank ^ SIGN;
    int64_t number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

uint64_t mr_rank_of_double(double number)
{
    uint64_t bits;
    if (isnan(number))
        return 0; /* below -infinity, whose bits are not all set */
    if (number == 0)
        number = 0; /* -0.0 too */
    memcpy(&bits, &number, sizeof bits);
    return bits & SIGN ? ~bits : bits | SIGN;
}

double mr_rank_to_double(uint64_t rank)
{
    const uint64_t bits = rank & SIGN ? rank & ~SIGN : ~rank;
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}
