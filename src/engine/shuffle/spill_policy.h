/* SPDX-License-Identifier: MIT
 *
 * spill_policy - which records go to disk when the budget is exhausted.
 *
 * Whoever needs a chunk and finds none within the budget makes room himself: he writes the largest
 * partitions that anybody could spill to disk, until a part of the budget is free.
 */
#ifndef ENGINE_SPILL_POLICY_H
#define ENGINE_SPILL_POLICY_H

#include "engine/core/worker.h"
#include "engine/shuffle/partitions.h"

/* Partitions that one worker writes for itself alone, and that may be spilled besides the job's. */
struct spill_scope {
    struct spill_scope *outer;
    struct partitions *partitions;
};

/* From now on, until spill_scope_end, the partitions may be spilled by the worker. */
void spill_scope_begin(struct spill_scope *scope, struct worker *worker,
                       struct partitions *partitions);
void spill_scope_end(struct spill_scope *scope, struct worker *worker);

/* An empty chunk for a record of at most `bound` bytes. Where the budget has none and `need` is
 * POOL_IF_LEFT, makes room by spilling, or goes past it where there is nothing to spill. NULL when
 * the job fails. */
struct chunk *spill_chunk(struct worker *worker, size_t bound, enum pool_need need);

/* Chunks that were taken past the budget now belong to what may be spilled: spills until the budget
 * has some left, or there is nothing to spill. Returns -1 when the job fails. */
int spill_excess(struct worker *worker);

/* Writes what a partition has in memory to disk, as it is. Returns -1 when the job fails. */
int spill_partition(struct worker *worker, struct partitions *partitions, size_t number);

#endif
