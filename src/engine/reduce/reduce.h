/* SPDX-License-Identifier: MIT
 *
 * reduce - from a partition's pairs to one call, or one result, a key.
 */
#ifndef ENGINE_REDUCE_H
#define ENGINE_REDUCE_H

#include "engine/schedule/job.h"

/* Combines the pairs of a stream, which it takes, into one pair a key, written to *compacted. Uses
 * the worker's table, and memory past the budget where it must. Returns -1 when the job fails. */
int combine_partition(struct worker *worker, struct stream *pairs, struct stream *compacted);

/* Reduces a partition whose keys agree in the first `bits` of their hash: one call or result a key.
 * Takes the stream. Returns -1 when the job fails. */
int reduce_partition(struct worker *worker, struct stream *stream, unsigned bits,
                     struct mr_results *results);

#endif
