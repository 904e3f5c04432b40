/* SPDX-License-Identifier: MIT
 *
 * test_command_mapper - lines through CMDs: all of them come out and are mapped, however much and
 * whenever a CMD reads and prints; and a job ends, whatever its CMDs do.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/test_hooks.h"
#include "unit/command_job.h"
#include "unit/line_counts.h"
#include "unit/reader.h"
#include "unit/sanitized.h"

#define SIZE (SANITIZED ? (size_t)200000 : (size_t)1000000)

static unsigned char *text;

/* A file of lines, some of which are as long as hundreds of others. */
static void setup(void)
{
    reader_setup();
    text = malloc(SIZE);
    ck_assert_ptr_nonnull(text);
    reader_fill_lines(text, SIZE, 40, 7);
    memset(text + SIZE / 2, 'x', 20000);
    reader_write_file(reader_path, text, SIZE);
}

static void teardown(void)
{
    reader_teardown();
    free(text);
}

static struct mr_input *lines_input(void)
{
    static const char *names[] = {reader_path};
    return mr_input_files(names, 1);
}

START_TEST(all_lines_go_in_and_come_out)
{
    static const size_t sizes[] = {0, 1, 64, 5000};
    for (unsigned threads = 1; threads <= 3; threads++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            struct command_job job = {.command = "cat",
                                      .threads = threads,
                                      .input = lines_input(),
                                      .text_size = sizes[i]};
            command_job_check(&job, text, SIZE);
            ck_assert_uint_eq(job.bytes, SIZE + (text[SIZE - 1] != '\n'));
        }
    }
}
END_TEST

START_TEST(without_a_command_splits_are_the_text)
{
    for (unsigned threads = 1; threads <= 3; threads++) {
        struct command_job job = {.threads = threads, .input = lines_input()};
        command_job_check(&job, text, SIZE);
        ck_assert_uint_eq(job.bytes, SIZE + (text[SIZE - 1] != '\n'));
    }
}
END_TEST

START_TEST(a_pipe_is_mapped_as_a_file)
{
    char command[300];
    snprintf(command, sizeof command, "cat %s", reader_path);
    for (unsigned threads = 1; threads <= 3; threads++) {
        FILE *pipe = popen(command, "r");
        ck_assert_ptr_nonnull(pipe);
        struct command_job job = {
            .command = "cat", .threads = threads, .input = mr_input_descriptor(fileno(pipe))};
        command_job_check(&job, text, SIZE);
        pclose(pipe);
    }
}
END_TEST

START_TEST(what_is_printed_before_reading_is_taken)
{
    for (unsigned threads = 1; threads <= 2; threads++) {
        struct command_job job = {.command = "yes YES | head -n 1000000; cat",
                                  .threads = threads,
                                  .input = lines_input()};
        command_job_run(&job);
        ck_assert_msg(job.status == MR_OK, "%s", job.error.text);
        ck_assert_uint_eq(command_job_count(&job, "YES"), job.mappers * 1000000u);
        ck_assert_uint_eq(job.bytes, SIZE + (text[SIZE - 1] != '\n') + job.mappers * 4000000u);
        tally_close(&job.got);
    }
}
END_TEST

START_TEST(what_is_printed_at_the_end_is_taken)
{
    for (unsigned threads = 1; threads <= 3; threads++) {
        struct command_job job = {
            .command = "LC_ALL=C sort", .threads = threads, .input = lines_input()};
        command_job_check(&job, text, SIZE);
    }
}
END_TEST

START_TEST(much_may_be_printed_for_a_line)
{
    struct command_job job = {.command = "awk '{ for (i = 0; i < 20; i++) print $0 }'",
                              .threads = 2,
                              .input = lines_input()};
    struct tally want;
    tally_open(&want);
    line_counts_add(&want, text, SIZE, 20);
    command_job_run(&job);
    ck_assert_msg(job.status == MR_OK, "%s", job.error.text);
    tally_compare(&job.got, &want);
    tally_close(&job.got);
    tally_close(&want);
}
END_TEST

START_TEST(nothing_may_be_printed)
{
    struct command_job job = {.command = "cat > /dev/null", .threads = 2, .input = lines_input()};
    command_job_check(&job, "", 0);
    ck_assert_uint_eq(job.bytes, 0);
}
END_TEST

/* What comes without a line end for long is kept, and is one line. */
START_TEST(a_line_may_be_longer_than_the_buffer)
{
    struct command_job job = {
        .command = "tr -d '\\n'", .threads = 1, .input = lines_input(), .text_size = 16};
    unsigned char *joined = malloc(SIZE);
    size_t size = 0;
    ck_assert_ptr_nonnull(joined);
    for (size_t i = 0; i < SIZE; i++)
        if (text[i] != '\n')
            joined[size++] = text[i];
    command_job_check(&job, joined, size);
    ck_assert_uint_eq(job.bytes, size + 1);
    free(joined);
}
END_TEST

static size_t no_first(const void *context, const unsigned char *data, size_t size, size_t from)
{
    (void)context;
    (void)data;
    (void)from;
    return size;
}

static size_t behind_x(const void *context, const unsigned char *data, size_t size)
{
    (void)context;
    while (size > 0 && data[size - 1] != 'x')
        size--;
    return size;
}

/* A map to which lines mean nothing: what stands between x and x is a key. */
static int map_between_x(void *context, void *state, const struct mr_split *split,
                         struct mr_emitter *emitter, struct mr_error *error)
{
    const unsigned char *at = split->data, *const end = at + split->size;
    (void)context;
    (void)state;
    (void)error;
    while (at < end) {
        const unsigned char *stop = memchr(at, 'x', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        if (mr_emit(emitter, at, (size_t)(stop - at), NULL) != MR_OK)
            return -1;
        at = stop + 1;
    }
    return 0;
}

START_TEST(text_is_cut_where_its_map_wants_it)
{
    static const size_t sizes[] = {1, 100, 0};
    const struct mr_cuts cuts = {.struct_size = sizeof cuts, .first = no_first, .last = behind_x};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct command_job job = {.command = "cat",
                                  .threads = 1,
                                  .input = lines_input(),
                                  .text_size = sizes[i],
                                  .cuts = &cuts,
                                  .map = map_between_x};
        struct tally want;
        tally_open(&want);
        for (size_t at = 0, stop; at < SIZE; at = stop + 1) {
            for (stop = at; stop < SIZE && text[stop] != 'x'; stop++)
                ;
            tally_add(&want, text + at, stop - at, 1);
        }
        command_job_run(&job);
        ck_assert_msg(job.status == MR_OK, "%s", job.error.text);
        tally_compare(&job.got, &want);
        tally_close(&job.got);
        tally_close(&want);
    }
}
END_TEST

/* Of three FILEs none ends in a newline: no line goes on in the next. */
START_TEST(a_last_line_without_an_end_is_whole)
{
    char path[3][300];
    const char *names[6];
    for (size_t i = 0; i < 3; i++) {
        snprintf(path[i], sizeof path[i], "%s/%zu", reader_folder, i);
        reader_write_file(path[i], i == 1 ? "one\n\ntwo" : "one", i == 1 ? 8 : 3);
        names[i] = names[i + 3] = path[i];
    }
    for (unsigned threads = 1; threads <= 3; threads++) {
        struct command_job job = {
            .command = "cat", .threads = threads, .input = mr_input_files(names, 6)};
        command_job_check(&job, "one\none\n\ntwo\none\none\none\n\ntwo\none", 33);
        ck_assert_uint_eq(job.bytes, 34);
    }
    for (size_t i = 0; i < 3; i++)
        unlink(path[i]);
}
END_TEST

START_TEST(without_input_one_command_runs)
{
    static const char *none[] = {"/dev/null", "/dev/null"};
    for (unsigned threads = 1; threads <= 3; threads++) {
        struct command_job job = {
            .command = "cat; echo end", .threads = threads, .input = mr_input_files(none, 2)};
        command_job_check(&job, "end", 3);
        job.command = "exit 3";
        job.input = mr_input_files(none, 1);
        command_job_fails(&job, MR_MAP, "exit 3: exit status 3");
        job.command = NULL;
        job.input = mr_input_files(none, 1);
        command_job_check(&job, "", 0);
    }
}
END_TEST

/* ---- Early ends ------------------------------------------------------------------------------ */

static int endless_next(void *context, struct mr_split *split, struct mr_error *error)
{
    static const unsigned char lines[] = "a line\nanother\n";
    static unsigned char many[(1 << 16) + MR_PAD];
    const size_t size = sizeof lines - 1, count = (1 << 16) / size;
    (void)context;
    (void)error;
    if (many[0] == '\0')
        for (size_t i = 0; i < count; i++)
            memcpy(many + i * size, lines, size);
    *split = (struct mr_split){.data = many, .size = count * size, .length = count * size};
    return 0;
}

static struct mr_input *endless_input(void)
{
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .size = MR_UNKNOWN, .next = endless_next};
    return mr_input_new(&reader);
}

START_TEST(an_endless_input_ends_when_no_command_reads)
{
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct command_job job = {
            .command = "head -n 1", .threads = threads, .input = endless_input()};
        command_job_run(&job);
        ck_assert_msg(job.status == MR_OK, "%s", job.error.text);
        ck_assert_uint_eq(command_job_count(&job, "a line"), threads);
        ck_assert_uint_eq(job.bytes, 7 * threads);
        tally_close(&job.got);
    }
}
END_TEST

START_TEST(one_thread_that_does_all_has_one_command)
{
    struct command_job job = {
        .command = "head -n 1", .threads = 4, .alone = true, .input = endless_input()};
    command_job_check(&job, "a line", 6);
    job.command = "cat";
    job.input = lines_input();
    command_job_check(&job, text, SIZE);
}
END_TEST

/* The reader waits for a pipe that brings nothing more and stays open. */
START_TEST(a_waiting_input_ends_when_no_command_reads)
{
    int ends[2];
    char lines[1 << 16];
    for (size_t i = 0; i < sizeof lines; i += 2)
        memcpy(lines + i, "y\n", 2);
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) { /* more than a pipe and all buffers hold */
        for (int i = 0; i < 160; i++)
            if (write(ends[1], lines, sizeof lines) < 0)
                break;
        pause();
        _exit(0);
    }
    struct command_job job = {
        .command = "head -n 1", .threads = 2, .input = mr_input_descriptor(ends[0])};
    command_job_run(&job);
    ck_assert_msg(job.status == MR_OK, "%s", job.error.text);
    ck_assert_uint_eq(job.bytes, 4);
    tally_close(&job.got);
    kill(child, SIGKILL);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

START_TEST(a_command_that_reads_no_more_may_print_on)
{
    struct command_job job = {.command = "exec < /dev/null; yes | head -n 100000",
                              .threads = 2,
                              .input = endless_input()};
    command_job_run(&job);
    ck_assert_msg(job.status == MR_OK, "%s", job.error.text);
    ck_assert_uint_eq(command_job_count(&job, "y"), 200000);
    tally_close(&job.got);
}
END_TEST

/* ---- Failures -------------------------------------------------------------------------------- */

START_TEST(a_command_that_fails_fails_the_job)
{
    static const struct {
        const char *command, *text;
    } cases[] = {
        {"exit 3", "exit 3: exit status 3"},
        {"cat; echo why >&2; exit 3", "cat; echo why >&2; exit 3: exit status 3: why"},
        {"head -n 1; exit 1", "head -n 1; exit 1: exit status 1"},
        {"kill -9 $$", "kill -9 $$: killed by signal 9 (Killed)"},
        {"exec < /dev/null; sleep 1000 & exit 4",
         "exec < /dev/null; sleep 1000 & exit 4: exit status 4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (unsigned threads = 1; threads <= 3; threads++) {
            struct command_job job = {
                .command = cases[i].command, .threads = threads, .input = lines_input()};
            command_job_fails(&job, MR_MAP, cases[i].text);
        }
    }
}
END_TEST

START_TEST(an_accepted_status_is_no_failure)
{
    struct command_job job = {.command = "cat; exit 7", .threads = 2, .input = lines_input()};
    status_set_add(&job.accepted, 7);
    command_job_check(&job, text, SIZE);
}
END_TEST

/* Fails at the first key that came out of a CMD. */
static int fail_map(void *context, void *state, const struct mr_split *split,
                    struct mr_emitter *emitter, struct mr_error *error)
{
    (void)context;
    (void)state;
    (void)split;
    (void)emitter;
    return mr_fail(error, 0, "no such thing");
}

/* One of two CMDs prints something that cannot be mapped, the other never ends: it is ended. */
START_TEST(a_job_that_fails_ends_the_commands)
{
    char command[600];
    snprintf(command, sizeof command,
             "if mkdir %s/first; then echo bad; cat > /dev/null; else sleep 1000; fi",
             reader_folder);
    struct command_job job = {
        .command = command, .threads = 2, .input = lines_input(), .text_size = 1, .map = fail_map};
    command_job_fails(&job, MR_MAP, "no such thing");
    snprintf(command, sizeof command, "%s/first", reader_folder);
    rmdir(command);
}
END_TEST

static int cancel(void *context, const struct mr_progress *progress)
{
    (void)context;
    (void)progress;
    return 1;
}

START_TEST(a_job_that_is_cancelled_ends_the_commands)
{
    struct command_job job = {
        .command = "sleep 1000", .threads = 2, .input = lines_input(), .progress = cancel};
    command_job_run(&job);
    ck_assert_int_eq(job.status, MR_CANCELLED);
    tally_close(&job.got);
}
END_TEST

Suite *test_command_mapper_suite(void);

Suite *test_command_mapper_suite(void)
{
    Suite *suite = suite_create("command mapper");
    TCase *tests = tcase_create("command mapper");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, all_lines_go_in_and_come_out);
    tcase_add_test(tests, without_a_command_splits_are_the_text);
    tcase_add_test(tests, a_pipe_is_mapped_as_a_file);
    tcase_add_test(tests, what_is_printed_before_reading_is_taken);
    tcase_add_test(tests, what_is_printed_at_the_end_is_taken);
    tcase_add_test(tests, much_may_be_printed_for_a_line);
    tcase_add_test(tests, nothing_may_be_printed);
    tcase_add_test(tests, a_line_may_be_longer_than_the_buffer);
    tcase_add_test(tests, text_is_cut_where_its_map_wants_it);
    tcase_add_test(tests, a_last_line_without_an_end_is_whole);
    tcase_add_test(tests, without_input_one_command_runs);
    tcase_add_test(tests, an_endless_input_ends_when_no_command_reads);
    tcase_add_test(tests, one_thread_that_does_all_has_one_command);
    tcase_add_test(tests, a_waiting_input_ends_when_no_command_reads);
    tcase_add_test(tests, a_command_that_reads_no_more_may_print_on);
    tcase_add_test(tests, a_command_that_fails_fails_the_job);
    tcase_add_test(tests, an_accepted_status_is_no_failure);
    tcase_add_test(tests, a_job_that_fails_ends_the_commands);
    tcase_add_test(tests, a_job_that_is_cancelled_ends_the_commands);
    suite_add_tcase(suite, tests);
    return suite;
}
