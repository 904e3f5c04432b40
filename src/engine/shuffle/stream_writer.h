/* SPDX-License-Identifier: MIT
 *
 * stream_writer - writes one stream, for one worker alone.
 */
#ifndef ENGINE_STREAM_WRITER_H
#define ENGINE_STREAM_WRITER_H

#include "engine/core/worker.h"
#include "engine/shuffle/stream.h"

struct stream_writer {
    struct stream *stream;
    struct chunk *chunk;
    unsigned char *at;
    unsigned char *end;
    uint64_t records;
    struct worker *worker;
    enum pool_need need;
};

/* `need` POOL_OVER_BUDGET keeps others from being spilled. */
void stream_writer_open(struct stream_writer *writer, struct stream *stream, struct worker *worker,
                        enum pool_need need);
/* Adds the open chunk to the stream. */
void stream_writer_close(struct stream_writer *writer);

/* The slow part of stream_writer_room. */
unsigned char *stream_writer_new_room(struct stream_writer *writer, size_t bound);

/* Where to write a record of at most `bound` bytes; NULL when the job fails. stream_writer_wrote
 * ends it. */
static inline unsigned char *stream_writer_room(struct stream_writer *writer, size_t bound)
{
    if ((size_t)(writer->end - writer->at) >= bound)
        return writer->at;
    return stream_writer_new_room(writer, bound);
}

static inline void stream_writer_wrote(struct stream_writer *writer, unsigned char *end)
{
    writer->at = end;
    writer->records++;
}

#endif
