/* SPDX-License-Identifier: MIT
 *
 * test_defaults - what stands for the members of a job that a caller leaves out, and for inputs and
 * outputs that could not be made.
 */
#include "engine/mapreduce.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Suite *test_defaults_suite(void);

/* Puts a descriptor in the place of another; returns what was there. */
static int replace(int standard, int with)
{
    const int saved = dup(standard);
    ck_assert_int_ge(saved, 0);
    ck_assert_int_eq(dup2(with, standard), standard);
    ck_assert_int_eq(close(with), 0);
    return saved;
}

START_TEST(a_job_of_nothing_counts_the_lines_of_standard_input)
{
    static const char lines[] = "pear\nplum\npear\n";
    struct mr_job_spec spec = {.struct_size = sizeof spec, .order = MR_ORDER_KEY};
    struct mr_error error;
    char got[64];
    int in[2], out[2];
    ck_assert_int_eq(pipe(in), 0);
    ck_assert_int_eq(pipe(out), 0);
    ck_assert_int_eq(write(in[1], lines, strlen(lines)), (int)strlen(lines));
    ck_assert_int_eq(close(in[1]), 0);
    const int saved_in = replace(STDIN_FILENO, in[0]);
    const int saved_out = replace(STDOUT_FILENO, out[1]);
    const enum mr_status status = mr_run(NULL, &spec, NULL, &error);
    (void)replace(STDIN_FILENO, saved_in);
    (void)replace(STDOUT_FILENO, saved_out);
    ck_assert_msg(status == MR_OK, "%s", error.text);
    const ssize_t size = read(out[0], got, sizeof got - 1);
    ck_assert_int_ge(size, 0);
    got[size] = '\0';
    ck_assert_str_eq(got, "pear\t2\nplum\t1\n");
}
END_TEST

static int next(void *context, struct mr_split *split, struct mr_error *error)
{
    (void)context;
    (void)error;
    split->end = true;
    return 0;
}

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    (void)context;
    (void)state;
    (void)split;
    (void)emitter;
    return mr_fail(error, 0, "there is no split");
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    (void)context;
    (void)records;
    (void)count;
    (void)error;
    return 0;
}

static void count_close(void *context)
{
    ++*(unsigned *)context;
}

/* What cannot be made is no NULL, which would mean standard input or output. */
START_TEST(an_input_that_cannot_be_made_makes_its_job_fail)
{
    unsigned closed = 0;
    const struct mr_reader readers[] = {
        {.struct_size = sizeof(struct mr_reader), .context = &closed, .close = count_close},
        {.context = &closed, .next = next},
    };
    struct mr_error error;
    for (size_t i = 0; i < 2; i++) {
        struct mr_input *input = mr_input_new(&readers[i]);
        ck_assert_ptr_nonnull(input);
        ck_assert_uint_eq(closed, 1);
        ck_assert_ptr_null(mr_input_reader(input));
        ck_assert_ptr_eq(mr_input_retain(input), input);
        mr_input_release(input);
        struct mr_job_spec spec = {.struct_size = sizeof spec, .input = input, .collect = collect};
        ck_assert_int_eq(mr_run(NULL, &spec, NULL, &error), MR_INVALID);
        ck_assert_str_eq(error.text,
                         "an input was made without a next, or its struct_size is not set");
        ck_assert_int_eq(mr_run(NULL, &spec, NULL, NULL), MR_INVALID); /* it cannot be used up */
    }
}
END_TEST

START_TEST(an_output_that_cannot_be_made_makes_its_job_fail)
{
    unsigned closed = 0;
    const struct mr_writer writer = {
        .struct_size = sizeof writer, .context = &closed, .close = count_close};
    const struct mr_reader reader = {.struct_size = sizeof reader, .next = next};
    struct mr_job_spec spec = {.struct_size = sizeof spec,
                               .input = mr_input_new(&reader),
                               .output = mr_output_new(&writer)};
    struct mr_error error;
    ck_assert_ptr_nonnull(spec.output);
    ck_assert_uint_eq(closed, 1);
    ck_assert_int_eq(mr_run(NULL, &spec, NULL, &error), MR_INVALID);
    ck_assert(strstr(error.text, "an output was made without a collect"));
}
END_TEST

START_TEST(no_table_has_no_records)
{
    const struct mr_reader reader = {.struct_size = sizeof reader, .next = next};
    struct mr_job_spec spec = {.struct_size = sizeof spec,
                               .input = mr_input_new(&reader),
                               .map = map,
                               .output = mr_output_table(NULL)};
    struct mr_error error;
    ck_assert_uint_eq(mr_table_count(NULL), 0);
    ck_assert_ptr_null(mr_table_record(NULL, 0));
    ck_assert_ptr_null(mr_table_find(NULL, "key", 3));
    mr_table_release(NULL);
    ck_assert_int_eq(mr_run(NULL, &spec, NULL, &error), MR_INVALID);
    ck_assert(strstr(error.text, "a place for its table"));
}
END_TEST

START_TEST(an_input_is_read_by_one_job)
{
    const struct mr_reader reader = {.struct_size = sizeof reader, .next = next};
    struct mr_input *input = mr_input_new(&reader);
    struct mr_job_spec spec = {.struct_size = sizeof spec,
                               .input = mr_input_retain(input),
                               .map = map,
                               .collect = collect};
    struct mr_error error;
    ck_assert_int_eq(mr_run(NULL, &spec, NULL, &error), MR_OK);
    ck_assert_int_eq(mr_run(NULL, &spec, NULL, &error), MR_INVALID);
    ck_assert_str_eq(error.text, "the input is another job's");
}
END_TEST

Suite *test_defaults_suite(void)
{
    Suite *suite = suite_create("defaults");
    TCase *tests = tcase_create("defaults");
    tcase_add_test(tests, a_job_of_nothing_counts_the_lines_of_standard_input);
    tcase_add_test(tests, an_input_that_cannot_be_made_makes_its_job_fail);
    tcase_add_test(tests, an_output_that_cannot_be_made_makes_its_job_fail);
    tcase_add_test(tests, no_table_has_no_records);
    tcase_add_test(tests, an_input_is_read_by_one_job);
    suite_add_tcase(suite, tests);
    return suite;
}
