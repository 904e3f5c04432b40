/* SPDX-License-Identifier: MIT
 *
 * stream_reader - reading streams from memory and disk alike (see stream_reader.h).
 */
#include "engine/shuffle/stream_reader.h"

/* Bytes of the next chunk that are prefetched while one is read. */
#define PREFETCH 1024

void source_open(struct source *source, struct worker *worker, struct stream *stream, bool consume)
{
    *source = (struct source){.worker = worker, .stream = stream, .consume = consume};
    if (!consume) {
        source->memory = stream->chunks;
        source->extent = stream->extents;
    }
}

/* Gives the current chunk back. */
static void pass_current(struct source *source)
{
    if (source->current) {
        source->current->next = NULL;
        pool_give(&source->worker->cache, source->current);
        source->current = NULL;
    }
}

static struct chunk *next_in_memory(struct source *source)
{
    struct stream *stream = source->stream;
    struct chunk *chunk = source->consume ? stream->chunks : source->memory;
    if (!chunk)
        return NULL;
    /* The hardware follows a chunk once it has been begun, but cannot guess
     * where the next one lies. */
    for (size_t line = 0; chunk->next && line < PREFETCH; line += 64)
        __builtin_prefetch((const unsigned char *)chunk->next + line);
    if (source->consume) {
        stream->chunks = chunk->next;
        stream->bytes -= chunk->used;
        stream->records -= chunk->records;
        source->current = chunk;
    } else {
        source->memory = chunk->next;
    }
    return chunk;
}

/* Ends reading one extent. */
static void pass_extent(struct source *source)
{
    struct stream *stream = source->stream;
    struct extent *extent = source->reader.extent;
    spill_reader_close(&source->reader);
    source->reading = false;
    if (!source->consume) {
        source->extent = extent->next;
        return;
    }
    stream->extents = extent->next;
    stream->spilled -= extent->content;
    stream->spilled_count -= extent->records;
    extent_free(extent);
}

struct chunk *source_next(struct source *source)
{
    pass_current(source);
    struct chunk *chunk = next_in_memory(source);
    struct job *job = source->worker->job;
    while (!chunk && !source->failed) {
        struct extent *extent = source->consume ? source->stream->extents : source->extent;
        struct mr_error error = {0};
        enum mr_status status = MR_OK;
        if (!source->reading) {
            if (!extent)
                return NULL;
            status = spill_reader_open(&source->reader, extent, &source->worker->cache, &error);
            source->reading = status == MR_OK;
        }
        if (status == MR_OK) {
            chunk = source->current = spill_read(&source->reader, &status, &error);
            if (!chunk && status == MR_OK)
                pass_extent(source);
        }
        if (status != MR_OK) {
            job_fail_with(job, status, &error, "temporary data could not be read");
            source->failed = true;
        }
    }
    return chunk;
}

void source_keep(struct source *source)
{
    source->current = NULL;
}

int source_close(struct source *source)
{
    pass_current(source);
    if (source->reading)
        spill_reader_close(&source->reader);
    return source->failed ? -1 : 0;
}

int source_load(struct worker *worker, struct stream *stream)
{
    if (!stream->extents)
        return 0;
    struct source source;
    struct stream whole = {0};
    struct chunk *chunk;
    source_open(&source, worker, stream, true);
    while ((chunk = source_next(&source))) {
        source_keep(&source);
        stream_push(&whole, chunk);
    }
    int result = source_close(&source);
    source_drop(worker, stream);
    *stream = whole;
    if (result != 0)
        source_drop(worker, stream);
    return result;
}

void source_drop(struct worker *worker, struct stream *stream)
{
    pool_give(&worker->cache, stream->chunks);
    while (stream->extents) {
        struct extent *extent = stream->extents;
        stream->extents = extent->next;
        extent_free(extent);
    }
    *stream = (struct stream){0};
}
