/* SPDX-License-Identifier: MIT
 *
 * routing - results on their way to the range they belong to.
 *
 * All return -1 when the job fails.
 */
#ifndef ENGINE_ROUTING_H
#define ENGINE_ROUTING_H

#include "engine/order/ranges.h"
#include "engine/shuffle/partition_writer.h"

/* Writes results, RANGES_BATCH at most, to their ranges. */
int routing_results(const struct ranges *ranges, struct partition_writer *writer,
                    const struct record *results, size_t count);
/* The same for those of a sample whose keys are whole: shorter than RANGES_KEY. */
int routing_sample(const struct ranges *ranges, struct partition_writer *writer,
                   const unsigned char *const *records, size_t count);
/* The same for a large chunk (pool.h), which it takes. */
int routing_large(const struct ranges *ranges, struct partition_writer *writer,
                  struct chunk *chunk);
/* The same for the records of a chunk. */
int routing_chunk(const struct ranges *ranges, struct partition_writer *writer,
                  const struct chunk *chunk);

#endif
