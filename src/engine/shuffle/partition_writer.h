/* SPDX-License-Identifier: MIT
 *
 * partition_writer - writes to an array of partitions, for one worker alone.
 *
 * It holds one open chunk a partition. Each record goes to another partition, so that all there is
 * to know of one's open chunk must stay in the first-level cache: where its records end, from which
 * follows where it lies (pool.h), and their number.
 */
#ifndef ENGINE_PARTITION_WRITER_H
#define ENGINE_PARTITION_WRITER_H

#include "engine/core/worker.h"
#include "engine/shuffle/partitions.h"

struct partition_writer {
    unsigned char **ends; /* or PARTITION_WRITER_CLOSED */
    uint16_t *records;
    struct chunk *large; /* for the record being written, where it fits no ordinary chunk */
    struct partitions *partitions;
    struct worker *worker;
    uint64_t handed; /* bytes of records handed over and not yet counted */
};

/* Returns 0 or an errno value. */
int partition_writer_open(struct partition_writer *writer, struct partitions *partitions,
                          struct worker *worker);
/* Hands all open chunks over. */
void partition_writer_flush(struct partition_writer *writer);
/* Gives open chunks back unread and frees the writer. A writer never opened
 * (all zero) is allowed. */
void partition_writer_close(struct partition_writer *writer);

/* Makes room for a record of at most `bound` bytes in the partition's open chunk; NULL when the
 * job fails. The slow part of partition_writer_room. */
unsigned char *partition_writer_new_room(struct partition_writer *writer, unsigned partition,
                                         size_t bound);

/* Hands over a large chunk with its record, which it takes. Returns -1 when the job fails. */
int partition_writer_put(struct partition_writer *writer, unsigned partition, struct chunk *chunk);

/* Ends the record in the large chunk. The slow part of partition_writer_wrote. */
void partition_writer_wrote_large(struct partition_writer *writer, unsigned partition,
                                  const unsigned char *end);

/* Of a partition without an open chunk: looks like the end of a full one. */
#define PARTITION_WRITER_CLOSED ((unsigned char *)(uintptr_t)(POOL_CHUNK - 1))

/* Where to write a record of at most `bound` bytes. partition_writer_wrote ends it. */
static inline unsigned char *partition_writer_room(struct partition_writer *writer,
                                                   unsigned partition, size_t bound)
{
    unsigned char *end = writer->ends[partition];
    if (((uintptr_t)end & (POOL_CHUNK - 1)) + bound <= POOL_CHUNK - POOL_PAD)
        return end;
    return partition_writer_new_room(writer, partition, bound);
}

static inline void partition_writer_wrote(struct partition_writer *writer, unsigned partition,
                                          unsigned char *end)
{
    if (__builtin_expect(writer->large != NULL, 0)) {
        partition_writer_wrote_large(writer, partition, end);
        return;
    }
    writer->ends[partition] = end;
    writer->records[partition]++;
}

#endif
