/* SPDX-License-Identifier: MIT
 *
 * test_input - that the splits of regular files are together exactly their bytes, cut at borders
 * only, whoever loads them and however sizes lie; and what happens to FILEs that cannot be read.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/io.h"
#include "base/test_hooks.h"
#include "engine/core/buffer.h"
#include "engine/mapreduce.h"
#include "text/token_kind.h"
#include "unit/random.h"
#include "unit/reader.h"

START_TEST(a_file_is_cut_at_any_offset)
{
    static const size_t sizes[] = {0,  1,  2,  3,  4,  5,  7,   8,   13,
                                   19, 20, 21, 40, 41, 64, 100, 199, 200};
    const char *names[] = {reader_path};
    unsigned char data[200];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (uint32_t longest = 0; longest < 64; longest = longest * 2 + 3) {
            reader_fill_lines(data, sizes[i], longest, (uint32_t)sizes[i]);
            reader_write_file(reader_path, data, sizes[i]);
            for (size_t step = 1; step <= 20; step++) {
                bool pair = (step + sizes[i]) % 2 == 0;
                struct reader_options options = reader_options(names, 1);
                test_hooks.split_size = test_hooks.buffer_size = step;
                options.cuts.first = pair ? reader_pair_border : reader_line_border;
                options.cuts.last = pair ? reader_pair_border_last : reader_line_border_last;
                options.cuts.context_of = reader_context;
                struct mr_input *input = reader_open(&options);
                struct reader reader;
                reader_run(input, 1, &reader);
                reader.context = true;
                reader_check(&reader, options.cuts.first, 0, 0, data, sizes[i]);
                ck_assert_uint_eq(reader.length, sizes[i]);
                reader_free(&reader);
                mr_input_release(input);
            }
        }
    }
    ck_assert_uint_eq(reader_faults.count, 0);
}
END_TEST

/* Lines that are longer than a range are not held whole. */
START_TEST(long_lines_are_condensed)
{
    const char *names[] = {reader_path};
    size_t size = 3000, steps[] = {1, 7, 100, 1000};
    unsigned char data[3000];
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        for (uint32_t longest = 3; longest < 4000; longest *= 5) {
            for (unsigned workers = 1; workers <= 4; workers += 3) {
                reader_fill_lines(data, size, longest, longest + workers);
                reader_write_file(reader_path, data, size);
                struct reader_options options = reader_options(names, 1);
                test_hooks.split_size = steps[i];
                options.cuts.condense = reader_condense;
                options.cuts.condense_end = reader_condense_end;
                struct mr_input *input = reader_open(&options);
                struct reader reader;
                reader_run(input, workers, &reader);
                reader.condensed = true;
                reader_check(&reader, reader_line_border, 0, 0, data, size);
                reader_free(&reader);
                mr_input_release(input);
            }
        }
    }
}
END_TEST

START_TEST(long_tokens_span_ranges_whole)
{
    static const size_t steps[] = {61, 256, 257, 1000, 4096, 100000};
    static const uint32_t longest[] = {10, 300, 3000, 60000, 1000000};
    const char *names[] = {reader_path};
    size_t size = 200000;
    unsigned char *data = malloc(size);
    for (size_t i = 0; i < sizeof longest / sizeof *longest; i++) {
        reader_fill_lines(data, size, longest[i], 7);
        reader_write_file(reader_path, data, size);
        for (size_t j = 0; j < sizeof steps / sizeof *steps; j++) {
            struct reader_options options = reader_options(names, 1);
            test_hooks.split_size = steps[j];
            struct mr_input *input = reader_open(&options);
            struct reader reader;
            reader_run(input, 4, &reader);
            reader_check(&reader, reader_line_border, 0, 0, data, size);
            reader_free(&reader);
            mr_input_release(input);
        }
    }
    free(data);
}
END_TEST

/* The rules of kinds that look at characters, which need no tokenizer. */
static size_t words_rule(const void *text, const unsigned char *data, size_t size, size_t from)
{
    return token_kind_unicode.border(text, data, size, from);
}

static size_t characters_rule(const void *text, const unsigned char *data, size_t size, size_t from)
{
    return token_kind_chars.border(text, data, size, from);
}

static size_t letters_rule(const void *text, const unsigned char *data, size_t size, size_t from)
{
    return token_kind_letters.border(text, data, size, from);
}

/* Whether there is a cut may depend on all bytes of the characters beside it: neither the range
 * that ends there nor the one that begins may see less. */
START_TEST(ranges_of_characters)
{
    static const char *const characters[] = {
        "a",      "\u4E2D",     "\u30AB", "\u0301", "\u0436",       ".",
        "\u0E2A", "\U0001F600", "\xFF",   "\x80",   "\xF0\x9F\x98", " ",
    };
    static reader_first *const rules[] = {words_rule, characters_rule, letters_rule};
    const size_t count = sizeof characters / sizeof *characters;
    const char *names[] = {reader_path};
    unsigned char data[1200];
    for (unsigned round = 0; round < 60; round++) {
        size_t size = 0, few = 1 + below((unsigned)count), most = round % 4 == 0 ? 1190 : 60;
        while (size < most) {
            const char *character = characters[below(round % 2 == 0 ? 1 + below(few) : count)];
            memcpy(data + size, character, strlen(character));
            size += strlen(character);
        }
        reader_write_file(reader_path, data, size);
        for (size_t step = 1; step <= 20; step++) {
            struct reader_options options = reader_options(names, 1);
            test_hooks.split_size = step;
            options.cuts.first = rules[round % 3];
            struct mr_input *input = reader_open(&options);
            struct reader reader;
            reader_run(input, 1, &reader);
            reader_check(&reader, options.cuts.first, 0, 0, data, size);
            reader_free(&reader);
            mr_input_release(input);
        }
    }
}
END_TEST

START_TEST(a_file_gives_work_to_all)
{
    const char *names[] = {reader_path};
    size_t size = 3 << 20;
    unsigned char *data = malloc(size);
    reader_fill_lines(data, size, 80, 1);
    reader_write_file(reader_path, data, size);
    struct reader_options options = reader_options(names, 1);
    options.threads = 8;
    struct mr_input *input = reader_open(&options);
    struct reader reader;
    ck_assert(!mr_input_small(input));
    reader_run(input, 8, &reader);
    ck_assert_uint_eq(reader.job.size, size);
    ck_assert_uint_ge(reader_check(&reader, reader_line_border, 0, 0, data, size), 16);
    reader_free(&reader);
    mr_input_release(input);
    free(data);
}
END_TEST

START_TEST(a_file_that_grows_or_shrinks_is_read)
{
    const char *names[] = {reader_path};
    enum { COUNT = 10 };
    unsigned char data[2000];
    struct reader_options options = reader_options(names, 1);
    test_hooks.split_size = 100;
    reader_fill_lines(data, sizeof data, 30, 3);
    for (int grow = 0; grow <= 1; grow++) {
        struct mr_split splits[COUNT];
        struct mr_error error;
        struct budget budget;
        struct mr_buffer scratch;
        budget_open(&budget, UINT64_MAX);
        buffer_open(&scratch, &budget);
        reader_write_file(reader_path, data, 100 * COUNT);
        struct mr_input *input = reader_open(&options);
        const struct mr_reader job = *mr_input_reader(input);
        /* All ranges are made with the old size, then read with the new one. */
        for (size_t i = 0; i < COUNT; i++)
            ck_assert_int_eq(reader_next(&job, &splits[i], &error), 1);
        ck_assert_int_eq(reader_next(&job, &(struct mr_split){0}, &error), 0);
        size_t size = grow ? sizeof data : 455;
        reader_write_file(reader_path, data, size);
        size_t at = 0;
        for (size_t i = 0; i < COUNT; i++) {
            ck_assert_int_eq(job.load(job.context, &splits[i], &scratch, &error), 0);
            if (splits[i].size > 0) {
                ck_assert_uint_eq(splits[i].offset, at);
                ck_assert_int_eq(memcmp(splits[i].data, data + at, splits[i].size), 0);
                at += splits[i].size;
            }
            job.release(job.context, &splits[i]);
        }
        ck_assert_uint_eq(at, size);
        mr_input_release(input);
        buffer_close(&scratch);
    }
    ck_assert_uint_eq(reader_faults.count, 0);
}
END_TEST

START_TEST(a_file_that_grows_while_cut_is_read_whole)
{
    const char *names[] = {reader_path};
    unsigned char data[2000];
    struct reader_options options = reader_options(names, 1);
    struct mr_split split;
    struct mr_error error;
    test_hooks.split_size = 100;
    reader_fill_lines(data, sizeof data, 30, 3);
    reader_write_file(reader_path, data, 500);
    struct mr_input *input = reader_open(&options);
    const struct mr_reader job = *mr_input_reader(input);
    size_t count = 0;
    while (reader_next(&job, &split, &error) == 1) {
        ck_assert_uint_le(split.length, 100);
        job.release(job.context, &split);
        if (++count == 3)
            reader_write_file(reader_path, data, sizeof data);
    }
    ck_assert_uint_eq(count, 20);
    mr_input_release(input);
}
END_TEST

START_TEST(offsets_past_4_gib_are_exact)
{
    const char *names[] = {reader_path};
    uint64_t size = (UINT64_C(5) << 30) + 5;
    struct reader_options options = reader_options(names, 1);
    struct mr_split split;
    struct mr_error error;
    struct budget budget;
    struct mr_buffer scratch;
    budget_open(&budget, UINT64_MAX);
    buffer_open(&scratch, &budget);
    int fd = open(reader_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(io_pwrite_full(fd, "\nlast\n", 6, (off_t)size - 6), 0);
    close(fd);
    struct mr_input *input = reader_open(&options);
    const struct mr_reader job = *mr_input_reader(input);
    ck_assert_uint_eq(job.size, size);
    uint64_t sum = 0;
    while (reader_next(&job, &split, &error) == 1) {
        ck_assert_uint_eq(split.offset, sum);
        sum += split.length;
        if (sum >= size) {
            ck_assert_int_eq(job.load(job.context, &split, &scratch, &error), 0);
            ck_assert_uint_eq(split.offset, size - 5);
            ck_assert_uint_eq(split.size, 5);
            ck_assert_int_eq(memcmp(split.data, "last\n", 5), 0);
        }
        job.release(job.context, &split);
    }
    ck_assert_uint_eq(sum, size);
    mr_input_release(input);
    buffer_close(&scratch);
}
END_TEST

/* Files of no blocks can be as large as an off_t, and two of them as an uint64. */
START_TEST(sizes_that_sum_past_2_64_are_not_known)
{
    int fd = memfd_create("holes", MFD_CLOEXEC);
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, INT64_MAX), 0);
    reader_write_file(reader_path, (const unsigned char *)"ab\n", 3);
    const char *names[] = {name, reader_path, name};
    struct reader_options options = reader_options(names, 3);
    struct mr_input *input = reader_open(&options);
    ck_assert(!mr_input_small(input));
    const struct mr_reader job = *mr_input_reader(input);
    ck_assert_uint_eq(job.size, MR_UNKNOWN);
    mr_input_release(input);
    close(fd);
}
END_TEST

START_TEST(many_files_need_few_descriptors)
{
    enum { COUNT = 1000 };
    struct rlimit before, limit;
    char(*paths)[64] = calloc(COUNT, sizeof *paths);
    const char **names = calloc(COUNT, sizeof *names);
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%zu", reader_folder, i);
        names[i] = paths[i];
        unsigned char data[100];
        reader_fill_lines(data, i % 100, 5, (uint32_t)i);
        reader_write_file(paths[i], data, i % 100);
    }
    /* What the runner itself holds open is below this. */
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = 40;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (unsigned workers = 1; workers <= 4; workers *= 4) {
        struct reader_options options = reader_options(names, COUNT);
        test_hooks.split_size = test_hooks.buffer_size = 32;
        struct mr_input *input = reader_open(&options);
        struct reader reader;
        reader_run(input, workers, &reader);
        for (size_t i = 0; i < COUNT; i++) {
            unsigned char data[100];
            reader_fill_lines(data, i % 100, 5, (uint32_t)i);
            reader_check(&reader, reader_line_border, i, 0, data, i % 100);
        }
        reader_free(&reader);
        mr_input_release(input);
    }
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_uint_eq(reader_faults.count, 0);
    for (size_t i = 0; i < COUNT; i++)
        unlink(paths[i]);
    free(names);
    free(paths);
}
END_TEST

START_TEST(a_file_without_a_descriptor_is_a_fault)
{
    const char *names[] = {reader_path, reader_path};
    struct rlimit before, limit;
    reader_write_file(reader_path, "a\nb\n", 4);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct reader_options options = reader_options(names, 2);
    struct mr_input *input = reader_open(&options);
    limit = before;
    limit.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    struct reader reader;
    reader_run(input, 1, &reader);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_uint_eq(reader_faults.count, 2);
    ck_assert_int_eq(reader_faults.errnum, EMFILE);
    ck_assert_uint_eq(reader.count, 0);
    reader_free(&reader);
    mr_input_release(input);
}
END_TEST

START_TEST(a_fault_leaves_the_other_files)
{
    static const struct {
        const char *name;
        int errnum;
    } cases[] = {{"/nonexistent/file", ENOENT}, {"/", EISDIR}, {"/dev/null/x", ENOTDIR}};
    reader_write_file(reader_path, "a\nb\n", 4);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *names[] = {reader_path, cases[i].name, reader_path, reader_path};
        struct reader_options options = reader_options(names, 4);
        struct mr_input *input = reader_open(&options);
        ck_assert(mr_input_small(input));
        struct reader reader;
        reader_run(input, 2, &reader);
        reader_check(&reader, reader_line_border, 0, 0, (const unsigned char *)"a\nb\n", 4);
        reader_check(&reader, reader_line_border, 1, 0, NULL, 0);
        reader_check(&reader, reader_line_border, 2, 0, (const unsigned char *)"a\nb\n", 4);
        reader_check(&reader, reader_line_border, 3, 0, (const unsigned char *)"a\nb\n", 4);
        ck_assert_uint_eq(reader.job.size, 12);
        ck_assert_uint_eq(reader_faults.count, i + 1);
        ck_assert_int_eq(reader_faults.errnum, cases[i].errnum);
        ck_assert_str_eq(reader_faults.name, cases[i].name);
        ck_assert_str_eq(mr_input_file_name(input, 1), cases[i].name);
        reader_free(&reader);
        mr_input_release(input);
    }
}
END_TEST

START_TEST(a_fault_in_reading_leaves_the_other_files)
{
    /* Opens and examines well, but does not read: page 0 is mapped nowhere. */
    const char *names[] = {"/proc/self/mem", reader_path};
    reader_write_file(reader_path, "a\n", 2);
    struct reader_options options = reader_options(names, 2);
    struct mr_input *input = reader_open(&options);
    struct reader reader;
    reader_run(input, 1, &reader);
    reader_check(&reader, reader_line_border, 1, 0, (const unsigned char *)"a\n", 2);
    ck_assert_uint_eq(reader_faults.count, 1);
    ck_assert_int_eq(reader_faults.errnum, EIO);
    reader_free(&reader);
    mr_input_release(input);
}
END_TEST

START_TEST(a_file_of_proc_is_read_to_its_end)
{
    const char *names[] = {"/proc/version", "/proc/version"};
    unsigned char data[4096];
    int fd = open("/proc/version", O_RDONLY | O_CLOEXEC);
    ssize_t size = io_read_full(fd, data, sizeof data);
    close(fd);
    ck_assert_int_gt(size, 0);
    struct reader_options options = reader_options(names, 2);
    struct mr_input *input = reader_open(&options);
    struct reader reader;
    reader_run(input, 2, &reader);
    reader_check(&reader, reader_line_border, 0, 0, data, (size_t)size);
    reader_check(&reader, reader_line_border, 1, 0, data, (size_t)size);
    reader_free(&reader);
    mr_input_release(input);
}
END_TEST

Suite *test_input_suite(void);

Suite *test_input_suite(void)
{
    Suite *suite = suite_create("input");
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, reader_setup, reader_teardown);
    tcase_add_test(files, a_file_is_cut_at_any_offset);
    tcase_add_test(files, long_lines_are_condensed);
    tcase_add_test(files, long_tokens_span_ranges_whole);
    tcase_add_test(files, ranges_of_characters);
    tcase_add_test(files, a_file_gives_work_to_all);
    tcase_add_test(files, a_file_that_grows_or_shrinks_is_read);
    tcase_add_test(files, a_file_that_grows_while_cut_is_read_whole);
    tcase_add_test(files, offsets_past_4_gib_are_exact);
    tcase_add_test(files, sizes_that_sum_past_2_64_are_not_known);
    tcase_add_test(files, many_files_need_few_descriptors);
    tcase_add_test(files, a_file_without_a_descriptor_is_a_fault);
    tcase_add_test(files, a_fault_leaves_the_other_files);
    tcase_add_test(files, a_fault_in_reading_leaves_the_other_files);
    tcase_add_test(files, a_file_of_proc_is_read_to_its_end);
    suite_add_tcase(suite, files);
    return suite;
}
