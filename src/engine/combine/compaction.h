/* SPDX-License-Identifier: MIT
 *
 * compaction - while mapping goes on, pairs in memory are combined into one a key.
 *
 * So memory follows the number of distinct keys, not of pairs. All partitions together may hold as
 * much as the results will justify, by what compacting has come to so far, or more where they are
 * low_mark; then each chunk handed over has the next partition, round-robin, compacted: every one
 * as late as memory allows, and as rarely.
 */
#ifndef ENGINE_COMPACTION_H
#define ENGINE_COMPACTION_H

#include "engine/combine/combine_partition.h"
#include "engine/shuffle/partitions.h"

struct compaction {
    /* What compacting all would come to, by the partition compacted last, which is a fair sample:
     * bytes of records, and of the results made of these. Before the first one they are 0. */
    alignas(128) _Atomic int64_t all_compacted;
    _Atomic int64_t output_estimate;
    _Atomic int64_t resample_at; /* with more bytes than this those two are sampled anew */
    _Atomic size_t next;         /* the partition that is next, round-robin */
    /* Bytes below which nothing is compacted, by the number of keys; constant. */
    int64_t low_mark, high_mark;
};

void compaction_open(struct compaction *compaction, uint64_t budget);
/* Pairs have been handed over to the partitions: compacts some where they hold too much, by what a
 * worker has for it. Returns -1 when the job fails. */
int compaction_handed(struct compaction *compaction, struct partitions *pairs,
                      struct combine_partition *combine);

#endif
