/* SPDX-License-Identifier: MIT
 *
 * test_grouping_table.c - a reducer's table against a list that is searched from its start: keys of
 * every class, one class used again and again in several sizes, growth while it is filled, and an
 * index whose tags are all the same.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "engine/combine/grouping_table.h"
#include "unit/random.h"

#define KEYS 3000u
#define ROOM (KEY_W4_MOST + 1)

/* A key of at least `least` and at most `most` bytes, of few letters so that many come again, and
 * padding that a lookup must not mind. */
static size_t make_key(unsigned char *key, size_t least, size_t most)
{
    size_t size = least + below((unsigned)(most - least + 1));
    for (size_t i = 0; i < size + ROOM; i++)
        key[i] = (unsigned char)(i < size ? below(50) == 0 ? 0 : 'a' + below(2) : below(256));
    return size;
}

/* Adds `value` to a key, as a reducer does. `same`: hashes are alike but for the lowest bits. */
static void add(struct grouping_table *table, enum key_class key_class, const unsigned char *key,
                size_t size, uint64_t value, bool same)
{
    struct grouping_class *class = &table->classes[key_class];
    uint64_t words[KEY_W4_WORDS];
    uint64_t hash = key_grouping_load(key_class, table->seed, words, key, size);
    if (same)
        hash &= 15;
    ck_assert(grouping_table_reserve(table, key_class, 1));
    size_t slot;
    const size_t number = grouping_find(key_class, class, words, hash, &slot);
    grouping_insert(class, number, slot, hash);
    uint64_t *entry = grouping_entry(class, number);
    memcpy(entry, words, class->words * sizeof *words);
    entry[class->words] += value;
}

static void add_long(struct grouping_table *table, const unsigned char *key, size_t size,
                     uint64_t value)
{
    struct grouping_class *class = &table->classes[KEY_LONG];
    const uint64_t hash = hash_bytes(table->seed, key, size);
    ck_assert(grouping_table_reserve(table, KEY_LONG, 1));
    size_t slot;
    const size_t before = class->used, number = grouping_find_long(class, key, size, hash, &slot);
    uint64_t *entry = grouping_entry(class, number);
    if (number == before) {
        grouping_insert(class, number, slot, hash);
        entry[0] = hash;
        entry[1] = size;
        entry[2] = (uint64_t)(uintptr_t)key;
    }
    entry[KEY_LONG_WORDS] += value;
}

struct known {
    unsigned char key[100 + ROOM];
    size_t size;
    uint64_t value;
};

static void check_class(struct grouping_table *table, enum key_class key_class, size_t least,
                        size_t most, size_t count, size_t expected, bool same)
{
    struct known *known = calloc(KEYS, sizeof *known);
    size_t used = 0;
    ck_assert_ptr_nonnull(known);
    ck_assert(grouping_table_begin(table, key_class, expected));
    for (size_t i = 0; i < count; i++) {
        struct known *fresh = &known[used];
        fresh->size = make_key(fresh->key, least, most);
        const uint64_t value = below(1000);
        size_t at = 0;
        while (known[at].size != fresh->size || memcmp(known[at].key, fresh->key, fresh->size) != 0)
            at++;
        known[at].value += value;
        used += at == used;
        if (key_class == KEY_LONG)
            add_long(table, known[at].key, known[at].size, value);
        else
            add(table, key_class, fresh->key, fresh->size, value, same);
    }
    const struct grouping_class *class = &table->classes[key_class];
    ck_assert_uint_eq(class->used, used);
    for (size_t i = 0; i < used; i++) {
        const uint64_t *entry = grouping_entry(class, i);
        size_t size;
        const unsigned char *key = key_slot_key(entry, key_class, &size);
        ck_assert_uint_eq(size, known[i].size);
        ck_assert_mem_eq(key, known[i].key, size);
        ck_assert_uint_eq(entry[class->words], known[i].value);
    }
    free(known);
}

START_TEST(every_key_has_one_entry_and_its_sum)
{
    struct hash_seed seed;
    struct budget budget;
    struct grouping_table table;
    hash_seed_fixed(&seed, 7);
    budget_open(&budget, 1); /* passed wherever it must be */
    grouping_table_open(&table, &seed, 1, _i == 1, &budget);
    for (unsigned round = 0; round < 12; round++) {
        /* Too little room expected, then enough, then far too much. */
        const size_t count = round % 4 == 3 ? 10 : KEYS;
        const size_t expected = round % 3 == 0 ? 0 : round % 3 == 1 ? 100 : 3 * KEYS;
        check_class(&table, KEY_W2, 0, KEY_W2_MOST, count, expected, false);
        check_class(&table, KEY_W4, KEY_W2_MOST + 1, KEY_W4_MOST, count, expected, false);
        check_class(&table, KEY_LONG, KEY_W4_MOST + 1, 100, count, expected, false);
    }
    budget.limit = UINT64_MAX; /* a table whose tags are alike must not grow: see add */
    check_class(&table, KEY_W2, 0, KEY_W2_MOST, 600, KEYS, true);
    check_class(&table, KEY_W4, KEY_W2_MOST + 1, KEY_W4_MOST, 600, KEYS, true);
    grouping_table_close(&table);
    ck_assert_uint_eq(atomic_load(&budget.used), 0);
}
END_TEST

/* The first guess is made of what the budget has; only few keys pass it, as few as values are
 * large. */
START_TEST(a_table_begins_within_the_budget)
{
    struct hash_seed seed;
    struct budget budget;
    hash_seed_fixed(&seed, 7);
    for (size_t value_words = 1; value_words <= 12500; value_words *= 50) {
        struct grouping_table table;
        budget_open(&budget, (uint64_t)1 << 20);
        grouping_table_open(&table, &seed, value_words, false, &budget);
        ck_assert(grouping_table_begin(&table, KEY_W2, 0));
        ck_assert_uint_eq(budget.used, 0);
        ck_assert(grouping_table_begin(&table, KEY_W2, 1000000));
        ck_assert_uint_gt(budget.used, budget.limit / 4);
        ck_assert_uint_le(budget.most, budget.limit);
        ck_assert(grouping_table_begin(&table, KEY_W4, 1000000));
        ck_assert_uint_le(budget.most, budget.limit + 4 * (value_words * 8 + 64));
        ck_assert(grouping_table_reserve(&table, KEY_LONG, 1));
        ck_assert_uint_ge(table.classes[KEY_LONG].limit, 1);
        grouping_table_close(&table);
        ck_assert_uint_eq(budget.used, 0);
    }
}
END_TEST

Suite *test_grouping_table_suite(void);

Suite *test_grouping_table_suite(void)
{
    Suite *suite = suite_create("grouping_table");
    TCase *tests = tcase_create("grouping_table");
    tcase_add_loop_test(tests, every_key_has_one_entry_and_its_sum, 0, 2);
    tcase_add_test(tests, a_table_begins_within_the_budget);
    suite_add_tcase(suite, tests);
    return suite;
}
