/* SPDX-License-Identifier: MIT
 *
 * test_merge.c - counts read back, and the place of lines that are none.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "text/case_fold.h"
#include "text/tokenizer.h"
#include "unit/random.h"
#include "unit/tally.h"

/* Writes a key as it stands in a line; returns the bytes written. */
static size_t put_key(char *out, const char *key, size_t size, bool escape)
{
    static const char bytes[] = "\t\n\r\\", letters[] = "tnr\\";
    size_t used = 0;

    for (size_t i = 0; i < size; i++) {
        const char *special = escape ? memchr(bytes, key[i], sizeof bytes - 1) : NULL;
        if (special)
            out[used++] = '\\';
        out[used++] = special ? letters[special - bytes] : key[i];
    }
    return used;
}

START_TEST(merged_counts_are_exact)
{
    for (int round = 0; round < 240; round++) {
        struct tokenizer_options options = tally_options(&token_kind_merge);
        char text[4000];
        unsigned char folded[CASE_FOLD_ROOM(8)];
        struct tally want;
        size_t size = 0;
        options.case_fold = round & 1;
        options.zero_terminated = round & 2;
        options.unescape = round & 4;
        options.unbundle = round & 8;
        /* A TAB as it is can only be part of a key where the last one divides. */
        const char *bytes = options.unbundle ? "aB \xc3\x89\\\t\r\n" : "aB\t \xc3\x89\\\r\n";
        size_t kinds = options.unescape ? 9 : 6;
        bool newlines = options.unescape || options.unbundle, middle = false;
        tally_open(&want);
        for (size_t lines = below(60); lines > 0; lines--) {
            char key[8];
            size_t length = below(sizeof key);
            uint64_t count = 1 + below(below(5) ? 100 : (size_t)1 << 40);
            for (size_t i = 0; i < length; i++)
                key[i] = bytes[below(kinds)];
            if (options.unbundle && !middle)
                size += (size_t)sprintf(text + size, "%d", (int)below(3) * 50);
            if (options.unbundle)
                text[size++] = '\t';
            size += put_key(text + size, key, length, options.unescape);
            size += (size_t)sprintf(text + size, "\t%ju", (uintmax_t)count);
            middle = options.unbundle && below(2);
            if (!middle && (lines > 1 || below(2)))
                text[size++] = options.zero_terminated && !newlines ? '\0' : '\n';
            if (options.case_fold)
                tally_add(&want, folded, case_fold_bytes((unsigned char *)key, length, folded),
                          count);
            else
                tally_add(&want, key, length, count);
        }
        tally_check(&options, text, size, &want);
        tally_close(&want);
    }
}
END_TEST

static void check_fault_of(const char *text, size_t line, bool unbundle)
{
    struct tokenizer_options options = tally_options(&token_kind_merge);
    options.unbundle = unbundle;
    for (enum tally_cut cut = TALLY_WHOLE; cut <= TALLY_LAST; cut++) {
        for (int fold = 0; fold < 2; fold++) {
            struct tally got;
            options.case_fold = fold;
            tally_open(&got);
            tally_count(&got, &options, text, strlen(text), cut, 0);
            if (line == 0) {
                ck_assert_int_eq(got.status, MR_OK);
                ck_assert_ptr_null(got.fault.reason);
            } else {
                ck_assert_int_eq(got.status, MR_MAP);
                ck_assert_ptr_nonnull(got.fault.reason);
                ck_assert_uint_eq(got.fault.line, line);
                ck_assert_uint_eq(got.fault.number, 0);
            }
            tally_close(&got);
        }
    }
}

static void check_fault(const char *text, size_t line)
{
    check_fault_of(text, line, false);
}

START_TEST(a_bad_bundle_is_named_by_its_line)
{
    check_fault_of("0\ta\t1", 0, true);
    check_fault_of("\t\t1\t\t2\n7\tb\t3\n", 0, true);
    check_fault_of("0\ta\t1\t\n", 1, true);
    check_fault_of("0\ta\t1\tb\n", 1, true);
    check_fault_of("0\ta\t1\tb\t\n", 1, true);
    check_fault_of("0\ta\t1\n0\tb\tx\tc\t1\n", 2, true);
    check_fault_of("0\ta\t1\n0\n", 2, true);
    check_fault_of("0\ta\t1\n\n", 2, true);
    check_fault_of("0\ta\t1\n1\ta\n", 2, true);
    check_fault_of("0\ta\t1\n1\ta\t99999999999999999999\tb\t1\n", 2, true);
}
END_TEST

START_TEST(a_bad_line_is_named)
{
    check_fault("", 0);
    check_fault("a\t1", 0);
    check_fault("a\t18446744073709551615\n", 0);
    check_fault("a\t00000000000000000000000000000012\n", 0);
    check_fault("a\t18446744073709551616\n", 1);
    check_fault("a\t99999999999999999999\n", 1);
    check_fault("a\n", 1);
    check_fault("\n", 1);
    check_fault("a\t1\n\n", 2);
    check_fault("a\t1\nb\t\n", 2);
    check_fault("a\t1\nb\t2\nc\t-3\n", 3);
    check_fault("a\t1\nb\t2\nc\t3 \nd", 3);
    check_fault("a\t1\nb\t2\nc\t3\r\n", 3);
    check_fault("a\t1\nb\t2\n\tx\t3x", 3);
}
END_TEST

Suite *test_merge_suite(void);

Suite *test_merge_suite(void)
{
    Suite *suite = suite_create("merge");
    TCase *tests = tcase_create("merge");
    tcase_add_test(tests, merged_counts_are_exact);
    tcase_add_test(tests, a_bad_bundle_is_named_by_its_line);
    tcase_add_test(tests, a_bad_line_is_named);
    suite_add_tcase(suite, tests);
    return suite;
}
