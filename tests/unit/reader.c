/* SPDX-License-Identifier: MIT
 *
 * reader - stands in for the engine in the tests of the input (see reader.h).
 */
#include "unit/reader.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/io.h"
#include "base/test_hooks.h"
#include "engine/core/buffer.h"
#include "engine/input/input.h"

/* ---- Border rules ---------------------------------------------------------------------------- */

size_t reader_line_border(const void *text, const unsigned char *data, size_t size, size_t from)
{
    (void)text;
    for (size_t p = from > 0 ? from : 1; p < size; p++)
        if (data[p - 1] == '\n')
            return p;
    return size;
}

size_t reader_line_border_last(const void *text, const unsigned char *data, size_t size)
{
    (void)text;
    for (size_t p = size; p > 0; p--)
        if (data[p - 1] == '\n')
            return p;
    return 0;
}

size_t reader_pair_border(const void *text, const unsigned char *data, size_t size, size_t from)
{
    (void)text;
    for (size_t p = from > 0 ? from : 1; p < size; p++)
        if (data[p - 1] != '\n' && data[p] == '\n')
            return p;
    return size;
}

size_t reader_pair_border_last(const void *text, const unsigned char *data, size_t size)
{
    (void)text;
    for (size_t p = size; p-- > 1;)
        if (data[p - 1] != '\n' && data[p] == '\n')
            return p;
    return 0;
}

/* ---- Context --------------------------------------------------------------------------------- */

int reader_context(const void *text, struct mr_lookback *lookback, unsigned char **context,
                   size_t *size, struct mr_error *error)
{
    unsigned char *bytes = malloc(READER_CONTEXT);
    const unsigned char *data;
    size_t used = 0;
    (void)text;
    (void)error;
    ck_assert_ptr_nonnull(bytes);
    /* From behind, 1 byte, then 2, 3 and 4. */
    for (size_t step = 1; used < READER_CONTEXT; step++) {
        long got = lookback->read(lookback, used, step, &data);
        ck_assert_int_ge(got, 0);
        used += (size_t)got;
        memcpy(bytes + READER_CONTEXT - used, data, (size_t)got);
        if ((size_t)got < step) {
            size_t left = READER_CONTEXT - used;
            if (left > lookback->older_size)
                left = lookback->older_size;
            used += left;
            if (left > 0)
                memcpy(bytes + READER_CONTEXT - used, lookback->older + lookback->older_size - left,
                       left);
            break;
        }
    }
    memmove(bytes, bytes + READER_CONTEXT - used, used);
    *context = bytes;
    *size = used;
    return 0;
}

size_t reader_condense(const void *text, struct mr_condense *state, unsigned char *data,
                       size_t size, size_t *kept)
{
    const unsigned char *end = size > 0 ? memchr(data, '\n', size) : NULL;
    (void)text;
    *kept = end ? (size_t)(end - data) : size;
    state->words[0] += *kept;
    return end ? *kept + 1 : 0;
}

size_t reader_condense_end(const void *text, const struct mr_condense *state, unsigned char *room)
{
    (void)text;
    room[0] = (unsigned char)(state->words[0] % 251);
    return 1;
}

/* ---- A stand-in for the engine --------------------------------------------------------------- */

int reader_next(const struct mr_reader *job, struct mr_split *split, struct mr_error *error)
{
    *split = (struct mr_split){0};
    return job->next(job->context, split, error) != 0 ? -1 : split->end ? 0 : 1;
}

static void keep_piece(struct reader *reader, const struct mr_split *split)
{
    thread_lock(&reader->lock);
    if (reader->count == reader->room) {
        reader->room = reader->room * 2 + 16;
        reader->pieces = realloc(reader->pieces, reader->room * sizeof *reader->pieces);
    }
    struct piece *piece = &reader->pieces[reader->count++];
    *piece =
        (struct piece){split->number, split->offset, split->size, malloc(split->size + 1), NULL, 0};
    memcpy(piece->data, split->data, split->size);
    piece->context_size = split->context_size;
    if (split->context) {
        piece->context = malloc(split->context_size + 1);
        memcpy(piece->context, split->context, split->context_size);
    }
    /* The padding must be readable. */
    piece->data[split->size] = split->data[split->size + MR_PAD - 1];
    thread_unlock(&reader->lock);
}

static void work(void *argument)
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
        int rc = reader_next(&reader->job, &split, &error);
        thread_unlock(&reader->next_lock);
        if (rc == 1) {
            uint64_t length = split.length;
            if (reader->job.load(reader->job.context, &split, &scratch, &error) != 0)
                rc = -1;
            else if (split.size > 0 || split.context)
                keep_piece(reader, &split);
            if (split.grown != 0 || length == 0)
                length = split.length;
            thread_lock(&reader->lock);
            reader->length += length;
            reader->grown += split.grown;
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

static int compare_pieces(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

void reader_run(struct mr_input *input, unsigned workers, struct reader *reader)
{
    struct thread threads[8];
    memset(reader, 0, sizeof *reader);
    reader->job = *mr_input_reader(input);
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

void reader_free(struct reader *reader)
{
    for (size_t i = 0; i < reader->count; i++) {
        free(reader->pieces[i].data);
        free(reader->pieces[i].context);
    }
    free(reader->pieces);
}

size_t reader_check(const struct reader *reader, reader_first *first, uint64_t number,
                    uint64_t base, const unsigned char *data, size_t size)
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
            ck_assert_uint_eq(first(NULL, data, size, at), at);
        if (reader->context) {
            size_t before = at < READER_CONTEXT ? (size_t)at : READER_CONTEXT;
            ck_assert_uint_eq(piece->context_size, before);
            if (before > 0)
                ck_assert_int_eq(memcmp(piece->context, data + at - before, before), 0);
        }
        at += piece->size;
        if (reader->condensed && piece->context) {
            size_t length = piece->context_size - 1;
            ck_assert_uint_le(at + length, size);
            ck_assert_int_eq(memcmp(piece->context, data + at, length), 0);
            ck_assert_uint_eq(piece->context[length], length % 251);
            at += length;
            if (at < size)
                ck_assert_int_eq(data[at++], '\n');
        }
    }
    ck_assert_uint_eq(at, size);
    return pieces;
}

void reader_note_fault(void *context, const char *name, int errnum)
{
    struct faults *faults = context;
    thread_lock(&faults->lock);
    faults->count++;
    faults->errnum = errnum;
    snprintf(faults->name, sizeof faults->name, "%s", name);
    thread_unlock(&faults->lock);
}

struct faults reader_faults;

struct reader_options reader_options(const char *const *names, size_t count)
{
    return (struct reader_options){
        .files =
            {
                .struct_size = sizeof(struct mr_files),
                .names = names,
                .count = count,
                .fault = reader_note_fault,
                .fault_context = &reader_faults,
            },
        .cuts =
            {
                .struct_size = sizeof(struct mr_cuts),
                .first = reader_line_border,
                .last = reader_line_border_last,
            },
        .threads = 2,
        .memory = 64 << 20,
    };
}

struct mr_input *reader_open(const struct reader_options *options)
{
    struct mr_files what = options->files;
    struct mr_error error = {0};
    what.cuts = &options->cuts;
    struct mr_input *input = mr_input_files_with(&what);
    ck_assert_ptr_nonnull(input);
    const struct input_engine engine = {.threads = options->threads, .memory = options->memory};
    ck_assert_int_eq(input_begin(input, &engine, &error), MR_OK);
    return input;
}

/* ---- Files ----------------------------------------------------------------------------------- */

char reader_folder[] = "/tmp/test_input.XXXXXX";
char reader_path[256];

void reader_setup(void)
{
    memset(&reader_faults, 0, sizeof reader_faults);
    test_hooks = (struct test_hooks){0};
    ck_assert_int_eq(thread_mutex_open(&reader_faults.lock), 0);
    memcpy(reader_folder + sizeof reader_folder - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(reader_folder));
    snprintf(reader_path, sizeof reader_path, "%s/file", reader_folder);
}

void reader_teardown(void)
{
    unlink(reader_path);
    rmdir(reader_folder);
    thread_mutex_close(&reader_faults.lock);
}

void reader_write_file(const char *name, const void *data, size_t size)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(io_write_full(fd, data, size), 0);
    close(fd);
}

/* A small generator of its own: the same bytes everywhere. */
static uint32_t draw(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

void reader_fill_lines(unsigned char *data, size_t size, uint32_t longest, uint32_t seed)
{
    size_t left = 0;
    for (size_t i = 0; i < size; i++) {
        data[i] = left > 0 ? (unsigned char)('a' + i % 26) : '\n';
        left = left > 0 ? left - 1 : draw(&seed) % (longest + 1);
    }
}
