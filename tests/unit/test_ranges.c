/* SPDX-License-Identifier: MIT
 *
 * test_ranges - cuts hold only the beginnings of long keys, and ranges follow the order all the
 * same.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "engine/order/ranges.h"
#include "unit/random.h"

#define KEYS 400
#define LONGEST 1500
#define ROOM (RECORD_HEAD_MAX + LONGEST + 2 * RECORD_NUMBER_MAX + MR_PAD)

struct set {
    unsigned char
        *memory; /* KEYS records of ROOM bytes, and as many of what a sample has of them */
    const unsigned char *all[KEYS], *sample[KEYS];
};

static const struct sort_order *by;

static int compare_records(const void *a, const void *b)
{
    struct record x, y;
    record_get(*(const unsigned char *const *)a, RECORD_RESULT, 0, &x);
    record_get(*(const unsigned char *const *)b, RECORD_RESULT, 0, &y);
    const uint64_t x_rank = sort_rank_word(by, x.number), y_rank = sort_rank_word(by, y.number);
    if (x_rank != y_rank)
        return x_rank < y_rank ? -1 : 1;
    return sort_compare_keys(by, x.key, x.size, y.key, y.size);
}

/* A key that shares so many bytes with most others, and differs somewhere in the 600 behind. */
static size_t make_key(unsigned char *key, size_t shared)
{
    static const unsigned char others[] = {0, '`', 'b', 'z', 0xff};
    size_t size = shared + below(600);
    memset(key, 'a', LONGEST + MR_PAD);
    if (below(16) == 0 && size > 0) /* some end, or differ, early */
        size = below(size);
    for (unsigned i = 0; i < 3 && size > shared; i++)
        key[shared + below(size - shared)] = others[below(sizeof others)];
    if (below(16) == 0 && size > 0)
        key[below(size)] = others[below(sizeof others)];
    return size;
}

/* Small and large ones, of which some are next to each other. */
static uint64_t any_rank(void)
{
    const uint64_t rank = (uint64_t)below(1u << 31) << 33 | (uint64_t)below(1u << 31) << 2;
    return (rank | below(4)) >> below(64) & ~(below(2) ? UINT64_C(0xffffff000) : 0);
}

/* Makes records in order, and of every second one what a sample has that leaves out `depth` bytes.
 * Returns how many those are. */
static size_t make_set(struct set *set, size_t shared, size_t depth, unsigned ranks)
{
    unsigned char key[LONGEST + MR_PAD], begin[LONGEST];
    size_t count = 0;
    memset(begin, 'a', sizeof begin);
    set->memory = calloc(2 * KEYS, ROOM);
    ck_assert_ptr_nonnull(set->memory);
    for (size_t i = 0; i < KEYS; i++) {
        struct record record = {.key = key, .number = ranks > 0 ? 1 + below(ranks) : any_rank()};
        record.size = make_key(key, shared);
        set->all[i] = set->memory + i * ROOM;
        record_put_result(set->memory + i * ROOM, &record);
        if (i % 2 == 0 || record.size < depth || memcmp(key, begin, depth) != 0)
            continue;
        record.key += depth;
        record.size -= depth;
        if (record.size > RANGES_KEY)
            record.size = RANGES_KEY;
        unsigned char *at = set->memory + (KEYS + count) * ROOM;
        record_put_result(at, &record);
        set->sample[count++] = at;
    }
    qsort(set->all, KEYS, sizeof *set->all, compare_records);
    qsort(set->sample, count, sizeof *set->sample, compare_records);
    return count;
}

static void check_set(const struct sort_order *order, size_t shared, size_t depth, unsigned ranks)
{
    struct set set;
    struct ranges ranges;
    unsigned char begin[LONGEST];
    uint32_t before = 0;
    size_t used[16] = {0}, ranges_used = 0;
    by = order;
    memset(begin, 'a', sizeof begin);
    const size_t count = make_set(&set, shared, depth, ranks);
    const struct ranges_prefix prefix = {.key = begin, .size = depth, .rank = 1};
    ck_assert_uint_gt(count, KEYS / 4);
    ck_assert_int_eq(ranges_open(&ranges, order, set.sample, count, 16, depth > 0 ? &prefix : NULL),
                     0);
    for (size_t i = 0; i < 15; i++)
        ck_assert_uint_le(ranges.cuts[i].size, RANGES_KEY);
    for (size_t i = 0; i < KEYS; i++) {
        struct record record, first;
        uint32_t range;
        record_get(set.all[i], RECORD_RESULT, 0, &record);
        ranges_find(&ranges, &record, 1, &range);
        ck_assert_uint_lt(range, 16);
        ck_assert_uint_ge(range, before);
        if (used[range]++ == 0)
            ranges_used++;
        record_get(set.all[i - (used[range] - 1)], RECORD_RESULT, 0, &first);
        const size_t known = ranges_shared(&ranges, range);
        ck_assert_uint_ge(record.size, known);
        ck_assert_mem_eq(record.key, first.key, known);
        if (known > 0)
            ck_assert_uint_eq(record.number, first.number);
        before = range;
    }
    /* Keys that differ within what cuts hold are told apart by it. */
    if (shared + 600 <= depth + RANGES_KEY || shared == depth)
        ck_assert_uint_ge(ranges_used, 4);
    ranges_forget_prefix(&ranges);
    ranges_close(&ranges);
    free(set.memory);
}

START_TEST(ranges_follow_the_order_of_long_keys)
{
    static const size_t shared[] = {0, 100, 255, 256, 257, 800};
    for (unsigned way = 0; way < 4; way++) {
        const struct sort_order order = {.ranked = way & 1, .reverse = way & 2};
        for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
            check_set(&order, shared[i], 0, 1);
            check_set(&order, shared[i], 0, order.ranked ? 3 : 1);
            check_set(&order, shared[i], 0, order.ranked ? 0 : 1);
            check_set(&order, shared[i], shared[i] / 2, 1);
            check_set(&order, shared[i], shared[i], 1);
        }
    }
}
END_TEST

Suite *test_ranges_suite(void);

Suite *test_ranges_suite(void)
{
    Suite *suite = suite_create("ranges");
    TCase *tests = tcase_create("ranges");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, ranges_follow_the_order_of_long_keys);
    suite_add_tcase(suite, tests);
    return suite;
}
