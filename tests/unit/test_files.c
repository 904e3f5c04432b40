/* SPDX-License-Identifier: MIT
 *
 * test_files - FILEs and descriptors as a user of the library has them: each line is counted once,
 * however it comes, and what is the caller's stays so.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "base/test_hooks.h"
#include "base/thread.h"
#include "unit/sanitized.h"
#include "unit/line_counts.h"
#include "unit/random.h"
#include "unit/reader.h"

#define MIB ((uint64_t)1 << 20)

/* ---- Every line once ------------------------------------------------------------------------- */

#define TEXT(bytes)                                                                                \
    {                                                                                              \
        bytes, sizeof bytes - 1                                                                    \
    }

static const struct text {
    const char *bytes;
    size_t size;
} texts[] = {
    TEXT(""),           TEXT("\n"),
    TEXT("\n\n\n"),     TEXT("a"),
    TEXT("a\n"),        TEXT("no\nnewline\nat the end"),
    TEXT("a\0b\n\0\n"), TEXT("of\r\nWindows\r\n\r\nof\r\n"),
    TEXT("\n\na\n\na"), TEXT("three\nlines\nthree\n"),
};
#define TEXTS (sizeof texts / sizeof *texts)

START_TEST(short_files_of_all_kinds_are_counted)
{
    const char *names[] = {reader_path};
    for (size_t i = 0; i < TEXTS; i++) {
        reader_write_file(reader_path, texts[i].bytes, texts[i].size);
        for (size_t step = 0; step < 5; step++) {
            test_hooks.split_size = test_hooks.buffer_size = step;
            line_counts_check(mr_input_files(names, 1), 1 + i % 2, texts[i].bytes, texts[i].size);
        }
    }
}
END_TEST

/* What writes into one end of something. */
struct sender {
    struct thread thread;
    int fd; /* closed at the end */
    const void *data;
    size_t size, times;
};

static void send_all(void *argument)
{
    const struct sender *sender = argument;
    for (size_t i = 0; i < sender->times; i++)
        ck_assert_int_eq(io_write_full(sender->fd, sender->data, sender->size), 0);
    close(sender->fd);
}

/* Makes a pipe or, in its place, two sockets, into which the bytes are written `times` times;
 * returns the end to read from. */
static int begin_sending(struct sender *sender, bool socket, const void *data, size_t size,
                         size_t times)
{
    int ends[2];
    if (socket)
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    else
        ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    *sender = (struct sender){.fd = ends[1], .data = data, .size = size, .times = times};
    ck_assert_int_eq(thread_start(&sender->thread, "sender", send_all, sender), 0);
    return ends[0];
}

START_TEST(a_pipe_and_a_socket_are_read_to_their_end)
{
    for (size_t i = 0; i < TEXTS; i++) {
        for (int socket = 0; socket <= 1; socket++) {
            struct sender sender;
            int fd = begin_sending(&sender, socket, texts[i].bytes, texts[i].size, 1);
            test_hooks.buffer_size = i % 4;
            line_counts_check(mr_input_descriptor(fd), 2, texts[i].bytes, texts[i].size);
            thread_join(&sender.thread);
            ck_assert_int_ne(fcntl(fd, F_GETFD), -1); /* it is the caller's still */
            close(fd);
        }
    }
}
END_TEST

START_TEST(a_descriptor_of_a_file_is_read_from_where_it_stands)
{
    unsigned char data[5000];
    reader_fill_lines(data, sizeof data, 40, 9);
    reader_write_file(reader_path, data, sizeof data);
    for (size_t start = 0; start <= sizeof data + 1; start += 621) {
        for (size_t step = 0; step < 900; step += 300) {
            const size_t begin = start < sizeof data ? start : sizeof data;
            int fd = open(reader_path, O_RDONLY | O_CLOEXEC);
            ck_assert_int_eq(lseek(fd, (off_t)start, SEEK_SET), (off_t)start);
            test_hooks.split_size = step;
            line_counts_check(mr_input_descriptor(fd), 2, data + begin, sizeof data - begin);
            /* Who has it, too, finds it read, as after cat. */
            ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), (off_t)(start > begin ? start : sizeof data));
            close(fd);
        }
    }
}
END_TEST

START_TEST(a_descriptor_that_was_read_to_its_end_has_no_line)
{
    reader_write_file(reader_path, "a\n", 2);
    int fd = open(reader_path, O_RDONLY | O_CLOEXEC);
    line_counts_check(mr_input_descriptor(fd), 1, "a\n", 2);
    line_counts_check(mr_input_descriptor(fd), 1, "", 0);
    close(fd);
}
END_TEST

START_TEST(a_hundred_megabytes_are_counted_by_any_threads)
{
    enum { BLOCK = 1 << 20, TIMES = SANITIZED ? 8 : 100 };
    static const unsigned threads[] = {1, 2, 8};
    const char *names[] = {reader_path};
    unsigned char *data = malloc(BLOCK);
    struct tally want;
    struct sender sender;
    size_t size = 0;
    for (unsigned line = 0; size + 100 < BLOCK; line++)
        size += (size_t)sprintf((char *)data + size, "%.*s%u\n", (int)(line % 50),
                                "as many different bytes of a line as it takes to 50", line % 997);
    int fd = open(reader_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    for (int i = 0; i < TIMES; i++)
        ck_assert_int_eq(io_write_full(fd, data, size), 0);
    tally_open(&want);
    line_counts_add(&want, data, size, TIMES);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        line_counts_compare(mr_input_files(names, 1), threads[i], &want);
        ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
        line_counts_compare(mr_input_descriptor(fd), threads[i], &want);
        ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), (off_t)size * TIMES);
        int end = begin_sending(&sender, i % 2 == 1, data, size, TIMES);
        line_counts_compare(mr_input_descriptor(end), threads[i], &want);
        thread_join(&sender.thread);
        close(end);
    }
    close(fd);
    tally_close(&want);
    free(data);
}
END_TEST

/* A line of 300 MB and its key, which is held once more while it is put: beside the engine's
 * memory that is twice its size. */
START_TEST(a_line_of_300_megabytes_takes_twice_its_size)
{
    const size_t size = SANITIZED ? 30 * MIB : 300 * MIB;
    const char *names[] = {reader_path};
    unsigned char *zeros = calloc(1, size);
    struct tally got;
    struct rusage usage;
    int fd = open(reader_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_eq(io_pwrite_full(fd, "one\n", 4, 0), 0);
    ck_assert_int_eq(io_pwrite_full(fd, "\none", 4, (off_t)size + 4), 0);
    close(fd);
    ck_assert_int_eq(line_counts_run(mr_input_files(names, 1), 2, &got, NULL), MR_OK);
    ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
    ck_assert_uint_eq(got.count, 2);
    const struct tally_item *longest = &got.items[got.items[0].size > 3 ? 0 : 1];
    ck_assert_uint_eq(longest->size, size);
    ck_assert_uint_eq(longest->count, 1);
    ck_assert_int_eq(memcmp(longest->key, zeros, size), 0);
    ck_assert_uint_eq(got.items[got.items[0].size > 3 ? 1 : 0].count, 2);
    /* The test keeps a copy. */
    if (!SANITIZED)
        ck_assert_uint_le((uint64_t)usage.ru_maxrss * 1024, 64 * MIB + 3 * size + 16 * MIB);
    tally_close(&got);
    free(zeros);
}
END_TEST

START_TEST(several_files_are_counted_together)
{
    char second[300];
    snprintf(second, sizeof second, "%s/second", reader_folder);
    reader_write_file(reader_path, "a\nend", 5);
    reader_write_file(second, "a\nb\n", 4);
    const char *names[] = {reader_path, second, "/dev/null", reader_path};
    line_counts_check(mr_input_files(names, 4), 2, "a\na\nend\nend\na\nb\n", 16);
    unlink(second);
}
END_TEST

/* Emits where each line is: its FILE and the offset there. */
static int map_places(void *context, void *state, const struct mr_split *split,
                      struct mr_emitter *emitter, struct mr_error *error)
{
    struct mr_line line = {0};
    (void)context;
    (void)state;
    (void)error;
    while (mr_split_line(split, &line)) {
        char place[64];
        int size = snprintf(place, sizeof place, "%ju:%ju:%zu", (uintmax_t)split->number,
                            (uintmax_t)line.offset, line.size);
        if (mr_emit(emitter, place, (size_t)size, NULL) != MR_OK)
            return 1;
    }
    return 0;
}

START_TEST(a_line_knows_its_file_and_place)
{
    enum { SIZE = 3000, FILES = 3 };
    unsigned char data[SIZE];
    char place[64];
    const char *names[FILES] = {reader_path, reader_path, reader_path};
    struct mr_engine *engine = line_counts_engine(2);
    reader_fill_lines(data, SIZE, 60, 3);
    reader_write_file(reader_path, data, SIZE);
    for (size_t step = 0; step < 100; step += 33) {
        struct tally got, want;
        struct mr_job_spec spec = {.struct_size = sizeof spec, .context = &got, .map = map_places};
        tally_open(&got);
        tally_open(&want);
        for (unsigned number = 0; number < FILES; number++) {
            for (size_t at = 0, stop; at < SIZE; at = stop + 1) {
                const unsigned char *end = memchr(data + at, '\n', SIZE - at);
                stop = end ? (size_t)(end - data) : SIZE;
                int size = snprintf(place, sizeof place, "%u:%zu:%zu", number, at, stop - at);
                tally_add(&want, place, (size_t)size, 1);
            }
        }
        test_hooks.split_size = step;
        spec.input = mr_input_files(names, FILES);
        spec.collect = line_counts_collect;
        ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_OK);
        tally_compare(&got, &want);
        tally_close(&want);
        tally_close(&got);
    }
    mr_engine_close(engine);
}
END_TEST

/* ---- Cuts that follow from all before -------------------------------------------------------- */

/* A record is a byte that says how many follow it, whatever these are. */
static size_t record_cut(const void *context, const unsigned char *data, size_t size,
                         uint64_t offset)
{
    size_t cut = 0;
    (void)context;
    ck_assert(offset == 0 || size > 0);
    while (cut < size && data[cut] < size - cut)
        cut += (size_t)data[cut] + 1;
    return cut;
}

static int map_records(void *context, void *state, const struct mr_split *split,
                       struct mr_emitter *emitter, struct mr_error *error)
{
    (void)context;
    (void)state;
    (void)error;
    for (size_t at = 0; at < split->size; at += (size_t)split->data[at] + 1)
        if (mr_emit(emitter, split->data + at, (size_t)split->data[at] + 1, NULL) != MR_OK)
            return -1;
    return 0;
}

START_TEST(files_are_cut_by_all_that_stands_before)
{
    enum { SIZE = 20000 };
    static unsigned char data[SIZE];
    const char *names[] = {reader_path, reader_path};
    const struct mr_cuts cuts = {.struct_size = sizeof cuts, .last_from = record_cut};
    const struct mr_files files = {
        .struct_size = sizeof files, .names = names, .count = 2, .cuts = &cuts};
    struct mr_engine *engine = line_counts_engine(2);
    struct tally want;
    size_t size = 0;
    tally_open(&want);
    for (size_t length; size + 200 < SIZE; size += length + 1) {
        length = below(size < 500 ? 10 : 200);
        data[size] = (unsigned char)length;
        for (size_t i = 1; i <= length; i++)
            data[size + i] = (unsigned char)below(256);
        tally_add(&want, data + size, length + 1, 2);
    }
    reader_write_file(reader_path, data, size);
    for (size_t step = 1; step < 400; step += step < 40 ? 1 : 90) {
        struct tally got;
        const struct mr_job_spec spec = {
            .struct_size = sizeof spec,
            .context = &got,
            .map = map_records,
            .input = mr_input_files_with(&files),
            .collect = line_counts_collect,
        };
        tally_open(&got);
        test_hooks.buffer_size = step;
        ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_OK);
        tally_compare(&got, &want);
        tally_close(&got);
    }
    tally_close(&want);
    mr_engine_close(engine);
}
END_TEST

/* ---- What else is said of inputs ------------------------------------------------------------- */

START_TEST(names_are_known_as_long_as_the_input)
{
    const char *names[] = {"/dev/null", "-", "/dev/null"};
    struct mr_input *input = mr_input_files(names, 3);
    ck_assert_str_eq(mr_input_file_name(input, 1), "-");
    line_counts_check(mr_input_retain(input), 1, "", 0);
    ck_assert_str_eq(mr_input_file_name(input, 2), "/dev/null");
    ck_assert_ptr_null(mr_input_file_name(input, 3));
    mr_input_release(input);
    input = mr_input_files(NULL, 0);
    ck_assert_str_eq(mr_input_file_name(input, 0), "-");
    ck_assert_ptr_null(mr_input_file_name(input, 1));
    mr_input_release(input);
    input = mr_input_descriptor(0);
    ck_assert_ptr_null(mr_input_file_name(input, 0));
    mr_input_release(input);
    ck_assert_ptr_null(mr_input_file_name(NULL, 0));
}
END_TEST

START_TEST(a_small_input_is_told_and_nothing_is_lost)
{
    static const struct {
        size_t size;
        bool small;
    } cases[] = {{0, true}, {1000, true}, {65536, true}, {65537, false}};
    static unsigned char data[65537];
    const char *names[] = {reader_path};
    struct mr_engine *engine = line_counts_engine(2);
    reader_fill_lines(data, sizeof data, 50, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        reader_write_file(reader_path, data, cases[i].size);
        struct mr_input *input = mr_input_files(names, 1);
        ck_assert(!mr_input_small(input)); /* it does not know yet */
        ck_assert_int_eq(mr_input_prepare(input, engine, NULL), MR_OK);
        ck_assert_int_eq(mr_input_prepare(input, engine, NULL), MR_OK);
        ck_assert_int_eq(mr_input_small(input), cases[i].small);
        ck_assert_int_eq(mr_input_small(input), cases[i].small);
        line_counts_check(input, 2, data, cases[i].size);
        if (cases[i].size > 65536)
            continue;
        struct sender sender;
        int fd = begin_sending(&sender, false, data, cases[i].size, 1);
        thread_join(&sender.thread); /* as much as a pipe holds */
        input = mr_input_descriptor(fd);
        ck_assert_int_eq(mr_input_prepare(input, engine, NULL), MR_OK);
        const bool small = mr_input_small(input);
        ck_assert(small || cases[i].size == 65536);
        ck_assert_int_eq(mr_input_small(input), small);
        line_counts_check(input, 2, data, cases[i].size);
        close(fd);
    }
    ck_assert_int_eq(mr_input_prepare(NULL, engine, NULL), MR_INVALID);
    ck_assert_int_eq(mr_input_prepare(mr_input_new(NULL), engine, NULL), MR_INVALID);
    struct mr_input *input = mr_input_files(NULL, 0);
    ck_assert_int_eq(mr_input_prepare(input, NULL, NULL), MR_INVALID);
    mr_input_release(input);
    mr_engine_close(engine);
}
END_TEST

/* An input in front of another that nobody prepared. */
static void release_inner(void *context)
{
    mr_input_release(context);
}

static int next_inner(void *context, struct mr_split *split, struct mr_error *error)
{
    const struct mr_reader *reader = mr_input_reader(context);
    return reader->next(reader->context, split, error);
}

static int load_inner(void *context, struct mr_split *split, struct mr_buffer *scratch,
                      struct mr_error *error)
{
    const struct mr_reader *reader = mr_input_reader(context);
    return reader->load(reader->context, split, scratch, error);
}

static void give_back_inner(void *context, struct mr_split *split)
{
    const struct mr_reader *reader = mr_input_reader(context);
    reader->release(reader->context, split);
}

static void interrupt_inner(void *context)
{
    const struct mr_reader *reader = mr_input_reader(context);
    reader->interrupt(reader->context);
}

START_TEST(an_input_may_stand_in_front_of_files)
{
    const char *names[] = {reader_path};
    unsigned char data[20000];
    struct mr_engine *engine = line_counts_engine(2);
    reader_fill_lines(data, sizeof data, 50, 1);
    reader_write_file(reader_path, data, sizeof data);
    for (int prepared = 0; prepared <= 1; prepared++) {
        struct mr_input *inner = mr_input_files(names, 1);
        test_hooks.split_size = 1000;
        if (prepared)
            ck_assert_int_eq(mr_input_prepare(inner, engine, NULL), MR_OK);
        const struct mr_reader reader = {
            .struct_size = sizeof reader,
            .context = inner,
            .size = mr_input_reader(inner)->size,
            .next = next_inner,
            .load = load_inner,
            .release = give_back_inner,
            .interrupt = interrupt_inner,
            .close = release_inner,
        };
        ck_assert_uint_eq(reader.size, prepared ? sizeof data : MR_UNKNOWN);
        struct tally got, want;
        struct mr_job_spec spec = {.struct_size = sizeof spec, .context = &got, .map = map_places};
        tally_open(&got);
        tally_open(&want);
        spec.input = mr_input_new(&reader);
        spec.collect = line_counts_collect;
        ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_OK);
        line_counts_add(&want, data, sizeof data, 1);
        uint64_t lines = 0;
        for (size_t i = 0; i < want.count; i++)
            lines += want.items[i].count;
        ck_assert_uint_eq(got.count, lines);
        tally_close(&want);
        tally_close(&got);
    }
    mr_engine_close(engine);
}
END_TEST

/* What is left of an input is not what was wanted: nothing, without a word. */
START_TEST(an_input_is_read_by_one_job)
{
    const char *names[] = {reader_path};
    struct mr_engine *engine = line_counts_engine(1);
    struct mr_error error = {.status = MR_OK};
    struct tally got;
    reader_write_file(reader_path, "a\n", 2);
    struct mr_input *input = mr_input_files(names, 1);
    /* A job that makes no sense has not taken it. */
    struct mr_job_spec spec = {.struct_size = sizeof spec, .input = mr_input_retain(input)};
    spec.limit = 1;
    spec.order = (enum mr_order)42;
    spec.collect = line_counts_collect;
    ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_INVALID);
    line_counts_check(mr_input_retain(input), 1, "a\n", 2);
    ck_assert_int_eq(line_counts_run(input, 1, &got, &error), MR_INVALID);
    ck_assert_str_eq(error.text, "the input is another job's");
    tally_close(&got);
    mr_engine_close(engine);
}
END_TEST

START_TEST(a_job_that_waits_for_a_pipe_is_cancelled)
{
    int ends[2];
    struct tally got;
    struct mr_job *job;
    struct mr_engine *engine = line_counts_engine(1);
    struct mr_job_spec spec = {.struct_size = sizeof spec, .context = &got};
    tally_open(&got);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(io_write_full(ends[1], "part", 4), 0);
    spec.input = mr_input_descriptor(ends[0]);
    spec.collect = line_counts_collect;
    ck_assert_int_eq(mr_submit(engine, &spec, &job, NULL), MR_OK);
    mr_job_cancel(job);
    ck_assert_int_eq(mr_job_wait(job, -1, NULL, NULL), MR_CANCELLED);
    mr_job_release(job);
    mr_engine_close(engine);
    tally_close(&got);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

Suite *test_files_suite(void);

Suite *test_files_suite(void)
{
    Suite *suite = suite_create("files");
    TCase *lines = tcase_create("lines");
    tcase_add_checked_fixture(lines, reader_setup, reader_teardown);
    tcase_add_test(lines, short_files_of_all_kinds_are_counted);
    tcase_add_test(lines, a_pipe_and_a_socket_are_read_to_their_end);
    tcase_add_test(lines, a_descriptor_of_a_file_is_read_from_where_it_stands);
    tcase_add_test(lines, a_descriptor_that_was_read_to_its_end_has_no_line);
    tcase_add_test(lines, a_hundred_megabytes_are_counted_by_any_threads);
    tcase_add_test(lines, a_line_of_300_megabytes_takes_twice_its_size);
    tcase_add_test(lines, several_files_are_counted_together);
    tcase_add_test(lines, a_line_knows_its_file_and_place);
    tcase_add_test(lines, files_are_cut_by_all_that_stands_before);
    suite_add_tcase(suite, lines);
    TCase *inputs = tcase_create("inputs");
    tcase_add_checked_fixture(inputs, reader_setup, reader_teardown);
    tcase_add_test(inputs, names_are_known_as_long_as_the_input);
    tcase_add_test(inputs, a_small_input_is_told_and_nothing_is_lost);
    tcase_add_test(inputs, an_input_may_stand_in_front_of_files);
    tcase_add_test(inputs, an_input_is_read_by_one_job);
    tcase_add_test(inputs, a_job_that_waits_for_a_pipe_is_cancelled);
    suite_add_tcase(suite, inputs);
    return suite;
}
