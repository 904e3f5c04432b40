/* SPDX-License-Identifier: MIT
 *
 * sink - where the report's bytes go; see sink.h.
 */
#include "cli/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/thread.h"
#include "cli/signals.h"

struct sink {
    /* Fixed by sink_open. */
    char *target;    /* the file to replace; NULL where fd is written directly */
    bool positional;
    bool visible;
    off_t base;      /* where our first byte goes */
    off_t size;      /* of the file as it was */
    struct stat was; /* the target's, where there is one */
    bool existed;

    struct thread_mutex lock; /* of what follows */
    struct thread_cond idle;  /* no write runs */
    int fd;                   /* -1: not open yet */
    char *temporary;          /* name of the file beside the target, while it has one */
    unsigned writing;         /* positional writes that run */
    uint64_t end;             /* of the farthest byte written, from base */
    bool written;             /* anything at all */
    bool over;                /* finished or discarded */
};

/* Standard output as it was handed to us. */
static void sink_inspect(struct sink *sink)
{
    struct stat out;
    struct stat err;

    sink->fd = STDOUT_FILENO;
    sink->visible = true;
    if (fstat(STDOUT_FILENO, &out) != 0 || !S_ISREG(out.st_mode))
        return;
    sink->visible = false;
    int flags = fcntl(STDOUT_FILENO, F_GETFL);
    off_t base = lseek(STDOUT_FILENO, 0, SEEK_CUR);
    if (flags < 0 || (flags & O_APPEND) != 0 || base < 0)
        return;
    /* With 2>&1 messages move the same file's offset: places counted from here would hit them. */
    if (fstat(STDERR_FILENO, &err) == 0 && err.st_dev == out.st_dev && err.st_ino == out.st_ino)
        return;
    sink->positional = true;
    sink->base = base;
    sink->size = out.st_size;
}

/* The folder of the target, which the caller frees; NULL where memory is out. */
static char *sink_folder(const char *target)
{
    const char *slash = strrchr(target, '/');

    return slash == NULL     ? strdup(".")
           : slash == target ? strdup("/")
                             : strndup(target, (size_t)(slash - target));
}

/* Whether a temporary can be made beside the target, so that a fault shows before the counting. */
static int sink_check_folder(const char *target)
{
    char *folder = sink_folder(target);

    if (folder == NULL)
        return -1;
    int status = access(folder, W_OK | X_OK);
    int saved = errno;
    free(folder);
    errno = saved;
    return status;
}

static int sink_open_file(struct sink *sink, const char *file)
{
    struct stat link;

    sink->existed = stat(file, &sink->was) == 0;
    if (!sink->existed && errno != ENOENT)
        return -1;
    bool dangling = !sink->existed && lstat(file, &link) == 0;
    if (dangling || (sink->existed && !S_ISREG(sink->was.st_mode))) {
        /* A device, a FIFO, or a link to what is not there: no name to replace. */
        sink->visible = !dangling;
        sink->fd = io_open(
            file, O_WRONLY | O_CLOEXEC | O_NOCTTY | (dangling ? O_CREAT | O_TRUNC : 0), 0666);
        return sink->fd < 0 ? -1 : 0;
    }
    size_t length = strlen(file);
    if (!sink->existed && (length == 0 || file[length - 1] == '/')) {
        errno = length == 0 ? ENOENT : EISDIR;
        return -1;
    }
    if (sink->existed && access(file, W_OK) != 0)
        return -1;
    /* Through a link it is the file that is replaced, not the link. */
    sink->target = sink->existed ? realpath(file, NULL) : strdup(file);
    if (sink->target == NULL || sink_check_folder(sink->target) != 0)
        return -1;
    sink->positional = true;
    return 0;
}

int sink_open(const char *file, struct sink **sink)
{
    struct sink *made = calloc(1, sizeof *made);
    int saved;

    if (made == NULL)
        return -1;
    made->fd = -1;
    saved = thread_mutex_open(&made->lock);
    if (saved != 0)
        goto free_output;
    saved = thread_cond_open(&made->idle);
    if (saved != 0)
        goto close_lock;
    if (file == NULL) {
        sink_inspect(made);
    } else if (sink_open_file(made, file) != 0) {
        saved = errno;
        goto close_cond;
    }
    *sink = made;
    return 0;

close_cond:
    free(made->target);
    thread_cond_close(&made->idle);
close_lock:
    thread_mutex_close(&made->lock);
free_output:
    free(made);
    errno = saved;
    return -1;
}

bool sink_positional(const struct sink *sink)
{
    return sink->positional;
}

bool sink_visible(const struct sink *sink)
{
    return sink->visible;
}

/* A name beside the target for mkostemp. Of its own length, as the target's may
 * be the longest there is. */
static char *sink_pattern(const struct sink *sink)
{
    static const char pattern[] = ".mrcount-XXXXXX";
    const char *slash = strrchr(sink->target, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - sink->target) + 1;
    char *name = malloc(folder + sizeof pattern);

    if (name != NULL) {
        memcpy(name, sink->target, folder);
        memcpy(name + folder, pattern, sizeof pattern);
    }
    return name;
}

/* Where a file of ours without a name can be given one. */
static void sink_link_path(const struct sink *sink, char path[static 32])
{
    snprintf(path, 32, "/proc/self/fd/%d", sink->fd);
}

/* Makes a temporary beside the target, with a name from the start. Returns its descriptor or -1. */
static int sink_make_named(struct sink *sink)
{
    char *name = sink_pattern(sink);

    if (name == NULL)
        return -1;
    /* Told before it is there: a second signal may come between the two. */
    signals_remove(name);
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd < 0) {
        int saved = errno;
        signals_remove(NULL);
        free(name);
        errno = saved;
        return -1;
    }
    sink->temporary = name;
    return fd;
}

/* The temporary's name is no more: it was renamed, or is removed here. */
static void sink_forget_name(struct sink *sink, bool remove)
{
    if (sink->temporary == NULL)
        return;
    if (remove)
        (void)unlink(sink->temporary);
    signals_remove(NULL);
    free(sink->temporary);
    sink->temporary = NULL;
}

/* Makes the temporary, locked: without a name where that can be, so that nothing of it remains
 * however we end. */
static int sink_make_temporary(struct sink *sink)
{
    char *folder = sink_folder(sink->target);
    char path[32];
    struct stat there;

    if (folder == NULL)
        return -1;
    sink->fd = io_open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    free(folder);
    if (sink->fd >= 0) {
        sink_link_path(sink, path);
        if (stat(path, &there) == 0)
            return 0;
        (void)close(sink->fd); /* no /proc: no way to name it */
        sink->fd = -1;
    }
    sink->fd = sink_make_named(sink);
    return sink->fd < 0 ? -1 : 0;
}

/* As linkat says: gives the nameless temporary this name, which nothing may have yet. */
static int sink_link(const struct sink *sink, const char *name)
{
    char path[32];
    int status;

    sink_link_path(sink, path);
    do
        status = linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
    while (status != 0 && errno == EINTR);
    return status;
}

/* Gives the nameless temporary a name of its own. */
static int sink_name_temporary(struct sink *sink)
{
    char *name = sink_pattern(sink);
    if (name == NULL)
        return -1;
    int status = -1;
    for (int tries = 0; status != 0 && tries < 100; tries++) {
        uint64_t number;
        if (getrandom(&number, sizeof number, GRND_NONBLOCK) != (ssize_t)sizeof number)
            number = thread_now();
        char *end = name + strlen(name);
        for (char *digit = end - 6; digit < end; digit++, number /= 36)
            *digit = "abcdefghijklmnopqrstuvwxyz0123456789"[number % 36];
        status = sink_link(sink, name);
        if (status != 0 && errno != EEXIST)
            break;
    }
    if (status != 0) {
        int saved = errno;
        free(name);
        errno = saved;
        return -1;
    }
    sink->temporary = name;
    return 0;
}

/* What every write does first and last. */
static int sink_begin(struct sink *sink)
{
    int status = 0;

    thread_lock(&sink->lock);
    if (sink->over) {
        errno = ECANCELED;
        status = -1;
    } else if (sink->fd < 0) {
        status = sink_make_temporary(sink);
    }
    if (status == 0) {
        sink->writing++;
        sink->written = true;
    }
    thread_unlock(&sink->lock);
    return status;
}

static void sink_end(struct sink *sink, uint64_t end)
{
    thread_lock(&sink->lock);
    sink->writing--;
    if (sink->end < end)
        sink->end = end;
    if (sink->writing == 0)
        thread_wake_all(&sink->idle);
    thread_unlock(&sink->lock);
}

int sink_write(struct sink *sink, const void *bytes, size_t size, uint64_t offset)
{
    uint64_t place;
    int status;

    if (size == 0)
        return 0;
    if (sink_begin(sink) != 0)
        return -1;
    if (!sink->positional) {
        status = io_write_full(sink->fd, bytes, size);
    } else if (__builtin_add_overflow(offset, (uint64_t)sink->base, &place) ||
               place > (uint64_t)INT64_MAX - size) {
        errno = EFBIG;
        status = -1;
    } else {
        status = io_pwrite_full(sink->fd, bytes, size, (off_t)place);
    }
    int saved = errno;
    sink_end(sink, offset + size);
    errno = saved;
    return status;
}

/* The mode the file would have had, were it written in place. */
static int sink_set_mode(const struct sink *sink)
{
    mode_t mode;

    if (sink->existed) {
        mode = sink->was.st_mode & 0777;
        /* Kept where we may; who is not allowed to give the file away keeps it, and then the
         * group's rights are not for ours. */
        if (fchown(sink->fd, (uid_t)-1, sink->was.st_gid) != 0)
            mode &= 0707;
        if (fchown(sink->fd, sink->was.st_uid, (gid_t)-1) != 0 && errno != EPERM)
            return -1;
    } else {
        mode_t mask = umask(0);
        umask(mask);
        mode = 0666 & ~mask;
    }
    return fchmod(sink->fd, mode);
}

/* Asks the file system whether all that was written has arrived, as some say only at a close: of a
 * second descriptor, so that the file stays open. Returns 0 or -1. */
static int sink_settle(const struct sink *sink)
{
    int twin = fcntl(sink->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

    return twin < 0 ? 0 : close(twin);
}

/* Where a nameless file may not be given a name: a copy of it that has one takes its place. */
static int sink_copy(struct sink *sink)
{
    size_t size = (size_t)1 << 16;
    unsigned char *bytes = malloc(size);
    int to = bytes == NULL ? -1 : sink_make_named(sink);
    int status = to < 0 ? -1 : 0;

    for (off_t at = 0; status == 0;) {
        ssize_t got = io_pread_full(sink->fd, bytes, size, at);
        if (got <= 0) {
            status = (int)got;
            break;
        }
        status = io_pwrite_full(to, bytes, (size_t)got, at);
        at += got;
    }
    int saved = errno;
    free(bytes);
    if (to >= 0) {
        (void)close(sink->fd);
        sink->fd = to;
    }
    errno = saved;
    return status;
}

/* Gives the nameless temporary the target's name at once. A link replaces nothing, so that is for a
 * target that does not exist; for others the temporary gets a name of its own, and is renamed. */
static int sink_place_nameless(struct sink *sink)
{
    if (!sink->existed && sink_link(sink, sink->target) == 0)
        return 0;
    if (sink_name_temporary(sink) != 0 &&
        (sink_copy(sink) != 0 || sink_set_mode(sink) != 0 || sink_settle(sink) != 0))
        return -1;
    return rename(sink->temporary, sink->target);
}

/* Puts the temporary in the target's place, locked. */
static int sink_replace(struct sink *sink)
{
    if (sink->fd < 0 && sink_make_temporary(sink) != 0) /* an empty report */
        return -1;
    int status = sink_set_mode(sink) == 0 ? sink_settle(sink) : -1;
    if (status == 0 && sink->temporary != NULL) {
        status = rename(sink->temporary, sink->target);
    } else if (status == 0) {
        /* A name is there for a moment, which nobody else could remove: no
         * signal ends us before. */
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        (void)sigprocmask(SIG_SETMASK, &all, &before);
        status = sink_place_nameless(sink);
        int saved = errno;
        sink_forget_name(sink, status != 0);
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        errno = saved;
    }
    int saved = errno;
    sink_forget_name(sink, status != 0);
    (void)close(sink->fd); /* settled */
    sink->fd = -1;
    errno = saved;
    return status;
}

int sink_finish(struct sink *sink)
{
    int status = 0;

    thread_lock(&sink->lock);
    if (sink->target != NULL) {
        status = sink_replace(sink);
    } else {
        if (sink->positional && sink->written)
            status = lseek(sink->fd, sink->base + (off_t)sink->end, SEEK_SET) < 0 ? -1 : 0;
        /* Some file systems tell only now that there was no room. Who closed standard output and
         * got nothing to see misses nothing. */
        if (close(sink->fd) != 0 && status == 0 && (errno != EBADF || sink->written))
            status = -1;
        sink->fd = -1;
    }
    sink->over = true;
    thread_unlock(&sink->lock);
    return status;
}

void sink_discard(struct sink *sink)
{
    thread_lock(&sink->lock);
    if (!sink->over) {
        sink->over = true;
        if (sink->temporary != NULL) {
            sink_forget_name(sink, true);
        } else if (sink->target == NULL && sink->positional && sink->written) {
            /* Writes to a regular file come to an end by themselves; after
             * them nothing is added. */
            while (sink->writing > 0)
                thread_wait(&sink->idle, &sink->lock);
            (void)(ftruncate(sink->fd, sink->size) == 0);
            (void)lseek(sink->fd, sink->base, SEEK_SET);
        }
    }
    thread_unlock(&sink->lock);
}

void sink_close(struct sink *sink)
{
    if (sink == NULL)
        return;
    sink_discard(sink);
    if (sink->fd > STDERR_FILENO)
        (void)close(sink->fd);
    thread_cond_close(&sink->idle);
    thread_mutex_close(&sink->lock);
    free(sink->target);
    free(sink);
}
