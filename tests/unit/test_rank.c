/* SPDX-License-Identifier: MIT
 *
 * test_rank - ranks of numbers are ordered as the numbers are, and lead back to them.
 */
#include "engine/mapreduce.h"
#include "unit/random.h"

#include <check.h>
#include <math.h>
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
    return suite;
}
