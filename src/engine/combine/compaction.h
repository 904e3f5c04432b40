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

#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct job;
struct worker;

/* What the partitions of a job hold in memory. Counted a little late, so that workers seldom meet
 * here, and therefore signed. */
struct compaction {
    alignas(128) _Atomic int64_t fresh; /* bytes of records as handed over */
    _Atomic int64_t compacted;          /* bytes of those compacted: one a key of its partition */
    /* What compacting all would come to, by the partition compacted last, which is a fair sample:
     * bytes of records, and of the results made of these. Before the first one they are 0. */
    _Atomic int64_t all_compacted, output_estimate;
    _Atomic int64_t resample_at; /* with more bytes than this those two are sampled anew */
    _Atomic size_t next;         /* the partition that is next, round-robin */
    int64_t low_mark,
        high_mark; /* bytes below which nothing is compacted, by the number of keys; constant */
};

void compaction_open(struct compaction *compaction, uint64_t budget);
/* A worker has handed a chunk with `bytes` of records over to a partition: compacts others where
 * they hold too much. Returns -1 when the job fails. */
int compaction_handed(struct worker *worker, size_t bytes);
/* So many bytes are no longer in memory. */
void compaction_gone(struct job *job, uint64_t fresh, uint64_t compacted);

#endif
