/* SPDX-License-Identifier: MIT
 *
 * test_size.c - sizes as sort -S reads them, and amounts as people read them.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>

#include "cli/size.h"

Suite *test_size_suite(void);

static void takes(const char *text, uint64_t want)
{
    uint64_t bytes = 0;
    ck_assert_msg(size_parse(text, 1000, &bytes) == 0, "%s is refused", text);
    ck_assert_msg(bytes == want, "%s is %ju", text, (uintmax_t)bytes);
}

static void refuses(const char *text, int why)
{
    uint64_t bytes = 7;
    ck_assert_msg(size_parse(text, 1000, &bytes) == why, "%s is taken, or refused otherwise", text);
    ck_assert(bytes == 7);
}

START_TEST(sizes_are_read_as_sort_reads_them)
{
    takes("0", 0);
    takes("1", 1024);
    takes("64K", 65536);
    takes("64k", 65536);
    takes("7b", 7);
    takes("500M", UINT64_C(500) << 20);
    takes("2g", UINT64_C(2) << 30);
    takes("3T", UINT64_C(3) << 40);
    takes("3t", UINT64_C(3) << 40);
    takes("5P", UINT64_C(5) << 50);
    takes("15E", UINT64_C(15) << 60);
    takes("000010b", 10);
    takes("18446744073709551615b", UINT64_MAX);
    takes("10%", 100);
    takes("0%", 0);
    takes("33%", 330);
    takes("250%", 2500);
}
END_TEST

START_TEST(what_is_no_size_is_refused)
{
    static const char *const junk[] = {"",   "K",    "%",   "-1",   "+1",
                                       " 1", "1 ",   "1KB", "1KiB", "1.5G",
                                       "1x", "0x10", "1e",  "1p",   "9999999999999999999999x"};
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++)
        refuses(junk[i], EINVAL);
    refuses("16E", ERANGE);
    refuses("18446744073709551616b", ERANGE);
    refuses("18014398509481984", ERANGE);
    refuses("99999999999999999999999999", ERANGE);
    refuses("18446744073709551615%", ERANGE);
}
END_TEST

START_TEST(a_percentage_is_exact_at_any_size)
{
    uint64_t bytes = 0;
    ck_assert(size_parse("100%", UINT64_MAX, &bytes) == 0);
    ck_assert(bytes == UINT64_MAX);
    ck_assert(size_parse("50%", 199, &bytes) == 0);
    ck_assert(bytes == 99);
}
END_TEST

START_TEST(amounts_are_rounded_to_one_decimal)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},         {999, "999 B"},         {1000, "1.0 kB"},
        {1049, "1.0 kB"},   {1050, "1.1 kB"},       {999949, "999.9 kB"},
        {999950, "1.0 MB"}, {1234567890, "1.2 GB"}, {UINT64_MAX, "18.4 EB"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[16];
        size_format(cases[i].bytes, text);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

START_TEST(figures_may_share_one_unit)
{
    char text[16];
    const char *unit = size_unit(2900000000u);
    ck_assert_str_eq(unit, "GB");
    size_format_in(1200000000u, unit, text);
    ck_assert_str_eq(text, "1.2");
    size_format_in(12, unit, text);
    ck_assert_str_eq(text, "0.0");
    size_format_in(960000000u, unit, text);
    ck_assert_str_eq(text, "1.0");
    size_format_in(512, size_unit(999), text);
    ck_assert_str_eq(text, "512");
}
END_TEST

Suite *test_size_suite(void)
{
    Suite *suite = suite_create("size");
    TCase *tcase = tcase_create("size");
    tcase_add_test(tcase, sizes_are_read_as_sort_reads_them);
    tcase_add_test(tcase, what_is_no_size_is_refused);
    tcase_add_test(tcase, a_percentage_is_exact_at_any_size);
    tcase_add_test(tcase, amounts_are_rounded_to_one_decimal);
    tcase_add_test(tcase, figures_may_share_one_unit);
    suite_add_tcase(suite, tcase);
    return suite;
}
