/* SPDX-License-Identifier: MIT
 *
 * test_quoted.c - fields of lines, some in quotes or brackets, against a reader that looks for the
 * end of each field from its beginning.
 */
#include <check.h>
#include <string.h>

#include "text/case_fold.h"
#include "text/tokenizer.h"
#include "unit/fields_reference.h"
#include "unit/random.h"
#include "unit/tally.h"

#define MOST 400

static const struct range first[] = {{1, 1}};
static const struct range third[] = {{3, 3}};
static const struct range from_second[] = {{2, UINT64_MAX}};
static const struct range several[] = {{1, 1}, {3, 4}, {6, UINT64_MAX}};

static const struct {
    const struct range *ranges;
    size_t count;
} lists[] = {{first, 1}, {third, 1}, {from_second, 1}, {several, 3}};

static struct tokenizer_options quoted_options(void)
{
    struct tokenizer_options options = tally_options(&token_kind_quoted);

    options.ranges = first;
    options.range_count = 1;
    return options;
}

static void put(void *context, const unsigned char *key, size_t size)
{
    tally_add(context, key, size, 1);
}

static void put_folded(void *context, const unsigned char *key, size_t size)
{
    unsigned char folded[CASE_FOLD_ROOM(2 * MOST)];

    tally_add(context, folded, case_fold_bytes(key, size, folded), 1);
}

START_TEST(fields_are_as_a_slow_reader_finds_them)
{
    static const char *const alphabets[] = {
        "\"\" \n\\aB", "\"[] \n\r\\", "aBcd efgh\"[]ijk \n,,", "\",[]\n\r\0a\xc3\x89\t ", "\\\" a",
    };
    static const size_t sizes[] = {7, 7, 19, 12, 4};
    static const char *const delimiters[] = {"", "", ",", "a", ",,", "\\ ", "\"", "] "};
    unsigned char text[MOST];

    for (int round = 0; round < 500; round++) {
        struct tokenizer_options options = quoted_options();
        const char *delimiter = delimiters[below(sizeof delimiters / sizeof *delimiters)];
        const size_t which = below(5), list = below(sizeof lists / sizeof *lists);
        const size_t size = below(below(4) ? 90 : MOST);
        struct tally want;
        for (size_t i = 0; i < size; i++)
            text[i] = (unsigned char)alphabets[which][below(sizes[which])];
        options.case_fold = below(2);
        options.zero_terminated = below(4) == 0;
        options.delimiter = (const unsigned char *)delimiter;
        options.delimiter_size = strlen(delimiter);
        options.ranges = lists[list].ranges;
        options.range_count = lists[list].count;
        tally_open(&want);
        fields_reference_quoted(&options, text, size, options.case_fold ? put_folded : put, &want);
        tally_check(&options, text, size, &want);
        tally_close(&want);
    }
}
END_TEST

START_TEST(quotes_and_brackets_are_taken_off)
{
    struct tokenizer_options options = quoted_options();
    tally_check_keys(&options, "\"a b\" c\n[d e] f\r\n\"\"\r\n[]\ng \"h\"\n\"say \\\"x\\\\\" i\n",
                     (const char *const[]){"a b", "d e", "", "", "g", "say \"x\\\\", NULL});
}
END_TEST

START_TEST(marks_that_do_not_enclose_a_field_are_bytes)
{
    struct tokenizer_options options = quoted_options();
    tally_check_keys(&options, "[::1]:80 ]\n\"a b\n\"c\"d e\n[f \"g]\"\nh\"i j\"\n",
                     (const char *const[]){"[::1]:80", "\"a", "\"c\"d", "[f", "h\"i", NULL});
}
END_TEST

Suite *test_quoted_suite(void);

Suite *test_quoted_suite(void)
{
    Suite *suite = suite_create("quoted");
    TCase *tests = tcase_create("quoted");
    tcase_add_test(tests, fields_are_as_a_slow_reader_finds_them);
    tcase_add_test(tests, quotes_and_brackets_are_taken_off);
    tcase_add_test(tests, marks_that_do_not_enclose_a_field_are_bytes);
    suite_add_tcase(suite, tests);
    return suite;
}
