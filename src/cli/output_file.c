/* SPDX-License-Identifier: MIT
 *
 * output_file - where the report's bytes go; see output_file.h.
 */
#include "cli/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "cli/append.h"
#include "cli/replacement.h"
#include "cli/target.h"

/* Milliseconds that a write to a regular file may take when the process is to end. */
#define OUTPUT_FILE_PATIENCE 50

struct output_file {
    /* Fixed by output_file_open. */
    struct target target;
    bool replaces; /* `replacement` is written, at any place; else `append` */
    bool in_place; /* an old file of ours alone, which is emptied before the first write */
    struct replacement replacement;
    struct append append;

    bool begun;       /* something was appended; the thread's that writes, then the main thread's */
    bool finished;    /* the main thread's */
    atomic_bool over; /* no write may begin */
    atomic_uint writing; /* writes that run */
};

/* A regular FILE, or a name for one. */
static int output_file_replace(struct output_file *file, unsigned char end, bool *folder)
{
    switch (replacement_open(&file->replacement, &file->target, folder)) {
    case REPLACEMENT_MADE:
        file->replaces = true;
        return 0;
    case REPLACEMENT_IN_PLACE:
        file->in_place = true;
        append_open(&file->append, file->replacement.old, end);
        return 0;
    default:
        return -1;
    }
}

static int output_file_inspect(struct output_file *file, const char *name, unsigned char end,
                               bool *folder)
{
    int fd = STDOUT_FILENO;

    if (name != NULL && target_find(name, &file->target) != 0) {
        *folder = file->target.folder != NULL;
        return -1;
    }
    if (name != NULL && file->target.kind != TARGET_DESCRIPTOR &&
        file->target.kind != TARGET_DIRECT)
        return output_file_replace(file, end, folder);
    if (name != NULL)
        fd = file->target.kind == TARGET_DESCRIPTOR
                 ? file->target.fd
                 : io_open(name, O_WRONLY | O_CLOEXEC | O_NOCTTY, 0);
    if (fd < 0)
        return -1;
    append_open(&file->append, fd, end);
    return 0;
}

int output_file_open(const char *name, unsigned char end, struct output_file **file, char **folder)
{
    struct output_file *made = calloc(1, sizeof *made);
    bool blame = false;

    *folder = NULL;
    if (made == NULL)
        return -1;
    made->target.fd = made->replacement.fd = made->replacement.old = -1;
    *file = made;
    if (output_file_inspect(made, name, end, &blame) == 0)
        return 0;
    int saved = errno;
    *file = NULL;
    if (blame) {
        *folder = made->target.folder;
        made->target.folder = NULL;
    }
    target_free(&made->target);
    free(made);
    errno = saved;
    return -1;
}

void output_file_look(struct output_file *file, void (*look)(void *context), void *context)
{
    file->append.look = look;
    file->append.look_context = context;
}

bool output_file_positional(const struct output_file *file)
{
    return file->replaces;
}

bool output_file_visible(const struct output_file *file)
{
    return !file->replaces && !file->append.regular;
}

/* Before anything is appended: empties a file that is written in place. */
static int output_file_begin(struct output_file *file)
{
    if (file->begun)
        return 0;
    file->begun = true;
    return file->in_place ? ftruncate(file->append.fd, 0) : 0;
}

int output_file_write(struct output_file *file, const void *bytes, size_t size, uint64_t offset)
{
    int status;

    if (size == 0)
        return 0;
    /* Counted before the flag is read, and that is set before the count is read: one of the two
     * sees the other. */
    atomic_fetch_add(&file->writing, 1);
    if (atomic_load(&file->over)) {
        errno = ECANCELED;
        status = -1;
    } else if (!file->replaces) {
        status = output_file_begin(file) != 0 ? -1 : append_lines(&file->append, bytes, size);
    } else if (offset > (uint64_t)INT64_MAX - size) {
        errno = EFBIG;
        status = -1;
    } else {
        status = io_pwrite_full(file->replacement.fd, bytes, size, (off_t)offset);
    }
    int saved = errno;
    atomic_fetch_sub(&file->writing, 1);
    errno = saved;
    return status;
}

int output_file_finish(struct output_file *file)
{
    const bool wrote = file->begun;

    if (file->replaces) {
        file->finished = true;
        return replacement_finish(&file->replacement);
    }
    int status = output_file_begin(file);
    file->finished = status == 0;
    if (file->append.fd == STDERR_FILENO) /* messages still follow */
        return status;
    /* Some file systems tell only now that there was no room. Who closed standard output and got
     * nothing to see misses nothing. */
    if (close(file->append.fd) != 0 && status == 0 && (errno != EBADF || wrote))
        status = -1;
    file->append.fd = file->replacement.old = -1;
    return status;
}

void output_file_abandon(struct output_file *file)
{
    atomic_store(&file->over, true);
    replacement_abandon(&file->replacement);
    if (file->finished)
        return;
    for (int i = 0; file->append.regular && i < OUTPUT_FILE_PATIENCE; i++) {
        if (atomic_load(&file->writing) == 0)
            break;
        (void)poll(NULL, 0, 1);
    }
    if (file->in_place && file->begun)
        (void)(ftruncate(file->append.fd, 0) == 0);
}

void output_file_close(struct output_file *file)
{
    if (file == NULL)
        return;
    output_file_abandon(file);
    replacement_close(&file->replacement);
    if (file->target.kind == TARGET_DIRECT && file->append.fd > STDERR_FILENO)
        (void)close(file->append.fd);
    target_free(&file->target);
    free(file);
}
