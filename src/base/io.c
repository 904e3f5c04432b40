/* SPDX-License-Identifier: MIT
 *
 * io - reads and writes that finish; see io.h.
 */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

bool io_again(int fd, short events)
{
    if (errno == EINTR)
        return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        return false;
    /* Somebody we share the descriptor with made it non-blocking. A poll that fails or reports an
     * error condition needs no care here: the next try says what is wrong. */
    struct pollfd wait = {.fd = fd, .events = events};
    (void)poll(&wait, 1, -1);
    return true;
}

int io_not_standard(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    const int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const int saved = errno;
    close(fd);
    errno = saved;
    return moved;
}

int io_open(const char *name, int flags, mode_t mode)
{
    int fd;

    do
        fd = open(name, flags, mode);
    while (fd < 0 && errno == EINTR);
    return io_not_standard(fd);
}

/* A handler can reach nothing but a global. */
static _Atomic unsigned io_names;   /* files being made that have a name, or soon will */
static _Atomic bool io_names_ended; /* whoever comes now must not make one */

int io_open_unlinked(const char *name)
{
    int fd = -1;

    /* Counted before the flag is read, and that is set before the count is read: one of the two
     * sees the other. */
    atomic_fetch_add(&io_names, 1);
    if (atomic_load(&io_names_ended)) {
        errno = ECANCELED;
    } else {
        fd = io_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd >= 0)
            (void)unlink(name);
    }
    int error = errno;
    atomic_fetch_sub(&io_names, 1);
    errno = error;
    return fd;
}

/* Names tried, each of 128 random bits, before a folder is taken to refuse them. */
#define IO_NAMES 100

int io_open_temporary(const char *directory)
{
    int fd = io_open(directory, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd;
    /* The file system has no nameless files: a name that cannot be
     * foreseen, and is gone at once. */
    size_t size = strlen(directory) + 40;
    char *name = malloc(size);
    if (!name)
        return -1;
    for (int i = 0; fd < 0 && i < IO_NAMES; i++) {
        uint64_t number[2];
        if (getrandom(number, sizeof number, 0) != (ssize_t)sizeof number)
            break;
        snprintf(name, size, "%s/.mr-%016" PRIx64 "%016" PRIx64, directory, number[0], number[1]);
        fd = io_open_unlinked(name);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    int error = errno;
    free(name);
    errno = error;
    return fd;
}

void io_end_names(int milliseconds)
{
    atomic_store(&io_names_ended, true);
    for (; milliseconds > 0 && atomic_load(&io_names) > 0; milliseconds--)
        (void)poll(NULL, 0, 1);
}

ssize_t io_read_some(int fd, void *buf, size_t n)
{
    for (;;) {
        ssize_t got = read(fd, buf, n);
        if (got >= 0 || !io_again(fd, POLLIN))
            return got;
    }
}

ssize_t io_read_full(int fd, void *buf, size_t n)
{
    size_t done = 0;

    while (done < n) {
        ssize_t got = io_read_some(fd, (char *)buf + done, n - done);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

ssize_t io_pread_full(int fd, void *buf, size_t n, off_t off)
{
    size_t done = 0;

    while (done < n) {
        ssize_t got = pread(fd, (char *)buf + done, n - done, off + (off_t)done);
        if (got < 0) {
            if (io_again(fd, POLLIN))
                continue;
            return -1;
        }
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

ssize_t io_read_text(const char *name, char *text, size_t size)
{
    int fd = io_open(name, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    ssize_t got = io_read_some(fd, text, size - 1);
    int saved = errno;
    close(fd);
    errno = saved;
    text[got < 0 ? 0 : got] = '\0';
    return got;
}

int io_write_full(int fd, const void *buf, size_t n)
{
    size_t done = 0;

    while (done < n) {
        ssize_t put = write(fd, (const char *)buf + done, n - done);
        if (put < 0) {
            if (io_again(fd, POLLOUT))
                continue;
            return -1;
        }
        if (put == 0) { /* a device that takes nothing more and gives no reason */
            errno = ENOSPC;
            return -1;
        }
        done += (size_t)put;
    }
    return 0;
}

int io_pwrite_full(int fd, const void *buf, size_t n, off_t off)
{
    size_t done = 0;

    while (done < n) {
        ssize_t put = pwrite(fd, (const char *)buf + done, n - done, off + (off_t)done);
        if (put < 0) {
            if (io_again(fd, POLLOUT))
                continue;
            return -1;
        }
        if (put == 0) {
            errno = ENOSPC;
            return -1;
        }
        done += (size_t)put;
    }
    return 0;
}

int io_pwritev_full(int fd, struct iovec *pieces, int count, off_t off)
{
    while (count > 0) {
        ssize_t put = pwritev(fd, pieces, count, off);
        if (put < 0) {
            if (!io_again(fd, POLLOUT))
                return -1;
            continue;
        }
        if (put == 0 && pieces->iov_len > 0) {
            errno = ENOSPC;
            return -1;
        }
        off += put;
        for (; count > 0 && (size_t)put >= pieces->iov_len; pieces++, count--)
            put -= (ssize_t)pieces->iov_len;
        if (count > 0) {
            pieces->iov_base = (unsigned char *)pieces->iov_base + put;
            pieces->iov_len -= (size_t)put;
        }
    }
    return 0;
}
