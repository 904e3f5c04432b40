/* SPDX-License-Identifier: MIT
 *
 * stream_reader - the chunks of a stream one after the other, wherever they lie.
 */
#ifndef ENGINE_STREAM_READER_H
#define ENGINE_STREAM_READER_H

#include "engine/core/worker.h"
#include "engine/shuffle/spill_file.h"
#include "engine/shuffle/stream.h"

struct stream_reader {
    struct worker *worker;
    struct stream *stream;
    bool consume;         /* chunks and extents are given back as soon as they have been passed */
    bool failed;          /* the job has failed */
    bool reading;         /* `extent_reader` is open */
    struct chunk *memory; /* next chunk in memory */
    struct spill_extent *extent; /* next extent */
    struct chunk *current;       /* the chunk given out, where it is the reader's to give back */
    struct spill_reader extent_reader;
};

/* Begins at the stream's start. Where `consume` is true the stream is emptied in passing; else it
 * must not change before stream_reader_close. */
void stream_reader_open(struct stream_reader *reader, struct worker *worker, struct stream *stream,
                        bool consume);
/* The next chunk, valid until the next call; NULL at the end or when the job fails. */
struct chunk *stream_reader_next(struct stream_reader *reader);
/* Whether the chunk got last can be kept: it comes from disk, or the reader consumes. */
static inline bool stream_reader_may_keep(const struct stream_reader *reader)
{
    return reader->current != NULL;
}
/* Makes that chunk the caller's. */
void stream_reader_keep(struct stream_reader *reader);
/* Returns 0, or -1 when the job has failed. */
int stream_reader_close(struct stream_reader *reader);

/* Brings a stream's extents into memory. Returns -1 when the job fails;
 * the stream is empty then. */
int stream_reader_load(struct worker *worker, struct stream *stream);

#endif
