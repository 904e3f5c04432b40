/* SPDX-License-Identifier: MIT
 *
 * values - the values of one key on their way to the caller's reduce.
 */
#ifndef ENGINE_VALUES_H
#define ENGINE_VALUES_H

#include "engine/schedule/job.h"

/* Calls reduce with the one value a combined key has. Returns -1 when the job fails. */
int values_reduce_one(struct worker *worker, const unsigned char *key, size_t size,
                      const void *value, struct mr_results *results);

/* Calls reduce for each key in the worker's table, which has counted the values that the
 * stream keeps for it. Reads the stream as often as memory demands, and leaves it. Returns
 * -1 when the job fails. */
int values_reduce(struct worker *worker, struct stream *stream, struct mr_results *results);

#endif
