/* SPDX-License-Identifier: MIT
 *
 * test_table - a table holds what was added to it, in that order, and finds it by key; and the
 * output that fills one hands it over only where the job has succeeded.
 */
#include "engine/results/table.h"
#include "unit/random.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that tell by what number, and how many, they are. */
static unsigned char *pattern(uint64_t number, size_t size)
{
    unsigned char *bytes = malloc(size + 1);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)((number + i) * UINT64_C(0x9e3779b97f4a7c15) >> 56);
    return bytes;
}

/* Mostly small, some empty, a few larger than any block. */
static size_t size_of(uint64_t number, uint64_t salt)
{
    uint64_t state = (number + 1) * UINT64_C(0x9e3779b97f4a7c15) + salt;
    const uint64_t random = random_after(&state) >> 20;
    return random % 5000 == 0 ? random % 3000000 : random % 50 == 0 ? random % 5000 : random % 40;
}

static void add(struct mr_table *table, const char *key, uint64_t rank)
{
    const struct mr_record record = {
        .key = (const unsigned char *)key, .key_size = strlen(key), .rank = rank};
    ck_assert_int_eq(table_add(table, &record), 0);
}

static uint64_t rank_of(const struct mr_table *table, const char *key)
{
    const struct mr_record *record = mr_table_find(table, key, strlen(key));
    if (!record)
        return MR_UNKNOWN;
    ck_assert_uint_eq(record->key_size, strlen(key));
    ck_assert_mem_eq(record->key, key, record->key_size);
    return record->rank;
}

START_TEST(records_stay_in_the_order_in_which_they_came)
{
    const size_t count = 40000;
    struct mr_table *table = table_new();
    ck_assert_ptr_nonnull(table);
    for (size_t i = 0; i < count; i++) {
        unsigned char *key = pattern(i, size_of(i, 1)), *payload = pattern(~i, size_of(i, 2));
        const struct mr_record record = {key, size_of(i, 1), i, payload, size_of(i, 2)};
        ck_assert_int_eq(table_add(table, &record), 0);
        free(key);
        free(payload);
    }
    ck_assert_uint_eq(mr_table_count(table), count);
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        const struct mr_record *record = mr_table_record(table, i);
        unsigned char *key = pattern(i, size_of(i, 1)), *payload = pattern(~i, size_of(i, 2));
        ck_assert_uint_eq(record->rank, i);
        ck_assert_uint_eq(record->key_size, size_of(i, 1));
        ck_assert_uint_eq(record->payload_size, size_of(i, 2));
        ck_assert(memcmp(record->key, key, record->key_size) == 0);
        ck_assert(memcmp(record->payload, payload, record->payload_size) == 0);
        ck_assert_uint_eq((uintptr_t)record->payload % 16, 0);
        bytes += sizeof *record + record->key_size + record->payload_size;
        free(key);
        free(payload);
    }
    ck_assert_uint_eq(table_bytes(table), bytes);
    ck_assert_ptr_null(mr_table_record(table, count));
    ck_assert_ptr_null(mr_table_record(table, SIZE_MAX));
    mr_table_release(table);
}
END_TEST

START_TEST(records_of_a_page_lie_side_by_side)
{
    struct mr_table *table = table_new();
    for (unsigned i = 0; i < TABLE_PAGE + 10; i++)
        add(table, "a", i);
    size_t count;
    ck_assert_ptr_eq(table_records(table, 0, &count), mr_table_record(table, 0));
    ck_assert_uint_eq(count, TABLE_PAGE);
    ck_assert_ptr_eq(table_records(table, 1000, &count), mr_table_record(table, 1000));
    ck_assert_uint_eq(count, TABLE_PAGE - 1000);
    ck_assert_uint_eq(table_records(table, TABLE_PAGE, &count)[9].rank, TABLE_PAGE + 9);
    ck_assert_uint_eq(count, 10);
    ck_assert_ptr_null(table_records(table, TABLE_PAGE + 10, &count));
    ck_assert_uint_eq(count, 0);
    mr_table_release(table);
}
END_TEST

START_TEST(an_empty_table_holds_nothing)
{
    struct mr_table *table = table_new();
    ck_assert_uint_eq(mr_table_count(table), 0);
    ck_assert_ptr_null(mr_table_record(table, 0));
    ck_assert_ptr_null(mr_table_find(table, "", 0));
    mr_table_release(table);
    mr_table_release(NULL);
}
END_TEST

START_TEST(a_key_is_found_where_it_is_first)
{
    static const char *const keys[] = {"", "a", "a", "aa", "ab", "b", "b", "b", "c"};
    const size_t count = sizeof keys / sizeof *keys;
    struct mr_table *up = table_new(), *down = table_new(), *mixed = table_new();
    for (size_t i = 0; i < count; i++) {
        add(up, keys[i], i);
        add(down, keys[count - 1 - i], i);
        add(mixed, keys[i * 4 % count], i);
    }
    for (size_t i = 0; i < count; i++) {
        size_t first = 0, in_down = 0, in_mixed = 0;
        while (strcmp(keys[first], keys[i]) != 0)
            first++;
        while (strcmp(keys[count - 1 - in_down], keys[i]) != 0)
            in_down++;
        while (strcmp(keys[in_mixed * 4 % count], keys[i]) != 0)
            in_mixed++;
        ck_assert_uint_eq(rank_of(up, keys[i]), first);
        ck_assert_uint_eq(rank_of(down, keys[i]), in_down);
        ck_assert_uint_eq(rank_of(mixed, keys[i]), in_mixed);
    }
    static const char *const others[] = {"A", "a\001", "aaa", "ba", "cc", "d", "\377"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        ck_assert_uint_eq(rank_of(up, others[i]), MR_UNKNOWN);
        ck_assert_uint_eq(rank_of(down, others[i]), MR_UNKNOWN);
        ck_assert_uint_eq(rank_of(mixed, others[i]), MR_UNKNOWN);
    }
    mr_table_release(up);
    mr_table_release(down);
    mr_table_release(mixed);
}
END_TEST

START_TEST(every_key_of_many_is_found)
{
    const unsigned count = 300000;
    char key[16];
    struct mr_table *table = table_new();
    for (unsigned i = 0; i < count; i++) {
        snprintf(key, sizeof key, "%08u", 2 * i);
        add(table, key, i);
    }
    for (unsigned i = 0; i < count; i++) {
        snprintf(key, sizeof key, "%08u", 2 * i);
        ck_assert_uint_eq(rank_of(table, key), i);
        snprintf(key, sizeof key, "%08u", 2 * i + 1);
        ck_assert_uint_eq(rank_of(table, key), MR_UNKNOWN);
    }
    mr_table_release(table);
}
END_TEST

/* ---- Jobs ------------------------------------------------------------------------------------ */

/* When a job is cancelled by who reports its progress: at the end of a phase, or never. */
enum stop { AT_THE_MAP, AT_THE_END, NEVER };

static int report(void *context, const struct mr_progress *progress)
{
    const enum stop stop = *(const enum stop *)context;
    return progress->phase == MR_PHASE_MAP ? stop == AT_THE_MAP : stop == AT_THE_END;
}

START_TEST(a_table_is_the_callers_once_the_job_has_succeeded)
{
    static const char letters[] = "to be or not to be";
    const struct mr_engine_options options = {.struct_size = sizeof options, .threads = 2};
    struct mr_engine *engine;
    ck_assert_int_eq(mr_engine_open(&options, &engine, NULL), MR_OK);
    for (enum stop stop = AT_THE_MAP; stop <= NEVER; stop++) {
        struct mr_table *table = (struct mr_table *)&stop; /* anything */
        const struct mr_job_spec spec = {.struct_size = sizeof spec,
                                         .context = &stop,
                                         .input = mr_input_items(letters, sizeof letters - 1, 1),
                                         .order = MR_ORDER_KEY,
                                         .output = mr_output_table(&table),
                                         .progress = report};
        ck_assert_ptr_null(table);
        ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), stop == NEVER ? MR_OK : MR_CANCELLED);
        if (stop == NEVER) {
            ck_assert_uint_eq(mr_table_count(table), 7);
            ck_assert_uint_eq(rank_of(table, "o"), 4);
            ck_assert_uint_eq(mr_table_record(table, 0)->rank, 5); /* the blank */
        } else {
            ck_assert_ptr_null(table);
        }
        mr_table_release(table);
    }
    mr_engine_close(engine);
}
END_TEST

START_TEST(a_table_nobody_waited_for_is_freed)
{
    struct mr_table *table;
    mr_output_release(mr_output_table(&table));
    ck_assert_ptr_null(table);
}
END_TEST

Suite *test_table_suite(void);

Suite *test_table_suite(void)
{
    Suite *suite = suite_create("table");
    TCase *tests = tcase_create("records");
    tcase_add_test(tests, records_stay_in_the_order_in_which_they_came);
    tcase_add_test(tests, records_of_a_page_lie_side_by_side);
    tcase_add_test(tests, an_empty_table_holds_nothing);
    tcase_add_test(tests, a_key_is_found_where_it_is_first);
    tcase_add_test(tests, every_key_of_many_is_found);
    suite_add_tcase(suite, tests);
    tests = tcase_create("jobs");
    tcase_add_test(tests, a_table_is_the_callers_once_the_job_has_succeeded);
    tcase_add_test(tests, a_table_nobody_waited_for_is_freed);
    suite_add_tcase(suite, tests);
    return suite;
}
