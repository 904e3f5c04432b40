/* SPDX-License-Identifier: MIT
 *
 * partitions - partitions, and handing chunks over to them (see partitions.h).
 */
#include "engine/shuffle/partitions.h"

#include "engine/shuffle/spill_file.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

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
    struct extent **last_extent = &from->extents;
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

/* An empty chunk for the owner's next record; NULL when the job fails. */
static struct chunk *new_chunk(struct pool_cache *cache, const struct shuffle_owner *owner,
                               size_t bound, enum pool_need need)
{
    struct chunk *chunk;
    bool exhausted;
    while (!(chunk = pool_take(cache, bound, need, &exhausted))) {
        if (!exhausted) {
            owner->no_memory(owner->context);
            return NULL;
        }
        if (owner->exhausted(owner->context, &need) != 0)
            return NULL;
    }
    return chunk;
}

void stream_writer_open(struct stream_writer *writer, struct stream *stream,
                        struct pool_cache *cache, const struct shuffle_owner *owner,
                        enum pool_need need)
{
    *writer =
        (struct stream_writer){.stream = stream, .cache = cache, .owner = owner, .need = need};
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

unsigned char *stream_new_room(struct stream_writer *writer, size_t bound)
{
    stream_writer_close(writer);
    struct chunk *chunk = new_chunk(writer->cache, writer->owner, bound, writer->need);
    if (!chunk)
        return NULL;
    writer->chunk = chunk;
    writer->at = chunk->data;
    writer->end = chunk->data + chunk->capacity;
    return writer->at;
}

/* Closes the first `count` partitions and frees all. */
static void close_partitions(struct shuffle *shuffle, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct partition *partition = &shuffle->partitions[i];
        assert(!partition->fresh.chunks && !partition->compacted.chunks && !partition->busy);
        thread_cond_close(&partition->idle);
        thread_mutex_close(&partition->lock);
    }
    free(shuffle->partitions);
    shuffle->partitions = NULL;
}

int shuffle_open(struct shuffle *shuffle, unsigned bits, struct record_form form, bool counted)
{
    size_t count = (size_t)1 << bits;
    *shuffle = (struct shuffle){.bits = bits, .form = form, .counted = counted};
    shuffle->partitions =
        aligned_alloc(alignof(struct partition), count * sizeof *shuffle->partitions);
    if (!shuffle->partitions)
        return ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct partition *partition = &shuffle->partitions[i];
        *partition = (struct partition){0};
        int error = thread_mutex_open(&partition->lock);
        if (error == 0) {
            error = thread_cond_open(&partition->idle);
            if (error == 0)
                continue;
            thread_mutex_close(&partition->lock);
        }
        close_partitions(shuffle, i);
        return error;
    }
    return 0;
}

void shuffle_close(struct shuffle *shuffle)
{
    if (shuffle->partitions)
        close_partitions(shuffle, (size_t)1 << shuffle->bits);
}

bool partition_begin(struct partition *partition)
{
    if (partition->busy)
        return false;
    partition->busy = true;
    return true;
}

void partition_end(struct partition *partition)
{
    partition->busy = false;
    thread_wake_all(&partition->idle);
}

int shuffle_writer_open(struct shuffle_writer *writer, struct shuffle *shuffle,
                        struct pool_cache *cache, const struct shuffle_owner *owner)
{
    const size_t count = (size_t)1 << shuffle->bits;
    *writer = (struct shuffle_writer){.shuffle = shuffle, .cache = cache, .owner = owner};
    writer->ends = malloc(count * sizeof *writer->ends);
    writer->records = calloc(count, sizeof *writer->records);
    if (!writer->ends || !writer->records) {
        free(writer->ends);
        free(writer->records);
        writer->ends = NULL;
        return ENOMEM;
    }
    for (size_t i = 0; i < count; i++)
        writer->ends[i] = SHUFFLE_CLOSED;
    return 0;
}

/* Takes a partition's open chunk, or NULL, from the writer. */
static struct chunk *take_open(struct shuffle_writer *writer, size_t number)
{
    unsigned char *end = writer->ends[number];
    if (end == SHUFFLE_CLOSED)
        return NULL;
    struct chunk *chunk = (void *)(end - ((uintptr_t)end & (POOL_CHUNK - 1)));
    chunk->used = (size_t)(end - chunk->data);
    chunk->records = writer->records[number];
    writer->ends[number] = SHUFFLE_CLOSED;
    writer->records[number] = 0;
    return chunk;
}

static void hand_over(struct shuffle_writer *writer, size_t number, struct chunk *chunk)
{
    struct partition *partition = &writer->shuffle->partitions[number];
    thread_lock(&partition->lock);
    stream_push(&partition->fresh, chunk);
    thread_unlock(&partition->lock);
}

void shuffle_writer_flush(struct shuffle_writer *writer)
{
    for (size_t i = 0; writer->ends && i < (size_t)1 << writer->shuffle->bits; i++) {
        struct chunk *chunk = take_open(writer, i);
        if (chunk)
            hand_over(writer, i, chunk);
    }
}

void shuffle_writer_close(struct shuffle_writer *writer)
{
    if (!writer->ends)
        return;
    for (size_t i = 0; i < (size_t)1 << writer->shuffle->bits; i++)
        pool_give(writer->cache, take_open(writer, i));
    free(writer->ends);
    free(writer->records);
    writer->ends = NULL;
}

unsigned char *shuffle_new_room(struct shuffle_writer *writer, unsigned number, size_t bound)
{
    const struct shuffle_owner *owner = writer->owner;
    const bool large = bound > POOL_CAPACITY;
    struct chunk *chunk = large ? NULL : take_open(writer, number);
    const size_t bytes = large ? bound : chunk ? chunk->used : 0;
    if (chunk)
        hand_over(writer, number, chunk);
    if (writer->shuffle->counted && owner->handed(owner->context, bytes) != 0)
        return NULL;
    chunk = new_chunk(writer->cache, owner, bound, POOL_IF_LEFT);
    if (!chunk)
        return NULL;
    if (large)
        writer->large = chunk;
    return chunk->data;
}

void shuffle_wrote_large(struct shuffle_writer *writer, unsigned number, const unsigned char *end)
{
    struct chunk *chunk = writer->large;
    writer->large = NULL;
    chunk->used = (size_t)(end - chunk->data);
    chunk->records = 1;
    hand_over(writer, number, chunk);
}

static uint64_t bytes_of(struct partition *partition)
{
    thread_lock(&partition->lock);
    uint64_t bytes = partition->busy ? 0 : partition->fresh.bytes + partition->compacted.bytes;
    thread_unlock(&partition->lock);
    return bytes;
}

struct partition *shuffle_largest(struct shuffle *shuffle, uint64_t *most)
{
    struct partition *found = NULL;
    for (size_t i = 0; shuffle->partitions && i < (size_t)1 << shuffle->bits; i++) {
        uint64_t bytes = bytes_of(&shuffle->partitions[i]);
        if (bytes > *most) {
            *most = bytes;
            found = &shuffle->partitions[i];
        }
    }
    return found;
}

void partition_take(struct partition *partition, struct stream *stream)
{
    *stream = (struct stream){0};
    thread_lock(&partition->lock);
    while (partition->busy)
        thread_wait(&partition->idle, &partition->lock);
    stream_join(stream, &partition->compacted);
    stream_join(stream, &partition->fresh);
    thread_unlock(&partition->lock);
}
