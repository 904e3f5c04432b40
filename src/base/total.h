/* SPDX-License-Identifier: MIT
 *
 * total - a sum of counts, each of which may be as large as a uint64: it cannot wrap.
 */
#ifndef BASE_TOTAL_H
#define BASE_TOTAL_H

#include <stdint.h>

/* All zero is the sum of nothing. */
struct total {
    uint64_t low, high;
};

static inline void total_add(struct total *total, uint64_t count)
{
    total->high += __builtin_add_overflow(total->low, count, &total->low);
}

static inline void total_join(struct total *total, const struct total *other)
{
    total_add(total, other->low);
    total->high += other->high;
}

/* Digits of the largest, and a NUL. */
#define TOTAL_ROOM 40

/* Writes it in decimal. */
void total_format(const struct total *total, char out[TOTAL_ROOM]);

#endif
