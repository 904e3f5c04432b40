/* SPDX-License-Identifier: MIT
 *
 * test_items - arrays and tables as inputs: each item is in one split, few heavy ones are spread,
 * and where a job has no map they are keys.
 */
#include "engine/input/items.h"
#include "engine/results/table.h"
#include "unit/random.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ITEMS 20000

static struct mr_engine *open_engine(unsigned threads)
{
    const struct mr_engine_options options = {.struct_size = sizeof options, .threads = threads};
    struct mr_engine *engine;
    ck_assert_int_eq(mr_engine_open(&options, &engine, NULL), MR_OK);
    return engine;
}

/* ---- Splits as a reader gives them ----------------------------------------------------------- */

/* What the splits of an input were like. */
struct cuts {
    size_t splits;
    size_t first, last; /* items in them */
    size_t most;        /* in any */
    uint64_t length;    /* of all */
};

/* Takes an input apart as a job on so many threads would. */
static struct cuts cut_up(struct mr_input *input, unsigned threads, size_t item_size)
{
    struct mr_engine *engine = open_engine(threads);
    struct mr_error error;
    struct cuts cuts = {0};
    uint64_t items = 0;
    ck_assert_int_eq(mr_input_prepare(input, engine, &error), MR_OK);
    const struct mr_reader *reader = mr_input_reader(input);
    for (;;) {
        struct mr_split split = {0};
        ck_assert_int_eq(reader->next(reader->context, &split, &error), 0);
        if (split.end)
            break;
        ck_assert_uint_eq(split.offset, items);
        ck_assert_uint_eq(split.size % item_size, 0);
        ck_assert_uint_gt(split.size, 0);
        cuts.last = split.size / item_size;
        cuts.first = cuts.splits++ ? cuts.first : cuts.last;
        cuts.most = cuts.last > cuts.most ? cuts.last : cuts.most;
        cuts.length += split.length;
        items += cuts.last;
    }
    ck_assert_uint_eq(cuts.length, reader->size);
    mr_input_release(input);
    mr_engine_close(engine);
    return cuts;
}

START_TEST(few_items_are_a_split_each)
{
    static const char items[64][1000];
    for (size_t count = 0; count <= 64; count++) {
        const struct cuts cuts = cut_up(mr_input_items(items, count, sizeof *items), 4, 1000);
        ck_assert_uint_eq(cuts.splits, count);
    }
}
END_TEST

START_TEST(splits_get_smaller_towards_the_end)
{
    static const char items[1 << 20];
    const struct cuts cuts = cut_up(mr_input_items(items, sizeof items / 4, 4), 2, 4);
    ck_assert_uint_ge(cuts.first, 1000);
    ck_assert_uint_eq(cuts.last, 1);
    ck_assert_uint_le(cuts.splits, 500);
    ck_assert_uint_eq(cuts.length, sizeof items);
}
END_TEST

START_TEST(no_split_is_large)
{
    static char items[1 << 20];
    const struct cuts cuts = cut_up(mr_input_items(items, 1 << 20, 64), 1, 64); /* none is read */
    ck_assert_uint_le(cuts.most * 64, 256 << 10);
}
END_TEST

static struct mr_table *make_table(size_t count)
{
    struct mr_table *table = table_new();
    char key[16];
    for (size_t i = 0; i < count; i++) {
        const size_t size = (size_t)snprintf(key, sizeof key, "%zu", i);
        const struct mr_record record = {.key = (unsigned char *)key,
                                         .key_size = size,
                                         .rank = i % 7,
                                         .payload = (unsigned char *)key,
                                         .payload_size = i % 3 ? 0 : size};
        ck_assert_int_eq(table_add(table, &record), 0);
    }
    return table;
}

START_TEST(tables_are_cut_like_arrays)
{
    struct mr_table *table = make_table(MOST_ITEMS);
    const struct cuts cuts = cut_up(mr_input_table(table), 2, sizeof(struct mr_record));
    ck_assert_uint_le(cuts.most, TABLE_PAGE);
    ck_assert_uint_ge(cuts.first, MOST_ITEMS / 50);
    ck_assert_uint_eq(cuts.last, 1);
    mr_table_release(table);
    table = make_table(30);
    ck_assert_uint_eq(cut_up(mr_input_table(table), 2, sizeof(struct mr_record)).splits, 30);
    mr_table_release(table);
    table = make_table(0);
    ck_assert_uint_eq(cut_up(mr_input_table(table), 2, sizeof(struct mr_record)).splits, 0);
    mr_table_release(table);
}
END_TEST

/* ---- Jobs ------------------------------------------------------------------------------------ */

/* What came out: sums of numbers that are keys, and of their ranks. */
struct outcome {
    uint64_t records, keys, ranks;
    _Atomic uint64_t seen[MOST_ITEMS]; /* by a map */
};

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct outcome *outcome = context;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        uint32_t number;
        ck_assert_uint_eq(records[i].key_size, sizeof number);
        memcpy(&number, records[i].key, sizeof number);
        outcome->records++;
        outcome->keys += number;
        outcome->ranks += records[i].rank;
    }
    return 0;
}

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    struct outcome *outcome = context;
    (void)state;
    (void)error;
    for (size_t i = 0; i < split->size / sizeof(uint32_t); i++) {
        const uint32_t *item = (const uint32_t *)(const void *)split->data + i;
        const uint32_t key = *item % 10;
        ck_assert_uint_eq(split->offset + i, *item);
        atomic_fetch_add(&outcome->seen[*item], 1);
        if (mr_emit(emitter, &key, sizeof key, NULL) != MR_OK)
            return -1;
    }
    return 0;
}

static struct mr_job_spec job_of(struct mr_input *input, struct outcome *outcome)
{
    return (struct mr_job_spec){.struct_size = sizeof(struct mr_job_spec),
                                .context = outcome,
                                .input = input,
                                .order = MR_ORDER_KEY,
                                .collect = collect};
}

START_TEST(every_item_is_mapped_once)
{
    static uint32_t items[MOST_ITEMS];
    static struct outcome outcome;
    for (uint32_t i = 0; i < MOST_ITEMS; i++)
        items[i] = i;
    for (unsigned threads = 1; threads <= 5; threads++) {
        struct mr_engine *engine = open_engine(threads);
        for (size_t count = 0; count <= MOST_ITEMS; count = 3 * count + 1) {
            memset(&outcome, 0, sizeof outcome);
            struct mr_job_spec spec = job_of(mr_input_items(items, count, sizeof *items), &outcome);
            spec.map = map;
            ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_OK);
            ck_assert_uint_eq(outcome.records, count < 10 ? count : 10);
            ck_assert_uint_eq(outcome.ranks, count);
            for (size_t i = 0; i < count; i++)
                ck_assert_uint_eq(outcome.seen[i], 1);
        }
        mr_engine_close(engine);
    }
}
END_TEST

START_TEST(without_a_map_items_are_keys)
{
    static uint32_t items[MOST_ITEMS];
    static struct outcome outcome;
    for (uint32_t i = 0; i < MOST_ITEMS; i++)
        items[i] = i % 100;
    struct mr_engine *engine = open_engine(3);
    const struct mr_job_spec spec =
        job_of(mr_input_items(items, MOST_ITEMS, sizeof *items), &outcome);
    ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_OK);
    ck_assert_uint_eq(outcome.records, 100);
    ck_assert_uint_eq(outcome.keys, 99 * 100 / 2);
    ck_assert_uint_eq(outcome.ranks, MOST_ITEMS);
    mr_engine_close(engine);
}
END_TEST

START_TEST(without_a_map_a_tables_keys_have_its_ranks)
{
    static struct outcome outcome;
    struct mr_engine *engine = open_engine(2);
    struct mr_table *table = table_new();
    uint64_t ranks = 0;
    for (uint32_t i = 0; i < MOST_ITEMS; i++) {
        const uint32_t number = i % 50;
        const struct mr_record record = {
            .key = (const unsigned char *)&number, .key_size = sizeof number, .rank = i};
        ck_assert_int_eq(table_add(table, &record), 0);
        ranks += i;
    }
    const struct mr_job_spec spec = job_of(mr_input_table(table), &outcome);
    ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_OK);
    ck_assert_uint_eq(outcome.records, 50);
    ck_assert_uint_eq(outcome.keys, 49 * 50 / 2);
    ck_assert_uint_eq(outcome.ranks, ranks);
    mr_table_release(table);
    mr_engine_close(engine);
}
END_TEST

/* Emits a table's records, and how many bytes of payload each has. */
static int map_records(void *context, void *state, const struct mr_split *split,
                       struct mr_emitter *emitter, struct mr_error *error)
{
    const struct mr_record *record;
    const struct mr_table *table = ((struct mr_table **)context)[0];
    size_t i = 0;
    (void)state;
    (void)error;
    for (; (record = mr_split_record(split, i)) != NULL; i++) {
        ck_assert_ptr_eq(record, mr_table_record(table, split->offset + i));
        const uint64_t bytes = record->payload_size;
        if (mr_emit(emitter, "bytes", 5, &bytes) != MR_OK)
            return -1;
    }
    ck_assert_ptr_null(mr_split_record(split, i + 1));
    return 0;
}

static int collect_bytes(void *context, const struct mr_record *records, size_t count,
                         struct mr_error *error)
{
    (void)error;
    ck_assert_uint_eq(count, 1);
    ((uint64_t *)context)[1] = records->rank;
    return 0;
}

START_TEST(a_map_sees_the_records_of_a_table)
{
    struct mr_engine *engine = open_engine(2);
    struct mr_table *table = make_table(MOST_ITEMS);
    struct {
        const struct mr_table *table;
        uint64_t bytes;
    } seen = {.table = table};
    uint64_t bytes = 0;
    for (size_t i = 0; i < MOST_ITEMS; i++)
        bytes += mr_table_record(table, i)->payload_size;
    const struct mr_job_spec spec = {.struct_size = sizeof spec,
                                     .context = &seen,
                                     .input = mr_input_table(table),
                                     .map = map_records,
                                     .collect = collect_bytes};
    ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_OK);
    ck_assert_uint_eq(seen.bytes, bytes);
    mr_table_release(table);
    mr_engine_close(engine);
}
END_TEST

START_TEST(what_is_no_array_fails_the_job)
{
    static const uint32_t items[1];
    static struct outcome outcome;
    struct mr_engine *engine = open_engine(2);
    struct mr_input *const inputs[] = {mr_input_items(NULL, 3, 4), mr_input_items(items, 1, 0),
                                       mr_input_items(items, SIZE_MAX / 2, 4),
                                       mr_input_table(NULL)};
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        struct mr_error error;
        const struct mr_job_spec spec = job_of(inputs[i], &outcome);
        ck_assert_int_eq(mr_run(engine, &spec, NULL, &error), MR_INPUT);
        ck_assert_int_eq(error.errnum, EINVAL);
        ck_assert_str_ne(error.text, "");
    }
    const struct mr_job_spec spec = job_of(mr_input_items(NULL, 0, 0), &outcome);
    ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_OK);
    mr_engine_close(engine);
}
END_TEST

static void count_call(void *owner)
{
    ++*(unsigned *)owner;
}

START_TEST(an_owner_hears_of_the_end_once)
{
    unsigned calls = 0;
    struct mr_input *input = items_open(&(struct mr_items){"a", 1, 1}, count_call, &calls);
    mr_input_release(mr_input_retain(input));
    ck_assert_uint_eq(calls, 0);
    mr_input_release(input);
    ck_assert_uint_eq(calls, 1);
}
END_TEST

Suite *test_items_suite(void);

Suite *test_items_suite(void)
{
    Suite *suite = suite_create("items");
    TCase *tests = tcase_create("splits");
    tcase_add_test(tests, few_items_are_a_split_each);
    tcase_add_test(tests, splits_get_smaller_towards_the_end);
    tcase_add_test(tests, no_split_is_large);
    tcase_add_test(tests, tables_are_cut_like_arrays);
    suite_add_tcase(suite, tests);
    tests = tcase_create("jobs");
    tcase_add_test(tests, every_item_is_mapped_once);
    tcase_add_test(tests, without_a_map_items_are_keys);
    tcase_add_test(tests, without_a_map_a_tables_keys_have_its_ranks);
    tcase_add_test(tests, a_map_sees_the_records_of_a_table);
    tcase_add_test(tests, what_is_no_array_fails_the_job);
    tcase_add_test(tests, an_owner_hears_of_the_end_once);
    suite_add_tcase(suite, tests);
    return suite;
}
