/* SPDX-License-Identifier: MIT
 *
 * test_rank - ranks of numbers are ordered as the numbers are, and lead back to them; and records
 * that a job's mr_rank makes are those of its reduce.
 */
#include "engine/mapreduce.h"
#include "unit/random.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 200000

static double double_of_bits(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static uint64_t bits_of_double(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

/* Bits of any numbers, of both signs; some are near the last ones, or none but a few. */
static uint64_t random_bits(uint64_t last)
{
    switch (below(4)) {
    case 0:
        return last + 1;
    case 1:
        return last ^ UINT64_C(1) << 63;
    case 2:
        return (uint64_t)below(5) - 2;
    default:
        return random_next();
    }
}

START_TEST(integers_are_ranked_as_they_are_ordered)
{
    const int64_t some[] = {INT64_MIN, INT64_MIN + 1, -2, -1, 0, 1, 2, INT64_MAX - 1, INT64_MAX};
    for (size_t i = 1; i < sizeof some / sizeof *some; i++)
        ck_assert_uint_lt(mr_rank_of_int64(some[i - 1]), mr_rank_of_int64(some[i]));
    ck_assert_uint_eq(mr_rank_of_int64(INT64_MIN), 0);
    ck_assert_uint_eq(mr_rank_of_int64(INT64_MAX), UINT64_MAX);
    uint64_t bits = 0;
    for (int i = 0; i < TRIES; i++) {
        int64_t a, b;
        memcpy(&a, &bits, sizeof a);
        bits = random_bits(bits);
        memcpy(&b, &bits, sizeof b);
        ck_assert((mr_rank_of_int64(a) < mr_rank_of_int64(b)) == (a < b));
        ck_assert_int_eq(mr_rank_to_int64(mr_rank_of_int64(a)), a);
        ck_assert_uint_eq(mr_rank_of_int64(mr_rank_to_int64(bits)), bits);
    }
}
END_TEST

START_TEST(doubles_are_ranked_as_they_are_ordered)
{
    const double some[] = {-INFINITY, -1e308, -1, -1e-320, 0, 1e-320, 1, 1e308, INFINITY};
    for (size_t i = 1; i < sizeof some / sizeof *some; i++)
        ck_assert_uint_lt(mr_rank_of_double(some[i - 1]), mr_rank_of_double(some[i]));
    double a = 0;
    uint64_t bits = 0;
    for (int i = 0; i < TRIES; i++) {
        bits = random_bits(bits);
        const double b = double_of_bits(bits);
        const uint64_t of_a = mr_rank_of_double(a), of_b = mr_rank_of_double(b);
        if (!isnan(a) && !isnan(b)) {
            ck_assert((of_a < of_b) == (a < b));
            ck_assert((of_a == of_b) == (a == b));
        }
        if (!isnan(b))
            ck_assert(mr_rank_to_double(of_b) == b);
        a = b;
    }
}
END_TEST

START_TEST(both_zeros_have_one_rank)
{
    ck_assert_uint_eq(mr_rank_of_double(-0.0), mr_rank_of_double(0.0));
    ck_assert_uint_eq(bits_of_double(mr_rank_to_double(mr_rank_of_double(-0.0))), 0);
}
END_TEST

START_TEST(what_is_no_number_ranks_below_all)
{
    for (int i = 0; i < TRIES; i++) {
        const uint64_t fraction = (random_next() & ((UINT64_C(1) << 52) - 1)) | 1;
        const double none =
            double_of_bits(UINT64_C(0x7ff) << 52 | fraction | (i % 2 ? UINT64_C(1) << 63 : 0));
        ck_assert(isnan(none));
        ck_assert_uint_lt(mr_rank_of_double(none), mr_rank_of_double(-INFINITY));
        ck_assert(isnan(mr_rank_to_double(mr_rank_of_double(none))));
    }
}
END_TEST

/* ---- Of values ------------------------------------------------------------------------------- */

#define NUMBERS 30000u
#define KEYS 3000u
#define LONGEST 9000u

/* The key of a number: of nearly any length, and some of them of more than a chunk. */
static size_t key_of(uint32_t number, char key[LONGEST])
{
    const uint32_t own = number % KEYS;
    const size_t size = own % 500 == 7 ? LONGEST : own % 50 == 9 ? 200 : 4 + own % 40;

    memset(key, 'a' + (int)(own % 26), size);
    return size - 4 + (size_t)sprintf(key + size - 4, "%03u", own % 1000) +
           (own / 1000 == 1 ? 1 : 0);
}

static int map_numbers(void *context, void *state, const struct mr_split *split,
                       struct mr_emitter *emitter, struct mr_error *error)
{
    const uint32_t *numbers = (const uint32_t *)(const void *)split->data;
    char key[LONGEST + 1];

    (void)context, (void)state, (void)error;
    for (size_t i = 0; i < split->size / sizeof *numbers; i++) {
        const uint64_t value = numbers[i] % 7;
        const size_t size = key_of(numbers[i], key);
        if (mr_emit(emitter, key, size, &value) != MR_OK)
            return -1;
    }
    return 0;
}

static void add_numbers(void *context, void *into, const void *from)
{
    (void)context;
    *(uint64_t *)into += *(const uint64_t *)from;
}

/* The payload of a number's record, of any size or none; returns the size. */
static size_t payload_of(uint64_t number, unsigned char payload[MR_RANK_PAYLOAD])
{
    const size_t size = number % 3 == 1 ? 0 : number * 7 % (MR_RANK_PAYLOAD + 1);

    for (size_t i = 0; i < size; i++)
        payload[i] = (unsigned char)(number * 31 + i);
    return size;
}

/* Of a third of the values there is none. */
static uint64_t rank_number(void *context, const void *value, unsigned char *payload,
                            size_t *payload_size)
{
    const uint64_t number = *(const uint64_t *)value;

    (void)context;
    ck_assert_uint_eq((uintptr_t)value % 16, 0);
    ck_assert_uint_eq(*payload_size, 0);
    *payload_size = payload_of(number, payload);
    return number % 3 == 0 ? 0 : number;
}

/* Where they are ranked it is called for the others alone. */
static int reduce_number(void *context, void *state, const void *key, size_t key_size,
                         struct mr_values *values, struct mr_results *results,
                         struct mr_error *error)
{
    const uint64_t *value = mr_values_next(values, NULL);
    const bool *ranked = context;
    unsigned char payload[MR_RANK_PAYLOAD];

    (void)state, (void)error;
    if (value == NULL || (*ranked && *value % 3 != 0))
        return -1;
    if (*value % 5 == 0)
        return 0;
    const size_t size = payload_of(*value, payload);
    return mr_put(results, key, key_size, *value, payload, size) == MR_OK ? 0 : -1;
}

static struct mr_table *table_of(const uint32_t *numbers, bool *ranked, struct mr_engine *engine,
                                 enum mr_order order)
{
    struct mr_error error = {.status = MR_OK};
    struct mr_table *table;
    const struct mr_job_spec spec = {
        .struct_size = sizeof spec,
        .context = ranked,
        .input = mr_input_items(numbers, NUMBERS, sizeof *numbers),
        .map = map_numbers,
        .values = MR_COMBINE,
        .value_size = sizeof(uint64_t),
        .combine = add_numbers,
        .reduce = reduce_number,
        .rank = *ranked ? rank_number : NULL,
        .order = order,
        .min_rank = 20,
        .output = mr_output_table(&table),
    };

    ck_assert_msg(mr_run(engine, &spec, NULL, &error) == MR_OK, "%s", error.text);
    return table;
}

START_TEST(a_rank_makes_the_records_that_a_reduce_would)
{
    const struct mr_engine_options options = {.struct_size = sizeof options,
                                              .threads = 1 + (unsigned)_i % 3};
    const enum mr_order order = _i % 2 ? MR_ORDER_RANK : MR_ORDER_KEY;
    uint32_t *numbers = malloc(NUMBERS * sizeof *numbers);
    bool ranked = true, reduced = false;
    struct mr_engine *engine;
    unsigned char payload[MR_RANK_PAYLOAD];
    size_t ranks = 0;

    ck_assert_ptr_nonnull(numbers);
    for (size_t i = 0; i < NUMBERS; i++)
        numbers[i] = (uint32_t)random_next();
    ck_assert_int_eq(mr_engine_open(&options, &engine, NULL), MR_OK);
    struct mr_table *got = table_of(numbers, &ranked, engine, order);
    struct mr_table *wanted = table_of(numbers, &reduced, engine, order);
    size_t w = 0;
    for (size_t g = 0; g < mr_table_count(got); g++) {
        const struct mr_record *a = mr_table_record(got, g), *b = mr_table_record(wanted, w);
        /* What the reduce alone leaves out. */
        if (a->rank % 3 != 0 && a->rank % 5 == 0)
            continue;
        w++;
        ck_assert_ptr_nonnull(b);
        ck_assert_uint_eq(a->rank, b->rank);
        ck_assert_uint_eq(a->key_size, b->key_size);
        ck_assert_mem_eq(a->key, b->key, a->key_size);
        ck_assert_uint_eq(a->payload_size, b->payload_size);
        ck_assert_mem_eq(a->payload, b->payload, a->payload_size);
        ck_assert_uint_eq(a->payload_size, payload_of(a->rank, payload));
        ck_assert_mem_eq(a->payload, payload, a->payload_size);
        ranks += a->rank % 3 != 0;
    }
    ck_assert_uint_eq(w, mr_table_count(wanted));
    ck_assert_uint_gt(ranks, KEYS / 3);
    ck_assert_uint_gt(mr_table_count(wanted), ranks + KEYS / 6);
    mr_table_release(got);
    mr_table_release(wanted);
    mr_engine_close(engine);
    free(numbers);
}
END_TEST

Suite *test_rank_suite(void);

Suite *test_rank_suite(void)
{
    Suite *suite = suite_create("rank");
    TCase *tests = tcase_create("numbers");
    tcase_add_test(tests, integers_are_ranked_as_they_are_ordered);
    tcase_add_test(tests, doubles_are_ranked_as_they_are_ordered);
    tcase_add_test(tests, both_zeros_have_one_rank);
    tcase_add_test(tests, what_is_no_number_ranks_below_all);
    suite_add_tcase(suite, tests);
    TCase *values = tcase_create("values");
    tcase_add_loop_test(values, a_rank_makes_the_records_that_a_reduce_would, 0, 6);
    suite_add_tcase(suite, values);
    return suite;
}
