/* SPDX-License-Identifier: MIT
 *
 * caller - a list on the stacks of this thread (see caller.h).
 */
#include "engine/schedule/caller.h"

#include <stddef.h>

static _Thread_local const struct caller *innermost;

void caller_enter(struct caller *caller, const struct job *job, const struct round_robin *jobs,
                  bool works)
{
    *caller = (struct caller){.outer = innermost, .job = job, .jobs = jobs, .works = works};
    innermost = caller;
}

void caller_leave(const struct caller *caller)
{
    innermost = caller->outer;
}

bool caller_in_job(const struct job *job)
{
    for (const struct caller *caller = innermost; caller; caller = caller->outer)
        if (caller->job == job)
            return true;
    return false;
}

bool caller_in_jobs(const struct round_robin *jobs)
{
    for (const struct caller *caller = innermost; caller; caller = caller->outer)
        if (caller->jobs == jobs)
            return true;
    return false;
}

bool caller_works(const struct round_robin *jobs)
{
    for (const struct caller *caller = innermost; caller; caller = caller->outer)
        if (caller->works && caller->jobs == jobs)
            return true;
    return false;
}
