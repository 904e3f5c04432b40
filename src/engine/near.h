/* SPDX-License-Identifier: MIT
 *
 * near - W1 keys of value 1 counted in the slots where their probes begin, W2 keys in one of the
 * two.
 *
 * Keys met often lie there (emit.c moves them), so of nine in ten words of any text, and nearly
 * all of an English one, nothing more is to be done than this. The loop in emit.c does the same and
 * the rest, a key at a time.
 */
#ifndef ENGINE_NEAR_H
#define ENGINE_NEAR_H

#include "engine/mapreduce.h"
#include "engine/table.h"

/* Keys taken together, at most, and so few that one at a time is faster. */
#define NEAR_BATCH 128u
#define NEAR_FEWEST 8u
/* Vectors are stored whole. */
#define NEAR_ROOM (NEAR_BATCH + 8)

/* Slots that stay in the private caches: 1 MiB of W1 keys, which are asked for ahead when there are
 * as many, since not all are in the first-level cache then, and 1 MiB of W2 keys. */
#define NEAR_W1_SLOTS ((size_t)1 << 16)
#define NEAR_W2_SLOTS ((size_t)1 << 15)

/* In place of a mask: the keys of the class are not looked up, but pass. */
#define NEAR_PASS SIZE_MAX

/* A front table's W1 and W2 keys, with sums for values. */
struct near {
    uint64_t *w1_slots, *w2_slots;
    size_t w1_mask, w2_mask;
    const struct hash_seed *seed;
};

/* Whether a place in one is the same in the other. */
static inline bool near_same(const struct near *one, const struct near *other)
{
    return one->w1_slots == other->w1_slots && one->w1_mask == other->w1_mask &&
           one->w2_slots == other->w2_slots && one->w2_mask == other->w2_mask;
}

/* Keys of a batch on their way to their slots. */
struct near_keys {
    size_t w1_count, w2_count, rest_count;
    uint64_t w1_words[NEAR_ROOM], w2_words[KEY_W2_WORDS][NEAR_ROOM];
    /* In words from the first slot; of keys that pass, the hashes of table_hash_whole. */
    uint64_t w1_places[NEAR_ROOM], w2_places[NEAR_ROOM];
    uint32_t rest[NEAR_ROOM];        /* their numbers among the spans */
    struct near near;                /* the table in which they are */
};

/* Words of a row: hash, key, and one left as it is. */
#define NEAR_W1_ROW (KEY_W1_WORDS + 2)
#define NEAR_W2_ROW (KEY_W2_WORDS + 2)

/* The keys looked up that are not where their probe begins, in order. One row more than there can
 * be keys, since each is written before it is known whether it stays. */
struct near_rest {
    size_t w1_count, w2_count;
    uint64_t w1_rows[(NEAR_BATCH + 1) * NEAR_W1_ROW];
    uint64_t w2_rows[(NEAR_BATCH + 1) * NEAR_W2_ROW];
};

/* While one batch is taken the slots of the one before arrive. All zero at first. */
struct near_line {
    unsigned turn; /* where the next batch goes */
    struct near_keys keys[2];
};

struct near_loops {
    /* Loads the keys at `base` that the spans say, NEAR_BATCH at most, 16 bytes of each, and finds
     * their places. */
    void (*take)(const struct near *near, const unsigned char *base, const struct mr_span *spans,
                 size_t count, struct near_keys *keys);
    /* Finds the places of keys already taken, the table having changed since. */
    void (*place)(const struct near *near, struct near_keys *keys);
    /* Counts the keys that are at their places, and asks for the places of the next ones, which are
     * in the same table, and for those where the rest may lie instead. */
    void (*count)(const struct near_keys *keys, const struct near_keys *next,
                  struct near_rest *rest);
};

/* For this CPU; NULL where it has nothing to do that with. */
const struct near_loops *near_fastest(void);

#endif
