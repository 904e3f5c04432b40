/* SPDX-License-Identifier: MIT
 *
 * combiner_table - memory, growth and repair of the tables (see combiner_table.h).
 */
#include "engine/map/combiner_table.h"

#include "engine/core/slots.h"

/* Slots that move together when a table grows: whole pages, whatever the stride; and the bytes that
 * are given back together, one huge page. */
#define STEP ((size_t)4096)
#define EMPTIED ((size_t)2 << 20)
/* Bytes of the first values that lie apart. */
#define FIRST_VALUES ((uint64_t)16 << 10)

static const size_t key_words[KEY_CLASSES] = {KEY_W1_WORDS, KEY_W2_WORDS, KEY_W4_WORDS,
                                              KEY_LONG_WORDS};

static size_t bytes_of(const struct combiner_table_class *class, size_t slots)
{
    return (class->shift + slots * class->stride) * sizeof *class->slots;
}

/* The memory of a class's slots. */
static void *memory_of(const struct combiner_table_class *class)
{
    return class->slots ? class->slots - class->shift : NULL;
}

void combiner_table_open(struct combiner_table *table, const struct hash_seed *seed, unsigned load,
                         struct budget *budget)
{
    *table = (struct combiner_table){.seed = seed, .budget = budget, .load = load};
    for (int key_class = 0; key_class < KEY_CLASSES; key_class++) {
        struct combiner_table_class *class = &table->classes[key_class];
        class->words = key_words[key_class];
        class->stride = key_words[key_class] + 1;
        class->room = SIZE_MAX;
    }
    table->classes[KEY_W2].stride = combiner_table_sum_stride(KEY_W2);
}

void combiner_table_open_values(struct combiner_table *table, const struct hash_seed *seed,
                                size_t value_words, size_t most_inline, unsigned load,
                                struct budget *budget)
{
    combiner_table_open(table, seed, load, budget);
    if (value_words > most_inline)
        table->apart = slots_aligned_stride(0, value_words);
    for (int key_class = 0; key_class < KEY_CLASSES; key_class++) {
        struct combiner_table_class *class = &table->classes[key_class];
        if (table->apart > 0) {
            class->room = 0;
        } else {
            class->stride = slots_aligned_stride(class->words, value_words);
            class->shift = slots_aligned_shift(class->words);
        }
    }
}

void combiner_table_close(struct combiner_table *table)
{
    for (int key_class = 0; key_class < KEY_CLASSES; key_class++)
        combiner_table_class_close(table, (enum key_class)key_class);
}

/* Puts the first `count` slots in use. */
static void use_slots(struct combiner_table_class *class, size_t count, unsigned load)
{
    class->mask = count - 1;
    class->used = 0;
    combiner_table_class_limit(class, count / COMBINER_TABLE_LOAD_WHOLE * load);
}

void combiner_table_class_limit(struct combiner_table_class *class, size_t limit)
{
    class->slots_limit = limit;
    class->limit = limit < class->room ? limit : class->room;
}

static uint64_t values_bytes(const struct combiner_table *table,
                             const struct combiner_table_class *class)
{
    return class->values ? class->room * table->apart * sizeof *class->values : 0;
}

static void free_values(struct combiner_table *table, struct combiner_table_class *class)
{
    slots_give(table->budget, class->values, values_bytes(table, class));
    class->values = NULL;
    class->room = table->apart > 0 ? 0 : SIZE_MAX;
}

bool combiner_table_values_grow(struct combiner_table *table, enum key_class key_class,
                                uint64_t most)
{
    struct combiner_table_class *class = &table->classes[key_class];
    const uint64_t value = table->apart * sizeof *class->values;
    uint64_t others = 0, room = class->values ? 2 * class->room : FIRST_VALUES / value;
    for (int i = 0; i < KEY_CLASSES; i++)
        if (i != (int)key_class)
            others += values_bytes(table, &table->classes[i]);
    const uint64_t left = others < most ? (most - others) / value : 0;
    room = room > left ? left : room > 0 ? room : 1;
    if (room <= (class->values ? class->room : 0))
        return false;
    uint64_t *values = slots_take_untouched(table->budget, room * value, false);
    if (!values)
        return false;
    if (class->used > 0)
        memcpy(values, class->values, class->used * value);
    free_values(table, class);
    class->values = values;
    class->room = room;
    combiner_table_class_limit(class, class->slots_limit);
    return true;
}

bool combiner_table_class_open(struct combiner_table *table, enum key_class key_class, size_t slots,
                               bool must)
{
    struct combiner_table_class *class = &table->classes[key_class];
    uint64_t *memory = slots_take(table->budget, bytes_of(class, slots), must);
    if (!memory)
        return false;
    class->slots = memory + class->shift;
    use_slots(class, slots, table->load);
    return true;
}

void combiner_table_class_close(struct combiner_table *table, enum key_class key_class)
{
    struct combiner_table_class *class = &table->classes[key_class];
    slots_give(table->budget, memory_of(class), bytes_of(class, class->mask + 1));
    free_values(table, class);
    class->slots = NULL;
    class->mask = class->used = class->limit = class->slots_limit = 0;
}

void combiner_table_class_clear(struct combiner_table_class *class)
{
    if (class->used > 0)
        memset(class->slots, 0, (class->mask + 1) * class->stride * sizeof *class->slots);
    class->used = 0;
}

uint64_t combiner_table_slot_hash(const struct combiner_table *table, enum key_class key_class,
                                  const uint64_t *slot)
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
static uint64_t *empty_slot(const struct combiner_table_class *class, enum key_class key_class,
                            uint64_t hash)
{
    size_t i = combiner_table_home(key_class, hash, class->mask, class->stride);
    while (key_slot_used(class->slots + i * class->stride, key_class))
        i = (i + 1) & class->mask;
    return class->slots + i * class->stride;
}

bool combiner_table_class_grow(struct combiner_table *table, enum key_class key_class, bool must)
{
    struct combiner_table_class *class = &table->classes[key_class];
    struct combiner_table_class old = *class;
    const size_t count = (old.mask + 1) * 2, slot_bytes = old.stride * sizeof *old.slots;
    uint64_t *slots = slots_take_untouched(table->budget, bytes_of(class, count), must);
    if (!slots)
        return false;
    slots += class->shift;
    class->slots = slots;
    use_slots(class, count, table->load);
    class->used = old.used;
    /* A key moves to the slot of its number or to that in the other half, or, where the highest
     * bits of a hash tell the slot, to one of the two of twice its number. So pages are touched and
     * given back while the keys move: both tables are never whole at a time. */
    const size_t half = (old.mask + 1) * slot_bytes;
    size_t emptied = 0;
    for (size_t i = 0; i <= old.mask; i++) {
        if (i % STEP == 0 && 2 * half >= SLOTS_MAP_FROM) {
            const size_t at = i * slot_bytes, left = half - at;
            const size_t step = left < STEP * slot_bytes ? left : STEP * slot_bytes;
            const size_t first = key_class == KEY_W1 ? 2 * at : at;
            const size_t second = key_class == KEY_W1 ? 2 * at + step : half + at;
            slots_touch(slots, first, first + step);
            slots_touch(slots, second, second + step);
            if (at - emptied >= EMPTIED) {
                budget_empty((unsigned char *)memory_of(&old) + emptied, EMPTIED);
                emptied += EMPTIED;
            }
        }
        const uint64_t *from = old.slots + i * old.stride;
        if (key_slot_used(from, key_class))
            memcpy(empty_slot(class, key_class, combiner_table_slot_hash(table, key_class, from)),
                   from, old.stride * sizeof *from);
    }
    slots_give(table->budget, memory_of(&old), bytes_of(&old, old.mask + 1));
    return true;
}

void combiner_table_class_repair(struct combiner_table *table, enum key_class key_class)
{
    struct combiner_table_class *class = &table->classes[key_class];
    /* Behind a slot that no key's probe passes, every key is met after all slots that its own
     * passes, so that moving it to the first empty one of these leaves no hole behind a key already
     * placed. There is such a slot, one that was empty before, but which one cannot be told: of two
     * rounds one goes from there to there. */
    for (size_t n = 0; n < 2 * (class->mask + 1); n++) {
        size_t own = n & class->mask;
        uint64_t *slot = class->slots + own * class->stride;
        if (!key_slot_used(slot, key_class))
            continue;
        size_t i = combiner_table_home(key_class, combiner_table_slot_hash(table, key_class, slot),
                                       class->mask, class->stride);
        while (i != own && key_slot_used(class->slots + i * class->stride, key_class))
            i = (i + 1) & class->mask;
        if (i == own)
            continue;
        memcpy(class->slots + i * class->stride, slot, class->stride * sizeof *slot);
        memset(slot, 0, class->stride * sizeof *slot);
    }
}
