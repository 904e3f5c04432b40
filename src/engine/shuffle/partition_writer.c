/* SPDX-License-Identifier: MIT
 *
 * partition_writer - open chunks, and handing them over (see partition_writer.h).
 */
#include "engine/shuffle/partition_writer.h"

#include "engine/shuffle/spill_policy.h"

#include <errno.h>
#include <stdlib.h>

/* What is handed over is counted by so many bytes. */
#define COUNTED_UNIT ((uint64_t)16 * POOL_CHUNK)

_Static_assert(POOL_CAPACITY <= UINT16_MAX, "a chunk's records are counted in 16 bits");

int partition_writer_open(struct partition_writer *writer, struct partitions *partitions,
                          struct worker *worker)
{
    const size_t count = (size_t)1 << partitions->bits;
    *writer = (struct partition_writer){.partitions = partitions, .worker = worker};
    writer->ends = malloc(count * sizeof *writer->ends);
    writer->records = calloc(count, sizeof *writer->records);
    if (!writer->ends || !writer->records) {
        free(writer->ends);
        free(writer->records);
        writer->ends = NULL;
        return ENOMEM;
    }
    for (size_t i = 0; i < count; i++)
        writer->ends[i] = PARTITION_WRITER_CLOSED;
    return 0;
}

/* Takes a partition's open chunk, or NULL, from the writer. */
static struct chunk *take_open(struct partition_writer *writer, size_t number)
{
    unsigned char *end = writer->ends[number];
    if (end == PARTITION_WRITER_CLOSED)
        return NULL;
    struct chunk *chunk = (void *)(end - ((uintptr_t)end & (POOL_CHUNK - 1)));
    chunk->used = (size_t)(end - chunk->data);
    chunk->records = writer->records[number];
    writer->ends[number] = PARTITION_WRITER_CLOSED;
    writer->records[number] = 0;
    return chunk;
}

static void hand_over(struct partition_writer *writer, size_t number, struct chunk *chunk)
{
    struct partition *partition = &writer->partitions->array[number];
    thread_lock(&partition->lock);
    stream_push(&partition->fresh, chunk);
    thread_unlock(&partition->lock);
}

void partition_writer_flush(struct partition_writer *writer)
{
    for (size_t i = 0; writer->ends && i < (size_t)1 << writer->partitions->bits; i++) {
        struct chunk *chunk = take_open(writer, i);
        if (chunk)
            hand_over(writer, i, chunk);
    }
}

void partition_writer_close(struct partition_writer *writer)
{
    if (!writer->ends)
        return;
    for (size_t i = 0; i < (size_t)1 << writer->partitions->bits; i++)
        pool_give(&writer->worker->cache, take_open(writer, i));
    free(writer->ends);
    free(writer->records);
    writer->ends = NULL;
}

/* Counts what has been handed over; the floors above hear of it. Returns -1 when the job fails. */
static int count_handed(struct partition_writer *writer, size_t bytes)
{
    const struct worker_hooks *hooks = &writer->worker->hooks;
    writer->handed += bytes;
    if (writer->handed < COUNTED_UNIT)
        return 0;
    partitions_count(writer->partitions, (int64_t)writer->handed, 0);
    writer->handed = 0;
    return hooks->handed(hooks->owner);
}

unsigned char *partition_writer_new_room(struct partition_writer *writer, unsigned number,
                                         size_t bound)
{
    const bool large = bound > POOL_CAPACITY;
    struct chunk *chunk = large ? NULL : take_open(writer, number);
    const size_t bytes = large ? bound : chunk ? chunk->used : 0;
    if (chunk)
        hand_over(writer, number, chunk);
    if (writer->partitions->counted && count_handed(writer, bytes) != 0)
        return NULL;
    chunk = spill_chunk(writer->worker, bound, POOL_IF_LEFT);
    if (!chunk)
        return NULL;
    if (large)
        writer->large = chunk;
    return chunk->data;
}

void partition_writer_wrote_large(struct partition_writer *writer, unsigned number,
                                  const unsigned char *end)
{
    struct chunk *chunk = writer->large;
    writer->large = NULL;
    chunk->used = (size_t)(end - chunk->data);
    chunk->records = 1;
    hand_over(writer, number, chunk);
}

int partition_writer_put(struct partition_writer *writer, unsigned number, struct chunk *chunk)
{
    hand_over(writer, number, chunk);
    return spill_excess(writer->worker);
}
