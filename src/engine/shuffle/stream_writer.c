/* SPDX-License-Identifier: MIT
 *
 * stream_writer - one open chunk (see stream_writer.h).
 */
#include "engine/shuffle/stream_writer.h"

#include "engine/shuffle/spill_policy.h"

void stream_writer_open(struct stream_writer *writer, struct stream *stream, struct worker *worker,
                        enum pool_need need)
{
    *writer = (struct stream_writer){.stream = stream, .worker = worker, .need = need};
}

void stream_writer_close(struct stream_writer *writer)
{
    struct chunk *chunk = writer->chunk;
    if (!chunk)
        return;
    chunk->used = (size_t)(writer->at - chunk->data);
    chunk->records = writer->records;
    stream_push(writer->stream, chunk);
    writer->chunk = NULL;
    writer->at = writer->end = NULL;
    writer->records = 0;
}

unsigned char *stream_writer_new_room(struct stream_writer *writer, size_t bound)
{
    stream_writer_close(writer);
    struct chunk *chunk = spill_chunk(writer->worker, bound, writer->need);
    if (!chunk)
        return NULL;
    writer->chunk = chunk;
    writer->at = chunk->data;
    /* A large record stays alone: what its bound leaves is less than any other's. */
    writer->end = chunk->data + (pool_chunk_large(chunk) ? bound : chunk->capacity);
    return writer->at;
}
