/* SPDX-License-Identifier: MIT
 *
 * test_map_reduce - the plainest interface: an array in, a table out, and what may go wrong in
 * between.
 */
#include "base/thread.h"
#include "engine/mapreduce.h"
#include "unit/await.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READINGS 30000u
#define STATIONS 100u

struct reading {
    uint32_t station;
    uint32_t number;
};

static struct reading readings[READINGS];

static struct mr_items make_readings(void)
{
    for (uint32_t i = 0; i < READINGS; i++)
        readings[i] = (struct reading){i % STATIONS, i};
    return (struct mr_items){readings, READINGS, sizeof *readings};
}

/* What the callbacks of a call share. */
struct call {
    _Atomic uint64_t mapped;
    uint64_t told_done[2], told_not_done[2]; /* last, by phase */
    unsigned tellings;
    const char *cancel_at; /* a phase, or NULL */
    const void *caller;    /* the thread that tell must be called on, or NULL */
    _Atomic bool held;     /* maps wait while it is set */
    uint32_t fail_at;      /* the number of a reading whose map fails, or READINGS */
};

static int map_sum(void *context, const void *item, struct mr_emitter *emitter,
                   struct mr_error *error)
{
    struct call *call = context;
    const struct reading *reading = item;
    const uint64_t number = reading->number;
    AWAIT(!atomic_load(&call->held));
    atomic_fetch_add(&call->mapped, 1);
    if (number == call->fail_at)
        return mr_fail(error, EDOM, "reading %" PRIu64, number);
    return (int)mr_emit(emitter, &reading->station, sizeof reading->station, &number);
}

static int map_bytes(void *context, const void *item, struct mr_emitter *emitter,
                     struct mr_error *error)
{
    struct call *call = context;
    const struct reading *reading = item;
    char text[16];
    (void)error;
    const int size = snprintf(text, sizeof text, "%" PRIu32, reading->number);
    atomic_fetch_add(&call->mapped, 1);
    return (int)mr_emit_bytes(emitter, &reading->station, sizeof reading->station, text,
                              (size_t)size);
}

/* Puts the sum of the numbers, and how many there were. */
static int reduce(void *context, const void *key, size_t key_size, struct mr_values *values,
                  struct mr_results *results, struct mr_error *error)
{
    uint64_t sum = 0;
    const uint64_t count = mr_values_count(values);
    size_t size;
    (void)context;
    (void)error;
    for (const char *text; (text = mr_values_next(values, &size)) != NULL;) {
        char copy[16] = "";
        memcpy(copy, text, size);
        sum += strtoull(copy, NULL, 10);
    }
    return (int)mr_put(results, key, key_size, sum, &count, sizeof count);
}

static int reduce_badly(void *context, const void *key, size_t key_size, struct mr_values *values,
                        struct mr_results *results, struct mr_error *error)
{
    (void)context;
    (void)key;
    (void)key_size;
    (void)values;
    (void)results;
    return mr_fail(error, ERANGE, "no such station");
}

static int tell(void *context, const char *phase, uint64_t done, uint64_t not_done)
{
    struct call *call = context;
    const bool map = strcmp(phase, "map") == 0;
    ck_assert(map || strcmp(phase, "reduce") == 0);
    ck_assert(!call->caller || call->caller == thread_self());
    call->told_done[!map] = done;
    call->told_not_done[!map] = not_done;
    call->tellings++;
    return call->cancel_at && strcmp(phase, call->cancel_at) == 0;
}

/* Checks and releases a table of sums. */
static void check_table(struct mr_table *table, bool counted)
{
    ck_assert_uint_eq(mr_table_count(table), STATIONS);
    for (uint32_t station = 0; station < STATIONS; station++) {
        const struct mr_record *record = mr_table_find(table, &station, sizeof station);
        ck_assert_ptr_nonnull(record);
        const uint64_t count = READINGS / STATIONS;
        ck_assert_uint_eq(record->rank, count * station + STATIONS * (count * (count - 1) / 2));
        ck_assert_uint_eq(record->payload_size, counted ? sizeof count : 0);
        ck_assert(!counted || memcmp(record->payload, &count, sizeof count) == 0);
    }
    for (size_t i = 1; i < STATIONS; i++)
        ck_assert_int_lt(memcmp(mr_table_record(table, i - 1)->key, mr_table_record(table, i)->key,
                                sizeof(uint32_t)),
                         0);
    mr_table_release(table);
}

START_TEST(without_a_reduce_numbers_are_summed)
{
    const struct mr_items items = make_readings();
    struct call call = {.fail_at = READINGS};
    struct mr_table *table;
    struct mr_error error;
    ck_assert_int_eq(mr_map_reduce(&items, map_sum, NULL, NULL, &call, &table, &error), MR_OK);
    ck_assert_uint_eq(call.mapped, READINGS);
    check_table(table, false);
}
END_TEST

START_TEST(a_reduce_gets_all_values_of_a_key)
{
    const struct mr_items items = make_readings();
    struct call call = {.fail_at = READINGS};
    struct mr_table *table;
    ck_assert_int_eq(mr_map_reduce(&items, map_bytes, reduce, NULL, &call, &table, NULL), MR_OK);
    check_table(table, true);
}
END_TEST

START_TEST(progress_is_in_items_and_in_tasks)
{
    const struct mr_items items = make_readings();
    struct call call = {.fail_at = READINGS, .caller = thread_self()};
    struct mr_table *table;
    ck_assert_int_eq(mr_map_reduce(&items, map_bytes, reduce, tell, &call, &table, NULL), MR_OK);
    ck_assert_uint_ge(call.tellings, 2);
    ck_assert_uint_eq(call.told_done[0], READINGS);
    ck_assert_uint_eq(call.told_not_done[0], 0);
    ck_assert_uint_gt(call.told_done[1], 0);
    ck_assert_uint_eq(call.told_not_done[1], 0);
    check_table(table, true);
}
END_TEST

START_TEST(who_is_told_may_cancel)
{
    static const char *const phases[] = {"map", "reduce"};
    const struct mr_items items = make_readings();
    for (size_t i = 0; i < 2; i++) {
        struct call call = {.fail_at = READINGS, .cancel_at = phases[i]};
        struct mr_table *table = (struct mr_table *)&call; /* anything */
        struct mr_error error;
        ck_assert_int_eq(mr_map_reduce(&items, map_sum, NULL, tell, &call, &table, &error),
                         MR_CANCELLED);
        ck_assert_ptr_null(table);
        ck_assert_int_eq(error.status, MR_CANCELLED);
    }
}
END_TEST

START_TEST(what_a_callback_says_is_why_it_failed)
{
    const struct mr_items items = make_readings();
    struct call call = {.fail_at = 12345};
    struct mr_table *table = (struct mr_table *)&call; /* anything */
    struct mr_error error;
    ck_assert_int_eq(mr_map_reduce(&items, map_sum, NULL, NULL, &call, &table, &error), MR_MAP);
    ck_assert_str_eq(error.text, "reading 12345");
    ck_assert_int_eq(error.errnum, EDOM);
    ck_assert_ptr_null(table);
    ck_assert_int_eq(mr_map_reduce(&items, map_bytes, reduce_badly, NULL, &call, &table, &error),
                     MR_REDUCE);
    ck_assert_str_eq(error.text, "no such station");
    ck_assert_ptr_null(table);
}
END_TEST

START_TEST(a_call_can_be_a_future)
{
    const struct mr_items items = make_readings();
    struct call call = {.fail_at = READINGS, .held = true};
    struct mr_table *table = (struct mr_table *)&call; /* anything */
    struct mr_job *job;
    struct mr_error error;
    ck_assert_int_eq(mr_map_reduce_submit(&items, map_sum, NULL, tell, &call, &table, &job, &error),
                     MR_OK);
    ck_assert_int_le(mr_job_wait(job, 0, NULL, NULL), MR_RUNNING);
    ck_assert_int_ne(mr_job_poll(job, NULL), MR_OK);
    ck_assert_ptr_null(table);
    atomic_store(&call.held, false);
    ck_assert_int_eq(mr_job_wait(job, -1, NULL, &error), MR_OK);
    ck_assert_int_eq(mr_job_poll(job, NULL), MR_OK);
    mr_job_release(job);
    ck_assert_uint_eq(call.told_done[0], READINGS);
    check_table(table, false);
}
END_TEST

START_TEST(a_future_released_early_is_cancelled)
{
    const struct mr_items items = make_readings();
    struct call call = {.fail_at = READINGS, .held = true};
    struct mr_table *table;
    struct mr_job *job;
    ck_assert_int_eq(mr_map_reduce_submit(&items, map_sum, NULL, NULL, &call, &table, &job, NULL),
                     MR_OK);
    ck_assert_int_eq(mr_job_cancel(job), MR_OK);
    atomic_store(&call.held, false);
    ck_assert_int_eq(mr_job_wait(job, -1, NULL, NULL), MR_CANCELLED);
    mr_job_release(job);
    ck_assert_ptr_null(table);
}
END_TEST

START_TEST(no_items_make_an_empty_table)
{
    struct call call = {.fail_at = READINGS};
    struct mr_table *table;
    const struct mr_items none[] = {{NULL, 0, 0}, {readings, 0, 8}};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(mr_map_reduce(&none[i], map_sum, NULL, tell, &call, &table, NULL), MR_OK);
        ck_assert_uint_eq(mr_table_count(table), 0);
        mr_table_release(table);
    }
    ck_assert_uint_eq(call.mapped, 0);
}
END_TEST

START_TEST(what_makes_no_sense_is_invalid)
{
    const struct mr_items items = make_readings();
    const struct mr_items wrong[] = {{NULL, 3, 8}, {readings, 3, 0}};
    struct mr_table *table = (struct mr_table *)&items; /* anything */
    struct mr_job *job = (struct mr_job *)&table;
    struct mr_error error;
    ck_assert_int_eq(mr_map_reduce(NULL, map_sum, NULL, NULL, NULL, &table, &error), MR_INVALID);
    ck_assert_str_eq(error.text, "items are missing");
    ck_assert_ptr_null(table);
    ck_assert_int_eq(mr_map_reduce(&items, NULL, NULL, NULL, NULL, &table, &error), MR_INVALID);
    ck_assert_str_eq(error.text, "a map is missing");
    ck_assert_int_eq(mr_map_reduce(&items, map_sum, NULL, NULL, NULL, NULL, &error), MR_INVALID);
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(mr_map_reduce(&wrong[i], map_sum, NULL, NULL, NULL, &table, NULL),
                         MR_INVALID);
    ck_assert_int_eq(mr_map_reduce_submit(NULL, map_sum, NULL, NULL, NULL, &table, &job, &error),
                     MR_INVALID);
    ck_assert_ptr_null(job);
    ck_assert_int_eq(mr_map_reduce_submit(&items, map_sum, NULL, NULL, NULL, &table, NULL, &error),
                     MR_INVALID);
}
END_TEST

Suite *test_map_reduce_suite(void);

Suite *test_map_reduce_suite(void)
{
    Suite *suite = suite_create("map_reduce");
    TCase *tests = tcase_create("calls");
    tcase_add_test(tests, without_a_reduce_numbers_are_summed);
    tcase_add_test(tests, a_reduce_gets_all_values_of_a_key);
    tcase_add_test(tests, progress_is_in_items_and_in_tasks);
    tcase_add_test(tests, who_is_told_may_cancel);
    tcase_add_test(tests, what_a_callback_says_is_why_it_failed);
    tcase_add_test(tests, a_call_can_be_a_future);
    tcase_add_test(tests, a_future_released_early_is_cancelled);
    tcase_add_test(tests, no_items_make_an_empty_table);
    tcase_add_test(tests, what_makes_no_sense_is_invalid);
    suite_add_tcase(suite, tests);
    return suite;
}
