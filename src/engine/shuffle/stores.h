/* SPDX-License-Identifier: MIT
 *
 * stores - all that one job holds of records, in memory and on disk.
 */
#ifndef ENGINE_STORES_H
#define ENGINE_STORES_H

#include "engine/core/context.h"
#include "engine/shuffle/partitions.h"
#include "engine/shuffle/spill_file.h"

struct stores {
    struct thread_mutex pairs_lock; /* of making `pairs` */
    _Atomic bool pairs_open;
    struct partitions pairs;   /* by hash, from map to reduce */
    bool results_open;         /* written by one task, before any other looks */
    struct partitions results; /* by range, from reduce to output */
    struct spill spill;
};

/* Makes empty stores, which must be all zero, that spill to the directories, whose names must live
 * as long. Returns 0 or an errno value. */
int stores_open(struct stores *stores, const char *const *directories, size_t count);
/* Gives back what they hold, to the cache. */
void stores_empty(struct stores *stores, struct pool_cache *cache);
/* Frees stores that are empty. */
void stores_close(struct stores *stores);

/* Makes the partitions of pairs, 2^bits, where they do not exist yet. Returns -1 when the job
 * fails. */
int stores_make_pairs(struct stores *stores, struct context *context, unsigned bits);
/* How many there are; 0 where nothing has left the mappers' combiners. */
size_t stores_pair_partitions(const struct stores *stores);
/* Pairs in all of them. */
uint64_t stores_pairs(struct stores *stores);
/* Gives back what is in some partitions. */
void stores_drop(struct partitions *partitions, struct pool_cache *cache);

#endif
