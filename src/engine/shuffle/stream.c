/* SPDX-License-Identifier: MIT
 *
 * stream - lists of chunks and extents (see stream.h).
 */
#include "engine/shuffle/stream.h"

#include "engine/shuffle/spill_file.h"

void stream_push(struct stream *stream, struct chunk *chunk)
{
    if (!stream->chunks)
        stream->last = chunk;
    chunk->next = stream->chunks;
    stream->chunks = chunk;
    stream->bytes += chunk->used;
    stream->records += chunk->records;
}

void stream_join(struct stream *into, struct stream *from)
{
    if (from->chunks)
        from->last->next = into->chunks;
    struct spill_extent **last_extent = &from->extents;
    while (*last_extent)
        last_extent = &(*last_extent)->next;
    *last_extent = into->extents;

    *into = (struct stream){
        .chunks = from->chunks ? from->chunks : into->chunks,
        .last = into->chunks ? into->last : from->last,
        .extents = from->extents,
        .bytes = into->bytes + from->bytes,
        .records = into->records + from->records,
        .spilled = into->spilled + from->spilled,
        .spilled_count = into->spilled_count + from->spilled_count,
    };
    *from = (struct stream){0};
}

struct chunk *stream_take_chunks(struct stream *stream)
{
    struct chunk *chunks = stream->chunks;
    stream->chunks = NULL;
    stream->bytes = stream->records = 0;
    return chunks;
}

struct stream stream_take_memory(struct stream *stream)
{
    const struct stream memory = {.chunks = stream->chunks,
                                  .last = stream->last,
                                  .bytes = stream->bytes,
                                  .records = stream->records};
    stream_take_chunks(stream);
    return memory;
}

void stream_take_some(struct stream *from, uint64_t most, struct stream *some)
{
    struct spill_extent *extent = from->extents;
    *some = (struct stream){0};
    if (!from->chunks && extent) {
        from->extents = extent->next;
        from->spilled -= extent->content;
        from->spilled_count -= extent->records;
        extent->next = NULL;
        *some = (struct stream){
            .extents = extent, .spilled = extent->content, .spilled_count = extent->records};
    }
    while (from->chunks && some->bytes < most) {
        struct chunk *chunk = from->chunks;
        from->chunks = chunk->next;
        from->bytes -= chunk->used;
        from->records -= chunk->records;
        stream_push(some, chunk);
    }
}

void stream_drop(struct stream *stream, struct pool_cache *cache)
{
    pool_give(cache, stream->chunks);
    while (stream->extents) {
        struct spill_extent *extent = stream->extents;
        stream->extents = extent->next;
        spill_extent_free(extent);
    }
    *stream = (struct stream){0};
}
