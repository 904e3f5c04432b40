/* SPDX-License-Identifier: MIT
 *
 * How many columns characters and text take.
 */
#include <check.h>
#include <string.h>

#include "cli/width.h"

static void is(const char *text, size_t width)
{
    const size_t got = width_text((const unsigned char *)text, strlen(text));

    ck_assert_msg(got == width, "'%s': %zu columns, not %zu", text, got, width);
}

START_TEST(characters_take_no_column_or_one_or_two)
{
    is("", 0);
    is("the tempest", 11);
    is("caf\303\251", 4);                          /* precomposed */
    is("cafe\314\201", 4);                         /* and with a combining mark */
    is("\344\272\272\347\224\237", 4);             /* Han */
    is("\357\274\241", 2);                         /* a full-width letter */
    is("\357\275\261", 1);                         /* and a half-width one */
    is("\360\237\230\200", 2);                     /* an emoji */
    is("a\342\200\213b", 2);                       /* a zero width space */
    is("\341\204\222\341\205\241\341\206\253", 2); /* a Hangul syllable of three letters */
    is("co\302\255op", 5);                         /* a soft hyphen is one where it is seen */
    is("\330\200", 1);                             /* as is the sign of an Arabic number */
}
END_TEST

START_TEST(an_invalid_byte_takes_one)
{
    is("\377", 1);
    is("a\344\272b", 4);
    is("\344\272", 2);
    is("\355\240\200", 3); /* a surrogate */
}
END_TEST

START_TEST(every_code_point_has_a_width)
{
    unsigned counts[3] = {0};

    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        const unsigned width = width_of(code);
        ck_assert_uint_le(width, 2);
        counts[width]++;
    }
    /* Unicode has more of both with each version. */
    ck_assert_uint_gt(counts[0], 2000);
    ck_assert_uint_gt(counts[2], 180000);
    ck_assert_uint_eq(width_of(0x10FFFD), 1);
    ck_assert_uint_eq(width_of(0xE01EF), 0);
    ck_assert_uint_eq(width_of(0x3FFFD), 2);
    ck_assert_uint_eq(width_of(0x3FFFE), 1);
}
END_TEST

Suite *test_width_suite(void);
Suite *test_width_suite(void)
{
    Suite *suite = suite_create("width");
    TCase *tcase = tcase_create("width");

    tcase_add_test(tcase, characters_take_no_column_or_one_or_two);
    tcase_add_test(tcase, an_invalid_byte_takes_one);
    tcase_add_test(tcase, every_code_point_has_a_width);
    suite_add_tcase(suite, tcase);
    return suite;
}
