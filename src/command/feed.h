/* SPDX-License-Identifier: MIT
 *
 * feed - records on their way through a spool to a process: pieces as in batch.h, whole in each of
 * its blocks, and at the other end the bytes that they stand for.
 */
#ifndef COMMAND_FEED_H
#define COMMAND_FEED_H

#include "command/batch.h"
#include "command/spool.h"

/* The writer's side. */
struct feed_in {
    struct spool *spool;
    unsigned char *piece; /* head of the lines that were laid down last, */
    unsigned char *end;   /* which end here; NULL: others cannot be added to them */
};

/* All zero but for the spool it is a beginning. Both return 0, or -1 with *error filled. */
int feed_lines(struct feed_in *feed, const unsigned char *bytes, uint64_t size, uint64_t lines,
               struct mr_error *error);
int feed_repeated(struct feed_in *feed, const unsigned char *line, uint64_t size, uint64_t count,
                  struct mr_error *error);

/* Bytes of the buffer that the reader's side needs. */
#define FEED_BUFFER ((size_t)64 << 10)

/* The reader's side. */
struct feed_out {
    struct spool *spool;
    unsigned char *buffer;
    size_t filled;           /* bytes in it */
    uint64_t records;        /* in the bytes that feed_next gave, of whole records */
    const unsigned char *at; /* the rest of a block */
    size_t left;
    struct batch_piece piece; /* the rest of a piece: bytes of lines, or times a line still comes */
    const unsigned char *line;
    unsigned char *long_line; /* a line put together from several blocks; `line` may be that */
    size_t long_size, long_room;
    bool complete; /* it is */
};

void feed_open(struct feed_out *feed, struct spool *spool, unsigned char *buffer);
void feed_close(struct feed_out *feed);
/* The next bytes for the process, never none, valid until the next call; `records` says how many
 * they are. Otherwise as spool_read. */
enum spool_found feed_next(struct feed_out *feed, const unsigned char **bytes, size_t *size,
                           struct mr_error *error);

#endif
