/* SPDX-License-Identifier: MIT
 *
 * engine - what all jobs share, from the inside.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/hash.h"
#include "engine/mapreduce.h"
#include "engine/core/pool.h"

struct job;

struct mr_engine {
    unsigned thread_count; /* workers; constant, as are the four below */
    uint64_t memory;       /* bytes in all; the budget is a part of it */
    struct hash_seed seed;
    char **tmpdirs;
    size_t tmpdir_count;
    struct budget budget;
    struct pool pool;

    struct thread_mutex lock; /* of all below, and of the schedule of every job */
    struct thread_cond work;  /* there may be a task to take, or the engine is stopping */
    struct thread *threads;
    unsigned started; /* threads that run */
    unsigned idle;    /* of these, waiting for work */
    bool stopping;
    struct job *round_robin; /* the live job that is served next; a ring */
};

/* There may be a task to take. */
void engine_wake(struct mr_engine *engine);
/* Under the lock: all idle workers are to look for tasks. */
void engine_wake_locked(struct mr_engine *engine);
/* Under the lock: the job has no more tasks. */
void engine_forget(struct mr_engine *engine, struct job *job);

#endif
