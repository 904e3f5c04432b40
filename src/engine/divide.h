/* SPDX-License-Identifier: MIT
 *
 * divide - partitions too large to reduce at once, and making room by spilling.
 */
#ifndef ENGINE_DIVIDE_H
#define ENGINE_DIVIDE_H

#include "engine/job.h"

/* What one worker is dividing a stream to; where memory is exhausted it may be spilled. */
struct divide {
    struct divide *outer; /* the division within which this one is made */
    struct shuffle *parts;
    struct shuffle_writer writer;
};

/* Hash bits that a partition cannot be divided by any more. */
#define DIVIDE_NEVER 64u

/* Bytes of memory that reducing one partition may take. */
uint64_t divide_share(const struct worker *worker);
/* Whether a partition whose keys agree in the first `bits` of their hash
 * should be divided first. */
bool divide_needed(const struct worker *worker, const struct stream *stream, unsigned bits);
/* Divides it and reduces the parts. Takes the stream. Returns -1 when the job fails. */
int divide_partition(struct worker *worker, struct stream *stream, unsigned bits,
                     struct mr_results *results);

/* Opens a writer to `parts`, which may be spilled from then on. Returns -1 when the job fails. */
int divide_begin(struct divide *divide, struct worker *worker, struct shuffle *parts);
/* Closes the writer: all open chunks are handed over, or given back where the division failed. */
void divide_wrote(struct divide *divide, bool whole);
/* The parts are the caller's alone again. */
void divide_end(struct divide *divide, struct worker *worker);

/* Writes what a partition has in memory to disk, as it is. Returns -1 when the job fails. */
int divide_spill(struct worker *worker, struct shuffle *shuffle, size_t number);

/* The budget is exhausted: writes the largest partitions to disk. As shuffle_owner.exhausted. */
int divide_exhausted(void *worker, enum pool_need *need);

#endif
