/* SPDX-License-Identifier: MIT
 *
 * range - numbers from one to another.
 */
#ifndef BASE_RANGE_H
#define BASE_RANGE_H

#include <stdint.h>

/* Numbers first to last, counted from 1; last is UINT64_MAX where the range is open. */
struct range {
    uint64_t first;
    uint64_t last;
};

#endif
