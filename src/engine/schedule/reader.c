/* SPDX-License-Identifier: MIT
 *
 * reader - split by split (see reader.h).
 */
#include "engine/schedule/reader.h"

#include "base/test_hooks.h"
#include "engine/schedule/caller.h"
#include "engine/schedule/reporter.h"
#include "engine/schedule/tasks.h"
#include "engine/schedule/writer.h"

/* The next split of the input; false at the end, or when the job fails. */
static bool read_split(struct job *job, struct mr_split *split)
{
    struct mr_error error = {0};
    *split = (struct mr_split){0};
    if (context_stopped(&job->context))
        return false;
    if (job->context.reader.next(job->context.reader.context, split, &error) == 0) {
        split->sequence = test_hooks.splits_before + job->splits_read++;
        return !split->end;
    }
    context_fail_with(&job->context, MR_INPUT, &error, "the input could not be read");
    return false;
}

/* Does, under the lock, all that is left of a job whose input has ended, on this thread. */
static void do_rest(struct job *job, uint64_t *next)
{
    struct thread_mutex *lock = &job->jobs->lock;
    struct job_task task;
    while (job->phase != PHASE_ENDED) {
        /* Without a task everything has been made, or the job has failed. */
        if (!job_take(job, &task)) {
            thread_unlock(lock);
            writer_end(job);
            thread_lock(lock);
            continue;
        }
        thread_unlock(lock);
        tasks_do(&task, 0);
        writer_put_ready(job);
        thread_lock(lock);
        job_done(job, &task);
        reporter_when_due(job, next);
    }
}

void reader_read(void *argument)
{
    struct job *job = argument;
    struct thread_mutex *lock = &job->jobs->lock;
    struct mr_split split;
    struct caller caller;
    uint64_t bytes = 0, next = 0;
    bool offered = false;
    caller_enter(&caller, job, job->jobs, false);
    while (read_split(job, &split)) {
        if (!split_queue_push(&job->queue, &split)) {
            if (job->context.reader.release)
                job->context.reader.release(job->context.reader.context, &split);
            break;
        }
        bytes += split.length;
        if (offered) {
            round_robin_wake(job->jobs);
            continue;
        }
        offered = true;
        thread_lock(lock);
        job_offer(job, false, 0);
        thread_unlock(lock);
    }
    split_queue_end(&job->queue);
    thread_lock(lock);
    job->reader_done = true;
    job_offer(job, true, bytes);
    /* Workers may be busy with other jobs for long: one that failed before it began ends here. */
    while (job->waiting && !context_stopped(&job->context))
        thread_wait(&job->changed, lock);
    if (job->waiting) {
        job_stop_waiting(job);
        do_rest(job, &next);
    }
    const bool writes = !job->writer_done;
    thread_unlock(lock);
    if (writes)
        writer_run(job);
    caller_leave(&caller);
}

void reader_do_all(struct job *job)
{
    struct thread_mutex *lock = &job->jobs->lock;
    struct job_task task = {.job = job, .phase = PHASE_MAP};
    struct caller caller;
    uint64_t next = reporter_first(job);
    caller_enter(&caller, job, job->jobs, false);
    thread_lock(lock);
    job->started = true;
    if (!context_stopped(&job->context))
        round_robin_set_alone(job->jobs, &job->place);
    thread_unlock(lock);
    while (read_split(job, &task.split)) {
        tasks_do(&task, 0);
        thread_lock(lock);
        reporter_when_due(job, &next);
        thread_unlock(lock);
    }
    split_queue_end(&job->queue);
    thread_lock(lock);
    job->reader_done = true;
    do_rest(job, &next);
    thread_unlock(lock);
    caller_leave(&caller);
}
