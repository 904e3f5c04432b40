/* SPDX-License-Identifier: MIT
 *
 * table - a hash table from keys to values, one thread's own.
 *
 * Three open-addressing tables with linear probing, one a key class (key.h), whose slots hold the
 * key's words and the value: a probe of a short key touches one cache line, two at times. The lookups
 * are here and inline, with the number of words a constant, because a counting job does nothing else.
 */
#ifndef ENGINE_TABLE_H
#define ENGINE_TABLE_H

#include "base/budget.h"
#include "base/hash.h"
#include "engine/key.h"

enum table_class_name { TABLE_SHORT, TABLE_MIDDLE, TABLE_LONG, TABLE_CLASSES };

/* Words of a slot before the value. A long key's are hash, size and address. */
#define TABLE_LONG_WORDS 3u

struct table_class {
    uint64_t *slots;
    size_t mask;   /* slots in use less one: a power of two; slots is NULL before the first use */
    size_t have;   /* slots there is memory for: more than mask + 1 after a larger use */
    size_t used;
    size_t limit;  /* how many may be used before the table must grow */
    size_t stride; /* words of a slot */
    size_t words;  /* words of its key */
};

struct table {
    struct table_class classes[TABLE_CLASSES];
    const struct hash_seed *seed;
    struct budget *budget;
};

/* `value_words`: 8-byte words of a value. Takes no memory yet. */
void table_open(struct table *table, const struct hash_seed *seed, size_t value_words,
                struct budget *budget);
/* Frees the slots; the table is as after table_open. */
void table_close(struct table *table);

/* Gives one class `slots` empty slots, a power of two; what it held is gone. Memory is kept from
 * one use to the next, new one taken within the budget only where `must` is false. Returns false
 * when there is none, the class then unchanged. */
bool table_class_open(struct table *table, enum table_class_name name, size_t slots, bool must);
/* Doubles one class, keeping its content. As above. */
bool table_class_grow(struct table *table, enum table_class_name name, bool must);
void table_class_close(struct table *table, enum table_class_name name);
/* Empties a class, keeping its slots. */
void table_class_clear(struct table_class *class);
/* The hash of the key in a slot. */
uint64_t table_slot_hash(const struct table *table, enum table_class_name name,
                         const uint64_t *slot);
/* After slots were emptied at will: moves every key to where a lookup finds it. */
void table_class_repair(struct table *table, enum table_class_name name);

/* Whether a slot holds a key. */
static inline bool
table_slot_used(const uint64_t *slot, enum table_class_name name)
{
    return slot[name == TABLE_SHORT ? 1 : name == TABLE_MIDDLE ? 3 : 1] != 0;
}

/* The key in a used slot. */
static inline const unsigned char *
table_slot_key(const uint64_t *slot, enum table_class_name name, size_t *size)
{
    if (name == TABLE_LONG) {
        *size = (size_t)slot[1];
        return (const unsigned char *)(uintptr_t)slot[2];
    }
    *size = key_words_size(slot, name == TABLE_SHORT ? KEY_SHORT_WORDS : KEY_MIDDLE_WORDS);
    return (const unsigned char *)slot;
}

/* The slot that holds the key, or the empty one where it belongs. */
static inline uint64_t *
table_find_short(uint64_t *slots, size_t mask, size_t stride, const uint64_t *words, uint64_t hash)
{
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        uint64_t *slot = slots + i * stride;
        if (((slot[0] ^ words[0]) | (slot[1] ^ words[1])) == 0 || slot[1] == 0)
            return slot;
    }
}

static inline uint64_t *
table_find_middle(uint64_t *slots, size_t mask, size_t stride, const uint64_t *words, uint64_t hash)
{
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        uint64_t *slot = slots + i * stride;
        if (((slot[0] ^ words[0]) | (slot[1] ^ words[1]) | (slot[2] ^ words[2]) |
             (slot[3] ^ words[3])) == 0 ||
            slot[3] == 0)
            return slot;
    }
}

static inline uint64_t *
table_find_long(uint64_t *slots, size_t mask, size_t stride, const unsigned char *key, size_t size,
                uint64_t hash)
{
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        uint64_t *slot = slots + i * stride;
        if (slot[1] == 0)
            return slot;
        if (slot[0] == hash && slot[1] == size &&
            memcmp((const unsigned char *)(uintptr_t)slot[2], key, size) == 0)
            return slot;
    }
}

#endif
