/* SPDX-License-Identifier: MIT
 *
 * test_file_faults - FILEs and descriptors that cannot be read: the job fails and says which it was
 * and why, or who wants to hear of them does and the rest is read.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/thread.h"
#include "unit/line_counts.h"
#include "unit/reader.h"

/* Runs a job that must fail because of its input, with this text. */
static void check_failure(struct mr_input *input, unsigned threads, int errnum, const char *text)
{
    struct mr_error error = {.status = MR_OK};
    struct tally got;
    ck_assert_int_eq(line_counts_run(input, threads, &got, &error), MR_INPUT);
    tally_close(&got);
    ck_assert_int_eq(error.status, MR_INPUT);
    ck_assert_int_eq(error.errnum, errnum);
    ck_assert_str_eq(error.text, text);
}

START_TEST(a_file_that_cannot_be_read_fails_the_job)
{
    static const struct {
        const char *name;
        int errnum;
        const char *text;
    } cases[] = {
        {"/nonexistent/file", ENOENT, "/nonexistent/file: No such file or directory"},
        {"/", EISDIR, "/: Is a directory"},
        {"/dev/null/x", ENOTDIR, "/dev/null/x: Not a directory"},
        {"/a\nb\033c\x7F", ENOENT, "/a?b?c?: No such file or directory"},
        {"/proc/self/mem", EIO, "/proc/self/mem: Input/output error"},
    };
    reader_write_file(reader_path, "a\nb\n", 4);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *names[] = {cases[i].name, reader_path, reader_path, cases[i].name};
        check_failure(mr_input_files(names, 1), 1, cases[i].errnum, cases[i].text);
        check_failure(mr_input_files(names, 3), 2, cases[i].errnum, cases[i].text);
        check_failure(mr_input_files(names + 1, 3), 2, cases[i].errnum, cases[i].text);
    }
}
END_TEST

START_TEST(of_a_long_name_the_end_is_told)
{
    char name[600] = "", want[256] = "...";
    const char *names[] = {name};
    struct mr_error error = {.status = MR_OK};
    struct tally got;
    for (size_t i = 0; i < 299; i++)
        strcat(name, "\xC3\xA9"); /* each of 2 bytes: none is cut */
    for (size_t i = 0; i < 78; i++)
        strcat(want, "\xC3\xA9");
    strcat(want, ": File name too long");
    ck_assert_int_eq(line_counts_run(mr_input_files(names, 1), 1, &got, &error), MR_INPUT);
    ck_assert_str_eq(error.text, want);
    tally_close(&got);
}
END_TEST

START_TEST(a_descriptor_that_cannot_be_read_fails_the_job)
{
    char text[64];
    check_failure(mr_input_descriptor(-1), 1, EBADF, "descriptor -1: Bad file descriptor");
    int fd = open("/", O_RDONLY | O_CLOEXEC);
    snprintf(text, sizeof text, "descriptor %d: Is a directory", fd);
    check_failure(mr_input_descriptor(fd), 1, EISDIR, text);
    close(fd);
    reader_write_file(reader_path, "a\nb\n", 4);
    fd = open(reader_path, O_WRONLY | O_CLOEXEC);
    snprintf(text, sizeof text, "descriptor %d: Bad file descriptor", fd);
    check_failure(mr_input_descriptor(fd), 2, EBADF, text);
    close(fd);
    check_failure(mr_input_descriptor(fd), 2, EBADF, text); /* closed before */
}
END_TEST

START_TEST(a_failure_met_early_is_not_lost)
{
    const char *names[] = {"/nonexistent/file"};
    struct mr_engine *engine = line_counts_engine(1);
    struct mr_input *input = mr_input_files(names, 1);
    ck_assert_int_eq(mr_input_prepare(input, engine, NULL), MR_OK);
    ck_assert(!mr_input_small(input));
    check_failure(input, 1, ENOENT, "/nonexistent/file: No such file or directory");
    mr_engine_close(engine);
}
END_TEST

START_TEST(a_fault_that_is_told_leaves_the_rest)
{
    const char *names[] = {reader_path, "/nonexistent/file", reader_path};
    const struct mr_files files = {
        .struct_size = sizeof files,
        .names = names,
        .count = 3,
        .fault = reader_note_fault,
        .fault_context = &reader_faults,
    };
    reader_write_file(reader_path, "a\nb\n", 4);
    line_counts_check(mr_input_files_with(&files), 2, "a\nb\na\nb\n", 8);
    ck_assert_uint_eq(reader_faults.count, 1);
    ck_assert_int_eq(reader_faults.errnum, ENOENT);
    ck_assert_str_eq(reader_faults.name, "/nonexistent/file");
}
END_TEST

static size_t no_cut(const void *context, const unsigned char *data, size_t size, size_t from)
{
    (void)context;
    (void)data;
    (void)from;
    return size;
}

static size_t no_last_cut(const void *context, const unsigned char *data, size_t size)
{
    (void)context;
    (void)data;
    (void)size;
    return 0;
}

static size_t no_condense(const void *context, struct mr_condense *state, unsigned char *data,
                          size_t size, size_t *kept)
{
    (void)context;
    (void)state;
    (void)data;
    *kept = size;
    return 0;
}

START_TEST(files_that_make_no_sense_are_refused)
{
    const struct mr_cuts cuts[] = {
        {.struct_size = 0, .first = no_cut, .last = no_last_cut},
        {.struct_size = sizeof *cuts, .last = no_last_cut},
        {.struct_size = sizeof *cuts, .first = no_cut},
        {.struct_size = sizeof *cuts,
         .first = no_cut,
         .last = no_last_cut,
         .condense = no_condense},
        {.struct_size = sizeof *cuts, .first = no_cut, .last = no_last_cut}, /* but no map */
    };
    const char *names[] = {reader_path, NULL};
    const size_t size = sizeof(struct mr_files);
    const struct mr_files files[] = {
        {.struct_size = 0},
        {.struct_size = size, .names = names, .count = 2},
        {.struct_size = size, .names = names, .count = 1, .cuts = &cuts[0]},
        {.struct_size = size, .names = names, .count = 1, .cuts = &cuts[1]},
        {.struct_size = size, .names = names, .count = 1, .cuts = &cuts[2]},
        {.struct_size = size, .names = names, .count = 1, .cuts = &cuts[3]},
        {.struct_size = size, .names = names, .count = 1, .cuts = &cuts[4]},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct mr_error error = {.status = MR_OK};
        struct tally got;
        ck_assert_int_eq(line_counts_run(mr_input_files_with(&files[i]), 1, &got, &error),
                         MR_INVALID);
        ck_assert_str_ne(error.text, "");
        tally_close(&got);
    }
}
END_TEST

/* As of a program that was built with a later header. */
START_TEST(members_of_a_later_version_must_be_zero)
{
    const char *names[] = {reader_path};
    struct {
        struct mr_files files;
        size_t later;
    } files = {{.struct_size = sizeof files, .names = names, .count = 1}, 0};
    struct mr_error error = {.status = MR_OK};
    struct tally got;
    reader_write_file(reader_path, "a\n", 2);
    line_counts_check(mr_input_files_with(&files.files), 1, "a\n", 2);
    files.later = 1;
    ck_assert_int_eq(line_counts_run(mr_input_files_with(&files.files), 1, &got, &error),
                     MR_INVALID);
    ck_assert_str_eq(error.text, "the files: it has members set that only a later version of the "
                                 "library knows");
    tally_close(&got);
}
END_TEST

Suite *test_file_faults_suite(void);

Suite *test_file_faults_suite(void)
{
    Suite *suite = suite_create("file_faults");
    TCase *faults = tcase_create("faults");
    tcase_add_checked_fixture(faults, reader_setup, reader_teardown);
    tcase_add_test(faults, a_file_that_cannot_be_read_fails_the_job);
    tcase_add_test(faults, of_a_long_name_the_end_is_told);
    tcase_add_test(faults, a_descriptor_that_cannot_be_read_fails_the_job);
    tcase_add_test(faults, a_failure_met_early_is_not_lost);
    tcase_add_test(faults, a_fault_that_is_told_leaves_the_rest);
    tcase_add_test(faults, files_that_make_no_sense_are_refused);
    tcase_add_test(faults, members_of_a_later_version_must_be_zero);
    suite_add_tcase(suite, faults);
    return suite;
}
