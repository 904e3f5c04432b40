/* SPDX-License-Identifier: MIT
 *
 * range - numbers from one to another.
 */
#ifndef BASE_RANGE_H
#define BASE_RANGE_H

#include <stddef.h>
#include <stdint.h>

/* Numbers first to last, counted from 1; last is UINT64_MAX where the range is open. */
struct range {
    uint64_t first;
    uint64_t last;
};

/* Puts ranges in ascending order, those that touch as one; returns how many are left. */
size_t range_merge(struct range *ranges, size_t count);

#endif
