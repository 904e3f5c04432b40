/* SPDX-License-Identifier: MIT
 *
 * reporter - now and then, and at the end of each phase (see reporter.h).
 */
#include "engine/schedule/reporter.h"

#include "engine/schedule/caller.h"

/* At most this often is progress reported. */
#define INTERVAL UINT64_C(500000000)

/* Calls progress outside the lock; cancels the job where it says so. */
static void report(struct job *job, bool map)
{
    mr_report *const tell = job->context.spec.progress;
    struct mr_progress figures;
    struct caller caller;
    job_figures(job, map, &figures);
    thread_unlock(&job->jobs->lock);
    caller_enter(&caller, job, job->jobs, false);
    const int told = tell(job->context.spec.context, &figures);
    caller_leave(&caller);
    if (told != 0) {
        context_fail(&job->context, MR_CANCELLED, 0, "cancelled by the progress callback");
        round_robin_wake(job->jobs);
    }
    thread_lock(&job->jobs->lock);
    thread_wake_all(&job->changed);
}

uint64_t reporter_first(const struct job *job)
{
    return job->began + INTERVAL;
}

void reporter_when_due(struct job *job, uint64_t *next)
{
    if (!job->context.spec.progress || job->has_reader || context_stopped(&job->context) ||
        thread_now() < *next)
        return;
    report(job, job->map_ended == 0);
    *next = thread_now() + INTERVAL;
}

void reporter_run(void *argument)
{
    struct job *job = argument;
    struct thread_mutex *lock = &job->jobs->lock;
    uint64_t next = reporter_first(job);
    bool map_reported = false;
    thread_lock(lock);
    while (job->phase != PHASE_ENDED) {
        if (!map_reported && job->map_ended != 0 && !context_stopped(&job->context)) {
            map_reported = true;
            report(job, true);
        } else if (!thread_wait_until(&job->changed, lock, next) && job->phase != PHASE_ENDED) {
            report(job, job->map_ended == 0);
            next = thread_now() + INTERVAL;
        }
    }
    if (job->context.error.status == MR_OK && !map_reported)
        report(job, true);
    if (job->context.error.status == MR_OK)
        report(job, false);
    job_end(job);
    thread_unlock(lock);
}
