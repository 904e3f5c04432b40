/* SPDX-License-Identifier: MIT
 *
 * replacement - a file that takes another's place; see replacement.h.
 */
#include "cli/replacement.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/io.h"
#include "base/thread.h"
#include "cli/attributes.h"

/* Names tried for a temporary before it is given up: two runs hardly ever draw the same. */
#define REPLACEMENT_TRIES 100

/* Where a file without a name can be given one. */
static void replacement_link_path(const struct replacement *replacement, char path[static 32])
{
    snprintf(path, 32, "/proc/self/fd/%d", replacement->fd);
}

/* Gives the new file this name, which nothing may have yet. Returns as linkat. */
static int replacement_link(const struct replacement *replacement, const char *name)
{
    char path[32];
    int status;

    replacement_link_path(replacement, path);
    do
        status = linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
    while (status != 0 && errno == EINTR);
    return status;
}

/* A random name beside the target. Of its own length, as the target's may be the longest there is.
 * The caller frees it. */
static char *replacement_draw_name(const struct replacement *replacement)
{
    static const char prefix[] = ".mrcount-";
    const size_t digits = 8;
    uint64_t number;
    size_t length = strlen(replacement->folder);
    char *name = malloc(length + sizeof prefix + digits + 1);

    if (name == NULL)
        return NULL;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != (ssize_t)sizeof number)
        number = thread_now();
    char *p = stpcpy(stpcpy(stpcpy(name, replacement->folder), "/"), prefix);
    for (size_t i = 0; i < digits; i++, number /= 36)
        *p++ = "abcdefghijklmnopqrstuvwxyz0123456789"[number % 36];
    *p = '\0';
    return name;
}

/* The temporary's name is no more: it was renamed, or is removed here. */
static void replacement_forget_name(struct replacement *replacement, bool remove)
{
    char *name = replacement->temporary;

    if (name == NULL)
        return;
    if (remove)
        (void)unlink(name);
    replacement->temporary = NULL;
    free(name);
}

/* Draws names until one is free: of a new file, whose descriptor is returned, where `make` says so,
 * else for the new file without a name. The name is noted before it is there: a signal may come
 * between the two. Returns -1 (errno) on failure. */
static int replacement_name(struct replacement *replacement, bool make, mode_t mode)
{
    int status = -1;

    for (int tries = 0; tries < REPLACEMENT_TRIES; tries++) {
        replacement->temporary = replacement_draw_name(replacement);
        if (replacement->temporary == NULL)
            return -1;
        status = make ? io_open(replacement->temporary,
                                O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
                      : replacement_link(replacement, replacement->temporary);
        if (status >= 0)
            return status;
        int saved = errno;
        replacement_forget_name(replacement, false);
        errno = saved;
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

/* Makes the new file, without a name where it can be given one later. Returns 0 or -1. */
static int replacement_make(struct replacement *replacement, mode_t mode)
{
    char path[32];
    struct stat there;

    replacement->fd = io_open(replacement->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
    if (replacement->fd >= 0) {
        replacement_link_path(replacement, path);
        if (stat(path, &there) == 0)
            return 0;
        (void)close(replacement->fd); /* no /proc: no way to name it */
    }
    replacement->fd = replacement_name(replacement, true, mode);
    return replacement->fd < 0 ? -1 : 0;
}

/* Drops the new file. */
static void replacement_drop(struct replacement *replacement)
{
    if (replacement->fd >= 0)
        (void)close(replacement->fd);
    replacement->fd = -1;
    replacement_forget_name(replacement, true);
}

enum replacement_way replacement_open(struct replacement *replacement, const struct target *target,
                                      bool *folder)
{
    *replacement = (struct replacement){
        .path = target->path,
        .folder = target->folder,
        .existed = target->kind == TARGET_FILE,
        .fd = -1,
        .old = -1,
    };
    *folder = false;
    if (!replacement->existed) {
        *folder = replacement_make(replacement, 0666) != 0;
        if (*folder || attributes_default(replacement->fd, replacement->folder) != 0)
            goto failed;
        return REPLACEMENT_MADE;
    }
    replacement->old = io_open(target->path, O_WRONLY | O_CLOEXEC | O_NOCTTY, 0);
    if (replacement->old < 0 && errno != ETXTBSY) /* a program that runs can be replaced */
        goto failed;
    if (!attributes_is_mounted(target->path)) {
        if (replacement_make(replacement, 0600) != 0)
            *folder = true;
        else if (attributes_copy(target->path, &target->was, replacement->fd) == 0)
            return REPLACEMENT_MADE;
    } else {
        errno = EBUSY;
    }
    if (replacement->old < 0)
        goto failed;
    replacement_drop(replacement);
    return REPLACEMENT_IN_PLACE;

failed:;
    int saved = errno;
    replacement_close(replacement);
    errno = saved;
    return REPLACEMENT_NONE;
}

/* Copies the new file's bytes to another from its beginning on. Returns 0 or -1. */
static int replacement_copy(const struct replacement *replacement, int to)
{
    const size_t size = (size_t)1 << 18;
    unsigned char *bytes = malloc(size);
    int status = bytes == NULL ? -1 : 0;
    ssize_t got = 0;

    for (off_t at = 0; status == 0; at += got) {
        got = io_pread_full(replacement->fd, bytes, size, at);
        if (got <= 0) {
            status = (int)got;
            break;
        }
        status = io_pwrite_full(to, bytes, (size_t)got, at);
    }
    int saved = errno;
    free(bytes);
    errno = saved;
    return status;
}

/* Asks the file system whether all that was written has arrived, as some say only at a close: of a
 * second descriptor, so that the file stays open. Returns 0 or -1. */
static int replacement_settle(int fd)
{
    int twin = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

    return twin < 0 ? 0 : close(twin);
}

/* Where the new file may not be given a name: a copy of it that has one from the start. */
static int replacement_copy_named(struct replacement *replacement)
{
    int to = replacement_name(replacement, true, 0666);

    if (to < 0)
        return -1;
    int status = replacement_copy(replacement, to);
    if (status == 0)
        status = replacement_settle(to);
    int saved = errno;
    (void)close(replacement->fd);
    replacement->fd = to;
    errno = saved;
    return status;
}

/* What is written over the target cannot be undone: where it fails nothing is left of either. */
static int replacement_copy_over(struct replacement *replacement)
{
    replacement->copying = true;
    int status = ftruncate(replacement->old, 0);
    if (status == 0)
        status = replacement_copy(replacement, replacement->old);
    if (status == 0)
        status = replacement_settle(replacement->old);
    int saved = errno;
    if (status != 0)
        (void)(ftruncate(replacement->old, 0) == 0);
    replacement->copying = false;
    errno = saved;
    return status;
}

/* Gives the new file the target's name. Returns 0 or -1. */
static int replacement_place(struct replacement *replacement)
{
    const bool named = replacement->temporary != NULL;

    /* A link replaces nothing: what exists is replaced by renaming. */
    if (!replacement->existed && !named && replacement_link(replacement, replacement->path) == 0)
        return 0;
    if (named || replacement_name(replacement, false, 0) >= 0 ||
        (!replacement->existed && replacement_copy_named(replacement) == 0)) {
        if (rename(replacement->temporary, replacement->path) == 0) {
            replacement_forget_name(replacement, false);
            return 0;
        }
    }
    return replacement->old >= 0 ? replacement_copy_over(replacement) : -1;
}

int replacement_finish(struct replacement *replacement)
{
    int status = replacement_settle(replacement->fd);

    if (status == 0)
        status = replacement_place(replacement);
    int saved = errno;
    replacement_close(replacement);
    errno = saved;
    return status;
}

void replacement_abandon(const struct replacement *replacement)
{
    const char *name = replacement->temporary;

    if (name != NULL)
        (void)unlink(name);
    if (replacement->copying)
        (void)(ftruncate(replacement->old, 0) == 0);
}

void replacement_close(struct replacement *replacement)
{
    replacement_drop(replacement);
    if (replacement->old >= 0)
        (void)close(replacement->old);
    replacement->old = -1;
}
