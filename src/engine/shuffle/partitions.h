/* SPDX-License-Identifier: MIT
 *
 * partitions - records by the partition they belong to.
 *
 * Every partition is a stream of records in chunks of memory and in extents of temporary files.
 * Workers write through writers of their own (partition_writer.h) and hand full chunks over under
 * the partition's lock, some hundred records at a time. A job has two arrays of partitions: by
 * hash, from map to reduce, and by range of the final order, from reduce to output. They differ
 * only in who computes the partition's number.
 */
#ifndef ENGINE_PARTITIONS_H
#define ENGINE_PARTITIONS_H

#include "base/thread.h"
#include "engine/core/record.h"
#include "engine/shuffle/stream.h"

#include <stdalign.h>

struct partition {
    alignas(64) struct thread_mutex lock; /* of all below */
    struct stream fresh;                  /* as handed over */
    struct stream compacted;              /* each key once: what compaction made of fresh */
    uint64_t threshold;      /* bytes of fresh below which compaction is not worth while */
    bool busy;               /* somebody is compacting or spilling it */
    struct thread_cond idle; /* no longer busy */
};

struct partitions {
    struct partition *array;
    unsigned bits; /* there are 2^bits of them */
    struct record_form form;
    bool counted; /* what they hold in memory is counted, as follows */
    bool stacked; /* the chunk pushed last is read first, where some are spilled too */
    /* Bytes of records, a little late, so that workers seldom meet here, and therefore signed. */
    alignas(128) _Atomic int64_t fresh; /* as handed over */
    _Atomic int64_t compacted;          /* one a key of its partition */
};

/* Makes 2^bits empty partitions. Returns 0 or an errno value. */
int partitions_open(struct partitions *partitions, unsigned bits, struct record_form form,
                    bool counted);
/* Every stream must be empty or have been taken. */
void partitions_close(struct partitions *partitions);
/* Adds to what is counted. */
void partitions_count(struct partitions *partitions, int64_t fresh, int64_t compacted);
/* The partition with most bytes in memory that nobody is at, where it has more than *most, which is
 * then set; else NULL. */
struct partition *partitions_largest(struct partitions *partitions, uint64_t *most);

/* Takes all that a partition holds, waiting while another worker is at it. */
void partition_take(struct partition *partition, struct stream *stream);
/* Begins work on a partition, and takes what it has in memory, the fresh first, *fresh bytes of it.
 * False, and nothing done, where somebody else is at it or, where `worth` says so, compacting it is
 * not worth while. */
bool partition_begin(struct partition *partition, bool worth, struct stream *pairs,
                     uint64_t *fresh);
/* Ends it; the lock is held. */
void partition_end(struct partition *partition);

/* The partition of a hash. */
static inline unsigned partitions_of_hash(const struct partitions *partitions, uint64_t hash)
{
    return partitions->bits == 0 ? 0 : (unsigned)(hash >> (64 - partitions->bits));
}

#endif
