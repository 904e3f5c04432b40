/* SPDX-License-Identifier: MIT
 *
 * combiner_table - a hash table from keys to values, one thread's own.
 *
 * Four open-addressing tables with linear probing, one a key class (key.h), whose slots hold the
 * key's words and the value. The probe of a W2 key begins at a pair of slots, which with a value
 * of one word are one cache line: when half of the slots are used, nine in ten keys are where their
 * probes begin, and of single slots three in four. (W1 keys, two of which a probe would have to
 * look at to gain as much, are too many for that.) The lookups are here and inline, with the number
 * of words a constant, because a counting job does nothing else.
 */
#ifndef ENGINE_COMBINER_TABLE_H
#define ENGINE_COMBINER_TABLE_H

#include "base/budget.h"
#include "base/hash.h"
#include "engine/core/key.h"

enum key_class { KEY_W1, KEY_W2, KEY_W4, KEY_LONG, KEY_CLASSES };

/* Words of a slot before the value. A long key's are hash, size and address. */
#define KEY_LONG_WORDS 3u

struct table_class {
    uint64_t *slots;
    size_t mask; /* slots less one: a power of two; `slots` is NULL before the first use */
    size_t used;
    size_t limit;  /* how many may be used before the table must grow */
    size_t stride; /* words of a slot */
    size_t words;  /* words of its key */
};

/* Of how many slots `load` may be used. */
#define TABLE_LOAD_WHOLE 8

struct table {
    struct table_class classes[KEY_CLASSES];
    unsigned load;
    const struct hash_seed *seed;
    struct budget *budget;
};

/* `value_words`: 8-byte words of a value. `load`: see above. Takes no memory yet. */
void table_open(struct table *table, const struct hash_seed *seed, size_t value_words,
                unsigned load, struct budget *budget);
/* Frees the slots; the table is as after table_open. */
void table_close(struct table *table);

/* Gives one class, which is closed, `slots` empty slots, a power of two; within the budget only
 * where `must` is false. Returns false when there is no memory. */
bool table_class_open(struct table *table, enum key_class key_class, size_t slots, bool must);
/* Doubles one class, keeping its content. As above; then nothing has changed. */
bool table_class_grow(struct table *table, enum key_class key_class, bool must);
void table_class_close(struct table *table, enum key_class key_class);
/* Empties a class, keeping its slots. */
void table_class_clear(struct table_class *class);
/* The hash of the key in a slot. */
uint64_t table_slot_hash(const struct table *table, enum key_class key_class, const uint64_t *slot);
/* After slots were emptied at will: moves every key to where a lookup finds it. */
void table_class_repair(struct table *table, enum key_class key_class);

/* Memory for the slots of a table, zeroed, within the budget only where `must` is false; NULL when
 * there is none. */
void *table_take_slots(struct budget *budget, size_t bytes, bool must);
void table_give_slots(struct budget *budget, void *slots, size_t bytes);

/* The class of a key. */
static inline enum key_class table_class_of(size_t size)
{
    return size <= KEY_W1_MOST   ? KEY_W1
           : size <= KEY_W2_MOST ? KEY_W2
           : size <= KEY_W4_MOST ? KEY_W4
                                 : KEY_LONG;
}

/* The words of a key in a class whose keys lie in the slots. */
static inline size_t table_words(enum key_class key_class)
{
    return key_class == KEY_W1 ? KEY_W1_WORDS : key_class == KEY_W2 ? KEY_W2_WORDS : KEY_W4_WORDS;
}

/* Loads a key of such a class into words, and returns its hash in the table. Reads 8 bytes a
 * word. */
static inline uint64_t table_load(enum key_class key_class, const struct hash_seed *seed,
                                  uint64_t *words, const unsigned char *key, size_t size)
{
    if (key_class == KEY_W1) {
        words[0] = key_load_w1(key, size);
        return hash_1(seed, words[0]);
    }
    if (key_class == KEY_W2) {
        key_load_w2(words, key, size);
        return hash_2(seed, words[0], words[1]);
    }
    key_load_w4(words, key, size);
    return hash_4(seed, words[0], words[1], words[2], words[3]);
}

/* The class of a key in a reducer's table (grouping_table.h). */
static inline enum key_class key_grouping_class(size_t size)
{
    return size <= KEY_W2_MOST ? KEY_W2 : table_class_of(size);
}

/* As table_load, for that. */
static inline uint64_t key_grouping_load(enum key_class key_class, const struct hash_seed *seed,
                                         uint64_t *words, const unsigned char *key, size_t size)
{
    if (key_class != KEY_W2)
        return table_load(key_class, seed, words, key, size);
    key_load_w1_or_w2(words, key, size);
    return hash_2(seed, words[0], words[1]);
}

/* What key_grouping_load returns, from what table_load returned. */
static inline uint64_t key_grouping_hash(enum key_class key_class, const struct hash_seed *seed,
                                         const uint64_t *words, uint64_t hash)
{
    if (key_class != KEY_W1)
        return hash;
    const uint64_t last = key_last_byte(UINT8_MAX);
    return hash_2(seed, words[0] & ~last, words[0] & last);
}

/* The same hash, which also tells the partition, of a key of any class. Reads up to 31 bytes behind
 * it. */
static inline uint64_t table_hash(const struct hash_seed *seed, const unsigned char *key,
                                  size_t size)
{
    uint64_t words[KEY_W4_WORDS];
    enum key_class key_class = key_grouping_class(size);
    return key_class == KEY_LONG ? hash_bytes(seed, key, size)
                                 : key_grouping_load(key_class, seed, words, key, size);
}

/* Whether a slot holds a key. */
static inline bool table_slot_used(const uint64_t *slot, enum key_class key_class)
{
    return slot[key_class == KEY_LONG ? 1 : table_words(key_class) - 1] != 0;
}

/* The key in a used slot. */
static inline const unsigned char *table_slot_key(const uint64_t *slot, enum key_class key_class,
                                                  size_t *size)
{
    if (key_class == KEY_LONG) {
        *size = (size_t)slot[1];
        return (const unsigned char *)(uintptr_t)slot[2];
    }
    *size = key_words_size(slot, table_words(key_class));
    return (const unsigned char *)slot;
}

/* Whether a slot holds the key of these words. */
static inline bool table_slot_is(const uint64_t *slot, enum key_class key_class,
                                 const uint64_t *words)
{
    uint64_t differ = slot[0] ^ words[0];
    if (key_class != KEY_W1)
        differ |= slot[1] ^ words[1];
    if (key_class == KEY_W4)
        differ |= (slot[2] ^ words[2]) | (slot[3] ^ words[3]);
    return differ == 0;
}

/* The words of a slot whose value is one word. A W2 key's has one to spare, so that a pair of
 * them is a cache line. */
static inline size_t table_sum_stride(enum key_class key_class)
{
    return key_class == KEY_W2 ? 4 : table_words(key_class) + 1;
}

/* Where, in a table of `mask` plus one slots, the probe of a hash begins: a W1 key's has its best
 * bits at the top. */
static inline size_t table_home(enum key_class key_class, uint64_t hash, size_t mask)
{
    return key_class == KEY_W1   ? (size_t)(hash >> __builtin_clzll(mask | 1)) & mask
           : key_class == KEY_W2 ? (size_t)hash & mask & ~(size_t)1
                                 : (size_t)hash & mask;
}

/* How far from home a key may lie. Chance takes hardly any as far; keys made to pile up, which a
 * mapper's table may refuse, cost no more than this each. */
#define TABLE_REACH 64u

/* Finds a key that is not long: *slot is the one that holds it (true), or the
 * empty one where it belongs, or NULL where that would be too far from home (false). */
static inline bool table_find(enum key_class key_class, uint64_t *slots, size_t mask, size_t stride,
                              const uint64_t *words, uint64_t hash, uint64_t **slot)
{
    size_t i = table_home(key_class, hash, mask);
    for (unsigned reach = 0; reach < TABLE_REACH; reach++, i = (i + 1) & mask) {
        *slot = slots + i * stride;
        if (table_slot_is(*slot, key_class, words))
            return true;
        if (!table_slot_used(*slot, key_class))
            return false;
    }
    *slot = NULL;
    return false;
}

/* Finds a long key: *slot is the one that holds it, or the
 * empty one where it belongs. */
static inline bool table_find_long(uint64_t *slots, size_t mask, size_t stride,
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
