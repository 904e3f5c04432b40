/* SPDX-License-Identifier: MIT
 *
 * io - reads and writes that finish. All of them take EINTR in their stride and wait with poll
 * where a descriptor is non-blocking. On failure they return -1 and leave the reason in errno.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Makes of a descriptor just opened, which may be -1, one above those of standard input, output and
 * error: where one of these was closed, what writes to it must not meet a file of ours. Returns -1,
 * with errno set, where it cannot, and has closed it then. */
int io_not_standard(int fd);
/* Opens a file, as open does with these flags, as no standard one. Returns the descriptor or -1. */
int io_open(const char *name, int flags, mode_t mode);

/* Makes a file of this name, for reading and writing, and takes the name away at once. Returns the
 * descriptor or -1; ECANCELED says that io_end_names was called. */
int io_open_unlinked(const char *name);
/* Makes a file in that folder, for reading and writing, that nobody else can open and that goes
 * with the process. Returns the descriptor or -1. */
int io_open_temporary(const char *directory);
/* From now on no file gets a name for that moment, and none has one when this returns, unless that
 * took more than so many milliseconds. For a signal's handler, before the process ends: it may be
 * called anywhere. */
void io_end_names(int milliseconds);

/* Whether a call that just failed by errno is worth another try: it was interrupted, or the
 * descriptor is non-blocking and was not ready for `events` (poll's); then that has been waited
 * for, or a signal came. */
bool io_again(int fd, short events);

/* One read that brings something: up to n bytes. Returns how many, 0 at the end, -1 on failure. */
ssize_t io_read_some(int fd, void *buf, size_t n);

/* Reads until n bytes are there or the input ends; returns how many came. After a failure what
 * had been read before it is lost to the caller. */
ssize_t io_read_full(int fd, void *buf, size_t n);

/* As io_read_full, from a place in the file; the file offset stays where it is. */
ssize_t io_pread_full(int fd, void *buf, size_t n, off_t off);

/* Reads a small file of the kernel's, which comes as a whole, by one read of `size` - 1 bytes into
 * `text`, and ends it by NUL. Returns how many bytes that is, or -1. */
ssize_t io_read_text(const char *name, char *text, size_t size);

/* Writes all n bytes. Returns 0 or -1; then an unknown part has been written. */
int io_write_full(int fd, const void *buf, size_t n);
int io_pwrite_full(int fd, const void *buf, size_t n, off_t off);
/* Writes all `count` pieces, which it changes, from `off` on. */
int io_pwritev_full(int fd, struct iovec *pieces, int count, off_t off);

#endif
