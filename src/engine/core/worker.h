/* SPDX-License-Identifier: MIT
 *
 * worker - what one worker of one job has on all floors: its chunks and what it does at rare
 * events.
 *
 * A job has one of these for each worker that has touched it, and only one task at a time uses it,
 * so nothing in it is locked. What it has for one phase alone belongs to that phase's floor.
 */
#ifndef ENGINE_WORKER_H
#define ENGINE_WORKER_H

#include "engine/core/context.h"
#include "engine/core/pool.h"

struct spill_scope; /* shuffle/spill_policy.h */
struct stores;      /* shuffle/stores.h */
struct stream;      /* shuffle/stream.h */

/* What floors above the shuffle do for it. Both return 0, or -1 when the job fails. */
struct worker_hooks {
    void *owner;
    /* Pairs have been handed over and counted: compact some where there are too many. */
    int (*handed)(void *owner);
    /* Combines a stream, which it takes, into one pair a key in *combined, which is empty. */
    int (*combine)(void *owner, struct stream *pairs, struct stream *combined);
};

struct worker {
    struct context *context;
    struct stores *stores; /* the job's */
    unsigned number;
    struct pool_cache cache;
    struct worker_hooks hooks;
    struct spill_scope *scopes; /* partitions of its own that may be spilled, innermost first */
    bool combining;             /* its grouping table is in use */
};

#endif
