/* SPDX-License-Identifier: MIT
 *
 * test_per_file - FILEs that are mapped one by one: each is read by a CMD of its own, as it is, and
 * those that cannot be read are told of.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/command_job.h"
#include "unit/reader.h"

enum { FILES = 20 };

static char paths[FILES][300];
static const char *names[FILES];

static struct per_file per_file(const char *const *list, size_t count)
{
    return (struct per_file){
        .names = list, .count = count, .fault = reader_note_fault, .fault_context = &reader_faults};
}

/* FILEs of 0, 1, 2, ... lines, of which only every second one ends the last. */
static void setup(void)
{
    reader_setup();
    for (size_t i = 0; i < FILES; i++) {
        char bytes[FILES * 3];
        for (size_t k = 0; k < i; k++)
            memcpy(bytes + 3 * k, "ab\n", 3);
        snprintf(paths[i], sizeof paths[i], "%s/%zu", reader_folder, i);
        reader_write_file(paths[i], bytes, i > 0 && i % 2 == 0 ? 3 * i - 1 : 3 * i);
        names[i] = paths[i];
    }
}

static void teardown(void)
{
    for (size_t i = 0; i < FILES; i++)
        unlink(paths[i]);
    reader_teardown();
}

static void check_count(const struct command_job *job, const char *name, unsigned lines)
{
    char key[400];
    snprintf(key, sizeof key, "%s %u", name, lines);
    ck_assert_msg(command_job_count(job, key) == 1, "%s", key);
}

START_TEST(each_file_has_a_command_that_knows_its_name)
{
    for (unsigned threads = 1; threads <= 3; threads++) {
        const struct per_file files = per_file(names, FILES);
        struct command_job job = {
            .command = "awk 'END { printf \"%s %d\", ENVIRON[\"MRCOUNT_FILE\"], NR }'",
            .threads = threads,
            .per_file = &files};
        command_job_run(&job);
        ck_assert_msg(job.status == MR_OK, "%s", job.error.text);
        ck_assert_uint_eq(job.got.count, FILES);
        for (unsigned i = 0; i < FILES; i++)
            check_count(&job, names[i], i);
        tally_close(&job.got);
    }
    ck_assert_uint_eq(reader_faults.count, 0);
}
END_TEST

/* Bytes are neither added nor cut at lines, and the CMD has the FILE itself. */
START_TEST(a_command_reads_the_file_itself)
{
    const struct per_file files = per_file(names + FILES - 2, 1);
    char want[400];
    struct command_job job = {
        .command = "readlink /proc/self/fd/0; wc -c", .threads = 1, .per_file = &files};
    snprintf(want, sizeof want, "%s\n%d", names[FILES - 2], 3 * (FILES - 2) - 1);
    command_job_check(&job, want, strlen(want));
}
END_TEST

static int note_numbers(void *context, void *state, const struct mr_split *split,
                        struct mr_emitter *emitter, struct mr_error *error)
{
    char key[50];
    (void)context;
    (void)state;
    (void)error;
    const int size =
        snprintf(key, sizeof key, "%ju at %ju", (uintmax_t)split->number, (uintmax_t)split->offset);
    return (int)mr_emit(emitter, key, (size_t)size, NULL);
}

START_TEST(text_has_the_number_of_its_file)
{
    const struct per_file files = per_file(names, 3);
    struct command_job job = {
        .command = "cat", .threads = 2, .per_file = &files, .text_size = 4, .map = note_numbers};
    command_job_check(&job, "1 at 0\n2 at 0\n2 at 3", 20);
}
END_TEST

START_TEST(what_cannot_be_read_is_told_and_the_rest_is_mapped)
{
    const struct {
        const char *name;
        int errnum;
    } cases[] = {{"/nonexistent", ENOENT}, {"/", EISDIR}, {"", ENOENT}, {"/dev/null/x", ENOTDIR}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *list[] = {names[1], cases[i].name, names[3]};
        const struct per_file files = per_file(list, 3);
        struct command_job job = {.command = "cat", .threads = 2, .per_file = &files};
        command_job_check(&job, "ab\nab\nab\nab", 11);
        ck_assert_uint_eq(reader_faults.count, i + 1);
        ck_assert_int_eq(reader_faults.errnum, cases[i].errnum);
        ck_assert_str_eq(reader_faults.name, cases[i].name);
    }
}
END_TEST

START_TEST(no_file_that_can_be_read_runs_no_command)
{
    const char *list[] = {"/nonexistent"};
    const struct per_file files = per_file(list, 1);
    struct command_job job = {.command = "echo never", .threads = 2, .per_file = &files};
    command_job_check(&job, "", 0);
    ck_assert_uint_eq(reader_faults.count, 1);
}
END_TEST

START_TEST(a_failure_names_the_command)
{
    const struct per_file files = per_file(names, FILES);
    struct command_job job = {.command = "wc -l | grep -v '^7$'", .threads = 2, .per_file = &files};
    command_job_fails(&job, MR_MAP, "wc -l | grep -v '^7$': exit status 1");
}
END_TEST

/* Standard input is what it is elsewhere, read on from where it stands. */
START_TEST(standard_input_is_a_file_too)
{
    const char *list[] = {names[1], "-", "-"};
    const struct per_file files = per_file(list, 3);
    const int fd = open(names[5], O_RDONLY | O_CLOEXEC), saved = dup(STDIN_FILENO);
    char want[400];
    ck_assert_int_eq(lseek(fd, 3, SEEK_SET), 3);
    ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    struct command_job job = {
        .command = "echo $MRCOUNT_FILE; cat", .threads = 1, .per_file = &files};
    snprintf(want, sizeof want, "%s\n-\n-\nab\nab\nab\nab\nab", names[1]);
    command_job_check(&job, want, strlen(want));
    /* What a program has there that was started without. */
    const int closed = open("/dev/null", O_WRONLY | O_CLOEXEC);
    ck_assert_int_eq(dup2(closed, STDIN_FILENO), STDIN_FILENO);
    snprintf(want, sizeof want, "%s\nab", names[1]);
    command_job_check(&job, want, strlen(want));
    ck_assert_uint_eq(reader_faults.count, 2);
    ck_assert_int_eq(reader_faults.errnum, EBADF);
    ck_assert_str_eq(reader_faults.name, "-");
    ck_assert_int_eq(dup2(saved, STDIN_FILENO), STDIN_FILENO);
    close(closed);
    close(saved);
    close(fd);
}
END_TEST

START_TEST(a_fifo_is_waited_for)
{
    const char *list[] = {reader_path};
    const struct per_file files = per_file(list, 1);
    struct command_job job = {.command = "cat", .threads = 1, .per_file = &files};
    ck_assert_int_eq(mkfifo(reader_path, 0600), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const int fd = open(reader_path, O_WRONLY); /* waits for who reads */
        usleep(20000);
        _exit(write(fd, "late\n", 5) == 5 ? 0 : 1);
    }
    command_job_check(&job, "late", 4);
}
END_TEST

static int cancel(void *context, const struct mr_progress *progress)
{
    (void)context;
    (void)progress;
    return 1;
}

START_TEST(a_job_that_waits_for_a_fifo_can_be_cancelled)
{
    const char *list[] = {reader_path};
    const struct per_file files = per_file(list, 1);
    struct command_job job = {
        .command = "cat", .threads = 1, .per_file = &files, .progress = cancel};
    ck_assert_int_eq(mkfifo(reader_path, 0600), 0);
    command_job_run(&job);
    ck_assert_int_eq(job.status, MR_CANCELLED);
    tally_close(&job.got);
}
END_TEST

/* Bytes of all FILEs that are regular, for progress, where all are. */
START_TEST(the_size_is_that_of_the_files)
{
    struct per_file files = per_file(names, FILES);
    struct mr_input *input = per_file_input(&files);
    ck_assert_uint_eq(mr_input_reader(input)->size, 3 * 190 - 9);
    mr_input_release(input);
    const char *list[] = {names[3], "/dev/null"};
    files = per_file(list, 2);
    input = per_file_input(&files);
    ck_assert_uint_eq(mr_input_reader(input)->size, MR_UNKNOWN);
    mr_input_release(input);
}
END_TEST

Suite *test_per_file_suite(void);

Suite *test_per_file_suite(void)
{
    Suite *suite = suite_create("per file");
    TCase *tests = tcase_create("per file");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, each_file_has_a_command_that_knows_its_name);
    tcase_add_test(tests, a_command_reads_the_file_itself);
    tcase_add_test(tests, text_has_the_number_of_its_file);
    tcase_add_test(tests, what_cannot_be_read_is_told_and_the_rest_is_mapped);
    tcase_add_test(tests, no_file_that_can_be_read_runs_no_command);
    tcase_add_test(tests, a_failure_names_the_command);
    tcase_add_test(tests, standard_input_is_a_file_too);
    tcase_add_test(tests, a_fifo_is_waited_for);
    tcase_add_test(tests, a_job_that_waits_for_a_fifo_can_be_cancelled);
    tcase_add_test(tests, the_size_is_that_of_the_files);
    suite_add_tcase(suite, tests);
    return suite;
}
