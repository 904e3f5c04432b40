/* SPDX-License-Identifier: MIT
 *
 * reader - a job's own threads: reading its input, reporting its progress, or
 * doing it all in one place.
 */
#include "engine/schedule/engine.h"
#include "engine/schedule/job.h"

/* At most this often is progress reported. */
#define INTERVAL UINT64_C(500000000)

/* The next split of the input; false at the end, or when the job fails. */
static bool read_split(struct job *job, struct mr_split *split)
{
    struct mr_error error = {0};
    *split = (struct mr_split){0};
    if (job_stopped(job))
        return false;
    int result = job->spec.input.next(job->spec.input.context, split, &error);
    if (result < 0)
        job_fail_with(job, MR_INPUT, &error, "the input could not be read");
    return result > 0;
}

void job_read(void *argument)
{
    struct job *job = argument;
    struct mr_split split;
    while (read_split(job, &split)) {
        if (!queue_push(&job->queue, &split)) {
            if (job->spec.input.release)
                job->spec.input.release(job->spec.input.context, &split);
            break;
        }
        engine_wake(job->engine);
    }
    queue_end(&job->queue);
    thread_lock(&job->engine->lock);
    job->reader_done = true;
    engine_wake_locked(job->engine);
    thread_unlock(&job->engine->lock);
}

/* Calls progress outside the lock; cancels the job where it says so. */
static void report(struct job *job, bool map)
{
    struct mr_progress progress;
    job_figures(job, map, &progress);
    thread_unlock(&job->engine->lock);
    if (job->spec.progress(job->spec.context, &progress) != 0) {
        job_fail(job, MR_CANCELLED, 0, "cancelled by the progress callback");
        engine_wake(job->engine);
    }
    thread_lock(&job->engine->lock);
}

void job_report(void *argument)
{
    struct job *job = argument;
    struct mr_engine *engine = job->engine;
    uint64_t next = job->began + INTERVAL;
    bool map_reported = false;
    thread_lock(&engine->lock);
    while (job->phase != PHASE_ENDED) {
        if (!map_reported && job->map_ended != 0 && !job_stopped(job)) {
            map_reported = true;
            report(job, true);
        } else if (!thread_wait_until(&job->changed, &engine->lock, next) &&
                   job->phase != PHASE_ENDED) {
            report(job, job->map_ended == 0);
            next = thread_now() + INTERVAL;
        }
    }
    if (job->error.status == MR_OK && !map_reported)
        report(job, true);
    if (job->error.status == MR_OK)
        report(job, false);
    job->closed = true;
    thread_wake_all(&job->changed);
    thread_unlock(&engine->lock);
}

void job_run_here(struct job *job)
{
    struct mr_engine *engine = job->engine;
    struct task task = {.job = job, .phase = PHASE_MAP};
    job->started = true;
    while (read_split(job, &task.split))
        job_do(&task, 0);
    queue_end(&job->queue);
    job->reader_done = true;

    thread_lock(&engine->lock);
    while (job_take(job, &task)) {
        thread_unlock(&engine->lock);
        job_do(&task, 0);
        thread_lock(&engine->lock);
        job_done(job, &task);
    }
    thread_unlock(&engine->lock);
    if (job->spec.progress)
        job_report(job);
}
