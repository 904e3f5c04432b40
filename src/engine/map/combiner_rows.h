/* SPDX-License-Identifier: MIT
 *
 * combiner_rows - keys on their way to the combiner: a row is hash, words, number in the batch, as
 * in combiner_avx512.h.
 */
#ifndef ENGINE_COMBINER_ROWS_H
#define ENGINE_COMBINER_ROWS_H

#include "engine/map/combiner_table.h"

static inline size_t combiner_row_words(enum key_class key_class)
{
    return key_class_words(key_class) + 2;
}

/* Writes a key to a row of its class; returns its hash. */
static inline __attribute__((always_inline)) uint64_t
combiner_row_fill(const enum key_class key_class, uint64_t *row, const struct hash_seed *seed,
                  const unsigned char *key, size_t size, size_t number)
{
    uint64_t words[KEY_W4_WORDS];
    const uint64_t hash = key_load(key_class, seed, words, key, size);
    row[0] = hash;
    memcpy(row + 1, words, key_class_words(key_class) * sizeof *words);
    row[key_class_words(key_class) + 1] = number;
    return hash;
}

/* Prefetches the slot where the probe of a hash begins. */
static inline __attribute__((always_inline)) void
combiner_row_prefetch(const enum key_class key_class, uint64_t hash, const uint64_t *slots,
                      size_t mask, size_t stride)
{
    const uint64_t *slot = slots + combiner_table_home(key_class, hash, mask, stride) * stride;
    __builtin_prefetch(slot, 1);
    if (key_class == KEY_W4 ||
        stride != combiner_table_sum_stride(key_class)) /* it may lie on two lines */
        __builtin_prefetch(slot + stride - 1, 1);
}

#endif
