/* SPDX-License-Identifier: MIT
 *
 * test_input - that splits together are exactly the bytes of the FILEs, cut at borders only,
 * whatever the FILEs are, whoever loads the splits, and however sizes lie.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/io.h"
#include "base/thread.h"
#include "engine/buffer.h"
#include "input/input.h"

/* ---- Border rules ------------------------------------------------------------------------------ */

/* Lines: looks at the byte before a cut. */
static size_t
line_border(const void *text, const unsigned char *data, size_t size, size_t from)
{
    (void)text;
    for (size_t p = from > 0 ? from : 1; p < size; p++)
        if (data[p - 1] == '\n')
            return p;
    return size;
}

static size_t
line_border_last(const void *text, const unsigned char *data, size_t size)
{
    (void)text;
    for (size_t p = size; p > 0; p--)
        if (data[p - 1] == '\n')
            return p;
    return 0;
}

/* Before a newline that ends something: looks at both sides. */
static size_t
pair_border(const void *text, const unsigned char *data, size_t size, size_t from)
{
    (void)text;
    for (size_t p = from > 0 ? from : 1; p < size; p++)
        if (data[p - 1] != '\n' && data[p] == '\n')
            return p;
    return size;
}

static size_t
pair_border_last(const void *text, const unsigned char *data, size_t size)
{
    (void)text;
    for (size_t p = size; p-- > 1;)
        if (data[p - 1] != '\n' && data[p] == '\n')
            return p;
    return 0;
}

/* ---- A stand-in for the engine ----------------------------------------------------------------- */

struct piece {
    uint64_t number, offset;
    size_t size;
    unsigned char *data;
};

struct reader {
    struct mr_input job;
    struct thread_mutex next_lock; /* next is called by one worker at a time */
    struct thread_mutex lock;      /* of all below */
    struct piece *pieces;
    size_t count, room;
    uint64_t length;
    int failed;
};

static void
keep_piece(struct reader *reader, const struct mr_split *split)
{
    thread_lock(&reader->lock);
    if (reader->count == reader->room) {
        reader->room = reader->room * 2 + 16;
        reader->pieces = realloc(reader->pieces, reader->room * sizeof *reader->pieces);
    }
    struct piece *piece = &reader->pieces[reader->count++];
    *piece = (struct piece){split->number, split->offset, split->size, malloc(split->size + 1)};
    memcpy(piece->data, split->data, split->size);
    /* The padding must be readable. */
    piece->data[split->size] = split->data[split->size + MR_PAD - 1];
    thread_unlock(&reader->lock);
}

static void
work(void *argument)
{
    struct reader *reader = argument;
    struct budget budget;
    struct mr_buffer scratch;
    budget_open(&budget, UINT64_MAX);
    buffer_open(&scratch, &budget);
    for (;;) {
        struct mr_split split;
        struct mr_error error;
        thread_lock(&reader->next_lock);
        int rc = reader->job.next(reader->job.context, &split, &error);
        thread_unlock(&reader->next_lock);
        if (rc == 1) {
            uint64_t length = split.length;
            if (reader->job.load(reader->job.context, &split, &scratch, &error) != 0)
                rc = -1;
            else if (split.size > 0)
                keep_piece(reader, &split);
            thread_lock(&reader->lock);
            reader->length += length;
            thread_unlock(&reader->lock);
            reader->job.release(reader->job.context, &split);
        }
        if (rc < 0) {
            thread_lock(&reader->lock);
            reader->failed = 1;
            thread_unlock(&reader->lock);
        }
        if (rc <= 0)
            break;
    }
    buffer_close(&scratch);
}

static int
compare_pieces(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Reads the whole input with that many workers; pieces come back in order. */
static void
read_all(struct input *input, unsigned workers, struct reader *reader)
{
    struct thread threads[8];
    memset(reader, 0, sizeof *reader);
    input_job(input, &reader->job);
    ck_assert_int_eq(thread_mutex_open(&reader->next_lock), 0);
    ck_assert_int_eq(thread_mutex_open(&reader->lock), 0);
    if (workers == 1) {
        work(reader);
    } else {
        for (unsigned i = 0; i < workers; i++)
            ck_assert_int_eq(thread_start(&threads[i], "worker", work, reader), 0);
        for (unsigned i = 0; i < workers; i++)
            thread_join(&threads[i]);
    }
    ck_assert_int_eq(reader->failed, 0);
    thread_mutex_close(&reader->lock);
    thread_mutex_close(&reader->next_lock);
    if (reader->count > 0)
        qsort(reader->pieces, reader->count, sizeof *reader->pieces, compare_pieces);
}

static void
free_pieces(struct reader *reader)
{
    for (size_t i = 0; i < reader->count; i++)
        free(reader->pieces[i].data);
    free(reader->pieces);
}

/* Checks that the pieces with that number are the `size` bytes that follow `base` in their FILE, cut
 * by the rule only; returns how many pieces there were. */
static size_t
check_pieces(const struct reader *reader, input_border *border, uint64_t number, uint64_t base,
             const unsigned char *data, size_t size)
{
    uint64_t at = 0;
    size_t pieces = 0;
    for (size_t i = 0; i < reader->count; i++) {
        const struct piece *piece = &reader->pieces[i];
        if (piece->number != number)
            continue;
        pieces++;
        ck_assert_uint_eq(piece->offset, base + at);
        ck_assert_uint_le(at + piece->size, size);
        ck_assert_int_eq(memcmp(piece->data, data + at, piece->size), 0);
        if (at > 0)
            ck_assert_uint_eq(border(NULL, data, size, at), at);
        at += piece->size;
    }
    ck_assert_uint_eq(at, size);
    return pieces;
}

struct faults {
    struct thread_mutex lock;
    unsigned count;
    int errnum;
    char name[256];
};

static void
note_fault(void *context, const char *name, int errnum)
{
    struct faults *faults = context;
    thread_lock(&faults->lock);
    faults->count++;
    faults->errnum = errnum;
    snprintf(faults->name, sizeof faults->name, "%s", name);
    thread_unlock(&faults->lock);
}

static struct faults faults;

static struct input_options
make_options(const char *const *names, size_t count)
{
    return (struct input_options){
        .names = names,
        .count = count,
        .threads = 2,
        .memory = 64 << 20,
        .border = line_border,
        .border_last = line_border_last,
        .fault = note_fault,
        .fault_context = &faults,
    };
}

static struct input *
make_input(const struct input_options *options)
{
    struct input *input;
    struct mr_error error = {0};
    ck_assert_int_eq(input_open(options, &input, &error), 0);
    return input;
}

/* ---- Files ------------------------------------------------------------------------------------- */

static char folder[] = "/tmp/test_input.XXXXXX";
static char path[256]; /* of the test's file */

static void
setup(void)
{
    memset(&faults, 0, sizeof faults);
    ck_assert_int_eq(thread_mutex_open(&faults.lock), 0);
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
}

static void
teardown(void)
{
    unlink(path);
    rmdir(folder);
    thread_mutex_close(&faults.lock);
}

static void
write_file(const char *name, const void *data, size_t size)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(io_write_full(fd, data, size), 0);
    close(fd);
}

/* A small generator of its own: the same bytes everywhere. */
static uint32_t
draw(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Lines of up to `longest` bytes. */
static void
fill_lines(unsigned char *data, size_t size, uint32_t longest, uint32_t seed)
{
    size_t left = 0;
    for (size_t i = 0; i < size; i++) {
        data[i] = left > 0 ? (unsigned char)('a' + i % 26) : '\n';
        left = left > 0 ? left - 1 : draw(&seed) % (longest + 1);
    }
}

START_TEST(ranges_at_every_offset)
{
    static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 13, 19, 20, 21, 40, 41, 64, 100, 199, 200};
    const char *names[] = {path};
    unsigned char data[200];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (uint32_t longest = 0; longest < 64; longest = longest * 2 + 3) {
            fill_lines(data, sizes[i], longest, (uint32_t)sizes[i]);
            write_file(path, data, sizes[i]);
            for (size_t step = 1; step <= 20; step++) {
                bool pair = (step + sizes[i]) % 2 == 0;
                struct input_options options = make_options(names, 1);
                options.split_size = options.buffer_size = step;
                options.border = pair ? pair_border : line_border;
                options.border_last = pair ? pair_border_last : line_border_last;
                struct input *input = make_input(&options);
                struct reader reader;
                read_all(input, 1, &reader);
                check_pieces(&reader, options.border, 0, 0, data, sizes[i]);
                ck_assert_uint_eq(reader.length, sizes[i]);
                free_pieces(&reader);
                input_close(input);
            }
        }
    }
    ck_assert_uint_eq(faults.count, 0);
}
END_TEST

START_TEST(ranges_with_long_tokens)
{
    static const size_t steps[] = {61, 256, 257, 1000, 4096, 100000};
    static const uint32_t longest[] = {10, 300, 3000, 60000, 1000000};
    const char *names[] = {path};
    size_t size = 200000;
    unsigned char *data = malloc(size);
    for (size_t i = 0; i < sizeof longest / sizeof *longest; i++) {
        fill_lines(data, size, longest[i], 7);
        write_file(path, data, size);
        for (size_t j = 0; j < sizeof steps / sizeof *steps; j++) {
            struct input_options options = make_options(names, 1);
            options.split_size = steps[j];
            struct input *input = make_input(&options);
            struct reader reader;
            read_all(input, 4, &reader);
            check_pieces(&reader, line_border, 0, 0, data, size);
            free_pieces(&reader);
            input_close(input);
        }
    }
    free(data);
}
END_TEST

START_TEST(file_gives_work_to_all)
{
    const char *names[] = {path};
    size_t size = 3 << 20;
    unsigned char *data = malloc(size);
    fill_lines(data, size, 80, 1);
    write_file(path, data, size);
    struct input_options options = make_options(names, 1);
    options.threads = 8;
    struct input *input = make_input(&options);
    struct reader reader;
    ck_assert(!input_small(input));
    read_all(input, 8, &reader);
    ck_assert_uint_eq(reader.job.size, size);
    ck_assert_uint_ge(check_pieces(&reader, line_border, 0, 0, data, size), 16);
    free_pieces(&reader);
    input_close(input);
    free(data);
}
END_TEST

START_TEST(file_grows_and_shrinks)
{
    const char *names[] = {path};
    enum { COUNT = 10 };
    unsigned char data[2000];
    struct input_options options = make_options(names, 1);
    options.split_size = 100;
    fill_lines(data, sizeof data, 30, 3);
    for (int grow = 0; grow <= 1; grow++) {
        struct mr_input job;
        struct mr_split splits[COUNT];
        struct mr_error error;
        struct budget budget;
        struct mr_buffer scratch;
        budget_open(&budget, UINT64_MAX);
        buffer_open(&scratch, &budget);
        write_file(path, data, 100 * COUNT);
        struct input *input = make_input(&options);
        input_job(input, &job);
        /* All ranges are made with the old size, then read with the new one. */
        for (size_t i = 0; i < COUNT; i++)
            ck_assert_int_eq(job.next(job.context, &splits[i], &error), 1);
        ck_assert_int_eq(job.next(job.context, &(struct mr_split){0}, &error), 0);
        size_t size = grow ? sizeof data : 455;
        write_file(path, data, size);
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
        input_close(input);
        buffer_close(&scratch);
    }
    ck_assert_uint_eq(faults.count, 0);
}
END_TEST

START_TEST(file_grows_while_cut)
{
    const char *names[] = {path};
    unsigned char data[2000];
    struct input_options options = make_options(names, 1);
    struct mr_input job;
    struct mr_split split;
    struct mr_error error;
    options.split_size = 100;
    fill_lines(data, sizeof data, 30, 3);
    write_file(path, data, 500);
    struct input *input = make_input(&options);
    input_job(input, &job);
    size_t count = 0;
    while (job.next(job.context, &split, &error) == 1) {
        ck_assert_uint_le(split.length, 100);
        job.release(job.context, &split);
        if (++count == 3)
            write_file(path, data, sizeof data);
    }
    ck_assert_uint_eq(count, 20);
    input_close(input);
}
END_TEST

START_TEST(offsets_past_4_gib)
{
    const char *names[] = {path};
    uint64_t size = (UINT64_C(5) << 30) + 5;
    struct input_options options = make_options(names, 1);
    struct mr_input job;
    struct mr_split split;
    struct mr_error error;
    struct budget budget;
    struct mr_buffer scratch;
    budget_open(&budget, UINT64_MAX);
    buffer_open(&scratch, &budget);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(io_pwrite_full(fd, "\nlast\n", 6, (off_t)size - 6), 0);
    close(fd);
    struct input *input = make_input(&options);
    input_job(input, &job);
    ck_assert_uint_eq(job.size, size);
    uint64_t sum = 0;
    while (job.next(job.context, &split, &error) == 1) {
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
    input_close(input);
    buffer_close(&scratch);
}
END_TEST

START_TEST(many_files_few_descriptors)
{
    enum { COUNT = 1000 };
    struct rlimit before, limit;
    char (*paths)[64] = calloc(COUNT, sizeof *paths);
    const char **names = calloc(COUNT, sizeof *names);
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/%zu", folder, i);
        names[i] = paths[i];
        unsigned char data[100];
        fill_lines(data, i % 100, 5, (uint32_t)i);
        write_file(paths[i], data, i % 100);
    }
    /* What the runner itself holds open is below this. */
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = 40;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (unsigned workers = 1; workers <= 4; workers *= 4) {
        struct input_options options = make_options(names, COUNT);
        options.split_size = options.buffer_size = 32;
        struct input *input = make_input(&options);
        struct reader reader;
        read_all(input, workers, &reader);
        for (size_t i = 0; i < COUNT; i++) {
            unsigned char data[100];
            fill_lines(data, i % 100, 5, (uint32_t)i);
            check_pieces(&reader, line_border, i, 0, data, i % 100);
        }
        free_pieces(&reader);
        input_close(input);
    }
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_uint_eq(faults.count, 0);
    for (size_t i = 0; i < COUNT; i++)
        unlink(paths[i]);
    free(names);
    free(paths);
}
END_TEST

START_TEST(no_descriptors_left)
{
    const char *names[] = {path, path};
    struct rlimit before, limit;
    write_file(path, "a\nb\n", 4);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct input_options options = make_options(names, 2);
    struct input *input = make_input(&options);
    limit = before;
    limit.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    struct reader reader;
    read_all(input, 1, &reader);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_uint_eq(faults.count, 2);
    ck_assert_int_eq(faults.errnum, EMFILE);
    ck_assert_uint_eq(reader.count, 0);
    free_pieces(&reader);
    input_close(input);
}
END_TEST

START_TEST(faults_and_the_rest)
{
    static const struct {
        const char *name;
        int errnum;
    } cases[] = {{"/nonexistent/file", ENOENT}, {"/", EISDIR}, {"/dev/null/x", ENOTDIR}};
    write_file(path, "a\nb\n", 4);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *names[] = {path, cases[i].name, path, path};
        struct input_options options = make_options(names, 4);
        struct input *input = make_input(&options);
        ck_assert(input_small(input));
        struct reader reader;
        read_all(input, 2, &reader);
        check_pieces(&reader, line_border, 0, 0, (const unsigned char *)"a\nb\n", 4);
        check_pieces(&reader, line_border, 1, 0, NULL, 0);
        check_pieces(&reader, line_border, 2, 0, (const unsigned char *)"a\nb\n", 4);
        check_pieces(&reader, line_border, 3, 0, (const unsigned char *)"a\nb\n", 4);
        ck_assert_uint_eq(reader.job.size, 12);
        ck_assert_uint_eq(faults.count, i + 1);
        ck_assert_int_eq(faults.errnum, cases[i].errnum);
        ck_assert_str_eq(faults.name, cases[i].name);
        ck_assert_str_eq(input_name(input, 1), cases[i].name);
        free_pieces(&reader);
        input_close(input);
    }
}
END_TEST

START_TEST(fault_in_the_middle)
{
    /* Opens and examines well, but does not read: page 0 is mapped nowhere. */
    const char *names[] = {"/proc/self/mem", path};
    write_file(path, "a\n", 2);
    struct input_options options = make_options(names, 2);
    struct input *input = make_input(&options);
    struct reader reader;
    read_all(input, 1, &reader);
    check_pieces(&reader, line_border, 1, 0, (const unsigned char *)"a\n", 2);
    ck_assert_uint_eq(faults.count, 1);
    ck_assert_int_eq(faults.errnum, EIO);
    free_pieces(&reader);
    input_close(input);
}
END_TEST

START_TEST(proc_file)
{
    const char *names[] = {"/proc/version", "/proc/version"};
    unsigned char data[4096];
    int fd = open("/proc/version", O_RDONLY | O_CLOEXEC);
    ssize_t size = io_read_full(fd, data, sizeof data);
    close(fd);
    ck_assert_int_gt(size, 0);
    struct input_options options = make_options(names, 2);
    struct input *input = make_input(&options);
    struct reader reader;
    read_all(input, 2, &reader);
    check_pieces(&reader, line_border, 0, 0, data, (size_t)size);
    check_pieces(&reader, line_border, 1, 0, data, (size_t)size);
    free_pieces(&reader);
    input_close(input);
}
END_TEST

/* ---- Streams ----------------------------------------------------------------------------------- */

struct writer {
    struct thread thread;
    int fd;           /* closed at the end; or -1 */
    const char *name; /* a FIFO to open, where fd is -1 */
    const unsigned char *data;
    size_t size, step;
};

static void
write_slowly(void *argument)
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
static int
replace_stdin(int fd)
{
    int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
    ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    close(fd);
    return saved;
}

static void
restore_stdin(int saved)
{
    if (saved >= 0) {
        dup2(saved, STDIN_FILENO);
        close(saved);
    } else {
        close(STDIN_FILENO);
    }
}

/* Pipes the data, written in pieces of `step`, and checks what comes; returns how many pieces. */
static size_t
check_pipe(const struct input_options *options, const unsigned char *data, size_t size, size_t step,
           unsigned workers)
{
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    int saved = replace_stdin(ends[0]);
    struct writer writer = {.fd = ends[1], .data = data, .size = size, .step = step};
    ck_assert_int_eq(thread_start(&writer.thread, "writer", write_slowly, &writer), 0);
    struct input *input = make_input(options);
    if (workers > 2)
        (void)input_small(input); /* whatever it says, nothing may be lost */
    struct reader reader;
    read_all(input, workers, &reader);
    thread_join(&writer.thread);
    size_t pieces = check_pieces(&reader, options->border, 0, 0, data, size);
    ck_assert_uint_eq(reader.length, size);
    ck_assert_str_eq(input_name(input, 0), "-");
    free_pieces(&reader);
    input_close(input);
    restore_stdin(saved);
    return pieces;
}

START_TEST(pipe_at_every_offset)
{
    static const size_t sizes[] = {0, 1, 2, 7, 20, 21, 64, 200};
    unsigned char data[200];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (uint32_t longest = 0; longest < 64; longest = longest * 2 + 3) {
            fill_lines(data, sizes[i], longest, (uint32_t)sizes[i]);
            for (size_t block = 1; block <= 20; block++) {
                struct input_options options = make_options(NULL, 0);
                options.buffer_size = block;
                bool pair = (block + sizes[i]) % 2 == 0;
                options.border = pair ? pair_border : line_border;
                options.border_last = pair ? pair_border_last : line_border_last;
                check_pipe(&options, data, sizes[i], block % 7 + 1, 1);
            }
        }
    }
}
END_TEST

START_TEST(pipe_with_long_tokens)
{
    static const uint32_t longest[] = {10, 3000, 60000, 10000000};
    size_t size = 3000001;
    unsigned char *data = malloc(size);
    for (size_t i = 0; i < sizeof longest / sizeof *longest; i++) {
        fill_lines(data, size, longest[i], 11);
        struct input_options options = make_options(NULL, 0);
        check_pipe(&options, data, size, 7001, 4);
        options.buffer_size = 5000;
        options.memory = 0;
        check_pipe(&options, data, size, 100000, 4);
        check_pipe(&options, data, size, 7001, 1);
    }
    free(data);
}
END_TEST

START_TEST(fifo)
{
    const char *names[] = {path, path};
    unsigned char data[1000];
    fill_lines(data, sizeof data, 30, 5);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    struct writer writer = {.fd = -1, .name = path, .data = data, .size = sizeof data, .step = 33};
    struct input_options options = make_options(names, 1);
    struct input *input = make_input(&options);
    ck_assert(!input_small(input)); /* nobody writes yet */
    ck_assert_int_eq(thread_start(&writer.thread, "writer", write_slowly, &writer), 0);
    struct reader reader;
    read_all(input, 1, &reader);
    thread_join(&writer.thread);
    check_pieces(&reader, line_border, 0, 0, data, sizeof data);
    ck_assert_uint_eq(reader.job.size, MR_UNKNOWN);
    free_pieces(&reader);
    input_close(input);
}
END_TEST

/* A reader thread that runs ahead as far as it may. */
struct ahead {
    struct mr_input job;
    _Atomic uint64_t out; /* bytes of splits that are out */
    uint64_t most_out;
    struct thread_mutex lock;
    struct thread_cond changed;
    struct mr_split splits[64];
    size_t first, count;
    bool ended;
};

static void
run_ahead(void *argument)
{
    struct ahead *ahead = argument;
    struct mr_split split;
    struct mr_error error;
    while (ahead->job.next(ahead->job.context, &split, &error) == 1) {
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

START_TEST(slow_mapper_slows_reader)
{
    enum { BLOCK = 4096, THREADS = 2 };
    size_t size = 4 << 20;
    unsigned char *data = malloc(size);
    int ends[2];
    struct ahead ahead = {.count = 0};
    struct thread thread;
    fill_lines(data, size, 60, 5);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    int saved = replace_stdin(ends[0]);
    struct writer writer = {.fd = ends[1], .data = data, .size = size, .step = 50000};
    ck_assert_int_eq(thread_start(&writer.thread, "writer", write_slowly, &writer), 0);
    struct input_options options = make_options(NULL, 0);
    options.buffer_size = BLOCK;
    struct input *input = make_input(&options);
    input_job(input, &ahead.job);
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
    ck_assert_uint_le(ahead.most_out, (2 * THREADS + 2) * BLOCK);
    input_close(input);
    restore_stdin(saved);
    thread_cond_close(&ahead.changed);
    thread_mutex_close(&ahead.lock);
    free(data);
}
END_TEST

static void
interrupt(void *argument)
{
    input_interrupt(argument);
}

START_TEST(interrupt_ends_waiting)
{
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    int saved = replace_stdin(ends[0]);
    ck_assert_int_eq(io_write_full(ends[1], "part", 4), 0);
    struct input_options options = make_options(NULL, 0);
    struct input *input = make_input(&options);
    struct mr_input job;
    struct mr_split split;
    struct mr_error error;
    struct thread thread;
    input_job(input, &job);
    ck_assert_int_eq(thread_start(&thread, "stopper", interrupt, input), 0);
    ck_assert_int_eq(job.next(job.context, &split, &error), 0);
    thread_join(&thread);
    input_close(input);
    close(ends[1]);
    restore_stdin(saved);
}
END_TEST

START_TEST(nonblocking_pipe)
{
    int ends[2];
    unsigned char data[50000];
    fill_lines(data, sizeof data, 30, 5);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    int saved = replace_stdin(ends[0]);
    struct writer writer = {.fd = ends[1], .data = data, .size = sizeof data, .step = 1000};
    struct input_options options = make_options(NULL, 0);
    struct input *input = make_input(&options);
    ck_assert_int_eq(thread_start(&writer.thread, "writer", write_slowly, &writer), 0);
    struct reader reader;
    read_all(input, 2, &reader);
    thread_join(&writer.thread);
    check_pieces(&reader, line_border, 0, 0, data, sizeof data);
    free_pieces(&reader);
    input_close(input);
    restore_stdin(saved);
}
END_TEST

/* ---- Standard input and small inputs ----------------------------------------------------------- */

START_TEST(stdin_from_where_it_stands)
{
    const char *names[] = {"-", path, "-"};
    unsigned char data[1000];
    fill_lines(data, sizeof data, 30, 5);
    write_file(path, data, sizeof data);
    for (off_t start = 0; start <= 1001; start += 143) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ck_assert_int_eq(lseek(fd, start, SEEK_SET), start);
        int saved = replace_stdin(fd);
        struct input_options options = make_options(names, 3);
        options.split_size = 100;
        struct input *input = make_input(&options);
        struct reader reader;
        read_all(input, 2, &reader);
        size_t left = start < 1000 ? (size_t)(1000 - start) : 0;
        check_pieces(&reader, line_border, 0, (uint64_t)start, data + 1000 - left, left);
        check_pieces(&reader, line_border, 1, 0, data, sizeof data);
        check_pieces(&reader, line_border, 2, 0, NULL, 0);
        ck_assert_uint_eq(reader.job.size, 1000 + left);
        free_pieces(&reader);
        input_close(input);
        ck_assert_int_eq(lseek(STDIN_FILENO, 0, SEEK_CUR), start > 1000 ? start : 1000);
        restore_stdin(saved);
    }
}
END_TEST

START_TEST(stdin_closed)
{
    int saved = replace_stdin(open("/dev/null", O_RDONLY | O_CLOEXEC));
    close(STDIN_FILENO);
    struct input_options options = make_options(NULL, 0);
    struct input *input = make_input(&options);
    struct reader reader;
    read_all(input, 1, &reader);
    ck_assert_uint_eq(faults.count, 1);
    ck_assert_int_eq(faults.errnum, EBADF);
    ck_assert_str_eq(faults.name, "-");
    free_pieces(&reader);
    input_close(input);
    restore_stdin(saved);
}
END_TEST

START_TEST(what_is_small)
{
    const char *names[] = {path, path};
    static unsigned char data[70000];
    static const struct {
        size_t size;
        size_t names;
        bool small;
    } cases[] = {{0, 1, true},      {1, 1, true},      {65536, 1, true}, {65537, 1, false},
                 {70000, 1, false}, {32768, 2, true}, {32769, 2, false}};
    fill_lines(data, sizeof data, 50, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file(path, data, cases[i].size);
        struct input_options options = make_options(names, cases[i].names);
        struct input *input = make_input(&options);
        struct reader reader;
        ck_assert_int_eq(input_small(input), cases[i].small);
        read_all(input, 1, &reader);
        check_pieces(&reader, line_border, 0, 0, data, cases[i].size);
        free_pieces(&reader);
        input_close(input);
    }
    const char *device[] = {"/dev/null"};
    struct input_options options = make_options(device, 1);
    struct input *input = make_input(&options);
    ck_assert(input_small(input));
    input_close(input);
}
END_TEST

START_TEST(small_pipes)
{
    static unsigned char data[70000];
    static const size_t sizes[] = {0, 1, 1000, 60000};
    fill_lines(data, sizeof data, 50, 1);
    /* 0: a pipe that ends; 1: one that stays open; both hold their data before they are looked at. */
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (int stays = 0; stays <= 1; stays++) {
            int ends[2];
            ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
            int saved = replace_stdin(ends[0]);
            ck_assert_int_eq(io_write_full(ends[1], data, sizes[i]), 0);
            if (!stays)
                close(ends[1]);
            struct input_options options = make_options(NULL, 0);
            struct input *input = make_input(&options);
            ck_assert_int_eq(input_small(input), !stays);
            size_t size = sizes[i];
            if (stays) {
                ck_assert_int_eq(io_write_full(ends[1], data + size, 1000), 0);
                close(ends[1]);
                size += 1000;
            }
            struct reader reader;
            read_all(input, 1, &reader);
            check_pieces(&reader, line_border, 0, 0, data, size);
            free_pieces(&reader);
            input_close(input);
            restore_stdin(saved);
        }
    }
}
END_TEST

Suite *test_input_suite(void);

Suite *
test_input_suite(void)
{
    Suite *suite = suite_create("input");
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, setup, teardown);
    tcase_add_test(files, ranges_at_every_offset);
    tcase_add_test(files, ranges_with_long_tokens);
    tcase_add_test(files, file_gives_work_to_all);
    tcase_add_test(files, file_grows_and_shrinks);
    tcase_add_test(files, file_grows_while_cut);
    tcase_add_test(files, offsets_past_4_gib);
    tcase_add_test(files, many_files_few_descriptors);
    tcase_add_test(files, no_descriptors_left);
    tcase_add_test(files, faults_and_the_rest);
    tcase_add_test(files, fault_in_the_middle);
    tcase_add_test(files, proc_file);
    suite_add_tcase(suite, files);
    TCase *streams = tcase_create("streams");
    tcase_add_checked_fixture(streams, setup, teardown);
    tcase_add_test(streams, pipe_at_every_offset);
    tcase_add_test(streams, pipe_with_long_tokens);
    tcase_add_test(streams, fifo);
    tcase_add_test(streams, slow_mapper_slows_reader);
    tcase_add_test(streams, interrupt_ends_waiting);
    tcase_add_test(streams, nonblocking_pipe);
    suite_add_tcase(suite, streams);
    TCase *standard = tcase_create("standard");
    tcase_add_checked_fixture(standard, setup, teardown);
    tcase_add_test(standard, stdin_from_where_it_stands);
    tcase_add_test(standard, stdin_closed);
    tcase_add_test(standard, what_is_small);
    tcase_add_test(standard, small_pipes);
    suite_add_tcase(suite, standard);
    return suite;
}
