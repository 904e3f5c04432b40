/* SPDX-License-Identifier: MIT
 *
 * reader - split by split (see reader.h).
 */
#include "engine/schedule/reader.h"

#include "engine/schedule/reporter.h"
#include "engine/schedule/tasks.h"

/* The next split of the input; false at the end, or when the job fails. */
static bool read_split(struct job *job, struct mr_split *split)
{
    struct mr_error error = {0};
    *split = (struct mr_split){0};
    if (context_stopped(&job->context))
        return false;
    int result = job->context.spec.input.next(job->context.spec.input.context, split, &error);
    if (result < 0)
        context_fail_with(&job->context, MR_INPUT, &error, "the input could not be read");
    return result > 0;
}

void reader_read(void *argument)
{
    struct job *job = argument;
    struct mr_split split;
    while (read_split(job, &split)) {
        if (!split_queue_push(&job->queue, &split)) {
            if (job->context.spec.input.release)
                job->context.spec.input.release(job->context.spec.input.context, &split);
            break;
        }
        round_robin_wake(job->jobs);
    }
    split_queue_end(&job->queue);
    thread_lock(&job->jobs->lock);
    job->reader_done = true;
    round_robin_wake_locked(job->jobs);
    thread_unlock(&job->jobs->lock);
}

void reader_do_all(struct job *job)
{
    struct thread_mutex *lock = &job->jobs->lock;
    struct job_task task = {.job = job, .phase = PHASE_MAP};
    uint64_t next = reporter_first(job);
    thread_lock(lock);
    job->started = true;
    thread_unlock(lock);
    while (read_split(job, &task.split)) {
        tasks_do(&task, 0);
        thread_lock(lock);
        reporter_when_due(job, &next);
        thread_unlock(lock);
    }
    split_queue_end(&job->queue);
    job->reader_done = true;

    thread_lock(lock);
    while (job_take(job, &task)) {
        thread_unlock(lock);
        tasks_do(&task, 0);
        thread_lock(lock);
        job_done(job, &task);
        reporter_when_due(job, &next);
    }
    thread_unlock(lock);
}
