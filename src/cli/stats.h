/* SPDX-License-Identifier: MIT
 *
 * stats - the table of --stats.
 */
#ifndef CLI_STATS_H
#define CLI_STATS_H

#include <stdint.h>

#include "base/total.h"
#include "cli/message.h"
#include "engine/mapreduce.h"

/* What the programs took that were started. */
struct stats_programs {
    uint64_t count;
    double seconds; /* of processors */
};

/* Prints the table to standard error: what the engine knows and what only the map knows. The peak
 * memory is that of the process until now. `programs` is NULL where none can have been started. */
void stats_print(struct message *message, const struct mr_stats *stats, const struct total *tokens,
                 uint64_t invalid_bytes, const char *kernel, const struct stats_programs *programs);

#endif
