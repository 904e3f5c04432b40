/* SPDX-License-Identifier: MIT
 *
 * partitions - records on their way to the partition they belong to.
 *
 * A shuffle is an array of partitions, each a stream of records in chunks of memory and in
 * extents of temporary files. Every worker writes through a writer of its own, which holds one
 * open chunk a partition; a full chunk is handed to the partition under the partition's lock,
 * some hundred records at a time. The engine has two shuffles a job: by hash, from map to
 * reduce, and by range of the final order, from reduce to output. They differ only in who
 * computes the partition's number.
 */
#ifndef ENGINE_PARTITIONS_H
#define ENGINE_PARTITIONS_H

#include "engine/core/pool.h"
#include "engine/core/record.h"

#include <stdalign.h>

struct extent; /* spill_file.h */

/* Records in memory and on disk; whoever holds it owns them. */
struct stream {
    struct chunk *chunks;
    struct chunk *last; /* of chunks */
    struct extent *extents;
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

struct partition {
    alignas(64) struct thread_mutex lock; /* of all below */
    struct stream fresh;                  /* as handed over */
    struct stream compacted;              /* each key once: what compaction made of fresh */
    uint64_t threshold;      /* bytes of fresh below which compaction is not worth while */
    bool busy;               /* somebody is compacting or spilling it */
    struct thread_cond idle; /* no longer busy */
};

struct shuffle {
    struct partition *partitions;
    unsigned bits; /* there are 2^bits partitions */
    struct record_form form;
    bool counted; /* owners hear of what is handed over */
};

/* What a writer's owner does at the rare events of writing. Both return 0, or
 * -1 when the job fails. */
struct shuffle_owner {
    void *context;
    /* A partition was handed a chunk with so many bytes of records, its shuffle being counted. */
    int (*handed)(void *context, size_t bytes);
    /* The budget is exhausted: make room. *need is set to POOL_OVER_BUDGET where
     * there was none to make. */
    int (*exhausted)(void *context, enum pool_need *need);
    /* The system has no memory: record the error. */
    void (*no_memory)(void *context);
};

/* Writes one stream, for one worker alone. */
struct stream_writer {
    struct stream *stream;
    struct chunk *chunk;
    unsigned char *at;
    unsigned char *end;
    uint64_t records;
    struct pool_cache *cache;
    const struct shuffle_owner *owner;
    enum pool_need need;
};

/* `need` POOL_OVER_BUDGET keeps the owner's exhausted from being called. */
void stream_writer_open(struct stream_writer *writer, struct stream *stream,
                        struct pool_cache *cache, const struct shuffle_owner *owner,
                        enum pool_need need);
/* Adds the open chunk to the stream. */
void stream_writer_close(struct stream_writer *writer);
unsigned char *stream_new_room(struct stream_writer *writer, size_t bound);

/* As shuffle_room and shuffle_wrote. */
static inline unsigned char *stream_room(struct stream_writer *writer, size_t bound)
{
    if ((size_t)(writer->end - writer->at) >= bound)
        return writer->at;
    return stream_new_room(writer, bound);
}

static inline void stream_wrote(struct stream_writer *writer, unsigned char *end)
{
    writer->at = end;
    writer->records++;
}

/* Each record goes to another partition, so that all there is to know of one's open chunk must stay
 * in the first-level cache: where its records end, from which follows where it lies (pool.h), and
 * their number. */
struct shuffle_writer {
    unsigned char **ends; /* or SHUFFLE_CLOSED */
    uint16_t *records;
    struct chunk *large; /* for the record being written, where it fits no ordinary chunk */
    struct shuffle *shuffle;
    struct pool_cache *cache;
    const struct shuffle_owner *owner;
};

/* Makes 2^bits empty partitions. Returns 0 or an errno value. */
int shuffle_open(struct shuffle *shuffle, unsigned bits, struct record_form form, bool counted);
/* Every stream must be empty or have been taken. */
void shuffle_close(struct shuffle *shuffle);
/* The partition with most bytes in memory that nobody is at, where it has more than *most, which is
 * then set; else NULL. */
struct partition *shuffle_largest(struct shuffle *shuffle, uint64_t *most);
/* Takes all that a partition holds, waiting while another worker is at it. */
void partition_take(struct partition *partition, struct stream *stream);

/* Begins work on a partition outside its lock, which is held: false where
 * somebody else is at it. */
bool partition_begin(struct partition *partition);
/* Ends it; the lock is held. */
void partition_end(struct partition *partition);

/* Returns 0 or an errno value. */
int shuffle_writer_open(struct shuffle_writer *writer, struct shuffle *shuffle,
                        struct pool_cache *cache, const struct shuffle_owner *owner);
/* Hands all open chunks over. */
void shuffle_writer_flush(struct shuffle_writer *writer);
/* Gives open chunks back unread and frees the writer. A writer never opened
 * (all zero) is allowed. */
void shuffle_writer_close(struct shuffle_writer *writer);

/* Makes room for a record of at most `bound` bytes in the partition's open chunk; NULL when the
 * job fails (the owner has been told). The slow part of shuffle_room. */
unsigned char *shuffle_new_room(struct shuffle_writer *writer, unsigned partition, size_t bound);

/* Ends the record in the large chunk. The slow part of shuffle_wrote. */
void shuffle_wrote_large(struct shuffle_writer *writer, unsigned partition,
                         const unsigned char *end);

/* Of a partition without an open chunk: looks like the end of a full one. */
#define SHUFFLE_CLOSED ((unsigned char *)(uintptr_t)(POOL_CHUNK - 1))

/* Where to write a record of at most `bound` bytes. shuffle_wrote ends it. */
static inline unsigned char *shuffle_room(struct shuffle_writer *writer, unsigned partition,
                                          size_t bound)
{
    unsigned char *end = writer->ends[partition];
    if (((uintptr_t)end & (POOL_CHUNK - 1)) + bound <= POOL_CHUNK - POOL_PAD)
        return end;
    return shuffle_new_room(writer, partition, bound);
}

static inline void shuffle_wrote(struct shuffle_writer *writer, unsigned partition,
                                 unsigned char *end)
{
    if (__builtin_expect(writer->large != NULL, 0)) {
        shuffle_wrote_large(writer, partition, end);
        return;
    }
    writer->ends[partition] = end;
    writer->records[partition]++;
}

/* The partition of a hash. */
static inline unsigned shuffle_of_hash(const struct shuffle *shuffle, uint64_t hash)
{
    return shuffle->bits == 0 ? 0 : (unsigned)(hash >> (64 - shuffle->bits));
}

#endif
