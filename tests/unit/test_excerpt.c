/* SPDX-License-Identifier: MIT
 *
 * test_excerpt.c - keys in messages.
 */
#include <check.h>
#include <string.h>

#include "base/excerpt.h"

Suite *test_excerpt_suite(void);

static void check_excerpt(const char *bytes, size_t size, const char *wanted)
{
    char out[EXCERPT_ROOM];

    memset(out, '#', sizeof out);
    excerpt_write(bytes, size, out);
    ck_assert_str_eq(out, wanted);
}

START_TEST(excerpts_are_printable_and_short)
{
#define TEN "0123456789"
    check_excerpt("", 0, "");
    check_excerpt("dog", 3, "dog");
    check_excerpt("a\0\n\xFF\x7F\u00E9", 7, "a\\000\\012\\377\\177\u00E9");
    check_excerpt(TEN TEN TEN TEN, 40, TEN TEN TEN TEN);
    check_excerpt(TEN TEN TEN TEN "x", 41, TEN TEN TEN TEN "...");
    check_excerpt(TEN TEN TEN "012345678\u00E9", 41, TEN TEN TEN "012345678...");
    char zeros[EXCERPT_BYTES + 1] = "", wanted[EXCERPT_ROOM] = "";
    for (size_t i = 0; i < EXCERPT_BYTES; i++)
        strcat(wanted, "\\000");
    strcat(wanted, "...");
    check_excerpt(zeros, sizeof zeros, wanted);
}
END_TEST

Suite *test_excerpt_suite(void)
{
    Suite *suite = suite_create("excerpt");
    TCase *tests = tcase_create("excerpt");

    tcase_add_test(tests, excerpts_are_printable_and_short);
    suite_add_tcase(suite, tests);
    return suite;
}
