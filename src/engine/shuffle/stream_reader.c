/* SPDX-License-Identifier: MIT
 *
 * stream_reader - reading streams from memory and disk alike (see stream_reader.h).
 */
#include "engine/shuffle/stream_reader.h"

/* Bytes of the next chunk that are prefetched while one is read. */
#define PREFETCH 1024

void stream_reader_open(struct stream_reader *reader, struct worker *worker, struct stream *stream,
                        bool consume)
{
    *reader = (struct stream_reader){.worker = worker, .stream = stream, .consume = consume};
    if (!consume) {
        reader->memory = stream->chunks;
        reader->extent = stream->extents;
    }
}

/* Gives the current chunk back. */
static void pass_current(struct stream_reader *reader)
{
    if (reader->current) {
        reader->current->next = NULL;
        pool_give(&reader->worker->cache, reader->current);
        reader->current = NULL;
    }
}

static struct chunk *next_in_memory(struct stream_reader *reader)
{
    struct stream *stream = reader->stream;
    struct chunk *chunk = reader->consume ? stream->chunks : reader->memory;
    if (!chunk)
        return NULL;
    /* The hardware follows a chunk once it has been begun, but cannot guess
     * where the next one lies. */
    for (size_t line = 0; chunk->next && line < PREFETCH; line += 64)
        __builtin_prefetch((const unsigned char *)chunk->next + line);
    if (reader->consume) {
        stream->chunks = chunk->next;
        stream->bytes -= chunk->used;
        stream->records -= chunk->records;
        reader->current = chunk;
    } else {
        reader->memory = chunk->next;
    }
    return chunk;
}

/* Ends reading one extent. */
static void pass_extent(struct stream_reader *reader)
{
    struct stream *stream = reader->stream;
    struct spill_extent *extent = reader->extent_reader.extent;
    spill_reader_close(&reader->extent_reader);
    reader->reading = false;
    if (!reader->consume) {
        reader->extent = extent->next;
        return;
    }
    stream->extents = extent->next;
    stream->spilled -= extent->content;
    stream->spilled_count -= extent->records;
    spill_extent_free(extent);
}

struct chunk *stream_reader_next(struct stream_reader *reader)
{
    pass_current(reader);
    struct chunk *chunk = next_in_memory(reader);
    while (!chunk && !reader->failed) {
        struct spill_extent *extent = reader->consume ? reader->stream->extents : reader->extent;
        struct mr_error error = {0};
        enum mr_status status = MR_OK;
        if (!reader->reading) {
            if (!extent)
                return NULL;
            status =
                spill_reader_open(&reader->extent_reader, extent, &reader->worker->cache, &error);
            reader->reading = status == MR_OK;
        }
        if (status == MR_OK) {
            chunk = reader->current = spill_read(&reader->extent_reader, &status, &error);
            if (!chunk && status == MR_OK)
                pass_extent(reader);
        }
        if (status != MR_OK) {
            context_fail_with(reader->worker->context, status, &error,
                              "temporary data could not be read");
            reader->failed = true;
        }
    }
    return chunk;
}

void stream_reader_keep(struct stream_reader *reader)
{
    struct chunk *chunk = reader->current;

    reader->current = NULL;
    if (chunk)
        chunk->next = NULL;
}

int stream_reader_close(struct stream_reader *reader)
{
    pass_current(reader);
    if (reader->reading)
        spill_reader_close(&reader->extent_reader);
    return reader->failed ? -1 : 0;
}

int stream_reader_load(struct worker *worker, struct stream *stream)
{
    if (!stream->extents)
        return 0;
    struct stream_reader reader;
    struct stream whole = {0};
    struct chunk *chunk;
    stream_reader_open(&reader, worker, stream, true);
    while ((chunk = stream_reader_next(&reader))) {
        stream_reader_keep(&reader);
        stream_push(&whole, chunk);
    }
    int result = stream_reader_close(&reader);
    stream_drop(stream, &worker->cache);
    *stream = whole;
    if (result != 0)
        stream_drop(stream, &worker->cache);
    return result;
}
