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
/* The same for any number of records. */
int routing_records(const struct ranges *ranges, struct partition_writer *writer,
                    const unsigned char *const *records, size_t count);
/* The same for the records of a chunk. */
int routing_chunk(const struct ranges *ranges, struct partition_writer *writer,
                  const struct chunk *chunk);

#endif
