/* SPDX-License-Identifier: MIT
 *
 * combiner_table - a hash table from keys to values, one thread's own.
 *
 * Four open-addressing tables with linear probing, one a key class (key.h), whose slots hold the
 * key's words and the value. The probe of a W2 key begins at a pair of slots, which with a value
 * of one word are one cache line: when half of the slots are used, nine in ten keys are where their
 * probes begin, and of single slots three in four. So does that of a W1 key with a value of two
 * words. (W1 keys with one, two of which a probe would have to look at to gain as much, are too
 * many for that.) The lookups are here and inline, with the number of words a constant, because a
 * counting job does nothing else.
 */
#ifndef ENGINE_COMBINER_TABLE_H
#define ENGINE_COMBINER_TABLE_H

#include "base/budget.h"
#include "engine/core/key.h"

struct combiner_table_class {
    uint64_t *slots;
    size_t mask; /* slots less one: a power of two; `slots` is NULL before the first use */
    size_t used;
    size_t limit;       /* how many may be used before something must grow: the less of the two */
    size_t slots_limit; /* before the table must, */
    size_t room;        /* and before what is at `values` must */
    uint64_t *values;   /* of keys, in the order in which they came, where they are apart */
    size_t stride;      /* words of a slot */
    size_t words;       /* words of its key */
    size_t shift;       /* words before the first slot (slots.h) */
};

/* Of how many slots `load` may be used. */
#define COMBINER_TABLE_LOAD_WHOLE 8

struct combiner_table {
    struct combiner_table_class classes[KEY_CLASSES];
    unsigned load;
    size_t apart; /* 8-byte words from one value that lies apart to the next, its number in the
                   * slot; else 0 */
    const struct hash_seed *seed;
    struct budget *budget;
};

/* Of sums, which are a word. `load`: see above. Takes no memory yet. */
void combiner_table_open(struct combiner_table *table, const struct hash_seed *seed, unsigned load,
                         struct budget *budget);
/* Of values of so many 8-byte words, aligned (slots.h). Those of more than `most_inline` lie apart,
 * so that slots stay small, and take memory only when there are keys. */
void combiner_table_open_values(struct combiner_table *table, const struct hash_seed *seed,
                                size_t value_words, size_t most_inline, unsigned load,
                                struct budget *budget);
/* Frees the slots; the table is as after combiner_table_open. */
void combiner_table_close(struct combiner_table *table);

/* Gives one class, which is closed, `slots` empty slots, a power of two; within the budget only
 * where `must` is false. Returns false when there is no memory. */
bool combiner_table_class_open(struct combiner_table *table, enum key_class key_class, size_t slots,
                               bool must);
/* Doubles one class, keeping its content. As above; then nothing has changed. */
bool combiner_table_class_grow(struct combiner_table *table, enum key_class key_class, bool must);
void combiner_table_class_close(struct combiner_table *table, enum key_class key_class);
/* Lets so many slots of a class be used. */
void combiner_table_class_limit(struct combiner_table_class *class, size_t limit);
/* Makes room for more values that lie apart, where those of all classes then take no more than
 * `most` bytes and the budget has them. Returns false, and nothing has changed, where not. */
bool combiner_table_values_grow(struct combiner_table *table, enum key_class key_class,
                                uint64_t most);
/* Empties a class, keeping its slots. */
void combiner_table_class_clear(struct combiner_table_class *class);
/* The hash of the key in a slot. */
uint64_t combiner_table_slot_hash(const struct combiner_table *table, enum key_class key_class,
                                  const uint64_t *slot);
/* After slots were emptied at will: moves every key to where a lookup finds it. */
void combiner_table_class_repair(struct combiner_table *table, enum key_class key_class);

/* The value of a used slot, whose value's words are at `at`. */
static inline const uint64_t *combiner_table_value(const struct combiner_table *table,
                                                   const struct combiner_table_class *class,
                                                   const uint64_t *at)
{
    return table->apart == 0 ? at : class->values + *at * table->apart;
}

/* The words of a slot whose value is one word. A W2 key's has one to spare, so that a pair of
 * them is a cache line. */
static inline size_t combiner_table_sum_stride(enum key_class key_class)
{
    return key_class == KEY_W2 ? 4 : key_class_words(key_class) + 1;
}

/* Words of a slot of which two are a cache line. */
#define COMBINER_TABLE_HALF_LINE 4u

/* Where, in a table of `mask` plus one slots, the probe of a hash begins: a W1 key's has its best
 * bits at the top. */
static inline size_t combiner_table_home(enum key_class key_class, uint64_t hash, size_t mask,
                                         size_t stride)
{
    const size_t one_of_pair = key_class == KEY_W2 || stride == COMBINER_TABLE_HALF_LINE;
    return key_class == KEY_W1   ? (size_t)(hash >> __builtin_clzll(mask | 1)) & mask & ~one_of_pair
           : key_class == KEY_W2 ? (size_t)hash & mask & ~one_of_pair
                                 : (size_t)hash & mask;
}

/* The slot of a W1 key where its probe begins, or, where this is a pair that holds it, the one in
 * which it is. */
static inline uint64_t *combiner_table_near_w1(uint64_t *slots, size_t mask, size_t stride,
                                               uint64_t word, uint64_t hash)
{
    uint64_t *slot = slots + combiner_table_home(KEY_W1, hash, mask, stride) * stride;
    return stride == COMBINER_TABLE_HALF_LINE && slot[stride] == word ? slot + stride : slot;
}

/* How far from home a key may lie. Chance takes hardly any as far; keys made to pile up, which a
 * mapper's table may refuse, cost no more than this each. */
#define COMBINER_TABLE_REACH 64u

/* Finds a key that is not long: *slot is the one that holds it (true), or the
 * empty one where it belongs, or NULL where that would be too far from home (false). */
static inline bool combiner_table_find(enum key_class key_class, uint64_t *slots, size_t mask,
                                       size_t stride, const uint64_t *words, uint64_t hash,
                                       uint64_t **slot)
{
    size_t i = combiner_table_home(key_class, hash, mask, stride);
    for (unsigned reach = 0; reach < COMBINER_TABLE_REACH; reach++, i = (i + 1) & mask) {
        *slot = slots + i * stride;
        if (key_slot_is(*slot, key_class, words))
            return true;
        if (!key_slot_used(*slot, key_class))
            return false;
    }
    *slot = NULL;
    return false;
}

/* Finds a long key: *slot is the one that holds it, or the
 * empty one where it belongs. */
static inline bool combiner_table_find_long(uint64_t *slots, size_t mask, size_t stride,
                                            const unsigned char *key, size_t size, uint64_t hash,
                                            uint64_t **slot)
{
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        uint64_t *at = *slot = slots + i * stride;
        if (at[1] == 0)
            return false;
        if (at[0] == hash && at[1] == size &&
            memcmp((const unsigned char *)(uintptr_t)at[2], key, size) == 0)
            return true;
    }
}

#endif
