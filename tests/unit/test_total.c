/* SPDX-License-Identifier: MIT
 *
 * test_total.c - sums past 2^64.
 */
#include <check.h>

#include "base/total.h"

Suite *test_total_suite(void);

static void check_format(uint64_t high, uint64_t low, const char *wanted)
{
    const struct total total = {low, high};
    char text[TOTAL_ROOM];

    total_format(&total, text);
    ck_assert_str_eq(text, wanted);
}

START_TEST(totals_are_written_in_decimal)
{
    check_format(0, 0, "0");
    check_format(0, 9, "9");
    check_format(0, 10, "10");
    check_format(0, UINT64_MAX, "18446744073709551615");
    check_format(1, 0, "18446744073709551616");
    check_format(5, 7766279631452241920, "100000000000000000000");
    check_format(UINT64_MAX, UINT64_MAX, "340282366920938463463374607431768211455");
}
END_TEST

START_TEST(totals_carry_instead_of_wrapping)
{
    struct total total = {0, 0};
    struct total other = {0, 0};

    for (int i = 0; i < 3; i++)
        total_add(&total, UINT64_MAX);
    ck_assert_uint_eq(total.high, 2);
    ck_assert_uint_eq(total.low, UINT64_MAX - 2);
    total_add(&other, 4);
    total_join(&other, &total);
    ck_assert_uint_eq(other.high, 3);
    ck_assert_uint_eq(other.low, 1);
}
END_TEST

Suite *test_total_suite(void)
{
    Suite *suite = suite_create("total");
    TCase *tests = tcase_create("total");

    tcase_add_test(tests, totals_are_written_in_decimal);
    tcase_add_test(tests, totals_carry_instead_of_wrapping);
    suite_add_tcase(suite, tests);
    return suite;
}
