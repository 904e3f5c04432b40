/* SPDX-License-Identifier: MIT
 *
 * test_amount.c - exact numbers read and written, and shares, against dividing plainly.
 */
#include <check.h>
#include <string.h>

#include "cli/amount.h"
#include "unit/random.h"

Suite *test_amount_suite(void);

#define LARGEST "99999999999999999999999999999999999999" /* 38 digits */

static bool reads(const char *text, unsigned scale, amount *number)
{
    return amount_read((const unsigned char *)text, strlen(text), scale, number);
}

static amount number(const char *text, unsigned scale)
{
    amount read = 0;

    ck_assert_msg(reads(text, scale, &read), "'%s'", text);
    return read;
}

static void writes(const char *text, unsigned scale, const char *want)
{
    unsigned char got[AMOUNT_ROOM];
    const size_t size = amount_write(number(text, scale), scale, got);

    ck_assert_msg(size == strlen(want) && memcmp(got, want, size) == 0, "'%s': '%.*s'", text,
                  (int)size, (const char *)got);
}

START_TEST(numbers_are_read_in_units_of_a_scale_and_written_without_zeros)
{
    amount unused = 7;

    writes("0", 0, "0");
    writes("0", 18, "0");
    writes("0.00", 2, "0");
    writes("0.05", 2, "0.05");
    writes("0.05", 18, "0.05");
    writes("120", 0, "120");
    writes("120", 3, "120");
    writes("12.50", 2, "12.5");
    writes("12.50", 5, "12.5");
    writes(LARGEST, 0, LARGEST);
    writes("0.000000000000000001", 18, "0.000000000000000001");
    writes("99999999999999999999.999999999999999999", 18,
           "99999999999999999999.999999999999999999");
    ck_assert_uint_eq(amount_scale((const unsigned char *)"1.250", 5), 3);
    ck_assert_uint_eq(amount_scale((const unsigned char *)"125", 3), 0);
    ck_assert(!reads("", 0, &unused));
    ck_assert(!reads("-1", 0, &unused));
    ck_assert(!reads("1e3", 0, &unused));
    ck_assert(!reads("1.2.3", 2, &unused));
    ck_assert(!reads("1.25", 1, &unused));
    ck_assert(!reads("1" LARGEST, 0, &unused));
    ck_assert(!reads(LARGEST, 1, &unused));
    ck_assert(unused == 7);
}
END_TEST

static void share_is(amount part, amount whole, const char *want)
{
    unsigned char got[AMOUNT_SHARE_ROOM];
    const size_t size = amount_write_share(amount_share(part, whole), got);

    ck_assert_msg(size == strlen(want) && memcmp(got, want, size) == 0, "%.*s, not %s", (int)size,
                  (const char *)got, want);
}

START_TEST(a_share_is_rounded_half_to_even_at_any_size)
{
    const amount large = number(LARGEST, 0);

    share_is(0, 0, "0.00");
    share_is(0, 1, "0.00");
    share_is(1, 1, "100.00");
    share_is(1, 3, "33.33");
    share_is(2, 3, "66.67");
    share_is(1, 20000, "0.00"); /* 0.005 */
    share_is(3, 20000, "0.02"); /* 0.015 */
    share_is(5, 20000, "0.02"); /* 0.025 */
    share_is(19999, 20000, "100.00");
    share_is(19997, 20000, "99.98");
    share_is(large, large, "100.00");
    share_is(large - 1, large, "100.00");
    share_is(large / 3, large, "33.33");
    /* The same halves where 128 bits do not hold a product. */
    share_is(1 * (large / 20000), large / 20000 * 20000, "0.00");
    share_is(3 * (large / 20000), large / 20000 * 20000, "0.02");
    share_is(3 * (large / 20000) - 1, large / 20000 * 20000, "0.01");
    share_is(5 * (large / 20000), large / 20000 * 20000, "0.02");
    share_is(5 * (large / 20000) + 1, large / 20000 * 20000, "0.03");
}
END_TEST

START_TEST(shares_of_any_numbers_are_those_of_plain_division)
{
    for (unsigned i = 0; i < 100000; i++) {
        const uint64_t whole = random_next() >> (random_next() % 64) | 1;
        const uint64_t part = random_next() % whole;
        const unsigned units = (unsigned)(random_next() % 65537);
        const amount product = (amount)part * 10000, rest = product % whole;
        unsigned want = (unsigned)(product / whole);
        want += 2 * rest > whole || (2 * rest == whole && want % 2 == 1);
        ck_assert_uint_eq(amount_share(part, whole), want);
        ck_assert_uint_eq(amount_fit(part, whole, units),
                          (unsigned)((2 * (amount)part * units + whole) / (2 * (amount)whole)));
    }
}
END_TEST

Suite *test_amount_suite(void)
{
    Suite *suite = suite_create("amount");
    TCase *tcase = tcase_create("amount");

    tcase_add_test(tcase, numbers_are_read_in_units_of_a_scale_and_written_without_zeros);
    tcase_add_test(tcase, a_share_is_rounded_half_to_even_at_any_size);
    tcase_add_test(tcase, shares_of_any_numbers_are_those_of_plain_division);
    suite_add_tcase(suite, tcase);
    return suite;
}
