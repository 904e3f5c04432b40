/* SPDX-License-Identifier: MIT
 *
 * test_sums.c - exact sums, means, least and greatest of decimal numbers.
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "unit/random.h"
#include "unit/sanitized.h"
#include "values/sums.h"
#include "values/wide.h"

Suite *test_sums_suite(void);

#define NINES_38 "99999999999999999999999999999999999999"
#define TENTH_38 "10000000000000000000000000000000000000" /* 10^37 */

static struct sums *sums;

static void open_sums(void)
{
    sums = sums_open();
    ck_assert_ptr_nonnull(sums);
}

static void close_sums(void)
{
    sums_close(sums);
}

static struct sum sum_of(const char *text)
{
    struct decimal decimal;
    struct sum sum;

    ck_assert_int_eq(decimal_parse((const unsigned char *)text, strlen(text), &decimal),
                     DECIMAL_OK);
    sum_set(sums, &sum, &decimal);
    return sum;
}

static const char *text_of(const struct decimal *decimal)
{
    static char text[DECIMAL_ROOM + 1];

    text[decimal_print(decimal, (unsigned char *)text)] = '\0';
    return text;
}

static const char *total_of(const struct sum *sum)
{
    struct decimal total;

    return sum_total(sum, &total) == DECIMAL_OK ? text_of(&total) : "too long";
}

#define MOST 8

/* The sum of texts that blanks divide is `wanted`, from left to right, from right to left, and in
 * two halves. */
static void check_sum(const char *texts, const char *wanted)
{
    char copy[512], *words[MOST], *rest;
    size_t count = 0;

    strcpy(copy, texts);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    for (unsigned way = 0; way < 3; way++) {
        struct sum sum = sum_of(words[way == 1 ? count - 1 : 0]), half = sum_of("0");
        for (size_t i = 1; i < count; i++) {
            struct sum one = sum_of(words[way == 1 ? count - 1 - i : i]);
            sum_add(sums, way == 2 && i >= count / 2 ? &half : &sum, &one);
        }
        sum_add(sums, &sum, &half);
        ck_assert_msg(strcmp(total_of(&sum), wanted) == 0, "%s: %s by way %u", texts,
                      total_of(&sum), way);
    }
    ck_assert(!sums_failed(sums));
}

START_TEST(sums_are_exact)
{
    check_sum("0 0", "0");
    check_sum("1 2 3", "6");
    check_sum("0.1 0.2", "0.3");
    check_sum("1.50 1.5", "3");
    check_sum("1 -3", "-2");
    check_sum("-1 -2.5 0.25", "-3.25");
    check_sum("5 -5.00", "0");
    check_sum("288230376151711743 1", "288230376151711744");
    check_sum("-288230376151711743 -1 -1", "-288230376151711745");
    check_sum("18446744073709551615 1", "18446744073709551616");
    check_sum("999999999999999999 0.000000000000000001", "999999999999999999.000000000000000001");
    check_sum("5316911983139663491615228241121378303 1", "5316911983139663491615228241121378304");
    check_sum("-5316911983139663491615228241121378304 -1 5316911983139663491615228241121378305",
              "0");
    check_sum(TENTH_38 " -" TENTH_38 " 0.000000000000000001", "0.000000000000000001");
    check_sum(TENTH_38 " 0.5 0.5 -1", TENTH_38);
    check_sum(NINES_38 " " NINES_38 " -" NINES_38 " -" NINES_38 " 7", "7");
    check_sum(NINES_38 " 1 -1", NINES_38);
    check_sum("-" NINES_38 " -0.5 0.50", "-" NINES_38);
    check_sum("99999999999999999999.999999999999999999 0.000000000000000001",
              "100000000000000000000");
}
END_TEST

START_TEST(sums_past_38_digits_are_told_at_the_end_only)
{
    check_sum(NINES_38 " 1", "too long");
    check_sum("-" NINES_38 " -1", "too long");
    check_sum(NINES_38 " 0.1", "too long");
    check_sum(NINES_38 " " NINES_38, "too long");
    check_sum(TENTH_38 " 0.000000000000000001", "too long");
    check_sum(TENTH_38 " 0.000000000000000001 1 -0.000000000000000001 -1", TENTH_38);
}
END_TEST

START_TEST(small_sums_have_few_significant_bytes)
{
    struct sum sum = sum_of("1000");

    ck_assert_uint_lt(sum.low, 1 << 16);
    ck_assert_uint_eq(sum.high, 0);
    sum = sum_of("-10.00");
    ck_assert_uint_lt(sum.low, 1 << 16);
    ck_assert_uint_eq(sum.high, 0);
}
END_TEST

static void check_mean(const char *text, uint64_t count, const char *wanted)
{
    struct sum sum = sum_of(text);
    struct decimal mean;
    const char *got = sum_mean(&sum, count, &mean) == DECIMAL_OK ? text_of(&mean) : "too long";

    ck_assert_msg(strcmp(got, wanted) == 0, "%s / %llu is %s", text, (unsigned long long)count,
                  got);
}

START_TEST(means_are_rounded_half_to_even)
{
    check_mean("0", 3, "0");
    check_mean("6", 3, "2");
    check_mean("1", 3, "0.333333");
    check_mean("2", 3, "0.666667");
    check_mean("-2", 3, "-0.666667");
    check_mean("1", 2000000, "0");
    check_mean("3", 2000000, "0.000002");
    check_mean("5", 2000000, "0.000002");
    check_mean("-1", 2000000, "0");
    check_mean("-3", 2000000, "-0.000002");
    check_mean("0.000001000000000001", 2, "0.000001");
    check_mean("0.0000025", 1, "0.000002");
    check_mean("0.0000035", 1, "0.000004");
    check_mean("1.5", UINT64_MAX, "0");
    check_mean("18446744073709551615", UINT64_MAX, "1");
    check_mean(NINES_38, 1, NINES_38);
    check_mean(NINES_38, 4, "too long"); /* ...9.75 has 39 */
    check_mean(NINES_38, 3, "33333333333333333333333333333333333333");
}
END_TEST

START_TEST(a_mean_may_be_where_the_sum_is_too_long)
{
    struct sum sum = sum_of(NINES_38), other = sum_of(NINES_38);
    struct decimal mean;

    sum_add(sums, &sum, &other);
    ck_assert_str_eq(total_of(&sum), "too long");
    ck_assert_int_eq(sum_mean(&sum, 2, &mean), DECIMAL_OK);
    ck_assert_str_eq(text_of(&mean), NINES_38);
    other = sum_of("-0.000000000000000002");
    sum_add(sums, &sum, &other);
    ck_assert_int_eq(sum_mean(&sum, 2, &mean), DECIMAL_OK);
    ck_assert_str_eq(text_of(&mean), NINES_38);
    ck_assert_int_eq(sum_mean(&sum, 5, &mean), DECIMAL_TOO_LONG);
}
END_TEST

static void check_kept(const char *a, const char *b, const char *least, const char *greatest)
{
    for (unsigned way = 0; way < 4; way++) {
        struct sum x = sum_of(way & 1 ? a : b), y = sum_of(way & 1 ? b : a);
        struct decimal kept;
        if (way & 2)
            sum_least(sums, &x, &y);
        else
            sum_greatest(sums, &x, &y);
        sum_decimal(&x, &kept);
        ck_assert_msg(strcmp(text_of(&kept), way & 2 ? least : greatest) == 0, "%s and %s: %s", a,
                      b, text_of(&kept));
    }
}

START_TEST(least_and_greatest_are_as_read)
{
    check_kept("1", "2", "1", "2");
    check_kept("-1", "-2", "-2", "-1");
    check_kept("-1", "1", "-1", "1");
    check_kept("-0.0", "0", "0", "0");
    check_kept("3.5", "3.50", "3.5", "3.5");
    check_kept("-3.50", "-3.5", "-3.5", "-3.5");
    check_kept("10", "9.99", "9.99", "10");
    check_kept("288230376151711744", "288230376151711743", "288230376151711743",
               "288230376151711744");
    check_kept("288230376151711744.5", "288230376151711744", "288230376151711744",
               "288230376151711744.5");
    check_kept(NINES_38, "1", "1", NINES_38);
    check_kept("-" NINES_38, "0.000000000000000001", "-" NINES_38, "0.000000000000000001");
    check_kept(NINES_38, TENTH_38, TENTH_38, NINES_38);
    check_kept("99999999999999999999.999999999999999999", "-1e37", "-" TENTH_38,
               "99999999999999999999.999999999999999999");
    ck_assert(!sums_failed(sums));
}
END_TEST

/* A number of up to 38 digits at a scale of its own. */
static struct decimal random_decimal(void)
{
    unsigned __int128 digits = (unsigned __int128)random_next() << 64 | random_next();

    digits %= decimal_powers[below(DECIMAL_DIGITS + 1)];
    return (struct decimal){below(2) ? -(__int128)digits : (__int128)digits,
                            below(DECIMAL_DECIMALS + 1)};
}

START_TEST(no_order_of_adding_changes_a_sum)
{
    enum { COUNT = 100 };

    for (int round = 0; round < (SANITIZED ? 50 : 500); round++) {
        struct sum parts[COUNT], total = sum_of("0"), tree;
        struct wide wide = wide_of(0);
        size_t left = COUNT;

        for (size_t i = 0; i < COUNT; i++) {
            struct decimal decimal = random_decimal();
            struct wide one = wide_of(decimal.digits);
            struct sum sum;
            wide_multiply(&one, (uint64_t)decimal_powers[DECIMAL_DECIMALS - decimal.scale]);
            wide_add(&wide, &one);
            sum_set(sums, &sum, &decimal);
            sum_set(sums, &parts[i], &decimal);
            sum_add(sums, &total, &sum);
        }
        /* Any two of them, until one is left. */
        while (left > 1) {
            size_t i = below(left), j = below(left);
            if (i == j)
                continue;
            sum_add(sums, &parts[i], &parts[j]);
            parts[j] = parts[--left];
        }
        tree = parts[0];

        struct decimal a, b;
        enum decimal_fault fault = sum_total(&total, &a);
        ck_assert_int_eq(sum_total(&tree, &b), fault);
        if (fault == DECIMAL_OK) {
            ck_assert(a.digits == b.digits && a.scale == b.scale);
            struct wide back = wide_of(-a.digits);
            wide_multiply(&back, (uint64_t)decimal_powers[DECIMAL_DECIMALS - a.scale]);
            wide_add(&wide, &back);
            __int128 rest;
            ck_assert(wide_narrow(&wide, &rest) && rest == 0);
        }
    }
}
END_TEST

/* ---- With a count --------------------------------------------------------------------------- */

/* As a job adds them: words where they may be added, else by sum_counted_add. */
static void add_counted(struct sum_counted *into, struct sum_counted from)
{
    const uint64_t tag = SUM_SCALE | SUM_SIGN;
    uint64_t low, more;

    if (((into->low ^ from.low) & tag) == 0 &&
        !__builtin_add_overflow(into->low, from.low & ~tag, &low) &&
        !__builtin_add_overflow(into->more, from.more, &more) && (more & SUM_COUNTED_GUARD) == 0)
        *into = (struct sum_counted){low, more};
    else
        sum_counted_add(sums, into, &from);
}

START_TEST(counted_sums_are_sums_and_counts)
{
    enum { COUNT = 60 };
    static const uint64_t counts[] = {
        1, 0, 7, UINT32_MAX / 2, UINT64_C(1) << 31, UINT64_C(1) << 40};
    unsigned cells = 0, words = 0;

    for (int round = 0; round < (SANITIZED ? 100 : 2000); round++) {
        /* Of some rounds all numbers are of one scale, or of one sign, or their digits few. */
        const unsigned of = below(8), scale = below(DECIMAL_DECIMALS + 1);
        const unsigned most = 1 + below(DECIMAL_DIGITS);
        struct sum total = sum_of("0");
        struct sum_counted parts[COUNT];
        uint64_t count = 0;
        size_t left = COUNT;
        for (size_t i = 0; i < COUNT; i++) {
            struct decimal decimal = random_decimal();
            struct sum sum;
            const uint64_t more = below(4) ? 1 : counts[below(of & 4 ? 2 : 6)];
            decimal.digits %= (__int128)decimal_powers[most];
            if (of & 1)
                decimal.scale = scale;
            if (of & 2 && decimal.digits < 0)
                decimal.digits = -decimal.digits;
            sum_set(sums, &sum, &decimal);
            sum_counted_set(sums, &parts[i], &sum, more);
            sum_set(sums, &sum, &decimal);
            sum_add(sums, &total, &sum);
            count += more;
        }
        while (left > 1) {
            const size_t i = below(left), j = below(left);
            if (i == j)
                continue;
            add_counted(&parts[i], parts[j]);
            parts[j] = parts[--left];
        }
        const struct sum got = sum_counted_sum(&parts[0]);
        struct decimal a, b;
        const enum decimal_fault fault = sum_total(&total, &a);
        ck_assert_uint_eq(sum_counted_count(&parts[0]), count);
        ck_assert_int_eq(sum_total(&got, &b), fault);
        ck_assert(fault != DECIMAL_OK || (a.digits == b.digits && a.scale == b.scale));
        *((parts[0].more & SUM_COUNTED_CELL) != 0 ? &cells : &words) += 1;
    }
    ck_assert_uint_gt(cells, 20);
    ck_assert_uint_gt(words, 20);
    ck_assert(!sums_failed(sums));
}
END_TEST

/* ---- Many threads --------------------------------------------------------------------------- */

enum { THREADS = 4 };

struct adder {
    struct thread thread;
    struct sum sum;
};

static void add_many(void *argument)
{
    struct adder *adder = argument;

    adder->sum = sum_of("0");
    for (int i = 0; i < (SANITIZED ? 2000 : 20000); i++) {
        struct sum wide = sum_of(NINES_38), small = sum_of("0.000000000000000001"),
                   back = sum_of("-" NINES_38);
        sum_add(sums, &adder->sum, &wide);
        sum_add(sums, &adder->sum, &small);
        sum_add(sums, &adder->sum, &back);
    }
    /* One that is handed to another thread. */
    struct sum wide = sum_of(NINES_38);
    sum_add(sums, &adder->sum, &wide);
}

START_TEST(threads_add_at_once_and_join_what_they_have)
{
    struct adder adders[THREADS];
    struct sum total = sum_of("0"), back;

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(thread_start(&adders[i].thread, "adder", add_many, &adders[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        thread_join(&adders[i].thread);
        sum_add(sums, &total, &adders[i].sum);
        back = sum_of("-" NINES_38);
        sum_add(sums, &total, &back);
    }
    ck_assert_str_eq(total_of(&total), SANITIZED ? "0.000000000000008" : "0.00000000000008");
    ck_assert(!sums_failed(sums));
}
END_TEST

/* ---- Numbers of 256 bits -------------------------------------------------------------------- */

START_TEST(wide_numbers_are_divided_as_they_were_multiplied)
{
    for (int i = 0; i < (SANITIZED ? 200 : 2000); i++) {
        unsigned __int128 by = (unsigned __int128)random_next() << 64 | random_next();
        by = (by >> 1 >> below(127)) | 1;
        __int128 quotient =
            (__int128)(((unsigned __int128)random_next() << 64 | random_next()) >> 1 >> below(127));
        __int128 rest = (__int128)(((unsigned __int128)random_next() << 64 | random_next()) % by);
        struct wide wide = wide_of(quotient), high = wide, more = wide_of(rest);
        __int128 back;

        /* quotient * by + rest, by halves of `by`. */
        wide_multiply(&wide, (uint64_t)by);
        wide_multiply(&high, (uint64_t)(by >> 64));
        wide_multiply(&high, UINT64_C(1) << 32);
        wide_multiply(&high, UINT64_C(1) << 32);
        wide_add(&wide, &high);
        wide_add(&wide, &more);
        ck_assert(wide_divide(&wide, by) == (unsigned __int128)rest);
        ck_assert(wide_narrow(&wide, &back) && back == quotient);
    }
}
END_TEST

START_TEST(wide_numbers_are_narrow_within_128_bits)
{
    __int128 most = (__int128)(~(unsigned __int128)0 >> 1), back;
    struct wide wide = wide_of(most), one = wide_of(1);

    ck_assert(wide_narrow(&wide, &back) && back == most);
    wide_add(&wide, &one);
    ck_assert(!wide_narrow(&wide, &back) && !wide_negative(&wide));
    wide_negate(&wide);
    ck_assert(wide_narrow(&wide, &back) && back == -most - 1 && wide_negative(&wide));
    one = wide_of(-1);
    wide_add(&wide, &one);
    ck_assert(!wide_narrow(&wide, &back) && wide_negative(&wide));
}
END_TEST

Suite *test_sums_suite(void)
{
    Suite *suite = suite_create("sums");
    TCase *tests = tcase_create("sums");

    tcase_add_checked_fixture(tests, open_sums, close_sums);
    tcase_add_test(tests, sums_are_exact);
    tcase_add_test(tests, sums_past_38_digits_are_told_at_the_end_only);
    tcase_add_test(tests, small_sums_have_few_significant_bytes);
    tcase_add_test(tests, means_are_rounded_half_to_even);
    tcase_add_test(tests, a_mean_may_be_where_the_sum_is_too_long);
    tcase_add_test(tests, least_and_greatest_are_as_read);
    tcase_add_test(tests, no_order_of_adding_changes_a_sum);
    tcase_add_test(tests, counted_sums_are_sums_and_counts);
    tcase_add_test(tests, threads_add_at_once_and_join_what_they_have);
    tcase_add_test(tests, wide_numbers_are_divided_as_they_were_multiplied);
    tcase_add_test(tests, wide_numbers_are_narrow_within_128_bits);
    suite_add_tcase(suite, tests);
    return suite;
}
