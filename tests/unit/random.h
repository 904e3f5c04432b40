/* SPDX-License-Identifier: MIT
 *
 * random - numbers as good as random, the same in every run: Marsaglia's xorshift64 of 2003.
 */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#define RANDOM_FIRST UINT64_C(88172645463325252)

/* The next number after *state, which begins as any but 0. */
static inline uint64_t random_after(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* The next of a file's own. */
static inline uint64_t random_next(void)
{
    static uint64_t state = RANDOM_FIRST;
    return random_after(&state);
}

/* One of the numbers below `n`. */
static inline unsigned below(size_t n)
{
    return (unsigned)((random_next() >> 33) % n);
}

#endif
