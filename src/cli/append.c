/* SPDX-License-Identifier: MIT
 *
 * append - writes whole lines behind what is there; see append.h.
 */
#include "cli/append.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

void append_open(struct append *append, int fd, unsigned char end)
{
    struct rlimit limit;
    struct stat st;

    *append = (struct append){.fd = fd, .end = end, .most_size = UINT64_MAX};
    if (fstat(fd, &st) != 0)
        return; /* the first write says what is wrong */
    append->regular = S_ISREG(st.st_mode);
    append->pipe = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
    if (append->regular && getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        append->most_size = limit.rlim_cur;
}

/* Where the next write to a regular file will begin; -1 where it cannot be known. */
static off_t append_place(const struct append *append)
{
    struct stat st;
    int flags = fcntl(append->fd, F_GETFL);

    if (flags >= 0 && (flags & O_APPEND) != 0)
        return fstat(append->fd, &st) == 0 ? st.st_size : -1;
    return lseek(append->fd, 0, SEEK_CUR);
}

/* The size of the whole lines among the first `most` bytes, or of the first line where that is
 * longer; all of it where no line ends. */
static size_t append_whole(const struct append *append, const unsigned char *bytes, size_t size,
                           size_t most)
{
    if (size <= most)
        return size;
    const unsigned char *end = memrchr(bytes, append->end, most);
    if (end == NULL)
        end = memchr(bytes + most, append->end, size - most);
    return end == NULL ? size : (size_t)(end - bytes) + 1;
}

/* How much to hand over in one write; 0 (EFBIG) where the file may not become as large as that. */
static size_t append_step(const struct append *append, const unsigned char *bytes, size_t size)
{
    if (append->pipe)
        return append_whole(append, bytes, size, PIPE_BUF);
    if (append->most_size == UINT64_MAX)
        return size;
    off_t place = append_place(append);
    if (place < 0)
        return size;
    uint64_t room = append->most_size > (uint64_t)place ? append->most_size - (uint64_t)place : 0;
    size_t step = append_whole(append, bytes, size, room < size ? (size_t)room : size);
    if (step <= room)
        return step;
    errno = EFBIG;
    return 0;
}

/* Whether the file's bytes from `place` on are these. Descriptors for writing only are opened once
 * more. */
static bool append_is_there(const struct append *append, off_t place, const unsigned char *bytes,
                            size_t size)
{
    unsigned char there[4096];
    char name[32];
    bool same = true;

    snprintf(name, sizeof name, "/proc/self/fd/%d", append->fd);
    int fd = io_open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
    if (fd < 0)
        return false;
    for (size_t done = 0; same && done < size;) {
        size_t part = size - done < sizeof there ? size - done : sizeof there;
        same = io_pread_full(fd, there, part, place + (off_t)done) == (ssize_t)part &&
               memcmp(there, bytes + done, part) == 0;
        done += part;
    }
    (void)close(fd);
    return same;
}

/* Takes the beginning of a line off the file's end, where it is still the last that was written. */
static void append_take_back(const struct append *append, const unsigned char *bytes, size_t size)
{
    struct stat st;
    off_t end = lseek(append->fd, 0, SEEK_CUR);
    off_t place = end - (off_t)size;

    if (size == 0 || !append->regular || place < 0 || fstat(append->fd, &st) != 0 ||
        st.st_size != end || !append_is_there(append, place, bytes, size))
        return;
    if (ftruncate(append->fd, place) == 0)
        (void)lseek(append->fd, place, SEEK_SET);
}

int append_lines(struct append *append, const unsigned char *bytes, size_t size)
{
    size_t done = 0;
    bool midway = false; /* of a line */

    while (done < size) {
        if (append->look != NULL)
            append->look(append->look_context);
        size_t step = midway ? append_whole(append, bytes + done, size - done, 0)
                             : append_step(append, bytes + done, size - done);
        if (step == 0)
            return -1;
        ssize_t put = write(append->fd, bytes + done, step);
        if (put > 0) {
            done += (size_t)put;
            midway = bytes[done - 1] != append->end;
            continue;
        }
        if (put == 0)
            errno = ENOSPC; /* a device that takes nothing more and gives no reason */
        else if (io_again(append->fd, POLLOUT))
            continue;
        int saved = errno;
        const unsigned char *end = done == 0 ? NULL : memrchr(bytes, append->end, done);
        size_t whole = end == NULL ? 0 : (size_t)(end - bytes) + 1;
        append_take_back(append, bytes + whole, done - whole);
        errno = saved;
        return -1;
    }
    return 0;
}
