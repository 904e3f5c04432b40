/* SPDX-License-Identifier: MIT
 *
 * combiner_table - memory, growth and repair of the tables (see combiner_table.h).
 */
#include "engine/map/combiner_table.h"

#include <stdlib.h>

const unsigned char key_masks[64] = {
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define W1_MASK(size)                                                                              \
    {                                                                                              \
        ~(UINT64_MAX << (8 * (size))), UINT64_C(1) * ((size) + 1) << 56                            \
    }
#else
#define W1_MASK(size)                                                                              \
    {                                                                                              \
        (size) == 0 ? 0 : ~(UINT64_MAX >> (8 * (size))), (size) + 1                                \
    }
#endif
const uint64_t key_w1_masks[KEY_W1_MOST + 1][2] = {W1_MASK(0), W1_MASK(1), W1_MASK(2), W1_MASK(3),
                                                   W1_MASK(4), W1_MASK(5), W1_MASK(6), W1_MASK(7)};

/* Slots from this many bytes on are pages of their own; below, malloc serves small jobs faster. */
#define MAP_FROM ((size_t)128 << 10)
#define PAGE 4096
#define LINE 64
/* Slots that move together when a table grows: whole pages, whatever the stride; and the bytes that
 * are given back together, one huge page. */
#define STEP ((size_t)4096)
#define EMPTIED ((size_t)2 << 20)

static const size_t key_words[KEY_CLASSES] = {KEY_W1_WORDS, KEY_W2_WORDS, KEY_W4_WORDS,
                                              KEY_LONG_WORDS};

static size_t class_bytes(const struct table_class *class)
{
    return (class->mask + 1) * class->stride * sizeof *class->slots;
}

/* A page that is read first and written later is faulted in twice, the second time with an
 * interrupt to all other CPUs: on a corpus of many keys that was a fifth of the time. So pages of
 * slots are written before. */
static void touch_pages(void *slots, size_t from, size_t to)
{
    for (size_t at = from; at < to; at += PAGE)
        *(volatile unsigned char *)((unsigned char *)slots + at) = 0;
}

/* As table_take_slots, of pages yet to be touched where there are MAP_FROM bytes. */
static void *take_pages(struct budget *budget, size_t bytes, bool must)
{
    if (must)
        budget_charge(budget, bytes);
    else if (!budget_take(budget, bytes, 0))
        return NULL;
    void *slots = bytes >= MAP_FROM ? budget_map(bytes, true)
                                    : aligned_alloc(LINE, (bytes + LINE - 1) / LINE * LINE);
    if (!slots) {
        budget_give(budget, bytes);
        return NULL;
    }
    return bytes < MAP_FROM ? memset(slots, 0, bytes) : slots;
}

void *table_take_slots(struct budget *budget, size_t bytes, bool must)
{
    void *slots = take_pages(budget, bytes, must);
    if (slots && bytes >= MAP_FROM)
        touch_pages(slots, 0, bytes);
    return slots;
}

void table_give_slots(struct budget *budget, void *slots, size_t bytes)
{
    if (!slots)
        return;
    if (bytes >= MAP_FROM)
        budget_unmap(slots, bytes);
    else
        free(slots);
    budget_give(budget, bytes);
}

void table_open(struct table *table, const struct hash_seed *seed, size_t value_words,
                unsigned load, struct budget *budget)
{
    *table = (struct table){.seed = seed, .budget = budget, .load = load};
    for (int key_class = 0; key_class < KEY_CLASSES; key_class++) {
        table->classes[key_class].words = key_words[key_class];
        table->classes[key_class].stride = key_words[key_class] + value_words;
    }
    if (value_words == 1)
        table->classes[KEY_W2].stride = table_sum_stride(KEY_W2);
}

void table_close(struct table *table)
{
    for (int key_class = 0; key_class < KEY_CLASSES; key_class++)
        table_class_close(table, (enum key_class)key_class);
}

/* Puts the first `count` slots in use. */
static void use_slots(struct table_class *class, size_t count, unsigned load)
{
    class->mask = count - 1;
    class->limit = count / TABLE_LOAD_WHOLE * load;
    class->used = 0;
}

bool table_class_open(struct table *table, enum key_class key_class, size_t slots, bool must)
{
    struct table_class *class = &table->classes[key_class];
    class->slots =
        table_take_slots(table->budget, slots * class->stride * sizeof *class->slots, must);
    if (class->slots)
        use_slots(class, slots, table->load);
    return class->slots != NULL;
}

void table_class_close(struct table *table, enum key_class key_class)
{
    struct table_class *class = &table->classes[key_class];
    table_give_slots(table->budget, class->slots, class_bytes(class));
    class->slots = NULL;
    class->mask = class->used = class->limit = 0;
}

void table_class_clear(struct table_class *class)
{
    if (class->used > 0)
        memset(class->slots, 0, (class->mask + 1) * class->stride * sizeof *class->slots);
    class->used = 0;
}

uint64_t table_slot_hash(const struct table *table, enum key_class key_class, const uint64_t *slot)
{
    switch (key_class) {
    case KEY_W1:
        return hash_1(table->seed, slot[0]);
    case KEY_W2:
        return hash_2(table->seed, slot[0], slot[1]);
    case KEY_W4:
        return hash_4(table->seed, slot[0], slot[1], slot[2], slot[3]);
    default:
        return slot[0];
    }
}

/* The first empty slot for a key known not to be in the table. */
static uint64_t *empty_slot(const struct table_class *class, enum key_class key_class,
                            uint64_t hash)
{
    size_t i = table_home(key_class, hash, class->mask);
    while (table_slot_used(class->slots + i * class->stride, key_class))
        i = (i + 1) & class->mask;
    return class->slots + i * class->stride;
}

bool table_class_grow(struct table *table, enum key_class key_class, bool must)
{
    struct table_class *class = &table->classes[key_class];
    struct table_class old = *class;
    const size_t count = (old.mask + 1) * 2, slot_bytes = old.stride * sizeof *old.slots;
    uint64_t *slots = take_pages(table->budget, count * slot_bytes, must);
    if (!slots)
        return false;
    class->slots = slots;
    use_slots(class, count, table->load);
    class->used = old.used;
    /* A key moves to the slot of its number or to that in the other half, or, where the highest
     * bits of a hash tell the slot, to one of the two of twice its number. So pages are touched and
     * given back while the keys move: both tables are never whole at a time. */
    const size_t half = class_bytes(&old);
    size_t emptied = 0;
    for (size_t i = 0; i <= old.mask; i++) {
        if (i % STEP == 0 && 2 * half >= MAP_FROM) {
            const size_t at = i * slot_bytes, left = half - at;
            const size_t step = left < STEP * slot_bytes ? left : STEP * slot_bytes;
            const size_t first = key_class == KEY_W1 ? 2 * at : at;
            const size_t second = key_class == KEY_W1 ? 2 * at + step : half + at;
            touch_pages(slots, first, first + step);
            touch_pages(slots, second, second + step);
            if (at - emptied >= EMPTIED) {
                budget_empty((unsigned char *)old.slots + emptied, EMPTIED);
                emptied += EMPTIED;
            }
        }
        const uint64_t *from = old.slots + i * old.stride;
        if (table_slot_used(from, key_class))
            memcpy(empty_slot(class, key_class, table_slot_hash(table, key_class, from)), from,
                   old.stride * sizeof *from);
    }
    table_give_slots(table->budget, old.slots, class_bytes(&old));
    return true;
}

void table_class_repair(struct table *table, enum key_class key_class)
{
    struct table_class *class = &table->classes[key_class];
    /* Behind a slot that no key's probe passes, every key is met after all slots that its own
     * passes, so that moving it to the first empty one of these leaves no hole behind a key already
     * placed. There is such a slot, one that was empty before, but which one cannot be told: of two
     * rounds one goes from there to there. */
    for (size_t n = 0; n < 2 * (class->mask + 1); n++) {
        size_t own = n & class->mask;
        uint64_t *slot = class->slots + own * class->stride;
        if (!table_slot_used(slot, key_class))
            continue;
        size_t i = table_home(key_class, table_slot_hash(table, key_class, slot), class->mask);
        while (i != own && table_slot_used(class->slots + i * class->stride, key_class))
            i = (i + 1) & class->mask;
        if (i == own)
            continue;
        memcpy(class->slots + i * class->stride, slot, class->stride * sizeof *slot);
        memset(slot, 0, class->stride * sizeof *slot);
    }
}
