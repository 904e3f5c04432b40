/* SPDX-License-Identifier: MIT
 *
 * reduce_sink - where a reduce's results go, and what a worker hands them out by.
 */
#ifndef ENGINE_REDUCE_SINK_H
#define ENGINE_REDUCE_SINK_H

#include "engine/core/record.h"
#include "engine/core/worker.h"

/* Results that are put together, at most. */
#define REDUCE_BATCH 32

/* Where results go. All return -1 when the job fails. */
struct reduce_sink {
    /* Results of so many pairs follow. */
    void (*begin)(struct reduce_sink *sink, uint64_t pairs);
    /* Takes copies of results, REDUCE_BATCH at most; may change the array. */
    int (*put)(struct reduce_sink *sink, struct record *results, size_t count);
    /* Takes the large chunk of one result (pool.h). */
    int (*put_large)(struct reduce_sink *sink, struct chunk *chunk);
    /* All results of these pairs have been put. */
    int (*end)(struct reduce_sink *sink);
};

/* Bytes of keys and payloads that a caller's reduces have put and that are held, at most. */
#define REDUCE_HELD ((size_t)4096)

/* What one worker hands results out by. */
struct mr_results {
    struct worker *worker;
    struct reduce_sink *sink;
    void *state; /* the caller's reducer state, */
    bool state_open;
    /* Small results that reduces have put one by one, held until there are some to be put together:
     * the memory that each of them goes to arrives side by side then. */
    size_t held_count, held_bytes;
    struct record held[REDUCE_BATCH];
    unsigned char bytes[REDUCE_HELD + RECORD_COPIED];
};

#endif
