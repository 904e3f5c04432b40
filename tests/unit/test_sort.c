/* SPDX-License-Identifier: MIT
 *
 * test_sort.c - words and result records in order, against qsort: every number of them up to some
 * hundred and some large ones, spread evenly, crowded, nearly alike and already in order; keys that
 * are prefixes of each other, that end in NULs, and that share much; and keys that are equal, which
 * payloads tell apart.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/order/ranges.h"
#include "engine/order/sort.h"
#include "unit/cases.h"
#include "unit/random.h"

/* ---- Words --------------------------------------------------------------------------- */

enum spread { EVEN, CROWDED, SKEWED, FEW_VALUES, ALIKE, RISING, FALLING, SPREADS };

static uint64_t draw_word(enum spread spread, size_t i)
{
    switch (spread) {
    case CROWDED:
        return (random_next() & 0x1f0f) << 40 | (random_next() & 0xff);
    case SKEWED:
        return random_next() >> below(64);
    case FEW_VALUES:
        return below(3);
    case ALIKE:
        return UINT64_MAX;
    case RISING:
        return i * 3;
    case FALLING:
        return UINT64_MAX - i;
    default:
        return random_next();
    }
}

static int compare_words(const void *a, const void *b)
{
    const uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return one < other ? -1 : one > other;
}

/* Exactly as large as they may be, so that a sanitizer sees what goes beyond. */
static void check_words(sort64_words *sort, enum spread spread, size_t count)
{
    uint64_t *words = malloc(count * sizeof *words), *want = malloc(count * sizeof *want);
    uint64_t *spare = malloc(count * sizeof *spare);
    uint16_t *places = malloc(count * sizeof *places);
    for (size_t i = 0; i < count; i++)
        want[i] = words[i] = draw_word(spread, i);
    qsort(want, count, sizeof *want, compare_words);
    sort(words, spare, places, count);
    ck_assert_msg(memcmp(words, want, count * sizeof *want) == 0, "spread %d, %zu words",
                  (int)spread, count);
    free(words);
    free(want);
    free(spare);
    free(places);
}

static void check_sort64(sort64_words *sort)
{
    static const size_t large[] = {1000, 4095, 20000, 150000};
    for (int spread = 0; spread < SPREADS; spread++) {
        for (size_t count = 1; count < 200; count++)
            check_words(sort, (enum spread)spread, count);
        for (size_t i = 0; i < sizeof large / sizeof *large; i++)
            check_words(sort, (enum spread)spread, large[i]);
    }
}

START_TEST(a_scalar_sort_orders_any_words)
{
    check_sort64(sort64_scalar);
}
END_TEST

START_TEST(vectors_order_any_words)
{
    if (sort64_select() != sort64_scalar)
        check_sort64(sort64_select());
    else
        cases_skip("sort: vectors_order_any_words", "this CPU has no AVX-512");
}
END_TEST

/* ---- Records ------------------------------------------------------------------------- */

#define RECORDS 3000u
#define KEY_MOST 60u

/* The records of a range, each in a place of its own, and these places in an order by qsort. */
struct set {
    const unsigned char *want[RECORDS];
    size_t count;
    struct chunk *chunks;
};

static const struct sort_order *by;

static int compare_records(const void *a, const void *b)
{
    struct record one, other;
    record_get(*(const unsigned char *const *)a, RECORD_RESULT, 0, &one);
    record_get(*(const unsigned char *const *)b, RECORD_RESULT, 0, &other);
    int result = !by->ranked ? 0 : one.number > other.number ? -1 : one.number < other.number;
    if (by->reverse)
        result = -result;
    if (result == 0)
        result = sort_compare_keys(by, one.key, one.size, other.key, other.size);
    if (result == 0)
        result = sort_compare_keys(by, one.value, one.value_size, other.value, other.value_size);
    if (result == 0 && one.number != other.number)
        result = (one.number < other.number) != by->reverse ? -1 : 1;
    return result;
}

/* How keys are made. */
enum kind { WORDS, SHARING, NULS, LONGER_AND_LONGER, BYTES, SHORT, KINDS };

/* Writes a key and its number, which makes it unlike the others; returns its size. */
static size_t make_key(enum kind kind, unsigned number, unsigned char *key)
{
    size_t size = 0;
    char *text = (char *)key;
    switch (kind) {
    case SHARING: /* a long beginning, one of a few, and a little that differs */
        return (size_t)snprintf(text, KEY_MOST, "SOME_REGISTER_%u__OF_SOMETHING_%c%c_%u", below(4),
                                (char)('A' + below(3)), (char)('A' + below(26)), number);
    case NULS:
        size = below(20);
        memset(key, 0, size);
        break;
    case LONGER_AND_LONGER:
        size = number % (KEY_MOST - 10);
        memset(key, 'a', size);
        if (number < KEY_MOST - 10)
            return size;
        break;
    case BYTES:
        size = below(12);
        for (size_t i = 0; i < size; i++)
            key[i] = (unsigned char)(random_next() >> 40);
        break;
    case SHORT:
        return (size_t)snprintf(text, KEY_MOST, "%x", number);
    default:
        size = 1 + below(12);
        for (size_t i = 0; i < size; i++)
            key[i] = (unsigned char)('a' + below(below(26) + 1));
        break;
    }
    for (unsigned i = 0; i < 3; i++)
        key[size + i] = (unsigned char)(number >> (16 - 8 * i));
    return size + 3;
}

static uint64_t draw_rank(unsigned ranks)
{
    if (ranks == 0) /* words that no few bits tell apart */
        return (uint64_t)below(4) << below(62) | below(3);
    return 1 + below(ranks);
}

/* Adds a record as the shuffle does. */
static void add_record(struct set *set, const struct record *record)
{
    if (!set->chunks || set->chunks->used > POOL_CAPACITY - KEY_MOST - 40) {
        struct chunk *chunk = calloc(1, POOL_CHUNK);
        ck_assert_ptr_nonnull(chunk);
        chunk->next = set->chunks;
        set->chunks = chunk;
    }
    unsigned char *at = set->chunks->data + set->chunks->used;
    set->want[set->count++] = at;
    set->chunks->used += (size_t)(record_put_result(at, record) - at);
    set->chunks->records++;
}

static void make_set(struct set *set, enum kind kind, unsigned ranks, size_t count)
{
    *set = (struct set){0};
    for (unsigned i = 0; i < count; i++) {
        unsigned char key[KEY_MOST + POOL_PAD] = {0};
        add_record(set, &(struct record){.key = key,
                                         .size = make_key(kind, i, key),
                                         .number = draw_rank(ranks)});
    }
}

/* The same of `keys` keys, most of them several times, with payloads that mostly differ. */
static void make_equals(struct set *set, unsigned keys, unsigned ranks, size_t count)
{
    *set = (struct set){0};
    for (unsigned i = 0; i < count; i++) {
        unsigned char key[KEY_MOST + POOL_PAD] = {0}, payload[4];
        const unsigned size = 8 * below(5), kinds = 1 + below(3);
        memset(key, 'a', size);
        for (size_t at = 0; at < sizeof payload; at++)
            payload[at] = (unsigned char)(kinds == 1 ? 0 : random_next() >> 40);
        add_record(set, &(struct record){.key = key,
                                         .size = size + below(keys) % 3,
                                         .number = draw_rank(ranks),
                                         .value = payload,
                                         .value_size = below(sizeof payload + 1)});
    }
}

static void free_set(struct set *set)
{
    while (set->chunks) {
        struct chunk *chunk = set->chunks;
        set->chunks = chunk->next;
        free(chunk);
    }
}

static void check_order(const struct set *set, const struct sort_order *order, size_t shared,
                        sort64_words *sort)
{
    void *memory = malloc(sort_bytes(set->count));
    struct sort_space space = sort_space_in(memory, set->count);
    struct sort_known known = {.shared = shared};
    space.sort = sort;
    ck_assert_uint_eq(sort_list(order, set->chunks, &space, &known), set->count);
    sort_records(order, &space, set->count, &known);
    for (size_t i = 0; i < set->count; i++)
        ck_assert_msg(space.records[i] == set->want[i], "record %zu of %zu", i, set->count);
    free(memory);
}

/* The first byte in which two keys of the set differ, where all have one rank. */
static size_t shared_of(const struct set *set)
{
    size_t shared = SIZE_MAX, size;
    const unsigned char *first = record_key(set->want[0], &size);
    for (size_t i = 0; i < set->count; i++) {
        const unsigned char *key = record_key(set->want[i], &size);
        size_t same = 0;
        while (same < size && same < shared && key[same] == first[same])
            same++;
        shared = same;
    }
    return shared;
}

static void check_set(enum kind kind, unsigned ranks, size_t count)
{
    static const struct sort_order orders[] = {
        {.ranked = false},
        {.reverse = true},
        {.ranked = true},
        {.ranked = true, .reverse = true},
        {.ranked = true, .many_ranks = true},
        {.ranked = true, .many_ranks = true, .reverse = true}};
    for (size_t way = 0; way < sizeof orders / sizeof *orders; way++) {
        struct set set;
        make_set(&set, kind, ranks, count);
        by = &orders[way];
        qsort(set.want, count, sizeof *set.want, compare_records);
        check_order(&set, by, 0, sort64_scalar);
        check_order(&set, by, 0, sort64_select());
        if (ranks == 1)
            check_order(&set, by, shared_of(&set), sort64_select());
        free_set(&set);
    }
}

START_TEST(records_sort_as_qsort_sorts_them)
{
    static const size_t counts[] = {1, 2, 3, 19, 20, 21, 22, 64, 65, 500, RECORDS};
    static const unsigned ranks[] = {1, 2, 40, 0};
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
            for (size_t j = 0; j < sizeof ranks / sizeof *ranks; j++)
                check_set((enum kind)kind, ranks[j], counts[i]);
}
END_TEST

/* Whether two lists have the same records, whatever their places. */
static void check_same(const unsigned char *const *records, const struct set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        struct record one, other;
        record_get(records[i], RECORD_RESULT, 0, &one);
        record_get(set->want[i], RECORD_RESULT, 0, &other);
        ck_assert_msg(one.size == other.size && memcmp(one.key, other.key, one.size) == 0 &&
                          one.number == other.number && one.value_size == other.value_size &&
                          memcmp(one.value, other.value, one.value_size) == 0,
                      "record %zu of %zu", i, set->count);
    }
}

START_TEST(equal_keys_sort_by_payload)
{
    static const size_t counts[] = {2, 19, 20, 21, 64, 500, RECORDS};
    for (size_t n = 0; n < 4 * sizeof counts / sizeof *counts * 2; n++) {
        const struct sort_order order = {.ranked = n & 1, .reverse = n & 2};
        struct set set;
        make_equals(&set, n & 4 ? 8 : 1, 3, counts[n / 8]);
        by = &order;
        qsort(set.want, set.count, sizeof *set.want, compare_records);
        void *memory = malloc(sort_bytes(set.count));
        const struct sort_space space = sort_space_in(memory, set.count);
        struct sort_known known = {0};
        (void)sort_list(&order, set.chunks, &space, &known);
        sort_records(&order, &space, set.count, &known);
        check_same(space.records, &set);
        free(memory);
        free_set(&set);
    }
}
END_TEST

/* What is said of the keys of a range must be true of each, and be said of most. */
START_TEST(keys_of_a_range_share_what_its_cuts_do)
{
    for (unsigned way = 0; way < 4; way++) {
        const struct sort_order order = {.ranked = way & 1, .reverse = way & 2};
        struct set set;
        struct ranges ranges;
        size_t said = 0;
        make_set(&set, SHARING, 2, RECORDS);
        by = &order;
        qsort(set.want, set.count, sizeof *set.want, compare_records);
        ck_assert_int_eq(ranges_open(&ranges, &order, set.want, set.count, 16, NULL), 0);
        for (size_t i = 0; i < set.count; i++) {
            struct record record;
            uint32_t range;
            record_get(set.want[i], RECORD_RESULT, 0, &record);
            ranges_find(&ranges, &record, 1, &range);
            const size_t shared = ranges_shared(&ranges, range);
            if (shared == 0)
                continue;
            said++;
            const struct ranges_cut *cut = &ranges.cuts[range];
            ck_assert_uint_ge(record.size, shared);
            ck_assert_mem_eq(record.key, cut->key, shared);
            ck_assert_uint_eq(sort_rank_word(&order, record.number), cut->rank_word);
        }
        ck_assert_uint_gt(said, set.count / 2);
        ranges_close(&ranges);
        free_set(&set);
    }
}
END_TEST

Suite *test_sort_suite(void);

Suite *test_sort_suite(void)
{
    Suite *suite = suite_create("sort");
    TCase *tests = tcase_create("sort");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, a_scalar_sort_orders_any_words);
    tcase_add_test(tests, vectors_order_any_words);
    tcase_add_test(tests, records_sort_as_qsort_sorts_them);
    tcase_add_test(tests, equal_keys_sort_by_payload);
    tcase_add_test(tests, keys_of_a_range_share_what_its_cuts_do);
    suite_add_tcase(suite, tests);
    return suite;
}
