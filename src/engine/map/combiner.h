/* SPDX-License-Identifier: MIT
 *
 * combiner - a mapper's table in the cache, which combines the pairs of keys met often and lets the
 * rest pass to their partitions.
 *
 * Its parts: combiner_policy decides, combiner_table holds the keys, combiner_lookup has the loops
 * that look them up, combiner_avx512 the vectors of these, combiner_flush what leaves it.
 *
 * A key class (key.h) is in one of three modes:
 *
 *   FILL    new keys go in. A full table doubles, past the private caches only as long as misses
 *           fall as they do where keys repeat evenly; otherwise it is flushed: all keys are written
 *           to their partitions, and it fills again;
 *   FROZEN  full at the largest size: pairs of known keys are combined, others are written to their
 *           partition. After some millions of pairs the rarer half is written out and the table
 *           fills again, so that it follows a text whose words change;
 *   BYPASS  hits are so rare that even looking does not pay: all pairs are written to their
 *           partition, and after a while, which doubles, the table is tried again.
 */
#ifndef ENGINE_COMBINER_H
#define ENGINE_COMBINER_H

#include "engine/map/emitter.h"

struct stores;

/* Prepares the emitter of a worker, which combiner_close then frees in any case. Returns -1 when
 * the job fails. */
int combiner_open(struct mr_emitter *emitter, struct worker *worker);
/* Frees what the emitter holds, unread. One never opened (all zero) is allowed. */
void combiner_close(struct mr_emitter *emitter);
/* The caller's map of a split begins, or whatever else of a mapper may emit, on this thread: only
 * from here to the end pairs can be emitted. `sequence` is the split's: mappers have splits of
 * ever higher ones. */
void combiner_begin_split(struct mr_emitter *emitter, uint64_t sequence);
/* It has returned, also where the job has failed: no pair is on its way any more. Returns -1 when
 * the job fails. */
int combiner_end_split(struct mr_emitter *emitter);
/* Pairs held in the table. */
uint64_t combiner_held(const struct mr_emitter *emitter);
/* Makes the partitions for the so many pairs that all combiners hold in the end, where there are
 * none yet. Returns -1 when the job fails. */
int combiner_make_partitions(struct stores *stores, struct context *context, uint64_t held);
/* Sends what the table holds to the partitions, hands these over and frees the table. Returns
 * -1 when the job fails. */
int combiner_drain(struct mr_emitter *emitter);

#endif
