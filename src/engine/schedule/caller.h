/* SPDX-License-Identifier: MIT
 *
 * caller - which callbacks of which jobs run on this thread, so that a call that would wait for its
 * own end can be refused.
 *
 * A callback may run another job on its own thread, whose callbacks run inside of it: there is a
 * list, the innermost first.
 */
#ifndef ENGINE_CALLER_H
#define ENGINE_CALLER_H

#include <stdbool.h>

struct job;
struct round_robin;

/* On the stack of who calls back. */
struct caller {
    const struct caller *outer;
    const struct job *job;
    const struct round_robin *jobs; /* those of its engine */
    bool works;                     /* does a task, as a worker does */
};

/* From now on, until caller_leave, this thread runs callbacks of the job, one of
 * those. */
void caller_enter(struct caller *caller, const struct job *job, const struct round_robin *jobs,
                  bool works);
void caller_leave(const struct caller *caller);

/* Whether this thread is in a callback of that job; of any of those jobs; of one of those that does
 * a task. */
bool caller_in_job(const struct job *job);
bool caller_in_jobs(const struct round_robin *jobs);
bool caller_works(const struct round_robin *jobs);

#endif
