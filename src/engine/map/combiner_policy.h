/* SPDX-License-Identifier: MIT
 *
 * combiner_policy - what a mapper's combiner does with the keys of one class: decided from numbers
 * alone, without a look at the table.
 *
 * Text is Zipf: a table of some ten thousand keys absorbs nearly all words of a language at one
 * place of a text, others at another; a small set of ids repeats evenly, a large one hardly ever.
 * So each class is in one of three modes, and what happens when its table is full, or after it has
 * been in a mode for a while, follows from how many of its pairs were in the table.
 */
#ifndef ENGINE_COMBINER_POLICY_H
#define ENGINE_COMBINER_POLICY_H

#include "engine/core/key.h"

#include <stdbool.h>

enum combiner_mode {
    COMBINER_FILL,   /* new keys go in; hits are counted from `since` on */
    COMBINER_FROZEN, /* the table is full of good keys: others go straight to their partition */
    COMBINER_BYPASS, /* keys do not repeat: all go straight to their partition */
};

struct combiner_class {
    enum combiner_mode mode;
    uint64_t seen;        /* pairs since the mode began */
    uint64_t missed;      /* of these, not in the table */
    uint64_t review_at;   /* value of `seen` at which to think again */
    size_t cache_slots;   /* slots of a table that stays in the private caches */
    size_t most_slots;    /* slots at the most */
    double expected;      /* misses in this filling, of all pairs, if all keys were as frequent */
    bool flush_when_full; /* rather than grow */
    uint64_t flushed;     /* pairs since that began */
    unsigned failures;    /* how often in a row the table was bypassed */
};

/* Slots that stay in the private caches: 1 MiB of W1 keys, which are prefetched when there are as
 * many, since not all are in the first-level cache then, 1 MiB of W2 keys, 0.3 MiB of W4 keys. */
#define COMBINER_W1_SLOTS ((size_t)1 << 16)
#define COMBINER_W2_SLOTS ((size_t)1 << 15)
#define COMBINER_W4_SLOTS ((size_t)1 << 13)

/* Slots at first. */
#define COMBINER_FIRST_SLOTS 512
/* Of 8 slots so many may be used: with 5, lookups of 200 thousand keys passed other keys so often
 * that they took a fifth more time. */
#define COMBINER_LOAD 4
/* Begins to fill. `slot_bytes`: of one slot; `budget`: bytes of memory that all workers share. */
void combiner_policy_open(struct combiner_class *state, enum key_class key_class, size_t slot_bytes,
                          uint64_t budget, unsigned workers);
/* Bytes for the long keys in one worker's table; a key over a quarter of it is not kept. */
size_t combiner_policy_arena(uint64_t memory, unsigned workers);
/* Bytes that the values of one worker's tables may take where they lie apart, each of so many. */
uint64_t combiner_policy_values(uint64_t memory, unsigned workers, size_t value_bytes);
/* There is no table: all pairs pass. */
void combiner_policy_none(struct combiner_class *state);

/* What to do with a table that is full. */
enum combiner_action {
    COMBINER_GROW,      /* double it */
    COMBINER_LOAD_MORE, /* use more of its slots */
    COMBINER_FREEZE,    /* keep its keys, let others pass */
    COMBINER_FLUSH,     /* write all keys to their partitions, and fill again */
    COMBINER_PASS,      /* let all pairs pass */
};

/* Decides for a table of so many slots of which `limit` may be used. */
enum combiner_action combiner_policy_full(struct combiner_class *state, enum key_class key_class,
                                          size_t slots, size_t limit, bool can_grow);
/* The same where there is no room for the bytes of long keys. */
enum combiner_action combiner_policy_arena_full(const struct combiner_class *state);
/* Slots that may be used after COMBINER_LOAD_MORE. */
size_t combiner_policy_last_limit(size_t slots);
/* Whether a table of so many slots doubles past the budget. */
bool combiner_policy_must_grow(size_t slots);

/* What was decided has been done to a table of so many slots. */
void combiner_policy_grown(struct combiner_class *state);
void combiner_policy_frozen(struct combiner_class *state, size_t slots);
void combiner_policy_flushed(struct combiner_class *state);
void combiner_policy_passing(struct combiner_class *state, size_t slots);

/* What to do with a table that has been frozen or bypassed for a while. */
enum combiner_review {
    COMBINER_KEEP,      /* nothing */
    COMBINER_DROP_RARE, /* write the rarer keys out, and fill again */
    COMBINER_DROP_ALL,  /* write all keys out, and fill again */
};
enum combiner_review combiner_policy_review(struct combiner_class *state, size_t slots);

/* How many partitions, as a power of two, pairs go to when a combiner overflows: `input` bytes are
 * expected, or MR_UNKNOWN. */
unsigned combiner_policy_partition_bits(uint64_t memory, uint64_t input, unsigned workers,
                                        size_t chunk_bytes);
/* The same at the end, when all combiners together hold so many keys and nothing has overflowed. */
unsigned combiner_policy_last_bits(uint64_t held, unsigned most_bits);

#endif
