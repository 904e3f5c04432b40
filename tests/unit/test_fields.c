/* SPDX-License-Identifier: MIT
 *
 * test_fields.c - fields by delimiter and by blanks against a reference that splits line by line.
 */
#include <check.h>
#include <string.h>

#include "text/case_fold.h"
#include "text/tokenizer.h"
#include "unit/random.h"
#include "unit/tally.h"

#define MOST 300

static const struct range first[] = {{1, 1}};
static const struct range third[] = {{3, 3}};
static const struct range middle[] = {{2, 3}};
static const struct range from_second[] = {{2, UINT64_MAX}};
static const struct range several[] = {{1, 1}, {3, 4}, {6, UINT64_MAX}};

static const struct {
    const struct range *ranges;
    size_t count;
} lists[] = {{first, 1}, {third, 1}, {from_second, 1}, {middle, 1}, {several, 3}};

static bool chosen(const struct tokenizer_options *options, uint64_t field)
{
    for (size_t i = 0; i < options->range_count; i++) {
        if (field >= options->ranges[i].first && field <= options->ranges[i].last)
            return true;
    }
    return false;
}

static void map_line(struct tally *tally, const struct tokenizer_options *options,
                     const unsigned char *line, size_t size)
{
    unsigned char key[MOST + 1], folded[CASE_FOLD_ROOM(MOST + 1)];
    unsigned char end = options->zero_terminated ? 0 : '\n';
    const size_t length = options->delimiter_size;
    size_t used = 0;
    uint64_t field = 0;
    bool any = false;

    for (size_t i = 0; i <= size;) {
        size_t stop = i;
        if (length > 0) {
            while (stop < size &&
                   (size - stop < length || memcmp(line + stop, options->delimiter, length) != 0))
                stop++;
        } else {
            while (stop < size && line[stop] != ' ' && line[stop] != '\t' && line[stop] != '\n' &&
                   line[stop] != end)
                stop++;
        }
        if (length > 0 || stop > i) {
            if (chosen(options, ++field)) {
                if (any && length > 0)
                    memcpy(key + used, options->delimiter, length);
                else if (any)
                    key[used] = ' ';
                used += !any ? 0 : length > 0 ? length : 1;
                memcpy(key + used, line + i, stop - i);
                used += stop - i;
                any = true;
            }
        }
        i = stop + (length > 0 ? length : 1);
    }
    if (!any)
        return;
    if (options->case_fold)
        tally_add(tally, folded, case_fold_bytes(key, used, folded), 1);
    else
        tally_add(tally, key, used, 1);
}

static void reference(struct tally *tally, const struct tokenizer_options *options,
                      const unsigned char *text, size_t size)
{
    unsigned char end = options->zero_terminated ? 0 : '\n';
    for (size_t i = 0, stop; i < size; i = stop + 1) {
        for (stop = i; stop < size && text[stop] != end;)
            stop++;
        map_line(tally, options, text + i, stop - i);
    }
}

/* Fields that end at one of these texts, or where that is NULL, at blanks. */
static void check_fields(const char *const *delimiters)
{
    unsigned char text[MOST];
    for (int round = 0; round < 120; round++) {
        struct tokenizer_options options = tally_options(&token_kind_fields);
        struct tally want;
        size_t size = below(MOST), list = below(sizeof lists / sizeof *lists);
        for (size_t i = 0; i < size; i++)
            text[i] = (unsigned char)"aBc ,, \t\n\0\xc3\x89"[below(12)];
        for (size_t i = 3; i < size && round % 3 == 0; i += 1 + below(20))
            memcpy(text + i - 3, &"\xf0\x9f\x98\x80\xe2\x82\xac\xe2"[below(6)], 3);
        options.case_fold = below(2);
        options.count_invalid = true;
        options.zero_terminated = below(4) == 0;
        if (delimiters) {
            const char *delimiter = delimiters[below(3)];
            options.delimiter = (const unsigned char *)delimiter;
            options.delimiter_size = strlen(delimiter);
        }
        options.ranges = lists[list].ranges;
        options.range_count = lists[list].count;
        tally_open(&want);
        reference(&want, &options, text, size);
        tally_check(&options, text, size, &want);
        tally_close(&want);
    }
}

START_TEST(delimited_fields_are_as_cut_finds_them)
{
    check_fields((const char *const[]){",", ",", "B"});
}
END_TEST

START_TEST(a_delimiter_of_several_bytes_is_found_from_the_left)
{
    check_fields((const char *const[]){",,", "a,", "c ,"});
}
END_TEST

START_TEST(fields_between_blanks_are_as_awk_finds_them)
{
    check_fields(NULL);
}
END_TEST

START_TEST(chosen_fields_make_the_key)
{
    struct tokenizer_options options = tally_options(&token_kind_fields);
    options.delimiter = (const unsigned char *)",";
    options.delimiter_size = 1;
    options.ranges = first;
    options.range_count = 1;
    tally_check_keys(&options, "a,b\nc\n\n,x", (const char *const[]){"a", "c", "", "", NULL});
    options.ranges = third;
    tally_check_keys(&options, "a,b\nc,d,\n,,e,f\n", (const char *const[]){"", "e", NULL});
    options.ranges = several;
    options.range_count = 3;
    tally_check_keys(&options, "1,2,3,4,5,6,7\n1\n1,2,3\n",
                     (const char *const[]){"1,3,4,6,7", "1", "1,3", NULL});
    options.delimiter_size = 0;
    tally_check_keys(&options, " 1  2 3\t4 5 6 7 \n\n \n1\n2 3",
                     (const char *const[]){"1 3 4 6 7", "1", "2", NULL});
    options.ranges = first;
    options.range_count = 1;
    tally_check_keys(&options, "\n \n\t", (const char *const[]){NULL});
}
END_TEST

Suite *test_fields_suite(void);

Suite *test_fields_suite(void)
{
    Suite *suite = suite_create("fields");
    TCase *tests = tcase_create("fields");
    tcase_add_test(tests, delimited_fields_are_as_cut_finds_them);
    tcase_add_test(tests, a_delimiter_of_several_bytes_is_found_from_the_left);
    tcase_add_test(tests, fields_between_blanks_are_as_awk_finds_them);
    tcase_add_test(tests, chosen_fields_make_the_key);
    suite_add_tcase(suite, tests);
    return suite;
}
