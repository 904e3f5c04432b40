/* SPDX-License-Identifier: MIT
 *
 * grouping_table - memory and growth of a reducer's table (see grouping_table.h).
 */
#include "engine/combine/grouping_table.h"

#include "engine/core/slots.h"

/* Of 8 slots of the index so many may be used: a slot is small, and one that leads to another key
 * is an unpredictable branch. */
#define LOAD 3
#define LOAD_WHOLE 8
_Static_assert(LOAD < LOAD_WHOLE, "there is an empty slot to end a search");
/* Slots at the least, of which 3 keys fit into the fewer, where values are large. */
#define FEWEST_SLOTS ((size_t)8)
_Static_assert(FEWEST_SLOTS * sizeof(uint32_t) % ALIGNED_TO == 0, "entries are aligned");
#define USUAL_FEWEST ((size_t)64)
#define FEWEST_BYTES ((size_t)64 << 10)
/* An index slot has no bits for more. */
#define MOST_SLOTS ((uint64_t)1 << 32)

static size_t limit_of(size_t slots)
{
    return slots / LOAD_WHOLE * LOAD;
}

/* The index, the entries, and one more, whose value is made 0 ahead. */
static size_t bytes_of(const struct grouping_class *class, size_t slots)
{
    return slots == 0 ? 0
                      : slots * sizeof *class->index +
                            (class->shift + (limit_of(slots) + 1) * class->stride) *
                                sizeof *class->entries;
}

void grouping_table_open(struct grouping_table *table, const struct hash_seed *seed,
                         size_t value_words, bool aligned, struct budget *budget)
{
    *table = (struct grouping_table){.seed = seed, .budget = budget};
    for (int key_class = KEY_W2; key_class < KEY_CLASSES; key_class++) {
        struct grouping_class *class = &table->classes[key_class];
        class->words =
            key_class == KEY_LONG ? KEY_LONG_WORDS : key_class_words((enum key_class)key_class);
        class->stride =
            aligned ? slots_aligned_stride(class->words, value_words) : class->words + value_words;
        class->shift = aligned ? slots_aligned_shift(class->words) : 0;
    }
}

/* Slots that hold so many keys. */
static uint64_t slots_for(const struct grouping_class *class, uint64_t keys)
{
    uint64_t slots = FEWEST_SLOTS;
    while (slots < USUAL_FEWEST && bytes_of(class, (size_t)slots * 2) <= FEWEST_BYTES)
        slots *= 2;
    while (slots < MOST_SLOTS && limit_of((size_t)slots) < keys)
        slots *= 2;
    return slots;
}

static void free_class(struct grouping_table *table, struct grouping_class *class)
{
    slots_give(table->budget, class->index, bytes_of(class, class->have));
    class->index = NULL;
    class->entries = NULL;
    class->mask = class->have = class->used = class->limit = 0;
}

void grouping_table_close(struct grouping_table *table)
{
    for (int key_class = KEY_W2; key_class < KEY_CLASSES; key_class++)
        free_class(table, &table->classes[key_class]);
}

/* Gives a class that holds no memory so many slots, empty, within the budget unless it must. */
static bool take_class(struct grouping_table *table, struct grouping_class *class, uint64_t slots,
                       bool must)
{
    if (slots > MOST_SLOTS || slots > SIZE_MAX / 2 / (sizeof *class->index + 8 * class->stride))
        return false;
    class->index = slots_take(table->budget, bytes_of(class, (size_t)slots), must);
    if (!class->index)
        return false;
    class->entries = (uint64_t *)(void *)(class->index + slots) + class->shift;
    class->have = (size_t)slots;
    class->mask = (size_t)slots - 1;
    class->limit = limit_of((size_t)slots);
    class->used = 0;
    return true;
}

bool grouping_table_begin(struct grouping_table *table, enum key_class key_class, size_t keys)
{
    struct grouping_class *class = &table->classes[key_class];
    const uint64_t fewest = slots_for(class, 0);
    uint64_t slots = slots_for(class, keys);
    if (keys == 0 && class->have == 0)
        return true;
    if (slots > class->have) {
        free_class(table, class);
        for (; slots > fewest; slots /= 2)
            if (take_class(table, class, slots, false))
                return true;
        return take_class(table, class, fewest, true);
    }
    memset(class->index, 0, (size_t)slots * sizeof *class->index);
    class->mask = (size_t)slots - 1;
    class->limit = limit_of((size_t)slots);
    class->used = 0;
    class->entries[class->words] = 0;
    return true;
}

/* The hash of an entry's key. */
static uint64_t hash_of(const struct grouping_table *table, enum key_class key_class,
                        const uint64_t *entry)
{
    return key_class == KEY_LONG ? entry[0]
           : key_class == KEY_W2 ? hash_2(table->seed, entry[0], entry[1])
                                 : hash_4(table->seed, entry[0], entry[1], entry[2], entry[3]);
}

bool grouping_table_reserve(struct grouping_table *table, enum key_class key_class, size_t more)
{
    struct grouping_class *class = &table->classes[key_class];
    if (class->used + more <= class->limit)
        return true;
    struct grouping_class old = *class;
    uint64_t slots = old.have == 0 ? slots_for(class, 0) : 2 * ((uint64_t)old.mask + 1);
    while (slots < MOST_SLOTS && limit_of((size_t)slots) < old.used + more)
        slots *= 2;
    if (!take_class(table, class, slots, true)) {
        *class = old;
        return false;
    }
    class->used = old.used;
    if (old.used > 0)
        memcpy(class->entries, old.entries, old.used * old.stride * sizeof *old.entries);
    class->entries[class->used * class->stride + class->words] = 0;
    for (size_t number = 0; number < old.used; number++) {
        const uint64_t hash = hash_of(table, key_class, grouping_entry(class, number));
        size_t i = (size_t)hash & class->mask;
        while (class->index[i] != 0)
            i = (i + 1) & class->mask;
        class->index[i] = (grouping_tag(hash) & ~(uint32_t)(class->mask)) | (uint32_t)(number + 1);
    }
    free_class(table, &old);
    return true;
}

uint64_t grouping_table_bytes(const struct grouping_table *table, enum key_class key_class,
                              uint64_t keys)
{
    const struct grouping_class *class = &table->classes[key_class];
    return keys == 0 ? 0 : bytes_of(class, (size_t)slots_for(class, keys));
}

bool grouping_table_would_pass(const struct grouping_table *table, size_t more, uint64_t most)
{
    uint64_t now = 0, growing = 0;
    for (int key_class = KEY_W2; key_class < KEY_CLASSES; key_class++) {
        const struct grouping_class *class = &table->classes[key_class];
        now += bytes_of(class, class->have);
        if (class->used > 0 && class->used + more > class->limit)
            growing += bytes_of(class, 2 * (class->mask + 1));
    }
    return growing > 0 && now + growing > most;
}
