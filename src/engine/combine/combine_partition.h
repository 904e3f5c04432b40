/* SPDX-License-Identifier: MIT
 *
 * combine_partition - brings a partition's pairs together key by key, in a worker's grouping table.
 *
 * The table of one partition fits the second-level cache. What comes of it is either pairs again,
 * one a key (compaction, spilling), or is read from the table by the reduce.
 */
#ifndef ENGINE_COMBINE_PARTITION_H
#define ENGINE_COMBINE_PARTITION_H

#include "engine/combine/grouping_table.h"
#include "engine/core/buffer.h"
#include "engine/core/aligned.h"
#include "engine/core/worker.h"
#include "engine/shuffle/stream_writer.h"

/* Words of an entry's value where values are kept: how many the key has, and whose, of any size,
 * take together (of a fixed size there is no such word); the rest is the reduce's. */
#define COMBINE_PARTITION_COUNT 0
#define COMBINE_PARTITION_PLACE 1
#define COMBINE_PARTITION_BYTES 2

/* What one worker has for it. */
struct combine_partition {
    struct worker *worker;
    struct grouping_table table;
    struct mr_buffer values; /* of whoever has the table in use */
    /* Partitions are alike: the one before tells how many keys to expect. */
    uint64_t records;            /* that it brought, */
    uint64_t found[KEY_CLASSES]; /* and keys of each class among them */
    /* Large records (pool.h) stay in their chunks, which the table keeps: their `records` are the
     * numbers of the entries. The bytes of other long keys are copied. */
    struct chunk *large;
    struct stream long_keys;
    struct stream_writer long_key_writer;
};

/* Takes no memory yet. */
void combine_partition_open(struct combine_partition *combine, struct worker *worker);
/* Frees the memory. */
void combine_partition_close(struct combine_partition *combine);

/* Bytes of memory that combining one partition may take: a part of what there is for each worker.
 * */
uint64_t combine_partition_share(const struct worker *worker);

/* Brings a stream's pairs into the table, which must not be in use: of kept values it counts how
 * many each key has, and the bytes of these where they are of any size. Where `consume`, gives the
 * stream's chunks back in passing. May take memory past the budget. combine_partition_end is due in
 * any case. Returns -1 when the job fails. */
int combine_partition_begin(struct combine_partition *combine, struct stream *stream, bool consume);
/* Takes the chunk of a large record out of the table, with the value; what stands behind the key in
 * the chunk is not. Its entry has no key any more, so that nothing can be looked up from now on.
 * NULL when there are no others. */
struct chunk *combine_partition_take_large(struct combine_partition *combine,
                                           const uint64_t **value);
/* Empties the table. */
void combine_partition_end(struct combine_partition *combine);

/* Combines the pairs of a stream, which it takes, into one pair a key, or some where all keys do
 * not fit the worker's share, written to *combined. Returns -1 when the job fails. */
int combine_partition(struct combine_partition *combine, struct stream *pairs,
                      struct stream *combined);

#endif
