/* SPDX-License-Identifier: MIT
 *
 * grouping_table - a hash table of all keys of one partition, a reducer's own.
 *
 * The keys lie side by side with their values, in the order in which they came; of 32 bits for each
 * slot of the index the low ones are a key's number and the others bits of its hash. So the index
 * can be nearly empty and small at the same time, hardly ever leads to another key, and what is
 * put out in the end is read without a gap. (Compact and ordered hash tables are as old as 2012:
 * R. Hettinger's proposal for Python's dict. The tag is DuckDB's, Kuiper et al., ICDE 2024.)
 *
 * W1 keys lie among the W2 keys (key.h): one loop serves both.
 */
#ifndef ENGINE_GROUPING_TABLE_H
#define ENGINE_GROUPING_TABLE_H

#include "base/budget.h"
#include "engine/core/key.h"

struct grouping_class {
    uint32_t *index;   /* slots: 0, or a tag and a key's number plus one. NULL before first use */
    uint64_t *entries; /* keys and values; the first word of the next entry's value is 0 */
    size_t mask;       /* slots in use less one: a power of two */
    size_t have;       /* slots there is memory for: more than mask + 1 after a larger use */
    size_t used;       /* entries */
    size_t limit;      /* of entries, before the class must grow */
    size_t stride;     /* words of an entry */
    size_t words;      /* words of its key: a long one's are hash, size and address */
    size_t shift;      /* words before the first entry (slots.h) */
};

struct grouping_table {
    struct grouping_class classes[KEY_CLASSES]; /* KEY_W1 is not used */
    const struct hash_seed *seed;
    struct budget *budget;
};

/* `value_words`: 8-byte words of a value, a caller's where it is `aligned` (slots.h). Takes no
 * memory yet. */
void grouping_table_open(struct grouping_table *table, const struct hash_seed *seed,
                         size_t value_words, bool aligned, struct budget *budget);
/* Frees the memory; the table is as after grouping_table_open. */
void grouping_table_close(struct grouping_table *table);

/* Empties one class and makes it fit `keys` keys (of none it needs no memory), or fewer where the
 * budget has no memory for as many: it grows later. Memory is kept from one use to the next; only
 * what the fewest keys take is taken past the budget too. Returns false when the system has none.
 * */
bool grouping_table_begin(struct grouping_table *table, enum key_class key_class, size_t keys);
/* Makes room for `more` keys in a class, past the budget where need be: its owner sees to it that
 * there are not too many. Returns false when the system has no memory; then nothing has changed. */
bool grouping_table_reserve(struct grouping_table *table, enum key_class key_class, size_t more);
/* Bytes of a class that grouping_table_begin makes for so many keys. */
uint64_t grouping_table_bytes(const struct grouping_table *table, enum key_class key_class,
                              uint64_t keys);
/* Whether, with `more` keys in each class, some class might have to grow, and all classes would
 * take more than `most` bytes while it does. */
bool grouping_table_would_pass(const struct grouping_table *table, size_t more, uint64_t most);

static inline uint64_t *grouping_entry(const struct grouping_class *class, size_t number)
{
    return class->entries + number * class->stride;
}

/* The bits of a hash from which tags come: neither the partition's nor the slot's. */
static inline uint32_t grouping_tag(uint64_t hash)
{
    return (uint32_t)(hash >> 22);
}

/* The number of the key of these words, not long, or `used` where it is new; *slot is its place in
 * the index. Whether a key is new is as good as random where few repeat, so that there is one
 * branch for both. A loop calls it with a copy of the class, whose members stay in registers. */
static inline __attribute__((always_inline)) size_t
grouping_find(enum key_class key_class, const struct grouping_class *class, const uint64_t *words,
              uint64_t hash, size_t *slot)
{
    const size_t mask = class->mask;
    const uint32_t low = (uint32_t)mask, tag = grouping_tag(hash) & ~low;
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        const uint32_t at = class->index[i];
        const bool fresh = at == 0;
        if (__builtin_expect(fresh | ((at & ~low) == tag), 1)) {
            const size_t number = fresh ? class->used : (size_t)(at & low) - 1;
            if (__builtin_expect(
                    fresh | key_slot_is(class->entries + number * class->stride, key_class, words),
                    1)) {
                *slot = i;
                return number;
            }
        }
    }
}

/* The same for a long key. */
static inline size_t grouping_find_long(const struct grouping_class *class,
                                        const unsigned char *key, size_t size, uint64_t hash,
                                        size_t *slot)
{
    const size_t mask = class->mask;
    const uint32_t low = (uint32_t)mask, tag = grouping_tag(hash) & ~low;
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        const uint32_t at = class->index[i];
        *slot = i;
        if (at == 0)
            return class->used;
        const size_t number = (size_t)(at & low) - 1;
        const uint64_t *entry = grouping_entry(class, number);
        if ((at & ~low) == tag && entry[0] == hash && entry[1] == size &&
            memcmp((const unsigned char *)(uintptr_t)entry[2], key, size) == 0)
            return number;
    }
}

/* Adds the key of grouping_find to the index, where it was new, and otherwise changes nothing:
 * `number` and `slot` are what that returned. The caller fills the entry. */
static inline __attribute__((always_inline)) void
grouping_insert(struct grouping_class *class, size_t number, size_t slot, uint64_t hash)
{
    const uint32_t low = (uint32_t)(class->mask);
    class->index[slot] = (grouping_tag(hash) & ~low) | (uint32_t)(number + 1);
    class->used += number == class->used;
    class->entries[class->used * class->stride + class->words] = 0;
}

#endif
