/* SPDX-License-Identifier: MIT
 *
 * near - tiny keys of value 1 counted in the slots where their probes begin.
 *
 * Words met often lie there (emit.c moves them), so of nine in ten words of a text nothing more is
 * to be done than this. The loop in emit.c does the same, a key at a time.
 */
#ifndef ENGINE_NEAR_H
#define ENGINE_NEAR_H

#include "engine/mapreduce.h"
#include "engine/table.h"

/* Keys taken together, at most, and so few that one at a time is faster. */
#define NEAR_BATCH 64u
#define NEAR_FEWEST 8u
/* Words of a row: hash, key, and one left as it is. */
#define NEAR_ROW (KEY_TINY_WORDS + 2)

/* A front table's tiny keys, with sums for values. */
struct near {
    uint64_t *slots;
    size_t mask;
    const struct hash_seed *seed;
};

/* What is left to do. */
struct near_rest {
    size_t missed;  /* tiny keys that are not where their probe begins: */
    size_t longer;  /* keys that are not tiny: */
    uint64_t rows[NEAR_BATCH * NEAR_ROW]; /* those, in order */
    uint32_t numbers[NEAR_BATCH];         /* their places among the spans */
};

/* Counts the keys at `base` that the spans say, NEAR_BATCH at most. Reads 8 bytes of each. */
typedef void near_count(const struct near *near, const unsigned char *base,
                        const struct mr_span *spans, size_t count, struct near_rest *rest);

/* For this CPU; NULL where it has nothing to do that with. */
near_count *near_fastest(void);

#endif
