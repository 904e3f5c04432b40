/* SPDX-License-Identifier: MIT
 *
 * stream - records in chunks of memory and in extents of temporary files.
 */
#ifndef ENGINE_STREAM_H
#define ENGINE_STREAM_H

#include "engine/core/pool.h"

struct spill_extent; /* spill_file.h */

/* Records in memory and on disk; whoever holds it owns them. */
struct stream {
    struct chunk *chunks;
    struct chunk *last; /* of chunks */
    struct spill_extent *extents;
    uint64_t bytes;         /* of the records in chunks */
    uint64_t records;       /* in chunks */
    uint64_t spilled;       /* bytes of the records in extents */
    uint64_t spilled_count; /* records in extents */
};

/* Moves all of *from to *into; *from is empty afterwards. */
void stream_join(struct stream *into, struct stream *from);
/* Adds one chunk. */
void stream_push(struct stream *stream, struct chunk *chunk);
/* Takes the chunks out, which the caller then owns. */
struct chunk *stream_take_chunks(struct stream *stream);
/* The same as a stream of their own; extents stay where they are. */
struct stream stream_take_memory(struct stream *stream);
/* Moves some of *from to *some, which becomes a stream of its own: chunks of `most` bytes or a
 * little more, or, where none are in memory, one extent. */
void stream_take_some(struct stream *from, uint64_t most, struct stream *some);
/* Records in memory and on disk. */
static inline uint64_t stream_records(const struct stream *stream)
{
    return stream->records + stream->spilled_count;
}
/* Gives all that a stream holds back. */
void stream_drop(struct stream *stream, struct pool_cache *cache);

#endif
