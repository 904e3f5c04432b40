/* SPDX-License-Identifier: MIT
 *
 * test_csv.c - records of CSV against a reader that takes one byte after the other, as Python's csv
 * module does; cut anywhere, and read from FILEs in blocks of any size.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/test_hooks.h"
#include "text/case_fold.h"
#include "text/tokenizer.h"
#include "unit/fields_reference.h"
#include "unit/line_counts.h"
#include "unit/random.h"
#include "unit/reader.h"
#include "unit/tally.h"

#define MOST 400

static const struct range first[] = {{1, 1}};
static const struct range second[] = {{2, 2}};
static const struct range from_second[] = {{2, UINT64_MAX}};
static const struct range several[] = {{1, 1}, {3, 4}, {6, UINT64_MAX}};

static const struct {
    const struct range *ranges;
    size_t count;
} lists[] = {{first, 1}, {second, 1}, {from_second, 1}, {several, 3}};

static struct tokenizer_options csv_options(void)
{
    struct tokenizer_options options = tally_options(&token_kind_csv);

    options.delimiter = (const unsigned char *)",";
    options.delimiter_size = 1;
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

/* As fields_reference_csv. */
static uint64_t reference(const struct tokenizer_options *options, const unsigned char *text,
                          size_t size, struct tally *want)
{
    return fields_reference_csv(options, text, size, options->case_fold ? put_folded : put, want);
}

/* ---- Texts ----------------------------------------------------------------------------------- */

static size_t fill(unsigned char *text)
{
    static const char *const alphabets[] = {
        "\"\",,\n\r\naB", "\"\"\"\n,", "aBcdefgh,ijk\"\n\"", "\",\n\r\0a\xc3\x89", "ab,\n",
    };
    static const size_t sizes[] = {9, 5, 16, 8, 4};
    const size_t which = below(5), size = below(below(4) ? 90 : MOST);

    for (size_t i = 0; i < size; i++)
        text[i] = (unsigned char)alphabets[which][below(sizes[which])];
    return size;
}

static void check_fault(const struct tokenizer_options *options, const unsigned char *text,
                        size_t size, uint64_t line)
{
    for (enum tally_cut cut = TALLY_WHOLE; cut <= TALLY_LAST; cut++) {
        for (size_t limit = 0; limit < 40; limit += 13) {
            struct tally got;
            tally_open(&got);
            tally_count(&got, options, text, size, cut, limit);
            ck_assert_int_eq(got.status, MR_MAP);
            ck_assert_uint_eq(got.fault.line, line);
            ck_assert_str_eq(got.error.text, "the quote that opens here is never closed");
            tally_close(&got);
        }
    }
}

START_TEST(records_are_as_a_slow_reader_finds_them)
{
    unsigned char text[MOST];
    int faults = 0;
    for (int round = 0; round < 600; round++) {
        struct tokenizer_options options = csv_options();
        struct tally want;
        const size_t size = fill(text), list = below(sizeof lists / sizeof *lists);
        options.case_fold = below(2);
        options.zero_terminated = below(4) == 0;
        options.delimiter = (const unsigned char *)(below(4) ? "," : "B");
        options.ranges = lists[list].ranges;
        options.range_count = lists[list].count;
        tally_open(&want);
        const uint64_t line = reference(&options, text, size, &want);
        if (line == 0)
            tally_check(&options, text, size, &want);
        else
            check_fault(&options, text, size, line);
        faults += line != 0;
        tally_close(&want);
    }
    ck_assert_int_gt(faults, 50);
    ck_assert_int_lt(faults, 550);
}
END_TEST

START_TEST(quotes_are_taken_off_and_hold_delimiters_and_newlines)
{
    struct tokenizer_options options = csv_options();
    tally_check_keys(&options, "\"a,b\",1\n\"c\nd\"\r\n\"say \"\"x\"\"\",2",
                     (const char *const[]){"a,b", "c\nd", "say \"x\"", NULL});
    options.ranges = second;
    tally_check_keys(&options, "a\nb,\nc,\"\"\nd,\"\"\"\"\n,\" e\"\n",
                     (const char *const[]){"", "", "\"", " e", NULL});
}
END_TEST

START_TEST(a_quote_within_a_field_is_a_byte)
{
    struct tokenizer_options options = csv_options();
    tally_check_keys(&options, "5\" pipe,1\na\"b,2\n\"c\"d\"e,3\n \"f\",4\n",
                     (const char *const[]){"5\" pipe", "a\"b", "cd\"e", " \"f\"", NULL});
}
END_TEST

START_TEST(an_empty_line_is_no_record)
{
    struct tokenizer_options options = csv_options();
    tally_check_keys(&options, "\n\r\na\n\n\"\"\n\r\n", (const char *const[]){"a", "", NULL});
}
END_TEST

/* ---- FILEs ----------------------------------------------------------------------------------- */

static enum mr_status count_files(const struct tokenizer_options *options, const char *const *names,
                                  size_t count, struct tally *got)
{
    struct mr_engine *engine = line_counts_engine(2);
    struct mr_error error = {.status = MR_OK};
    struct tokenizer *text;
    ck_assert_int_eq(tokenizer_open(options, &text, &error), 0);
    const struct mr_cuts cuts = {
        .struct_size = sizeof cuts, .context = text, .last_from = tokenizer_border_from};
    const struct mr_files files = {
        .struct_size = sizeof files, .names = names, .count = count, .cuts = &cuts};
    const struct mr_writer writer = {
        .struct_size = sizeof writer, .context = got, .collect = line_counts_collect};
    const struct mr_job_spec spec = {
        .struct_size = sizeof spec,
        .context = text,
        .mapper_open = tokenizer_mapper_open,
        .mapper_close = tokenizer_mapper_close,
        .map = tokenizer_map,
        .input = tokenizer_follow_input(text, mr_input_files_with(&files)),
        .output = mr_output_new(&writer),
    };
    const enum mr_status status = mr_run(engine, &spec, NULL, &error);
    if (!tokenizer_first_fault(text, &got->fault))
        got->fault.reason = NULL;
    mr_engine_close(engine);
    tokenizer_close(text);
    return status;
}

START_TEST(files_may_be_read_in_blocks_of_any_size)
{
    const char *names[] = {reader_path, reader_path};
    unsigned char text[MOST];
    for (size_t step = 1; step < 160; step++) {
        struct tokenizer_options options = csv_options();
        struct tally got, want;
        tally_open(&got);
        tally_open(&want);
        const size_t size = fill(text);
        reader_write_file(reader_path, text, size);
        test_hooks.buffer_size = step;
        const uint64_t line = reference(&options, text, size, &want);
        const enum mr_status status = count_files(&options, names, 2, &got);
        ck_assert_int_eq(status, line == 0 ? MR_OK : MR_MAP);
        if (line == 0) {
            reference(&options, text, size, &want);
            tally_compare(&got, &want);
        } else {
            ck_assert_uint_eq(got.fault.number, 0);
            ck_assert_uint_eq(got.fault.line, line);
        }
        tally_close(&got);
        tally_close(&want);
    }
}
END_TEST

START_TEST(each_file_has_its_own_header)
{
    static const char one[] = "\xEF\xBB\xBF\"the\nkey\",n\r\na,1\r\n\"b\n\",2\n";
    static const char other[] = "\n\nn,more,\"the\nkey\"\n3,,a\n\n4,,\"b\n\"\n5\n";
    const char *names[] = {reader_path, NULL, reader_path, "/dev/null"};
    const char *wanted[] = {"the\nkey"};
    char second_path[sizeof reader_path + 2];
    snprintf(second_path, sizeof second_path, "%s.2", reader_path);
    names[1] = second_path;
    reader_write_file(reader_path, one, sizeof one - 1);
    reader_write_file(second_path, other, sizeof other - 1);
    for (size_t step = 0; step < 70; step++) {
        struct tokenizer_options options = csv_options();
        struct tally got, want;
        options.range_count = 0;
        options.header = true;
        options.names = wanted;
        options.name_count = 1;
        tally_open(&got);
        tally_open(&want);
        tally_add(&want, "a", 1, 3);
        tally_add(&want, "b\n", 2, 3);
        test_hooks.buffer_size = step;
        ck_assert_int_eq(count_files(&options, names, 4, &got), MR_OK);
        tally_compare(&got, &want);
        tally_close(&got);
        tally_open(&got);
        wanted[0] = "more";
        ck_assert_int_eq(count_files(&options, names, 4, &got), MR_MAP);
        ck_assert_uint_eq(got.fault.number, 0);
        ck_assert_uint_eq(got.fault.line, 1);
        tally_close(&got);
        tally_open(&got);
        wanted[0] = "n";
        ck_assert_int_eq(count_files(&options, names, 4, &got), MR_OK);
        wanted[0] = "the\nkey";
        tally_close(&got);
        tally_close(&want);
    }
    unlink(second_path);
}
END_TEST

Suite *test_csv_suite(void);

Suite *test_csv_suite(void)
{
    Suite *suite = suite_create("csv");
    TCase *tests = tcase_create("csv");
    tcase_add_test(tests, records_are_as_a_slow_reader_finds_them);
    tcase_add_test(tests, quotes_are_taken_off_and_hold_delimiters_and_newlines);
    tcase_add_test(tests, a_quote_within_a_field_is_a_byte);
    tcase_add_test(tests, an_empty_line_is_no_record);
    suite_add_tcase(suite, tests);
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, reader_setup, reader_teardown);
    tcase_add_test(files, files_may_be_read_in_blocks_of_any_size);
    tcase_add_test(files, each_file_has_its_own_header);
    suite_add_tcase(suite, files);
    return suite;
}
