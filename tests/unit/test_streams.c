/* SPDX-License-Identifier: MIT
 *
 * test_streams - pipes, FIFOs and standard input: every byte in order, in bounded memory, however
 * the writer behaves; and which inputs are small.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/test_hooks.h"
#include "base/thread.h"
#include "engine/mapreduce.h"
#include "unit/reader.h"

/* ---- Streams --------------------------------------------------------------------------------- */

struct writer {
    struct thread thread;
    int fd;           /* closed at the end; or -1 */
    const char *name; /* a FIFO to open, where fd is -1 */
    const unsigned char *data;
    size_t size, step;
};

static void write_slowly(void *argument)
{
    struct writer *writer = argument;
    int fd = writer->fd >= 0 ? writer->fd : open(writer->name, O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    for (size_t at = 0; at < writer->size; at += writer->step) {
        size_t left = writer->size - at;
        ck_assert_int_eq(
            io_write_full(fd, writer->data + at, left < writer->step ? left : writer->step), 0);
    }
    close(fd);
}

/* Standard input, put aside for a test. */
static int replace_stdin(int fd)
{
    int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
    ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    close(fd);
    return saved;
}

static void restore_stdin(int saved)
{
    if (saved >= 0) {
        dup2(saved, STDIN_FILENO);
        close(saved);
    } else {
        close(STDIN_FILENO);
    }
}

/* Pipes the data, written in pieces of `step`, and checks what comes; returns how many pieces. */
static size_t check_pipe(const struct reader_options *options, const unsigned char *data,
                         size_t size, size_t step, unsigned workers)
{
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    int saved = replace_stdin(ends[0]);
    struct writer writer = {.fd = ends[1], .data = data, .size = size, .step = step};
    ck_assert_int_eq(thread_start(&writer.thread, "writer", write_slowly, &writer), 0);
    struct mr_input *input = reader_open(options);
    if (workers > 2)
        (void)mr_input_small(input); /* whatever it says, nothing may be lost */
    struct reader reader;
    reader_run(input, workers, &reader);
    thread_join(&writer.thread);
    reader.context = options->cuts.context_of != NULL;
    reader.condensed = options->cuts.condense != NULL;
    size_t pieces = reader_check(&reader, options->cuts.first, 0, 0, data, size);
    ck_assert_uint_eq(reader.length, size);
    ck_assert_str_eq(mr_input_file_name(input, 0), "-");
    reader_free(&reader);
    mr_input_release(input);
    restore_stdin(saved);
    return pieces;
}

START_TEST(a_pipe_is_cut_at_any_offset)
{
    static const size_t sizes[] = {0, 1, 2, 7, 20, 21, 64, 200};
    unsigned char data[200];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (uint32_t longest = 0; longest < 64; longest = longest * 2 + 3) {
            reader_fill_lines(data, sizes[i], longest, (uint32_t)sizes[i]);
            for (size_t block = 1; block <= 20; block++) {
                struct reader_options options = reader_options(NULL, 0);
                test_hooks.buffer_size = block;
                bool pair = (block + sizes[i]) % 2 == 0;
                options.cuts.first = pair ? reader_pair_border : reader_line_border;
                options.cuts.last = pair ? reader_pair_border_last : reader_line_border_last;
                options.cuts.context_of = reader_context;
                check_pipe(&options, data, sizes[i], block % 7 + 1, 1);
            }
        }
    }
}
END_TEST

START_TEST(long_tokens_of_a_pipe_stay_whole)
{
    static const uint32_t longest[] = {10, 3000, 60000, 10000000};
    size_t size = 3000001;
    unsigned char *data = malloc(size);
    for (size_t i = 0; i < sizeof longest / sizeof *longest; i++) {
        reader_fill_lines(data, size, longest[i], 11);
        test_hooks.buffer_size = 0;
        struct reader_options options = reader_options(NULL, 0);
        check_pipe(&options, data, size, 7001, 4);
        test_hooks.buffer_size = 5000;
        options.memory = 0;
        check_pipe(&options, data, size, 100000, 4);
        check_pipe(&options, data, size, 7001, 1);
    }
    free(data);
}
END_TEST

/* Lines that are longer than a block are not held whole. */
START_TEST(long_lines_of_a_pipe_are_condensed)
{
    static const size_t blocks[] = {1, 7, 100, 1000, 100000};
    static const size_t sizes[] = {0, 1, 20, 400, 3000, 300000};
    unsigned char *data = malloc(300000);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            for (uint32_t longest = 3; longest < 400000; longest *= 17) {
                struct reader_options options = reader_options(NULL, 0);
                test_hooks.buffer_size = blocks[i];
                options.cuts.condense = reader_condense;
                options.cuts.condense_end = reader_condense_end;
                reader_fill_lines(data, sizes[k], longest, longest + (uint32_t)i);
                if (sizes[k] <= 3000 || blocks[i] > 7)
                    check_pipe(&options, data, sizes[k], blocks[i] * 2 + 1, 1 + k % 4);
            }
        }
    }
    free(data);
}
END_TEST

START_TEST(a_fifo_is_read_to_its_end)
{
    const char *names[] = {reader_path};
    unsigned char data[1000];
    reader_fill_lines(data, sizeof data, 30, 5);
    ck_assert_int_eq(mkfifo(reader_path, 0600), 0);
    struct writer writer = {
        .fd = -1, .name = reader_path, .data = data, .size = sizeof data, .step = 33};
    struct reader_options options = reader_options(names, 1);
    struct mr_input *input = reader_open(&options);
    ck_assert(!mr_input_small(input)); /* nobody writes yet */
    ck_assert_int_eq(thread_start(&writer.thread, "writer", write_slowly, &writer), 0);
    struct reader reader;
    reader_run(input, 1, &reader);
    thread_join(&writer.thread);
    reader_check(&reader, reader_line_border, 0, 0, data, sizeof data);
    ck_assert_uint_eq(reader.job.size, MR_UNKNOWN);
    reader_free(&reader);
    mr_input_release(input);
}
END_TEST

/* A reader thread that runs ahead as far as it may. */
struct ahead {
    struct mr_reader job;
    _Atomic uint64_t out; /* bytes of splits that are out */
    uint64_t most_out;
    struct thread_mutex lock;
    struct thread_cond changed;
    struct mr_split splits[64];
    size_t first, count;
    bool ended;
};

static void run_ahead(void *argument)
{
    struct ahead *ahead = argument;
    struct mr_split split;
    struct mr_error error;
    while (reader_next(&ahead->job, &split, &error) == 1) {
        uint64_t out = atomic_fetch_add(&ahead->out, split.size) + split.size;
        if (out > ahead->most_out)
            ahead->most_out = out;
        thread_lock(&ahead->lock);
        ck_assert_uint_lt(ahead->count, 64);
        ahead->splits[(ahead->first + ahead->count++) % 64] = split;
        thread_wake_one(&ahead->changed);
        thread_unlock(&ahead->lock);
    }
    thread_lock(&ahead->lock);
    ahead->ended = true;
    thread_wake_one(&ahead->changed);
    thread_unlock(&ahead->lock);
}

START_TEST(a_slow_mapper_slows_the_reader)
{
    enum { BLOCK = 4096, THREADS = 2 };
    size_t size = 4 << 20;
    unsigned char *data = malloc(size);
    int ends[2];
    struct ahead ahead = {.count = 0};
    struct thread thread;
    reader_fill_lines(data, size, 60, 5);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    int saved = replace_stdin(ends[0]);
    struct writer writer = {.fd = ends[1], .data = data, .size = size, .step = 50000};
    ck_assert_int_eq(thread_start(&writer.thread, "writer", write_slowly, &writer), 0);
    struct reader_options options = reader_options(NULL, 0);
    test_hooks.buffer_size = BLOCK;
    struct mr_input *input = reader_open(&options);
    ahead.job = *mr_input_reader(input);
    ck_assert_int_eq(thread_mutex_open(&ahead.lock), 0);
    ck_assert_int_eq(thread_cond_open(&ahead.changed), 0);
    ck_assert_int_eq(thread_start(&thread, "reader", run_ahead, &ahead), 0);
    size_t at = 0;
    for (;;) {
        thread_lock(&ahead.lock);
        while (ahead.count == 0 && !ahead.ended)
            thread_wait(&ahead.changed, &ahead.lock);
        bool any = ahead.count > 0;
        struct mr_split split = ahead.splits[ahead.first];
        if (any) {
            ahead.first = (ahead.first + 1) % 64;
            ahead.count--;
        }
        thread_unlock(&ahead.lock);
        if (!any)
            break;
        ck_assert_uint_eq(split.offset, at);
        ck_assert_int_eq(memcmp(split.data, data + at, split.size), 0);
        at += split.size;
        atomic_fetch_sub(&ahead.out, split.size);
        ahead.job.release(ahead.job.context, &split);
    }
    thread_join(&thread);
    thread_join(&writer.thread);
    ck_assert_uint_eq(at, size);
    ck_assert_uint_le(ahead.most_out, (8 * THREADS + 2) * BLOCK);
    mr_input_release(input);
    restore_stdin(saved);
    thread_cond_close(&ahead.changed);
    thread_mutex_close(&ahead.lock);
    free(data);
}
END_TEST

static void interrupt(void *argument)
{
    const struct mr_reader *job = argument;
    job->interrupt(job->context);
}

START_TEST(an_interrupt_ends_waiting)
{
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    int saved = replace_stdin(ends[0]);
    ck_assert_int_eq(io_write_full(ends[1], "part", 4), 0);
    struct reader_options options = reader_options(NULL, 0);
    struct mr_input *input = reader_open(&options);
    struct mr_split split;
    struct mr_error error;
    struct thread thread;
    struct mr_reader job = *mr_input_reader(input);
    ck_assert_int_eq(thread_start(&thread, "stopper", interrupt, &job), 0);
    ck_assert_int_eq(reader_next(&job, &split, &error), 0);
    thread_join(&thread);
    mr_input_release(input);
    close(ends[1]);
    restore_stdin(saved);
}
END_TEST

START_TEST(a_nonblocking_pipe_is_read_whole)
{
    int ends[2];
    unsigned char data[50000];
    reader_fill_lines(data, sizeof data, 30, 5);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    int saved = replace_stdin(ends[0]);
    struct writer writer = {.fd = ends[1], .data = data, .size = sizeof data, .step = 1000};
    struct reader_options options = reader_options(NULL, 0);
    struct mr_input *input = reader_open(&options);
    ck_assert_int_eq(thread_start(&writer.thread, "writer", write_slowly, &writer), 0);
    struct reader reader;
    reader_run(input, 2, &reader);
    thread_join(&writer.thread);
    reader_check(&reader, reader_line_border, 0, 0, data, sizeof data);
    reader_free(&reader);
    mr_input_release(input);
    restore_stdin(saved);
}
END_TEST

/* ---- Standard input and small inputs --------------------------------------------------------- */

START_TEST(stdin_is_read_from_where_it_stands)
{
    const char *names[] = {"-", reader_path, "-"};
    unsigned char data[1000];
    reader_fill_lines(data, sizeof data, 30, 5);
    reader_write_file(reader_path, data, sizeof data);
    for (off_t start = 0; start <= 1001; start += 143) {
        int fd = open(reader_path, O_RDONLY | O_CLOEXEC);
        ck_assert_int_eq(lseek(fd, start, SEEK_SET), start);
        int saved = replace_stdin(fd);
        struct reader_options options = reader_options(names, 3);
        test_hooks.split_size = 100;
        struct mr_input *input = reader_open(&options);
        struct reader reader;
        reader_run(input, 2, &reader);
        size_t left = start < 1000 ? (size_t)(1000 - start) : 0;
        reader_check(&reader, reader_line_border, 0, (uint64_t)start, data + 1000 - left, left);
        reader_check(&reader, reader_line_border, 1, 0, data, sizeof data);
        reader_check(&reader, reader_line_border, 2, 0, NULL, 0);
        ck_assert_uint_eq(reader.job.size, 1000 + left);
        reader_free(&reader);
        mr_input_release(input);
        ck_assert_int_eq(lseek(STDIN_FILENO, 0, SEEK_CUR), start > 1000 ? start : 1000);
        restore_stdin(saved);
    }
}
END_TEST

START_TEST(a_closed_stdin_is_a_fault)
{
    int saved = replace_stdin(open("/dev/null", O_RDONLY | O_CLOEXEC));
    close(STDIN_FILENO);
    struct reader_options options = reader_options(NULL, 0);
    struct mr_input *input = reader_open(&options);
    struct reader reader;
    reader_run(input, 1, &reader);
    ck_assert_uint_eq(reader_faults.count, 1);
    ck_assert_int_eq(reader_faults.errnum, EBADF);
    ck_assert_str_eq(reader_faults.name, "-");
    reader_free(&reader);
    mr_input_release(input);
    restore_stdin(saved);
}
END_TEST

START_TEST(small_files_and_devices_are_small)
{
    const char *names[] = {reader_path, reader_path};
    static unsigned char data[70000];
    static const struct {
        size_t size;
        size_t names;
        bool small;
    } cases[] = {{0, 1, true},      {1, 1, true},     {65536, 1, true}, {65537, 1, false},
                 {70000, 1, false}, {32768, 2, true}, {32769, 2, false}};
    reader_fill_lines(data, sizeof data, 50, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        reader_write_file(reader_path, data, cases[i].size);
        struct reader_options options = reader_options(names, cases[i].names);
        struct mr_input *input = reader_open(&options);
        struct reader reader;
        ck_assert_int_eq(mr_input_small(input), cases[i].small);
        reader_run(input, 1, &reader);
        reader_check(&reader, reader_line_border, 0, 0, data, cases[i].size);
        reader_free(&reader);
        mr_input_release(input);
    }
    const char *device[] = {"/dev/null"};
    struct reader_options options = reader_options(device, 1);
    struct mr_input *input = reader_open(&options);
    ck_assert(mr_input_small(input));
    mr_input_release(input);
}
END_TEST

START_TEST(a_pipe_is_small_once_it_has_ended)
{
    static unsigned char data[70000];
    static const size_t sizes[] = {0, 1, 1000, 60000};
    reader_fill_lines(data, sizeof data, 50, 1);
    /* A pipe that ends, and one that stays open; both hold their data before they are looked at. */
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int stays = 0; stays <= 1; stays++) {
            int ends[2];
            ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
            int saved = replace_stdin(ends[0]);
            ck_assert_int_eq(io_write_full(ends[1], data, sizes[i]), 0);
            if (!stays)
                close(ends[1]);
            struct reader_options options = reader_options(NULL, 0);
            struct mr_input *input = reader_open(&options);
            ck_assert_int_eq(mr_input_small(input), !stays);
            size_t size = sizes[i];
            if (stays) {
                ck_assert_int_eq(io_write_full(ends[1], data + size, 1000), 0);
                close(ends[1]);
                size += 1000;
            }
            struct reader reader;
            reader_run(input, 1, &reader);
            reader_check(&reader, reader_line_border, 0, 0, data, size);
            reader_free(&reader);
            mr_input_release(input);
            restore_stdin(saved);
        }
    }
}
END_TEST

Suite *test_streams_suite(void);

Suite *test_streams_suite(void)
{
    Suite *suite = suite_create("streams");
    TCase *pipes = tcase_create("pipes");
    tcase_add_checked_fixture(pipes, reader_setup, reader_teardown);
    tcase_add_test(pipes, a_pipe_is_cut_at_any_offset);
    tcase_add_test(pipes, long_tokens_of_a_pipe_stay_whole);
    tcase_add_test(pipes, long_lines_of_a_pipe_are_condensed);
    tcase_add_test(pipes, a_fifo_is_read_to_its_end);
    tcase_add_test(pipes, a_slow_mapper_slows_the_reader);
    tcase_add_test(pipes, an_interrupt_ends_waiting);
    tcase_add_test(pipes, a_nonblocking_pipe_is_read_whole);
    suite_add_tcase(suite, pipes);
    TCase *standard = tcase_create("standard");
    tcase_add_checked_fixture(standard, reader_setup, reader_teardown);
    tcase_add_test(standard, stdin_is_read_from_where_it_stands);
    tcase_add_test(standard, a_closed_stdin_is_a_fault);
    tcase_add_test(standard, small_files_and_devices_are_small);
    tcase_add_test(standard, a_pipe_is_small_once_it_has_ended);
    suite_add_tcase(suite, standard);
    return suite;
}
