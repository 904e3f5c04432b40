/* SPDX-License-Identifier: MIT
 *
 * target - what a name to write to stands for; see target.h.
 */
#include "cli/target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* As many links in a row as the kernel follows. */
#define TARGET_MOST_LINKS 40

/* The folder of a path, which the caller frees; NULL where memory is out. */
static char *target_folder(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL   ? strdup(".")
           : slash == path ? strdup("/")
                           : strndup(path, (size_t)(slash - path));
}

/* Whether the file is what this descriptor writes to. */
static bool target_is(int fd, const struct stat *file)
{
    struct stat st;
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && fstat(fd, &st) == 0 &&
           st.st_dev == file->st_dev && st.st_ino == file->st_ino;
}

/* N where the path is /proc/self/fd/N by any name, else -1. */
static int target_number(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    struct statfs fs;
    long number = 0;

    for (const char *p = name; *p != '\0'; p++) {
        if (*p < '0' || *p > '9' || number > INT_MAX / 10 - 1)
            return -1;
        number = number * 10 + (*p - '0');
    }
    char *folder = *name == '\0' ? NULL : target_folder(path);
    bool proc = folder != NULL && statfs(folder, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
    free(folder);
    return proc ? (int)number : -1;
}

/* What the link `path` points to, seen from here; the caller frees it. NULL (errno) where memory is
 * out or it is no link (EINVAL). */
static char *target_follow(const char *path)
{
    char *to = malloc(PATH_MAX);
    char *folder = NULL;
    char *whole = NULL;

    if (to == NULL)
        return NULL;
    ssize_t size = readlink(path, to, PATH_MAX - 1);
    if (size >= 0) {
        to[size] = '\0';
        if (*to == '/')
            return to;
        folder = target_folder(path);
        whole = folder == NULL ? NULL : malloc(strlen(folder) + (size_t)size + 2);
    }
    if (whole != NULL)
        stpcpy(stpcpy(stpcpy(whole, folder), "/"), to);
    int saved = errno;
    free(folder);
    free(to);
    errno = saved;
    return whole;
}

/* Follows links from `path`, which is replaced, to their end, or to a name of a descriptor, whose
 * number goes to *fd. Returns 0 or -1. */
static int target_resolve(char **path, int *fd)
{
    for (int links = 0;; links++) {
        *fd = target_number(*path);
        if (*fd >= 0)
            return 0;
        char *next = target_follow(*path);
        if (next == NULL)
            return errno == EINVAL || errno == ENOENT ? 0 : -1;
        free(*path);
        *path = next;
        if (links == TARGET_MOST_LINKS) {
            errno = ELOOP;
            return -1;
        }
    }
}

/* A name that nothing has, or that of a link to one. */
static int target_find_new(struct target *target)
{
    struct stat st;
    size_t length = strlen(target->path);

    target->kind = TARGET_NEW;
    if (length == 0 || target->path[length - 1] == '/') {
        errno = length == 0 ? ENOENT : EISDIR;
        return -1;
    }
    target->folder = target_folder(target->path);
    if (target->folder == NULL || stat(target->folder, &st) != 0)
        return -1;
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return -1;
    }
    return 0;
}

int target_find(const char *file, struct target *target)
{
    int number;

    *target = (struct target){.fd = -1, .path = strdup(file)};
    if (target->path == NULL || target_resolve(&target->path, &number) != 0)
        return -1;
    if (stat(file, &target->was) != 0)
        return errno == ENOENT ? target_find_new(target) : -1;
    const int open[] = {STDOUT_FILENO, STDERR_FILENO, number};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        if (open[i] >= 0 && target_is(open[i], &target->was)) {
            target->kind = TARGET_DESCRIPTOR;
            target->fd = open[i];
            return 0;
        }
    }
    target->kind = S_ISREG(target->was.st_mode) ? TARGET_FILE : TARGET_DIRECT;
    if (target->kind == TARGET_DIRECT)
        return 0;
    /* Links in the names of folders, too: the file's own folder is where it is replaced. */
    char *real = realpath(target->path, NULL);
    if (real == NULL && errno != ENOENT) /* one that was removed has none: it stays as it is */
        return -1;
    if (real != NULL) {
        free(target->path);
        target->path = real;
    }
    target->folder = target_folder(target->path);
    return target->folder == NULL ? -1 : 0;
}

void target_free(struct target *target)
{
    free(target->path);
    free(target->folder);
    target->path = target->folder = NULL;
}
