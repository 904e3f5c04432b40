/* SPDX-License-Identifier: MIT
 *
 * test_decoded - FILEs that are decoded: their text is cut as any other, whoever takes and decodes
 * the pieces; what breaks off leaves what came before; memory is bounded, and all ends.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/io.h"
#include "base/test_hooks.h"
#include "base/thread.h"
#include "unit/await.h"
#include "unit/fake_decoder.h"
#include "unit/line_counts.h"
#include "unit/random.h"
#include "unit/reader.h"
#include "unit/sanitized.h"

static struct fake_decoder fake;

static void setup(void)
{
    reader_setup();
    fake_decoder_open(&fake, true);
}

/* Every decoding has been ended. */
static void teardown(void)
{
    ck_assert_uint_eq(atomic_load(&fake.opened), atomic_load(&fake.closed));
    reader_teardown();
}

/* Writes a text as a FILE that begins with the mark, in blocks of up to `most` bytes. */
static void write_encoded(const char *name, const char *mark, const void *text, size_t size,
                          size_t most)
{
    struct fake_file file;
    fake_file_open(&file, mark);
    fake_file_add_all(&file, text, size, most);
    reader_write_file(name, file.data, file.size);
    fake_file_close(&file);
}

static struct reader_options decoded_options(const char *const *names, size_t count)
{
    struct reader_options options = reader_options(names, count);
    options.files.decoder = &fake.decoder;
    return options;
}

static const char *const marks[] = {FAKE_DIVIDED, FAKE_IN_ORDER};

/* ---- Cuts ------------------------------------------------------------------------------------ */

START_TEST(a_text_is_cut_wherever_its_pieces_end)
{
    static const size_t sizes[] = {0, 1, 2, 3, 7, 20, 64, 200};
    static const unsigned workers[] = {1, 2, 8};
    const char *names[] = {reader_path};
    unsigned char data[200];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (uint32_t longest = 0; longest < 64; longest = longest * 2 + 3) {
            reader_fill_lines(data, sizes[i], longest, (uint32_t)sizes[i]);
            for (size_t step = 1; step <= 20; step += SANITIZED ? 3 : 1) {
                const bool pair = (step + sizes[i]) % 2 == 0;
                struct reader_options options = decoded_options(names, 1);
                struct reader reader;
                write_encoded(reader_path, marks[step / 2 % 2], data, sizes[i], 1 + step / 3);
                test_hooks.buffer_size = step;
                options.cuts.first = pair ? reader_pair_border : reader_line_border;
                options.cuts.last = pair ? reader_pair_border_last : reader_line_border_last;
                options.cuts.context_of = reader_context;
                struct mr_input *input = reader_open(&options);
                reader_run(input, workers[step % 3], &reader);
                reader.context = true;
                reader_check(&reader, options.cuts.first, 0, 0, data, sizes[i]);
                ck_assert_int_eq((int64_t)reader.length + reader.grown, (int64_t)sizes[i]);
                ck_assert_uint_eq(reader.length, reader.job.size);
                reader_free(&reader);
                mr_input_release(input);
            }
        }
    }
    ck_assert_uint_eq(reader_faults.count, 0);
}
END_TEST

START_TEST(long_lines_of_a_text_are_condensed)
{
    static const size_t steps[] = {1, 7, 100, 1000};
    const char *names[] = {reader_path};
    unsigned char data[3000];
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        for (uint32_t longest = 3; longest < 4000; longest *= 5) {
            for (unsigned workers = 1; workers <= 4; workers += 3) {
                struct reader_options options = decoded_options(names, 1);
                struct reader reader;
                reader_fill_lines(data, sizeof data, longest, longest + workers);
                write_encoded(reader_path, marks[i % 2], data, sizeof data, 50);
                test_hooks.buffer_size = steps[i];
                options.cuts.condense = reader_condense;
                options.cuts.condense_end = reader_condense_end;
                struct mr_input *input = reader_open(&options);
                reader_run(input, workers, &reader);
                reader.condensed = true;
                reader_check(&reader, reader_line_border, 0, 0, data, sizeof data);
                ck_assert_int_eq((int64_t)reader.length + reader.grown, sizeof data);
                reader_free(&reader);
                mr_input_release(input);
            }
        }
    }
}
END_TEST

START_TEST(long_items_span_pieces_whole)
{
    static const uint32_t longest[] = {10, 300, 3000, 60000, 1000000};
    static const size_t steps[] = {61, 256, 1000, 4096, 100000};
    const char *names[] = {reader_path};
    const size_t size = 200000;
    unsigned char *data = malloc(size);
    for (size_t i = 0; i < sizeof longest / sizeof *longest; i++) {
        reader_fill_lines(data, size, longest[i], 7);
        for (size_t j = 0; j < sizeof steps / sizeof *steps; j++) {
            struct reader_options options = decoded_options(names, 1);
            struct reader reader;
            write_encoded(reader_path, marks[(i + j) % 2], data, size, 1 + steps[j] / 3);
            test_hooks.buffer_size = steps[j];
            struct mr_input *input = reader_open(&options);
            reader_run(input, 4, &reader);
            reader_check(&reader, reader_line_border, 0, 0, data, size);
            reader_free(&reader);
            mr_input_release(input);
        }
    }
    free(data);
}
END_TEST

/* A record is a byte that says how many follow it. */
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

static size_t record_border(const void *text, const unsigned char *data, size_t size, size_t from)
{
    size_t cut = 0;
    (void)text;
    while (cut < from && cut < size)
        cut += (size_t)data[cut] + 1;
    return cut < size ? cut : size;
}

START_TEST(cuts_may_follow_from_all_that_stands_before)
{
    enum { SIZE = 5000 };
    const char *names[] = {reader_path, reader_path};
    static unsigned char data[SIZE];
    size_t size = 0;
    for (size_t length; size + 60 < SIZE; size += length + 1) {
        length = below(50);
        data[size] = (unsigned char)length;
        for (size_t i = 1; i <= length; i++)
            data[size + i] = (unsigned char)below(256);
    }
    for (size_t step = 1; step < 200; step += step < 20 ? 1 : 37) {
        struct reader_options options = decoded_options(names, 2);
        struct reader reader;
        write_encoded(reader_path, marks[step % 2], data, size, 1 + step / 2);
        test_hooks.buffer_size = step;
        options.cuts =
            (struct mr_cuts){.struct_size = sizeof options.cuts, .last_from = record_cut};
        struct mr_input *input = reader_open(&options);
        reader_run(input, 4, &reader);
        for (uint64_t number = 0; number < 2; number++)
            reader_check(&reader, record_border, number, 0, data, size);
        reader_free(&reader);
        mr_input_release(input);
    }
}
END_TEST

/* ---- Kinds of FILEs -------------------------------------------------------------------------- */

struct sender {
    struct thread thread;
    int fd;
    const void *data;
    size_t size;
};

static void send_all(void *argument)
{
    const struct sender *sender = argument;
    /* Who reads may have gone. */
    (void)io_write_full(sender->fd, sender->data, sender->size);
    close(sender->fd);
}

START_TEST(pipes_are_decoded_and_plain_ones_lose_their_mark)
{
    static const char *const begins[] = {FAKE_DIVIDED, FAKE_IN_ORDER, FAKE_MARK, ""};
    unsigned char data[9000];
    reader_fill_lines(data, sizeof data, 40, 5);
    for (size_t i = 0; i < 4 * 12; i++) {
        const char *begin = begins[i % 4];
        const size_t size = i / 4 == 0 ? 0 : i / 4 == 1 ? 3 : sizeof data;
        struct fake_file file;
        struct sender sender = {.data = NULL};
        struct reader reader;
        char name[64];
        int ends[2];
        fake_file_open(&file, i % 4 == 3 ? "\n\n" : begin);
        if (i % 4 < 2)
            fake_file_add_all(&file, data, size, 100);
        else {
            file.data = realloc(file.data, 2 + size);
            memcpy(file.data + 2, data, size);
            file.size = 2 + size;
        }
        ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
        sender = (struct sender){.fd = ends[1], .data = file.data, .size = file.size};
        snprintf(name, sizeof name, "/proc/self/fd/%d", ends[0]);
        const char *names[] = {name};
        struct reader_options options = decoded_options(names, 1);
        test_hooks.buffer_size = i % 5 == 0 ? 0 : i * i;
        struct mr_input *input = reader_open(&options);
        ck_assert_int_eq(thread_start(&sender.thread, "sender", send_all, &sender), 0);
        if (i % 3 == 0)
            ck_assert(!mr_input_small(input) || i % 4 >= 2);
        reader_run(input, 1 + i % 2, &reader);
        if (i % 4 == 3)
            reader_check(&reader, reader_line_border, 0, 0, file.data, file.size);
        else
            reader_check(&reader, reader_line_border, 0, 0, data, size);
        reader_free(&reader);
        mr_input_release(input);
        thread_join(&sender.thread);
        close(ends[0]);
        fake_file_close(&file);
    }
}
END_TEST

START_TEST(files_of_all_kinds_are_read_side_by_side)
{
    enum { FILES = 30 };
    static const char *const begins[] = {FAKE_DIVIDED, FAKE_IN_ORDER, FAKE_MARK, "\n\n",
                                         FAKE_REFUSED};
    static unsigned char data[30000];
    static char paths[FILES][64];
    const char *names[FILES + 1];
    reader_fill_lines(data, sizeof data, 70, 11);
    for (size_t i = 0; i < FILES; i++) {
        const size_t size = i % 7 == 0 ? sizeof data : i * 100;
        snprintf(paths[i], sizeof paths[i], "%s/%zu", reader_folder, i);
        names[i] = paths[i];
        write_encoded(paths[i], begins[i % 5], data, size, 90);
        if (i % 5 == 2 || i % 5 == 3) {
            int fd = open(paths[i], O_WRONLY | O_TRUNC | O_CLOEXEC);
            ck_assert_int_eq(io_write_full(fd, begins[i % 5], 2), 0);
            ck_assert_int_eq(io_write_full(fd, data, size), 0);
            close(fd);
        }
    }
    names[FILES] = "/nonexistent/file";
    for (size_t round = 0; round < 12; round++) {
        static const unsigned workers[] = {1, 2, 8};
        struct reader_options options = decoded_options(names, FILES + 1);
        struct reader reader;
        options.threads = 1 + (unsigned)round / 3;
        options.files.ordered = round % 4 == 3;
        test_hooks.buffer_size = test_hooks.split_size = round % 2 == 0 ? 0 : 300 * round;
        atomic_store(&fake.told, 0);
        reader_faults.count = 0;
        struct mr_input *input = reader_open(&options);
        reader_run(input, workers[round % 3], &reader);
        for (size_t i = 0; i < FILES; i++) {
            const size_t size = i % 7 == 0 ? sizeof data : i * 100;
            if (i % 5 == 3) {
                static unsigned char whole[sizeof data + 2] = "\n\n";
                memcpy(whole + 2, data, size);
                reader_check(&reader, reader_line_border, i, 0, whole, size + 2);
            } else {
                reader_check(&reader, reader_line_border, i, 0, data, i % 5 == 4 ? 0 : size);
            }
        }
        ck_assert_uint_eq(atomic_load(&fake.told), FILES / 5);
        ck_assert_uint_eq(reader_faults.count, 1);
        reader_free(&reader);
        mr_input_release(input);
    }
    for (size_t i = 0; i < FILES; i++)
        unlink(paths[i]);
}
END_TEST

/* ---- Faults ---------------------------------------------------------------------------------- */

START_TEST(what_came_before_a_fault_is_counted)
{
    const char *names[] = {reader_path, reader_path};
    unsigned char data[6000];
    reader_fill_lines(data, sizeof data, 40, 2);
    for (unsigned i = 0; i < 48; i++) {
        static const unsigned workers[] = {1, 2, 8};
        struct reader_options options = decoded_options(names, 2);
        struct fake_file file;
        struct reader reader;
        const size_t size = i / 4 % 4 * 1500;
        fake_file_open(&file, marks[i % 2]);
        fake_file_add_all(&file, data, size, 77);
        fake_file_break(&file, i / 2 % 2 == 0);
        fake_file_add_all(&file, data, sizeof data, 77);
        reader_write_file(reader_path, file.data, file.size);
        fake_file_close(&file);
        test_hooks.buffer_size = 1 + 100 * i;
        atomic_store(&fake.told, 0);
        struct mr_input *input = reader_open(&options);
        reader_run(input, workers[i % 3], &reader);
        for (uint64_t number = 0; number < 2; number++)
            reader_check(&reader, reader_line_border, number, 0, data, size);
        ck_assert_uint_ge(atomic_load(&fake.told), 2);
        reader_free(&reader);
        mr_input_release(input);
    }
}
END_TEST

START_TEST(of_a_file_cut_off_the_last_record_is_left_out)
{
    const char *names[] = {reader_path};
    const unsigned char data[] = {2, 1, 1, 3, 2, 2, 2, 9, 1};
    struct reader_options options = decoded_options(names, 1);
    options.cuts = (struct mr_cuts){.struct_size = sizeof options.cuts, .last_from = record_cut};
    for (unsigned i = 0; i < 8; i++) {
        struct fake_file file;
        struct reader reader;
        fake_file_open(&file, marks[i % 2]);
        fake_file_add_all(&file, data, sizeof data, 1 + i / 4);
        fake_file_break(&file, i / 2 % 2 == 0);
        reader_write_file(reader_path, file.data, file.size);
        fake_file_close(&file);
        test_hooks.buffer_size = 1 + i;
        struct mr_input *input = reader_open(&options);
        reader_run(input, 1, &reader);
        reader_check(&reader, record_border, 0, 0, data, 7);
        reader_free(&reader);
        mr_input_release(input);
    }
}
END_TEST

START_TEST(a_decoder_may_fail_the_job)
{
    const char *names[] = {reader_path, reader_path, reader_path};
    unsigned char data[6000];
    reader_fill_lines(data, sizeof data, 40, 2);
    for (unsigned i = 0; i < 24; i++) {
        struct mr_files files = {.struct_size = sizeof files, .decoder = &fake.decoder};
        struct mr_error error = {.status = MR_OK};
        struct fake_file file;
        struct tally got;
        fake_file_open(&file, marks[i % 2]);
        fake_file_add_all(&file, data, sizeof data, 77);
        fake_file_fail(&file, i / 2 % 2 == 0);
        fake_file_add_all(&file, data, sizeof data, 77);
        if (i >= 20)
            reader_write_file(reader_path, FAKE_FAILED, 2);
        else
            reader_write_file(reader_path, file.data, file.size);
        fake_file_close(&file);
        files.names = names;
        files.count = 1 + i % 3;
        test_hooks.buffer_size = 1 + 300 * i;
        ck_assert_int_eq(line_counts_run(mr_input_files_with(&files), 1 + i % 8, &got, &error),
                         MR_INPUT);
        ck_assert_str_eq(error.text, i >= 20          ? "cannot be opened"
                                     : i / 2 % 2 == 0 ? "taking failed"
                                                      : "decoding failed");
        tally_close(&got);
        ck_assert_uint_eq(atomic_load(&fake.opened), atomic_load(&fake.closed));
    }
}
END_TEST

START_TEST(a_decoder_that_makes_no_sense_is_refused)
{
    const char *names[] = {reader_path};
    struct mr_decoder wrong[4] = {fake.decoder, fake.decoder, fake.decoder, fake.decoder};
    wrong[0].struct_size = 0;
    wrong[1].open = NULL;
    wrong[2].take = NULL;
    wrong[3].close = NULL;
    for (size_t i = 0; i < 4; i++) {
        const struct mr_files files = {
            .struct_size = sizeof files, .names = names, .count = 1, .decoder = &wrong[i]};
        struct mr_error error = {.status = MR_OK};
        struct tally got;
        ck_assert_int_eq(line_counts_run(mr_input_files_with(&files), 1, &got, &error), MR_INVALID);
        ck_assert_str_eq(error.text, i == 0
                                         ? "the decoder: its struct_size is not set to its sizeof"
                                         : "the decoder: it needs an open, a take and a close");
        tally_close(&got);
    }
}
END_TEST

/* ---- Work ------------------------------------------------------------------------------------ */

START_TEST(a_text_that_grows_a_thousandfold_is_counted)
{
    const char *names[] = {reader_path};
    for (size_t i = 0; i < 2; i++) {
        const struct mr_files files = {
            .struct_size = sizeof files, .names = names, .count = 1, .decoder = &fake.decoder};
        struct mr_engine *engine = line_counts_engine(2);
        struct mr_stats stats = {.struct_size = sizeof stats};
        struct fake_file file;
        struct tally got;
        const uint32_t times = SANITIZED ? 100 : 2000;
        fake_file_open(&file, marks[i]);
        for (size_t block = 0; block < 20; block++)
            fake_file_add(&file, "many\nlines\nof\nfew\nbytes\n\n\n\n\n\n", 29, 1000 * times / 100);
        reader_write_file(reader_path, file.data, file.size);
        tally_open(&got);
        struct mr_job_spec spec = {.struct_size = sizeof spec, .context = &got};
        spec.collect = line_counts_collect;
        spec.input = mr_input_files_with(&files);
        ck_assert_int_eq(mr_run(engine, &spec, &stats, NULL), MR_OK);
        ck_assert_uint_eq(got.count, 6);
        ck_assert_uint_eq(stats.bytes, file.size);
        ck_assert_uint_eq(stats.text_bytes, (uint64_t)20 * 29 * 10 * times);
        tally_close(&got);
        mr_engine_close(engine);
        fake_file_close(&file);
    }
}
END_TEST

/* Emits how long the lines are, 0 for each that is condensed. */
static int map_sizes(void *context, void *state, const struct mr_split *split,
                     struct mr_emitter *emitter, struct mr_error *error)
{
    struct mr_line line = {0};
    (void)context;
    (void)state;
    (void)error;
    while (mr_split_line(split, &line))
        if (mr_emit(emitter, &line.size, sizeof line.size, NULL) != MR_OK)
            return -1;
    return 0;
}

/* No worker waits for memory, so none waits for another that does; and only one text at a time
 * grows past what there is. */
START_TEST(many_long_items_at_once_neither_wait_for_ever_nor_fill_memory)
{
    enum { FILES = 8 };
    const size_t size = (SANITIZED ? 2 : 20) << 20;
    static const unsigned threads[] = {1, 2, 8};
    static char text[65535];
    const char *names[FILES];
    static char paths[FILES][64];
    struct rusage before, after;
    /* What is freed goes back at once. */
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < FILES; i++) {
        struct fake_file file;
        fake_file_open(&file, marks[i % 2]);
        for (size_t at = 0; at < size; at += 16 * sizeof text)
            fake_file_add(&file, text, sizeof text, 16);
        fake_file_add(&file, "\nend\n", 5, 1);
        snprintf(paths[i], sizeof paths[i], "%s/%zu", reader_folder, i);
        names[i] = paths[i];
        reader_write_file(paths[i], file.data, file.size);
        fake_file_close(&file);
    }
    ck_assert_int_eq(getrusage(RUSAGE_SELF, &before), 0);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        const struct mr_files files = {
            .struct_size = sizeof files, .names = names, .count = FILES, .decoder = &fake.decoder};
        const struct mr_engine_options options = {
            .struct_size = sizeof options, .threads = threads[i], .memory = 1};
        struct mr_engine *engine;
        struct tally got;
        ck_assert_int_eq(mr_engine_open(&options, &engine, NULL), MR_OK);
        tally_open(&got);
        struct mr_job_spec spec = {.struct_size = sizeof spec, .context = &got, .map = map_sizes};
        spec.collect = line_counts_collect;
        spec.input = mr_input_files_with(&files);
        ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_OK);
        ck_assert_uint_eq(got.count, 2);
        ck_assert_uint_eq(got.items[0].count, FILES);
        ck_assert_uint_eq(got.items[1].count, FILES);
        tally_close(&got);
        mr_engine_close(engine);
    }
    ck_assert_int_eq(getrusage(RUSAGE_SELF, &after), 0);
    if (!SANITIZED)
        ck_assert_int_le(after.ru_maxrss - before.ru_maxrss, 100 << 10);
    for (size_t i = 0; i < FILES; i++)
        unlink(paths[i]);
}
END_TEST

/* Pieces meet here: each waits until `wanted` have come, or it is opened. */
struct gate {
    _Atomic unsigned come, wanted;
    _Atomic bool open;
};

static void wait_at_gate(void *context)
{
    struct gate *gate = context;
    atomic_fetch_add(&gate->come, 1);
    AWAIT(atomic_load(&gate->open) || atomic_load(&gate->come) >= atomic_load(&gate->wanted));
    atomic_store(&gate->open, true);
}

START_TEST(pieces_of_one_file_are_decoded_at_the_same_time)
{
    const char *names[] = {reader_path};
    static unsigned char data[50000];
    struct gate gate = {.wanted = 3};
    const struct mr_files files = {
        .struct_size = sizeof files, .names = names, .count = 1, .decoder = &fake.decoder};
    reader_fill_lines(data, sizeof data, 40, 2);
    write_encoded(reader_path, FAKE_DIVIDED, data, sizeof data, 1000);
    test_hooks.buffer_size = 3000; /* so much that three pieces fit what all may hold */
    fake.meet = wait_at_gate;
    fake.meet_context = &gate;
    line_counts_check(mr_input_files_with(&files), 3, data, sizeof data);
    ck_assert_uint_ge(atomic_load(&fake.most_inside), 3);
}
END_TEST

START_TEST(several_files_are_decoded_at_the_same_time)
{
    const char *names[] = {reader_path, reader_path, reader_path};
    unsigned char data[5000];
    struct gate gate = {.wanted = 3};
    const struct mr_files files = {
        .struct_size = sizeof files, .names = names, .count = 3, .decoder = &fake.decoder};
    struct tally want;
    reader_fill_lines(data, sizeof data, 40, 2);
    write_encoded(reader_path, FAKE_IN_ORDER, data, sizeof data, 5000);
    fake.meet = wait_at_gate;
    fake.meet_context = &gate;
    tally_open(&want);
    line_counts_add(&want, data, sizeof data, 3);
    line_counts_compare(mr_input_files_with(&files), 3, &want);
    tally_close(&want);
}
END_TEST

START_TEST(a_job_is_cancelled_while_pieces_are_decoded)
{
    const char *names[] = {reader_path, reader_path};
    unsigned char data[5000];
    reader_fill_lines(data, sizeof data, 40, 2);
    test_hooks.buffer_size = 200;
    fake.meet = wait_at_gate;
    for (size_t i = 0; i < 6; i++) {
        struct gate gate = {.wanted = UINT_MAX};
        const struct mr_files files = {
            .struct_size = sizeof files, .names = names, .count = 2, .decoder = &fake.decoder};
        struct mr_engine *engine = line_counts_engine(1 + (unsigned)i % 3);
        struct tally got;
        struct mr_job *job;
        write_encoded(reader_path, marks[i % 2], data, sizeof data, 100);
        fake.meet_context = &gate;
        tally_open(&got);
        struct mr_job_spec spec = {.struct_size = sizeof spec, .context = &got};
        spec.collect = line_counts_collect;
        spec.input = mr_input_files_with(&files);
        ck_assert_int_eq(mr_submit(engine, &spec, &job, NULL), MR_OK);
        AWAIT(atomic_load(&gate.come) > 0);
        mr_job_cancel(job);
        atomic_store(&gate.open, true);
        ck_assert_int_eq(mr_job_wait(job, -1, NULL, NULL), MR_CANCELLED);
        mr_job_release(job);
        mr_engine_close(engine);
        tally_close(&got);
        ck_assert_uint_eq(atomic_load(&fake.opened), atomic_load(&fake.closed));
    }
}
END_TEST

START_TEST(several_clients_decode_on_one_engine)
{
    enum { CLIENTS = 6 };
    const char *names[] = {reader_path, reader_path, reader_path};
    static unsigned char data[60000];
    struct mr_engine *engine = line_counts_engine(2);
    struct mr_job *jobs[CLIENTS];
    struct tally got[CLIENTS], want;
    const struct mr_files files = {
        .struct_size = sizeof files, .names = names, .count = 3, .decoder = &fake.decoder};
    reader_fill_lines(data, sizeof data, 40, 2);
    write_encoded(reader_path, FAKE_DIVIDED, data, sizeof data, 1000);
    test_hooks.buffer_size = 2000;
    for (size_t i = 0; i < CLIENTS; i++) {
        tally_open(&got[i]);
        struct mr_job_spec spec = {.struct_size = sizeof spec, .context = &got[i]};
        spec.collect = line_counts_collect;
        spec.input = mr_input_files_with(&files);
        ck_assert_int_eq(mr_submit(engine, &spec, &jobs[i], NULL), MR_OK);
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        ck_assert_int_eq(mr_job_wait(jobs[i], -1, NULL, NULL), MR_OK);
        mr_job_release(jobs[i]);
        tally_open(&want);
        line_counts_add(&want, data, sizeof data, 3);
        tally_compare(&got[i], &want);
        tally_close(&want);
        tally_close(&got[i]);
    }
    mr_engine_close(engine);
}
END_TEST

START_TEST(what_decodings_hold_is_bounded)
{
    const char *names[] = {reader_path, reader_path};
    const uint64_t holds[] = {1, 32 << 20, (32 << 20) + 1};
    for (size_t i = 0; i < 3; i++) {
        const struct mr_files files = {
            .struct_size = sizeof files, .names = names, .count = 2, .decoder = &fake.decoder};
        write_encoded(reader_path, FAKE_IN_ORDER, "a\nb\n", 4, 1);
        fake.hold = holds[i];
        line_counts_check(mr_input_files_with(&files), 2, "a\nb\na\nb\n", 8);
        ck_assert_uint_eq(atomic_load(&fake.refused), i == 2 ? 2 : 0);
    }
}
END_TEST

/* ---- Names ----------------------------------------------------------------------------------- */

/* So many times the same name. */
struct names {
    const char *name;
    uint64_t given, count;
    bool fails;
};

static int next_name(void *context, const char **name, struct mr_error *error)
{
    struct names *names = context;
    if (names->fails && names->given == names->count / 2)
        return mr_fail(error, EIO, "no more names");
    *name = names->given < names->count ? names->name : NULL;
    names->given += *name != NULL;
    return 0;
}

static const char *name_of(void *context, uint64_t number)
{
    const struct names *names = context;
    return number < names->count ? names->name : NULL;
}

START_TEST(names_may_come_one_by_one)
{
    for (unsigned i = 0; i < 8; i++) {
        struct names names = {reader_path, 0, 100, i == 7};
        const struct mr_files files = {
            .struct_size = sizeof files,
            .decoder = i % 2 == 0 ? &fake.decoder : NULL,
            .next_name = next_name,
            .name_of = name_of,
            .names_context = &names,
        };
        struct mr_error error = {.status = MR_OK};
        struct tally got, want;
        if (i % 4 == 0)
            write_encoded(reader_path, FAKE_DIVIDED, "a\nb\n", 4, 1);
        else
            reader_write_file(reader_path, "a\nb\n", 4);
        struct mr_input *input = mr_input_retain(mr_input_files_with(&files));
        const enum mr_status status = line_counts_run(input, 2, &got, &error);
        if (names.fails) {
            ck_assert_int_eq(status, MR_INPUT);
            ck_assert_str_eq(error.text, "no more names");
        } else {
            ck_assert_int_eq(status, MR_OK);
            tally_open(&want);
            line_counts_add(&want, "a\nb\n", 4, 100);
            tally_compare(&got, &want);
            tally_close(&want);
            ck_assert_str_eq(mr_input_file_name(input, 99), reader_path);
            ck_assert_ptr_null(mr_input_file_name(input, 100));
        }
        mr_input_release(input);
        tally_close(&got);
    }
}
END_TEST

START_TEST(the_largest_file_is_read_first)
{
    enum { FILES = 5, LARGE = 3 << 20 };
    static const size_t sizes[FILES] = {10, LARGE, 20, LARGE + 1, 30};
    static const uint64_t order[FILES] = {3, 1, 0, 2, 4};
    static char paths[FILES][64];
    const char *names[FILES];
    unsigned char *data = malloc(LARGE + 1);
    for (size_t i = 0; i < FILES; i++) {
        reader_fill_lines(data, sizes[i], 70, (uint32_t)i);
        snprintf(paths[i], sizeof paths[i], "%s/%zu", reader_folder, i);
        names[i] = paths[i];
        write_encoded(paths[i], FAKE_IN_ORDER, data, sizes[i], 60000);
    }
    for (int ordered = 0; ordered <= 1; ordered++) {
        struct reader_options options = decoded_options(names, FILES);
        options.threads = 1;
        options.files.ordered = ordered;
        struct mr_input *input = reader_open(&options);
        const struct mr_reader job = *mr_input_reader(input);
        struct mr_split split;
        struct mr_error error;
        uint64_t seen[FILES];
        size_t count = 0;
        while (reader_next(&job, &split, &error) == 1) {
            if (count == 0 || seen[count - 1] != split.number) {
                ck_assert_uint_lt(count, FILES);
                seen[count++] = split.number;
            }
            ck_assert_int_eq(job.load(job.context, &split, NULL, &error), 0);
            job.release(job.context, &split);
        }
        ck_assert_uint_eq(count, FILES);
        for (size_t i = 0; i < FILES; i++)
            ck_assert_uint_eq(seen[i], ordered ? i : order[i]);
        mr_input_release(input);
    }
    for (size_t i = 0; i < FILES; i++)
        unlink(paths[i]);
    free(data);
}
END_TEST

START_TEST(a_few_plain_files_are_small_and_one_that_is_decoded_is_not)
{
    const char *names[] = {reader_path, reader_path, reader_path};
    struct mr_engine *engine = line_counts_engine(2);
    for (size_t i = 0; i < 8; i++) {
        const struct mr_files files = {
            .struct_size = sizeof files,
            .names = names,
            .count = 1 + i % 3,
            .decoder = &fake.decoder,
            .ordered = i == 7,
        };
        struct mr_error error;
        struct tally got;
        if (i < 4)
            write_encoded(reader_path, marks[i % 2], "a\nb\n", 4, 1);
        else
            reader_write_file(reader_path, "a\nb\n", 4);
        struct mr_input *input = mr_input_files_with(&files);
        ck_assert_int_eq(mr_input_prepare(input, engine, NULL), MR_OK);
        const bool small = mr_input_small(input);
        ck_assert_int_eq(small, i >= 4 && i < 7);
        struct mr_job_spec spec = {
            .struct_size = sizeof spec, .context = &got, .small = i % 2 == 0};
        spec.collect = line_counts_collect;
        spec.input = input;
        tally_open(&got);
        ck_assert_int_eq(mr_run(engine, &spec, NULL, &error), MR_OK);
        ck_assert_uint_eq(got.count, 2);
        ck_assert_uint_eq(got.items[0].count, files.count);
        tally_close(&got);
    }
    /* What was looked at and not read is given back. */
    struct mr_input *input = mr_input_files_with(
        &(struct mr_files){.struct_size = sizeof(struct mr_files), .names = names, .count = 3});
    ck_assert_int_eq(mr_input_prepare(input, engine, NULL), MR_OK);
    mr_engine_close(engine);
    ck_assert(mr_input_small(input));
    mr_input_release(input);
}
END_TEST

START_TEST(a_failure_met_by_looking_early_fails_the_job)
{
    const char *names[] = {reader_path, reader_path};
    struct mr_engine *engine = line_counts_engine(2);
    reader_write_file(reader_path, FAKE_FAILED "x", 3);
    for (size_t count = 1; count <= 2; count++) {
        const struct mr_files files = {
            .struct_size = sizeof files, .names = names, .count = count, .decoder = &fake.decoder};
        struct mr_error error = {.status = MR_OK};
        struct tally got;
        struct mr_input *input = mr_input_files_with(&files);
        ck_assert_int_eq(mr_input_prepare(input, engine, NULL), MR_OK);
        ck_assert(!mr_input_small(input));
        ck_assert_int_eq(line_counts_run(input, 2, &got, &error), MR_INPUT);
        ck_assert_str_eq(error.text, "cannot be opened");
        tally_close(&got);
    }
    mr_engine_close(engine);
}
END_TEST

Suite *test_decoded_suite(void);

Suite *test_decoded_suite(void)
{
    Suite *suite = suite_create("decoded");
    TCase *cuts = tcase_create("cuts");
    tcase_add_checked_fixture(cuts, setup, teardown);
    tcase_add_test(cuts, a_text_is_cut_wherever_its_pieces_end);
    tcase_add_test(cuts, long_lines_of_a_text_are_condensed);
    tcase_add_test(cuts, long_items_span_pieces_whole);
    tcase_add_test(cuts, cuts_may_follow_from_all_that_stands_before);
    suite_add_tcase(suite, cuts);
    TCase *kinds = tcase_create("kinds");
    tcase_add_checked_fixture(kinds, setup, teardown);
    tcase_add_test(kinds, pipes_are_decoded_and_plain_ones_lose_their_mark);
    tcase_add_test(kinds, files_of_all_kinds_are_read_side_by_side);
    suite_add_tcase(suite, kinds);
    TCase *faults = tcase_create("faults");
    tcase_add_checked_fixture(faults, setup, teardown);
    tcase_add_test(faults, what_came_before_a_fault_is_counted);
    tcase_add_test(faults, of_a_file_cut_off_the_last_record_is_left_out);
    tcase_add_test(faults, a_decoder_may_fail_the_job);
    tcase_add_test(faults, a_decoder_that_makes_no_sense_is_refused);
    suite_add_tcase(suite, faults);
    TCase *work = tcase_create("work");
    tcase_add_checked_fixture(work, setup, teardown);
    tcase_add_test(work, a_text_that_grows_a_thousandfold_is_counted);
    tcase_add_test(work, many_long_items_at_once_neither_wait_for_ever_nor_fill_memory);
    tcase_add_test(work, pieces_of_one_file_are_decoded_at_the_same_time);
    tcase_add_test(work, several_files_are_decoded_at_the_same_time);
    tcase_add_test(work, a_job_is_cancelled_while_pieces_are_decoded);
    tcase_add_test(work, several_clients_decode_on_one_engine);
    tcase_add_test(work, what_decodings_hold_is_bounded);
    suite_add_tcase(suite, work);
    TCase *names = tcase_create("names");
    tcase_add_checked_fixture(names, setup, teardown);
    tcase_add_test(names, names_may_come_one_by_one);
    tcase_add_test(names, the_largest_file_is_read_first);
    tcase_add_test(names, a_few_plain_files_are_small_and_one_that_is_decoded_is_not);
    tcase_add_test(names, a_failure_met_by_looking_early_fails_the_job);
    suite_add_tcase(suite, names);
    return suite;
}
