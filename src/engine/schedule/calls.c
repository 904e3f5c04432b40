/* SPDX-License-Identifier: MIT
 *
 * calls - the calls of mapreduce.h that run jobs and deal with their handles.
 */
#include "engine/core/struct_size.h"
#include "engine/schedule/caller.h"
#include "engine/schedule/engine.h"
#include "engine/schedule/reader.h"
#include "engine/schedule/reporter.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MILLISECOND UINT64_C(1000000)

struct mr_job {
    struct job *job;
    struct mr_engine *own; /* an engine of its own, or NULL */
};

/* ---- Making and ending jobs ------------------------------------------------------------------ */

/* The description's input and output are of no use. */
static void release_given(const struct mr_job_spec *given)
{
    if (!given)
        return;
    mr_input_release(given->input);
    mr_output_release(given->output);
}

/* Copies a job's description, and makes the input and the output that it leaves out. Returns NULL,
 * or what is wrong with it. */
static const char *take_spec(const struct mr_job_spec *given, struct mr_job_spec *spec)
{
    const char *wrong = given ? struct_size_copy(spec, sizeof *spec, given) : "there is none";
    if (wrong)
        return wrong;
    if (!spec->input)
        spec->input = mr_input_files(NULL, 0);
    if (!spec->collect && !spec->output)
        spec->output = mr_output_tsv(STDOUT_FILENO);
    return NULL;
}

/* Makes a job known to the engine. Takes the description's input and output in any case. */
static enum mr_status open_job(struct mr_engine *engine, const struct mr_job_spec *given,
                               struct job **job, struct mr_error *error)
{
    const struct input_engine known = engine_for_input(engine);
    const struct job_resources resources = {
        .worker_count = mr_engine_threads(engine),
        .seed = &engine->seed,
        .memory = engine->memory,
        .budget = &engine->budget,
        .pool = &engine->pool,
        .tmpdirs = (const char *const *)engine->tmpdirs,
        .tmpdir_count = engine->tmpdir_count,
        .jobs = &engine->jobs,
        .input = &known,
    };
    struct mr_job_spec spec;
    const char *wrong = take_spec(given, &spec);
    *job = NULL;
    if (wrong) {
        mr_error_set(error, MR_INVALID, EINVAL, "the job's description: %s", wrong);
        release_given(given);
        return MR_INVALID;
    }
    const enum mr_status status = job_open(&resources, &spec, job, error);
    if (status != MR_OK) {
        release_given(&spec);
        return status;
    }
    thread_lock(&engine->jobs.lock);
    engine->users++;
    round_robin_begun(&engine->jobs);
    thread_unlock(&engine->jobs.lock);
    return MR_OK;
}

/* Frees a job that has ended, on its way out of the engine. */
static void free_job(struct job *job)
{
    /* The only engine with these jobs. */
    struct mr_engine *engine =
        (struct mr_engine *)(void *)((unsigned char *)job->jobs - offsetof(struct mr_engine, jobs));
    if (job->has_reader)
        thread_join(&job->reader);
    if (job->has_reporter)
        thread_join(&job->reporter);
    job_close(job);
    engine_leave(engine);
}

/* What a job's first thread does: reads, where workers map what it reads, else everything. Whether
 * there are any is decided while the lock is held by who starts it. */
static void read_or_run(void *argument)
{
    struct job *job = argument;
    thread_lock(&job->jobs->lock);
    bool alone = job->alone;
    thread_unlock(&job->jobs->lock);
    if (alone)
        reader_do_all(job);
    else
        reader_read(job);
}

/* Starts the threads of a job, its own ones first, since one of them is enough, and makes it known
 * to the workers. Returns 0 or, where that one cannot be had, why. */
static int start_threads(struct mr_engine *engine, struct job *job, bool reporter)
{
    int reason = 0;
    thread_lock(&engine->jobs.lock);
    if (reporter && job->context.spec.progress) {
        reason = thread_start(&job->reporter, "mr-reporter", reporter_run, job);
        job->has_reporter = reason == 0;
    }
    if (reason == 0) {
        reason = thread_start(&job->reader, "mr-reader", read_or_run, job);
        job->has_reader = reason == 0;
    }
    if (reason == 0) {
        job->alone = engine_start_workers(engine) != 0;
        job->context.worker_count = mr_engine_threads(engine);
    }
    if (reason == 0 && !job->alone)
        job_hold_back(job);
    thread_unlock(&engine->jobs.lock);
    return reason;
}

/* Waits for the end of a job that no progress was told of but by its reporter, if it has one. */
static void end_alone(struct job *job)
{
    thread_lock(&job->jobs->lock);
    while (job->has_reporter && !job->closed)
        thread_wait(&job->changed, &job->jobs->lock);
    if (!job->closed)
        job_end(job);
    thread_unlock(&job->jobs->lock);
}

static void wait_closed(struct job *job)
{
    thread_lock(&job->jobs->lock);
    while (!job->closed)
        thread_wait(&job->changed, &job->jobs->lock);
    thread_unlock(&job->jobs->lock);
}

/* ---- Running --------------------------------------------------------------------------------- */

/* Refuses a call that would wait, on a worker, for what may need that worker. */
static enum mr_status refuse_waiting(struct mr_error *error)
{
    return mr_error_set(error, MR_INVALID, EDEADLK,
                        "a callback on a worker cannot wait for a job of the same engine");
}

/* As mr_run, by that engine. */
static enum mr_status run(struct mr_engine *engine, const struct mr_job_spec *spec,
                          struct mr_stats *stats, struct mr_error *error)
{
    struct job *job;
    enum mr_status status = open_job(engine, spec, &job, error);
    if (status != MR_OK)
        return status;
    /* Where no thread is to be had there still is this one. */
    if (spec->small || start_threads(engine, job, false) != 0)
        reader_do_all(job);
    if (spec->progress)
        reporter_run(job);
    wait_closed(job);
    job_outcome(job, stats, error);
    status = job->context.error.status;
    free_job(job);
    return status;
}

enum mr_status mr_run(struct mr_engine *engine, const struct mr_job_spec *spec,
                      struct mr_stats *stats, struct mr_error *error)
{
    struct mr_engine *own = NULL;
    enum mr_status status = MR_OK;
    if (!struct_size_room(stats, sizeof *stats))
        status = mr_error_set(error, MR_INVALID, EINVAL,
                              "the statistics' struct_size is not set to their sizeof");
    else if (engine && caller_works(&engine->jobs))
        status = refuse_waiting(error);
    else if (!engine)
        status = mr_engine_open(NULL, &own, error);
    struct mr_engine *const used = engine ? engine : own;
    if (status != MR_OK || !used) {
        release_given(spec);
        return status;
    }
    status = run(used, spec, stats, error);
    (void)mr_engine_close(own);
    return status;
}

/* Starts the job of a handle. Takes the description's input and output in any case. */
static enum mr_status submit(struct mr_engine *engine, const struct mr_job_spec *spec,
                             struct mr_job *handle, struct mr_error *error)
{
    struct job *job;
    enum mr_status status = open_job(engine, spec, &job, error);
    if (status != MR_OK)
        return status;
    int reason = start_threads(engine, job, true);
    if (reason == 0) {
        handle->job = job;
        return MR_OK;
    }
    /* Let it end the usual way, though nobody has seen it begin; its input has been neither read
     * nor interrupted, so that the caller may run it instead. */
    struct mr_error why;
    mr_error_set(&why, MR_THREAD, reason, "cannot start a thread: %s", strerror(reason));
    context_fail_unheard(&job->context, &why);
    reader_do_all(job);
    end_alone(job);
    status = job->context.error.status;
    if (error)
        *error = job->context.error;
    input_leave(job->context.spec.input);
    free_job(job);
    return status;
}

enum mr_status mr_submit(struct mr_engine *engine, const struct mr_job_spec *spec,
                         struct mr_job **handle, struct mr_error *error)
{
    if (!handle) {
        release_given(spec);
        return mr_error_set(error, MR_INVALID, EINVAL, "there is no place for the job's handle");
    }
    *handle = NULL;
    struct mr_job *made = calloc(1, sizeof *made);
    if (!made) {
        release_given(spec);
        return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    }
    enum mr_status status = engine ? MR_OK : mr_engine_open(NULL, &made->own, error);
    struct mr_engine *const used = engine ? engine : made->own;
    if (status != MR_OK || !used)
        release_given(spec);
    else
        status = submit(used, spec, made, error);
    if (status == MR_OK) {
        *handle = made;
        return MR_OK;
    }
    (void)mr_engine_close(made->own);
    free(made);
    return status;
}

/* ---- Handles --------------------------------------------------------------------------------- */

enum mr_status mr_job_poll(struct mr_job *handle, struct mr_progress *progress)
{
    if (!handle || !struct_size_room(progress, sizeof *progress))
        return MR_INVALID;
    struct job *job = handle->job;
    struct mr_progress figures;
    thread_lock(&job->jobs->lock);
    job_figures(job, job->map_ended == 0, &figures);
    enum mr_status status = job_status(job);
    thread_unlock(&job->jobs->lock);
    if (progress)
        struct_size_fill(progress, &figures, sizeof figures);
    return status;
}

/* Why this thread must not wait for a job that has not ended: MR_OK where it may. */
static enum mr_status check_waiting(const struct job *job, struct mr_error *error)
{
    if (caller_in_job(job))
        return mr_error_set(error, MR_INVALID, EDEADLK,
                            "a callback cannot wait for the end of its own job");
    return caller_works(job->jobs) ? refuse_waiting(error) : MR_OK;
}

/* When so many milliseconds will have passed; UINT64_MAX: never. */
static uint64_t deadline_in(long timeout_ms)
{
    const uint64_t now = thread_now();
    if (timeout_ms < 0 || (uint64_t)timeout_ms > (UINT64_MAX / 2 - now) / MILLISECOND)
        return UINT64_MAX;
    return now + (uint64_t)timeout_ms * MILLISECOND;
}

enum mr_status mr_job_wait(struct mr_job *handle, long timeout_ms, struct mr_stats *stats,
                           struct mr_error *error)
{
    if (!handle)
        return mr_error_set(error, MR_INVALID, EINVAL, "there is no job");
    if (!struct_size_room(stats, sizeof *stats))
        return mr_error_set(error, MR_INVALID, EINVAL,
                            "the statistics' struct_size is not set to their sizeof");
    struct job *job = handle->job;
    const uint64_t deadline = deadline_in(timeout_ms);
    thread_lock(&job->jobs->lock);
    enum mr_status status = job->closed ? MR_OK : check_waiting(job, error);
    while (status == MR_OK && !job->closed) {
        if (deadline == UINT64_MAX)
            thread_wait(&job->changed, &job->jobs->lock);
        else if (!thread_wait_until(&job->changed, &job->jobs->lock, deadline))
            break;
    }
    if (status == MR_OK) {
        status = job_status(job);
        if (job->closed)
            job_outcome(job, stats, error);
    }
    thread_unlock(&job->jobs->lock);
    return status;
}

enum mr_status mr_job_cancel(struct mr_job *handle)
{
    if (!handle)
        return MR_INVALID;
    struct job *job = handle->job;
    thread_lock(&job->jobs->lock);
    job_cancel(job);
    thread_unlock(&job->jobs->lock);
    return MR_OK;
}

enum mr_status mr_job_release(struct mr_job *handle)
{
    if (!handle)
        return MR_OK;
    struct job *job = handle->job;
    thread_lock(&job->jobs->lock);
    const enum mr_status status = job->closed ? MR_OK : check_waiting(job, NULL);
    if (status == MR_OK)
        job_cancel(job);
    thread_unlock(&job->jobs->lock);
    if (status != MR_OK)
        return status;
    wait_closed(job);
    free_job(job);
    (void)mr_engine_close(handle->own);
    free(handle);
    return MR_OK;
}
