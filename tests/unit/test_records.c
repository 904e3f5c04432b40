/* SPDX-License-Identifier: MIT
 *
 * test_records.c - what a mapper prints, KEY or KEY<TAB>COUNT, added up.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "text/case_fold.h"
#include "text/tokenizer.h"
#include "unit/random.h"
#include "unit/tally.h"

/* Adds what a line stands for, read from its end: digits, a TAB, and the rest is the key. Returns
 * false where it is no record. */
static bool add_record(struct tally *want, const struct tokenizer_options *options,
                       const char *line, size_t size)
{
    unsigned char folded[CASE_FOLD_ROOM(64)];
    size_t tab = size;
    uint64_t count = 0;

    while (tab > 0 && line[tab - 1] != '\t')
        tab--;
    if (tab == size && size > 0 && line[size - 1] == '\t')
        return false;
    for (size_t i = tab; tab > 0 && i < size; i++) {
        if (line[i] < '0' || line[i] > '9')
            return false;
        count = 10 * count + (uint64_t)(line[i] - '0');
    }
    const size_t key = tab > 0 ? tab - 1 : size;
    if (tab == 0)
        count = 1;
    if (options->case_fold)
        tally_add(want, folded, case_fold_bytes((const unsigned char *)line, key, folded), count);
    else
        tally_add(want, line, key, count);
    return true;
}

START_TEST(records_are_added_up_with_and_without_counts)
{
    static const char bytes[] = "aB\t\t \xc3\x89\\\r0123";
    for (int round = 0; round < 400; round++) {
        struct tokenizer_options options = tally_options(&token_kind_records);
        char text[4000];
        struct tally want;
        size_t size = 0;
        options.case_fold = round & 1;
        options.zero_terminated = round & 2;
        const char end = options.zero_terminated ? '\0' : '\n',
                   other = options.zero_terminated ? '\n' : '\0';
        tally_open(&want);
        for (size_t lines = below(80); lines > 0; lines--) {
            char line[40];
            size_t length = below(16);
            for (size_t i = 0; i < length; i++)
                line[i] = below(20) > 0 ? bytes[below(sizeof bytes - 1)] : other;
            if (below(2))
                length += (size_t)sprintf(line + length, "\t%u", below(1000));
            if (!add_record(&want, &options, line, length))
                continue;
            memcpy(text + size, line, length);
            size += length;
            if (lines > 1 || length == 0 || below(2))
                text[size++] = end;
        }
        tally_check(&options, text, size, &want);
        tally_close(&want);
    }
}
END_TEST

/* The engine's word on a text of some records. */
static void ends(const char *text, enum mr_status status, const char *reason)
{
    for (int fold = 0; fold < 2; fold++) {
        struct tokenizer_options options = tally_options(&token_kind_records);
        struct tally got;
        options.case_fold = fold;
        tally_open(&got);
        tally_count(&got, &options, text, strlen(text), TALLY_WHOLE, 0);
        ck_assert_int_eq(got.status, status);
        ck_assert_str_eq(got.error.text, reason);
        ck_assert_ptr_null(got.fault.reason);
        tally_close(&got);
    }
}

START_TEST(a_line_with_a_tab_and_no_count_is_shown)
{
    ends("", MR_OK, "");
    ends("\n\n", MR_OK, "");
    ends("a\t18446744073709551615\nb", MR_OK, "");
    ends("a\t000000000000000000000000000000000000012", MR_OK, "");
    ends("a\nb\t", MR_MAP, "record 'b\\011': no count after the last TAB");
    ends("a\nb\tc\t\nd", MR_MAP, "record 'b\\011c\\011': no count after the last TAB");
    ends("b\tc", MR_MAP, "record 'b\\011c': what follows the last TAB is no count");
    ends("b\t1 \n", MR_MAP, "record 'b\\0111 ': what follows the last TAB is no count");
    ends("b\t-1\n", MR_MAP, "record 'b\\011-1': what follows the last TAB is no count");
    ends("a\t1\r\n", MR_MAP, "record 'a\\0111\\015': what follows the last TAB is no count");
    ends("b\t18446744073709551616\n", MR_MAP,
         "record 'b\\01118446744073709551616': the count is past 18446744073709551615");
    ends("0123456789012345678901234567890123456789x\ty\n", MR_MAP,
         "record '0123456789012345678901234567890123456789...': what follows the last TAB is no "
         "count");
}
END_TEST

START_TEST(a_sum_past_64_bits_is_an_error)
{
    struct tokenizer_options options = tally_options(&token_kind_records);
    static const char text[] = "a\nb\na\t18446744073709551615\n";
    struct tally got;
    tally_open(&got);
    tally_count(&got, &options, text, sizeof text - 1, TALLY_WHOLE, 0);
    ck_assert_int_eq(got.status, MR_OVERFLOW);
    tally_close(&got);
}
END_TEST

Suite *test_records_suite(void);

Suite *test_records_suite(void)
{
    Suite *suite = suite_create("records");
    TCase *tests = tcase_create("records");
    tcase_add_test(tests, records_are_added_up_with_and_without_counts);
    tcase_add_test(tests, a_line_with_a_tab_and_no_count_is_shown);
    tcase_add_test(tests, a_sum_past_64_bits_is_an_error);
    suite_add_tcase(suite, tests);
    return suite;
}
