/* SPDX-License-Identifier: MIT
 *
 * values - the values of one key on their way to the caller's reduce.
 */
#ifndef ENGINE_VALUES_H
#define ENGINE_VALUES_H

#include "engine/combine/combine_partition.h"

struct mr_results;

/* Calls reduce with the one value a combined key has. Returns -1 when the job fails. */
int values_reduce_one(struct combine_partition *combine, const unsigned char *key, size_t size,
                      const void *value, struct mr_results *results);

/* Calls reduce for each key in the table, which has counted the values that the
 * stream keeps for it. Reads the stream as often as memory demands, and leaves it. Returns
 * -1 when the job fails. */
int values_reduce(struct combine_partition *combine, struct stream *stream,
                  struct mr_results *results);

#endif
