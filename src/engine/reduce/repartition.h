/* SPDX-License-Identifier: MIT
 *
 * repartition - partitions too large to reduce at once, and making room by spilling.
 */
#ifndef ENGINE_REPARTITION_H
#define ENGINE_REPARTITION_H

#include "engine/schedule/job.h"

/* What one worker is repartitioning a stream to; where memory is exhausted it may be spilled. */
struct repartition {
    struct repartition *outer; /* the one within which this one is made */
    struct shuffle *parts;
    struct shuffle_writer writer;
};

/* Hash bits that a partition cannot be repartitioned by any more. */
#define REPARTITION_NEVER 64u

/* Bytes of memory that reducing one partition may take. */
uint64_t repartition_share(const struct worker *worker);
/* Whether a partition whose keys agree in the first `bits` of their hash
 * should be repartitioned first. */
bool repartition_needed(const struct worker *worker, const struct stream *stream, unsigned bits);
/* Repartitions it and reduces the parts. Takes the stream. Returns -1 when the job fails. */
int repartition_and_reduce(struct worker *worker, struct stream *stream, unsigned bits,
                           struct mr_results *results);

/* Opens a writer to `parts`, which may be spilled from then on. Returns -1 when the job fails. */
int repartition_begin(struct repartition *repartition, struct worker *worker,
                      struct shuffle *parts);
/* Closes the writer: all open chunks are handed over, or given back where repartitioning failed. */
void repartition_wrote(struct repartition *repartition, bool whole);
/* The parts are the caller's alone again. */
void repartition_end(struct repartition *repartition, struct worker *worker);

/* Writes what a partition has in memory to disk, as it is. Returns -1 when the job fails. */
int spill_partition_number(struct worker *worker, struct shuffle *shuffle, size_t number);

/* The budget is exhausted: writes the largest partitions to disk. As shuffle_owner.exhausted. */
int spill_largest(void *worker, enum pool_need *need);

#endif
