/* SPDX-License-Identifier: MIT
 *
 * round_robin - the live jobs of an engine, served one after the other, so that a small job does
 * not wait for a big one.
 *
 * Its lock is that of the schedule of every job too. A worker takes it twice a task, some hundred
 * microseconds apart.
 */
#ifndef ENGINE_ROUND_ROBIN_H
#define ENGINE_ROUND_ROBIN_H

#include "base/thread.h"
#include "engine/schedule/admission.h"

#include <stddef.h>

/* A job's place in one of the rings below; all zero where it has none. */
struct round_robin_place {
    struct round_robin_place *next, *previous;
};

struct round_robin {
    struct thread_mutex lock; /* of all below, and of the schedule of every job */
    struct thread_cond work;  /* there may be a task to take, or the engine is stopping */
    unsigned idle;            /* workers waiting for work */
    bool stopping;
    struct round_robin_place *first;   /* the job that is served next; a ring */
    struct round_robin_place *waiting; /* jobs that may not map yet, the oldest first; a ring */
    struct round_robin_place *alone;   /* jobs that one thread does by itself; a ring */
    size_t ready;                      /* of these, those that have something to map */
    bool review;                       /* one of them may begin now */
    bool
        held_up; /* when a task was looked for, some job could not go on until results were taken */
    struct admission admission;
    size_t open; /* jobs begun whose outcome does not stand yet */
    struct thread_cond none_open;
};

/* For jobs that share so much memory. Returns 0 or an errno value. */
int round_robin_open(struct round_robin *jobs, uint64_t memory);
void round_robin_close(struct round_robin *jobs);

/* There may be a task to take. */
void round_robin_wake(struct round_robin *jobs);

/* The lock is held for all that follow. */
void round_robin_wake_locked(struct round_robin *jobs);
/* Adds a job to the live, to be served last, or to the waiting. */
void round_robin_add(struct round_robin *jobs, struct round_robin_place *place);
void round_robin_hold_back(struct round_robin *jobs, struct round_robin_place *place);
/* Makes known a job of which no worker takes a task. */
void round_robin_set_alone(struct round_robin *jobs, struct round_robin_place *place);
/* Takes it out, where it is in. */
void round_robin_remove(struct round_robin *jobs, struct round_robin_place *place);
/* A job begins; its outcome stands. */
void round_robin_begun(struct round_robin *jobs);
void round_robin_closed(struct round_robin *jobs);
/* How many there are in a ring. */
size_t round_robin_count(const struct round_robin_place *ring);
/* Whether jobs run or wait side by side. */
bool round_robin_shared(const struct round_robin *jobs);

#endif
