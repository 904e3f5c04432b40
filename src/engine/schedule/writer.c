/* SPDX-License-Identifier: MIT
 *
 * writer - piece by piece (see writer.h).
 */
#include "engine/schedule/writer.h"

#include "engine/schedule/tasks.h"

static void put(struct job *job, bool waits)
{
    struct pool_cache cache;
    pool_cache_open(&cache, job->context.pool);
    output_write(&job->order.output, &cache, waits);
    pool_cache_close(&cache);
}

void writer_put_ready(struct job *job)
{
    if (!job->order.output.positional)
        put(job, false);
}

/* The caller's end of the output. */
static void end(struct job *job)
{
    struct context *context = &job->context;
    const struct mr_writer *out = &context->writer;
    struct mr_error error = {0};
    if (out->end && !context_stopped(context) && out->end(out->context, &error) != 0)
        context_fail_with(context, MR_OUTPUT, &error, "the output could not be ended");
}

void writer_end(struct job *job)
{
    end(job);
    thread_lock(&job->jobs->lock);
    job->writer_done = true;
    thread_unlock(&job->jobs->lock);
}

void writer_run(struct job *job)
{
    struct thread_mutex *lock = &job->jobs->lock;
    struct job_task task;
    put(job, true);
    end(job);
    thread_lock(lock);
    job->writer_done = true;
    if (job->phase == PHASE_WRITE && job_take(job, &task)) {
        thread_unlock(lock);
        tasks_do(&task, 0);
        thread_lock(lock);
        job_done(job, &task);
    } else {
        round_robin_wake_locked(job->jobs);
    }
    thread_unlock(lock);
}
