/* SPDX-License-Identifier: MIT
 *
 * batch - records in the form in which they are handed to a reducer's dispatcher, and laid down.
 *
 * Records are lines, one behind the other as a process is to get them, so that they need only be
 * copied, many at a time. A record that comes often is there once, with its count.
 */
#ifndef COMMAND_BATCH_H
#define COMMAND_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/mapreduce.h"

/* Before what one call of batch_encode makes: pieces. */
struct batch_head {
    uint64_t size;      /* bytes behind this */
    uint64_t bytes;     /* that processes get of it; UINT64_MAX: so many or more */
    uint64_t last;      /* bytes before the last record */
    uint64_t last_size; /* its own, without the end of its line */
};

/* Before each piece. */
struct batch_piece {
    uint64_t size;   /* bytes behind this, and flags */
    uint64_t number; /* of lines; where it is repeated: how often it comes */
};
#define BATCH_REPEATED (UINT64_C(1) << 63)  /* one line */
#define BATCH_CONTINUED (UINT64_C(1) << 62) /* whose rest is in the next piece */
#define BATCH_SIZE (BATCH_CONTINUED - 1)    /* what of the size is no flag */

/* Appends the records, of which rank says how often each comes. Returns 0, or -1 when memory is
 * out. */
int batch_encode(const struct mr_record *records, size_t count, unsigned char end,
                 struct mr_buffer *bytes);

/* The piece at *at, which is moved on to what is behind its head. */
struct batch_piece batch_piece_at(const unsigned char **at);

#endif
