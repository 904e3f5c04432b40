/* SPDX-License-Identifier: MIT
 *
 * load - keys of at most 15 bytes loaded and hashed for a reducer's table, many together.
 */
#ifndef ENGINE_LOAD_H
#define ENGINE_LOAD_H

#include "engine/mapreduce.h"
#include "engine/map/combiner_table.h"

/* Keys loaded together, at most; vectors are stored whole. */
#define LOAD_BATCH 128u
#define LOAD_ROOM (LOAD_BATCH + 8)

struct load {
    uint64_t words[KEY_W2_WORDS][LOAD_ROOM];
    uint64_t hashes[LOAD_ROOM];
};

/* Does what key_grouping_load does for the keys at `base` that the spans say, LOAD_BATCH at most,
 * in their order. Of those longer than 15 bytes nothing of use comes out. Reads 16 bytes of each.
 */
typedef void load_keys(const struct hash_seed *seed, const unsigned char *base,
                       const struct mr_span *spans, size_t count, struct load *load);

/* On any CPU, and the fastest for this one. */
load_keys load_scalar;
load_keys *load_select(void);

#endif
