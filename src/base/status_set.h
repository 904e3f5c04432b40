/* SPDX-License-Identifier: MIT
 *
 * status_set - which exit statuses of a program are meant.
 */
#ifndef BASE_STATUS_SET_H
#define BASE_STATUS_SET_H

#include <stdbool.h>
#include <stdint.h>

/* Bit s % 64 of word s / 64 is status s. A process can end with 0 to 255. */
struct status_set {
    uint64_t words[4];
};

static inline void status_set_add(struct status_set *set, unsigned status)
{
    set->words[status / 64 % 4] |= (uint64_t)1 << status % 64;
}

static inline bool status_set_has(const struct status_set *set, unsigned status)
{
    return status < 256 && (set->words[status / 64] >> status % 64 & 1) != 0;
}

#endif
