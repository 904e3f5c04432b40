/* SPDX-License-Identifier: MIT
 *
 * append - writes whole lines behind what is there, on a descriptor that may be others' as well.
 *
 * Bytes go to where the descriptor is at that moment, in as few writes as keep lines whole for
 * other writers of the same file: a write to a regular file happens at once, whatever its size, and
 * one to a pipe as long as it has at most PIPE_BUF bytes (write(2), pipe(7)). Nothing that others
 * wrote is overwritten or cut off.
 */
#ifndef CLI_APPEND_H
#define CLI_APPEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct append {
    int fd;
    unsigned char end;  /* the last byte of every line */
    bool regular;       /* a regular file */
    bool pipe;          /* a pipe, a FIFO or a socket */
    uint64_t most_size; /* what the process may make a file grow to; UINT64_MAX: any size */
    /* Called before each write and after one that a signal interrupted; NULL: nothing is. */
    void (*look)(void *context);
    void *look_context;
};

/* Prepares for writing to an open descriptor; never fails. */
void append_open(struct append *append, int fd, unsigned char end);

/* Writes lines, each of which ends in append->end; one call at a time. Returns 0 or -1 (errno).
 * After a failure what came of the lines are whole ones: a line of which a part was written is
 * taken back, where a regular file shows that nobody wrote behind it. */
int append_lines(struct append *append, const unsigned char *bytes, size_t size);

#endif
