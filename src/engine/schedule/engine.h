/* SPDX-License-Identifier: MIT
 *
 * engine - what all jobs share, from the inside.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/core/pool.h"
#include "engine/mapreduce.h"
#include "engine/schedule/job.h"

struct mr_engine {
    _Atomic unsigned thread_count; /* workers; fewer after the first job where not all started */
    uint64_t memory; /* bytes in all, of which the budget is a part; constant, as the three below */
    struct hash_seed seed;
    char **tmpdirs;
    size_t tmpdir_count;
    struct budget budget;
    struct pool pool;

    struct round_robin jobs; /* with the lock of what follows */
    struct thread *threads;
    unsigned started; /* threads that run */
    /* Jobs that are there, ended or not, and one for the engine being open: who takes the last of
     * these away frees it. */
    size_t users;
};

/* Starts the workers that do not run yet, as many as the system lets us; the lock is held. Returns
 * 0 or, where none runs, why. */
int engine_start_workers(struct mr_engine *engine);
/* Somebody needs the engine no longer. */
void engine_leave(struct mr_engine *engine);
/* What an input is to know of it. */
struct input_engine engine_for_input(struct mr_engine *engine);

#endif
