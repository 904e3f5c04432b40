/* SPDX-License-Identifier: MIT
 *
 * stream_reader - the chunks of a stream one after the other, wherever they lie.
 */
#ifndef ENGINE_STREAM_READER_H
#define ENGINE_STREAM_READER_H

#include "engine/schedule/job.h"

struct source {
    struct worker *worker;
    struct stream *stream;
    bool consume;          /* chunks and extents are given back as soon as they have been passed */
    bool failed;           /* the job has failed */
    bool reading;          /* `reader` is open */
    struct chunk *memory;  /* next chunk in memory */
    struct extent *extent; /* next extent */
    struct chunk *current; /* the chunk given out, where it is the source's to give back */
    struct spill_reader reader;
};

/* Begins at the stream's start. Where `consume` is true the stream is emptied in passing; else it
 * must not change before source_close. */
void source_open(struct source *source, struct worker *worker, struct stream *stream, bool consume);
/* The next chunk, valid until the next call; NULL at the end or when the job fails. */
struct chunk *source_next(struct source *source);
/* Makes the chunk got last the caller's. Only where the source consumes. */
void source_keep(struct source *source);
/* Returns 0, or -1 when the job has failed. */
int source_close(struct source *source);

/* Brings a stream's extents into memory. Returns -1 when the job fails;
 * the stream is empty then. */
int source_load(struct worker *worker, struct stream *stream);
/* Gives all that a stream holds back. */
void source_drop(struct worker *worker, struct stream *stream);

#endif
