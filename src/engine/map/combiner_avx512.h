/* SPDX-License-Identifier: MIT
 *
 * combiner_avx512 - W1 keys of value 1 counted in the slots where their probes begin, W2 keys in
 * one of the two; and values of two words added there, as context_add does.
 *
 * Keys met often lie there (combiner_lookup.c moves them), so of nine in ten words of any text, and
 * nearly all of an English one, nothing more is to be done than this. The loop in combiner_lookup.c
 * does the same and the rest, a key at a time.
 */
#ifndef ENGINE_COMBINER_AVX512_H
#define ENGINE_COMBINER_AVX512_H

#include "engine/mapreduce.h"
#include "engine/map/combiner_policy.h"
#include "engine/map/combiner_table.h"

/* Keys taken together, at most, and so few that one at a time is faster. */
#define COMBINER_BATCH 128u
#define COMBINER_FEWEST 8u
/* Vectors are stored whole. */
#define COMBINER_ROOM (COMBINER_BATCH + 8)

/* In place of a mask: the keys of the class are not looked up, but pass. */
#define COMBINER_BYPASSED SIZE_MAX

/* A combiner's W1 and W2 keys, with sums for values, or values of two words that are added. */
struct combiner_slots {
    uint64_t *w1_slots, *w2_slots;
    size_t w1_mask, w2_mask;
    const struct hash_seed *seed;
    bool adds;
};

/* Whether a place in one is the same in the other. */
static inline bool combiner_slots_same(const struct combiner_slots *one,
                                       const struct combiner_slots *other)
{
    return one->w1_slots == other->w1_slots && one->w1_mask == other->w1_mask &&
           one->w2_slots == other->w2_slots && one->w2_mask == other->w2_mask;
}

/* Keys of a batch on their way to their slots. */
struct combiner_batch {
    size_t w1_count, w2_count, rest_count;
    uint64_t w1_words[COMBINER_ROOM], w2_words[KEY_W2_WORDS][COMBINER_ROOM];
    /* In words from the first slot; of keys that pass, the hashes of key_grouping_hash. */
    uint64_t w1_places[COMBINER_ROOM], w2_places[COMBINER_ROOM];
    uint32_t rest[COMBINER_ROOM]; /* their numbers among the spans */
    struct combiner_slots table;  /* the table in which they are */
    /* Their values, where these are added. */
    uint64_t w1_values[2 * COMBINER_ROOM], w2_values[2 * COMBINER_ROOM];
};

/* Words of a row: hash, key, and where values are added the number of its own; else one left as it
 * is. */
#define COMBINER_W1_ROW (KEY_W1_WORDS + 2)
#define COMBINER_W2_ROW (KEY_W2_WORDS + 2)

/* The keys looked up that are not where their probe begins, in order. One row more than there can
 * be keys, since each is written before it is known whether it stays. */
struct combiner_misses {
    size_t w1_count, w2_count;
    uint64_t w1_rows[(COMBINER_BATCH + 1) * COMBINER_W1_ROW];
    uint64_t w2_rows[(COMBINER_BATCH + 1) * COMBINER_W2_ROW];
};

/* While one batch is taken the slots of the one before arrive. */
struct combiner_pipeline {
    unsigned next; /* where the next batch goes */
    struct combiner_batch keys[2];
};

/* Makes both batches empty ones. */
static inline void combiner_pipeline_clear(struct combiner_pipeline *line)
{
    line->next = 0;
    for (size_t i = 0; i < 2; i++) {
        line->keys[i].w1_count = line->keys[i].w2_count = line->keys[i].rest_count = 0;
        line->keys[i].table = (struct combiner_slots){.w1_slots = NULL};
    }
}

/* How values are added: the add_tag and the add_guard of context_add. */
struct combiner_adding {
    uint64_t tag, guard;
};

struct combiner_loops {
    /* Loads the keys at `base` that the spans say, COMBINER_BATCH at most, 16 bytes of each, and
     * finds their places; `values`, two words each, where the table adds them. */
    void (*take)(const struct combiner_slots *table, const unsigned char *base,
                 const struct mr_span *spans, size_t count, const void *values,
                 struct combiner_batch *keys);
    /* Finds the places of keys already taken, the table having changed since. */
    void (*place)(const struct combiner_slots *table, struct combiner_batch *keys);
    /* Counts the keys that are at their places, and prefetches the places of the next ones, which
     * are in the same table, and for those where the rest may lie instead. */
    void (*count)(const struct combiner_batch *keys, const struct combiner_batch *next,
                  struct combiner_misses *rest);
    /* The same with values: adds those that can be added without a call of combine. */
    void (*add)(const struct combiner_batch *keys, const struct combiner_batch *next,
                const struct combiner_adding *how, struct combiner_misses *rest);
};

/* For this CPU; NULL where it has nothing to do that with. */
const struct combiner_loops *combiner_avx512_select(void);

#endif
