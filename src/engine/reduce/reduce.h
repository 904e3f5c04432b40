/* SPDX-License-Identifier: MIT
 *
 * reduce - from a partition's pairs to one call, or one result, a key.
 */
#ifndef ENGINE_REDUCE_H
#define ENGINE_REDUCE_H

#include "engine/combine/combine_partition.h"
#include "engine/reduce/reduce_sink.h"

/* Reduces a partition whose keys agree in the first `bits` of their hash: one call or result a key.
 * Takes the stream. Returns -1 when the job fails. */
int reduce_partition(struct combine_partition *combine, struct stream *stream, unsigned bits,
                     struct mr_results *results);
/* Ends the worker's reducer, where one was opened. */
void reduce_close(struct mr_results *results);

#endif
