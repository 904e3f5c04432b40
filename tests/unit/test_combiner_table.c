/* SPDX-License-Identifier: MIT
 *
 * test_combiner_table.c - a mapper's table against a list: keys of each class whose words are in
 * its slots are put in, emptied at will and put in order again, while the table grows from a few
 * slots, so that probes pass other keys and go round its end; and one grown to many megabytes.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "engine/map/combiner_table.h"
#include "unit/random.h"

#define ROUNDS 4000u
#define FIRST_SLOTS 8u
#define MOST_KEYS 96u
#define MANY_KEYS 200000u
#define LOAD 6u
/* Of many keys few are then as far from home as a lookup goes. */
#define HALF 4u

struct held {
    uint64_t words[KEY_W4_WORDS], hash, value;
    bool in;
};

/* Makes a key like no other: its number is in its first bytes. */
static void make_key(enum key_class key_class, const struct hash_seed *seed, unsigned number,
                     struct held *key)
{
    const size_t sizes[] = {KEY_W1_MOST, KEY_W2_MOST, KEY_W4_MOST};
    unsigned char bytes[KEY_W4_MOST + 32];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)below(256);
    memcpy(bytes, &number, sizeof number);
    *key = (struct held){.value = 1 + below(1000)};
    key->hash = key_load(key_class, seed, key->words, bytes, sizes[key_class]);
}

/* Whether values in the table must be aligned. */
static bool aligned;

/* Of sums, or of so many words of a value. */
static void open_table(struct combiner_table *table, const struct hash_seed *seed,
                       size_t value_words, unsigned load, struct budget *budget)
{
    aligned = value_words > 0;
    if (!aligned)
        combiner_table_open(table, seed, load, budget);
    else
        combiner_table_open_values(table, seed, value_words, 8, load, budget);
}

static uint64_t *find(const struct combiner_table *table, enum key_class key_class,
                      const struct held *key, bool *found)
{
    const struct combiner_table_class *class = &table->classes[key_class];
    uint64_t *slot;
    *found = combiner_table_find(key_class, class->slots, class->mask, class->stride, key->words,
                                 key->hash, &slot);
    return slot;
}

static void check_all(const struct combiner_table *table, enum key_class key_class,
                      const struct held *keys, size_t count)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        bool found;
        const uint64_t *slot = find(table, key_class, &keys[i], &found);
        if (found != keys[i].in || (found && slot[key_class_words(key_class)] != keys[i].value))
            ck_abort_msg("class %d, key %zu of %zu is not as it should be", (int)key_class, i,
                         count);
        used += found;
    }
    ck_assert_uint_eq(table->classes[key_class].used, used);
}

/* Empties some slots, and lets the table find the others again. */
static void empty_some(struct combiner_table *table, enum key_class key_class, struct held *keys,
                       size_t count)
{
    struct combiner_table_class *class = &table->classes[key_class];
    const unsigned of_eight = 1 + below(7);
    uint64_t *slots[MOST_KEYS];
    for (size_t i = 0; i < count; i++) {
        bool found;
        slots[i] = find(table, key_class, &keys[i], &found);
    }
    for (size_t i = 0; i < count; i++)
        if (keys[i].in && below(8) < of_eight) {
            memset(slots[i], 0, class->stride * sizeof *slots[i]);
            keys[i].in = false;
            class->used--;
        }
    combiner_table_class_repair(table, key_class);
}

static void fill(struct combiner_table *table, enum key_class key_class, struct held *keys,
                 size_t count)
{
    struct combiner_table_class *class = &table->classes[key_class];
    for (size_t i = 0; i < count; i++) {
        bool found;
        if (keys[i].in)
            continue;
        if (class->used == class->limit && !combiner_table_class_grow(table, key_class, true))
            ck_abort_msg("no memory");
        uint64_t *slot = find(table, key_class, &keys[i], &found);
        if (found || !slot)
            ck_abort_msg("key %zu is there, or has no place", i);
        if (aligned)
            ck_assert_uint_eq((uintptr_t)(slot + class->words) % 16, 0);
        memcpy(slot, keys[i].words, class->words * sizeof *slot);
        slot[class->words] = keys[i].value;
        keys[i].in = true;
        class->used++;
    }
}

START_TEST(a_table_holds_what_a_list_holds)
{
    const enum key_class key_class = (enum key_class)(_i % 3);
    const size_t value_words = (size_t)_i / 3;
    static struct held keys[MOST_KEYS];
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct budget budget;
        struct hash_seed seed;
        struct combiner_table table;
        const size_t count = 1 + below(MOST_KEYS);
        budget_open(&budget, 1);
        hash_seed_fixed(&seed, round);
        open_table(&table, &seed, value_words, LOAD, &budget);
        ck_assert(combiner_table_class_open(&table, key_class, FIRST_SLOTS, true));
        for (size_t i = 0; i < count; i++)
            make_key(key_class, &seed, (unsigned)i, &keys[i]);
        for (unsigned time = 0; time < 3; time++) {
            fill(&table, key_class, keys, count);
            check_all(&table, key_class, keys, count);
            empty_some(&table, key_class, keys, count);
            check_all(&table, key_class, keys, count);
        }
        combiner_table_class_clear(&table.classes[key_class]);
        ck_assert_uint_eq(table.classes[key_class].used, 0);
        combiner_table_close(&table);
        ck_assert_uint_eq(budget.used, 0);
    }
}
END_TEST

/* Into huge pages, which the old slots give back while their keys move. */
START_TEST(a_table_grows_into_huge_pages)
{
    const enum key_class key_class = (enum key_class)(_i % 3);
    const size_t value_words = (size_t)_i / 3;
    static struct held keys[MANY_KEYS];
    struct budget budget;
    struct hash_seed seed;
    struct combiner_table table;
    budget_open(&budget, 1);
    hash_seed_fixed(&seed, 0);
    open_table(&table, &seed, value_words, HALF, &budget);
    ck_assert(combiner_table_class_open(&table, key_class, FIRST_SLOTS, true));
    for (size_t i = 0; i < MANY_KEYS; i++)
        make_key(key_class, &seed, (unsigned)i, &keys[i]);
    fill(&table, key_class, keys, MANY_KEYS);
    check_all(&table, key_class, keys, MANY_KEYS);
    combiner_table_close(&table);
    ck_assert_uint_eq(budget.used, 0);
}
END_TEST

/* Two W2 keys with a value of one word are a cache line, whatever the number of slots. */
START_TEST(two_w2_keys_fill_a_cache_line)
{
    struct budget budget;
    struct hash_seed seed;
    struct combiner_table table;
    budget_open(&budget, 1);
    hash_seed_fixed(&seed, 0);
    combiner_table_open(&table, &seed, LOAD, &budget);
    ck_assert_uint_eq(2 * table.classes[KEY_W2].stride * sizeof(uint64_t), 64);
    for (size_t slots = FIRST_SLOTS; slots <= 1u << 16; slots *= 2) {
        ck_assert(combiner_table_class_open(&table, KEY_W2, slots, true));
        ck_assert_uint_eq((uintptr_t)table.classes[KEY_W2].slots % 64, 0);
        combiner_table_class_close(&table, KEY_W2);
    }
}
END_TEST

Suite *test_combiner_table_suite(void);

Suite *test_combiner_table_suite(void)
{
    Suite *suite = suite_create("combiner_table");
    TCase *tests = tcase_create("table");
    tcase_add_loop_test(tests, a_table_holds_what_a_list_holds, 0, 3 * 3);
    tcase_add_loop_test(tests, a_table_grows_into_huge_pages, 0, 3 * 3);
    tcase_add_test(tests, two_w2_keys_fill_a_cache_line);
    suite_add_tcase(suite, tests);
    return suite;
}
