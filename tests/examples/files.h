/* SPDX-License-Identifier: MIT
 *
 * files.h - the input of the examples: named files, cut into splits at ends of lines.
 *
 * A struct mr_input hands out splits one by one. Here each file is read whole when its turn comes
 * and cut at the first newline past every SPLIT_BYTES; the pieces share its memory, and the last
 * one to be released frees it. (mrcount itself reads in the workers instead, see mr_input.load.)
 */
#ifndef EXAMPLES_FILES_H
#define EXAMPLES_FILES_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#endif

#include <errno.h>
#include <mapreduce.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPLIT_BYTES 65536

struct file {
    atomic_size_t users; /* splits out there, and the reader while it cuts */
    size_t size;
    unsigned char *bytes;
};

struct files {
    char **names;
    size_t count;
    size_t next;       /* file to read */
    struct file *file; /* being cut; NULL between files */
    size_t at;
    uint64_t line; /* lines before `at` */
};

static inline void file_release(struct file *file)
{
    if (atomic_fetch_sub(&file->users, 1) == 1) {
        free(file->bytes);
        free(file);
    }
}

static inline struct file *file_read(const char *name, struct mr_error *error)
{
    FILE *stream = fopen(name, "rb");
    struct file *file = calloc(1, sizeof *file);
    size_t room = 0;
    size_t got = 1;
    if (!stream || !file)
        goto failed;
    while (got > 0) {
        /* The engine may look at MR_PAD bytes past the end. */
        if (room - file->size < 4096 + MR_PAD) {
            room = 2 * room + 65536;
            unsigned char *bytes = realloc(file->bytes, room);
            if (!bytes)
                goto failed;
            file->bytes = bytes;
        }
        got = fread(file->bytes + file->size, 1, room - file->size - MR_PAD, stream);
        file->size += got;
    }
    if (ferror(stream))
        goto failed;
    memset(file->bytes + file->size, 0, MR_PAD);
    fclose(stream);
    file->users = 1;
    return file;

failed:
    mr_error_set(error, MR_INPUT, errno, "%s: %s", name, strerror(errno));
    if (stream)
        fclose(stream);
    if (file)
        free(file->bytes);
    free(file);
    return NULL;
}

/* mr_input.next: split->number is the index of the file, split->offset the lines before it. */
static inline int files_next(void *context, struct mr_split *split, struct mr_error *error)
{
    struct files *files = context;
    while (!files->file || files->at == files->file->size) {
        if (files->file)
            file_release(files->file);
        files->file = NULL;
        split->end = files->next == files->count;
        if (split->end)
            return 0;
        files->file = file_read(files->names[files->next++], error);
        files->at = 0;
        files->line = 0;
        if (!files->file)
            return -1;
    }
    struct file *file = files->file;
    size_t end = file->size;
    if (end - files->at > SPLIT_BYTES) {
        size_t from = files->at + SPLIT_BYTES;
        const unsigned char *newline = memchr(file->bytes + from, '\n', end - from);
        if (newline)
            end = (size_t)(newline - file->bytes) + 1;
    }
    split->data = file->bytes + files->at;
    split->size = end - files->at;
    split->length = split->size;
    split->offset = files->line;
    split->number = files->next - 1;
    split->handle = file;
    atomic_fetch_add(&file->users, 1);
    for (; files->at < end; files->at++)
        files->line += file->bytes[files->at] == '\n';
    return 0;
}

/* mr_input.release */
static inline void files_release(void *context, struct mr_split *split)
{
    (void)context;
    file_release(split->handle);
}

/* The reader's own hold, where it stopped early. */
static inline void files_close(struct files *files)
{
    if (files->file)
        file_release(files->file);
    files->file = NULL;
}

static inline struct mr_input *files_input(struct files *files)
{
    const struct mr_reader reader = {
        .struct_size = sizeof reader,
        .context = files,
        .size = MR_UNKNOWN,
        .next = files_next,
        .release = files_release,
    };
    return mr_input_new(&reader);
}

/* Runs a job on an engine of its own and reports its error; returns the program's exit status. */
static inline int run_job(const struct mr_job_spec *spec)
{
    struct mr_engine *engine;
    struct mr_error error;
    enum mr_status status = mr_engine_open(NULL, &engine, &error);
    if (status == MR_OK)
        status = mr_run(engine, spec, NULL, &error);
    mr_engine_close(engine);
    if (status == MR_OK && fflush(stdout) == 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "%s\n", status == MR_OK ? strerror(errno) : error.text);
    return EXIT_FAILURE;
}

#endif
