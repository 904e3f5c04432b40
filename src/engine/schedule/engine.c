/* SPDX-License-Identifier: MIT
 *
 * engine - threads and memory shared by all jobs, and the calls of mapreduce.h that run them. The
 * way of a job's data is told in ../README.md.
 *
 * Shutdown: a job that fails or is cancelled sets its stop flag and ends its queue. The reader
 * returns from its push, workers give queued splits back unmapped, tasks in hand return early, and
 * one worker gives everything back (PHASE_FINISH) before the job is seen to end.
 */
#include "engine/schedule/engine.h"

#include "base/cpu.h"
#include "engine/schedule/reader.h"
#include "engine/schedule/reporter.h"
#include "engine/schedule/tasks.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* With less memory than this the buffers and tables that a job cannot do
 * without would exceed it. */
#define LEAST_MEMORY ((uint64_t)16 << 20)
#define LEAST_MEMORY_A_THREAD ((uint64_t)4 << 20)
/* Of that, what is not taken from the budget: stacks, callers' state, the allocator's own. */
#define UNBUDGETED_MEMORY ((uint64_t)8 << 20)
#define UNBUDGETED_MEMORY_A_THREAD ((uint64_t)2 << 20)

struct mr_job {
    struct job *job;
};

/* ---- Workers --------------------------------------------------------------------------------- */

/* Takes a task of the job that is served next, or of the next one that has any; the lock is
 * held. */
static bool take_task(struct mr_engine *engine, struct job_task *task)
{
    struct round_robin *jobs = &engine->jobs;
    struct round_robin_place *place = jobs->first;
    /* Jobs may leave the ring while it is walked: they are counted first. */
    for (size_t left = round_robin_count(jobs); left > 0 && jobs->first; left--) {
        struct round_robin_place *next = place->next;
        /* A job begins with its place. */
        if (job_take((struct job *)(void *)place, task)) {
            jobs->first = next;
            return true;
        }
        place = next;
    }
    return false;
}

struct worker_arg {
    struct mr_engine *engine;
    unsigned number;
};

static void work(void *argument)
{
    struct worker_arg arg = *(struct worker_arg *)argument;
    free(argument);
    struct mr_engine *engine = arg.engine;
    struct job_task task;
    thread_lock(&engine->jobs.lock);
    while (!engine->jobs.stopping) {
        if (take_task(engine, &task)) {
            thread_unlock(&engine->jobs.lock);
            tasks_do(&task, arg.number);
            thread_lock(&engine->jobs.lock);
            job_done(task.job, &task);
        } else {
            engine->jobs.idle++;
            thread_wait(&engine->jobs.work, &engine->jobs.lock);
            engine->jobs.idle--;
        }
    }
    thread_unlock(&engine->jobs.lock);
}

/* Starts the workers where they do not run yet; the lock is held. */
static enum mr_status start_workers(struct mr_engine *engine, struct mr_error *error)
{
    while (engine->started < engine->thread_count) {
        struct worker_arg *arg = malloc(sizeof *arg);
        if (!arg)
            return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        *arg = (struct worker_arg){engine, engine->started};
        int reason = thread_start(&engine->threads[engine->started], "mr-worker", work, arg);
        if (reason != 0) {
            free(arg);
            return mr_error_set(error, MR_THREAD, reason, "cannot start thread %u of %u: %s",
                                engine->started + 1, engine->thread_count, strerror(reason));
        }
        engine->started++;
    }
    return MR_OK;
}

/* ---- The engine ------------------------------------------------------------------------------ */

static void free_tmpdirs(struct mr_engine *engine)
{
    for (size_t i = 0; i < engine->tmpdir_count; i++)
        free(engine->tmpdirs[i]);
    free(engine->tmpdirs);
}

static int copy_tmpdirs(struct mr_engine *engine, const struct mr_engine_options *options)
{
    const char *usual = getenv("TMPDIR");
    if (!usual || !*usual)
        usual = "/tmp";
    size_t count = options->tmpdir_count ? options->tmpdir_count : 1;
    engine->tmpdirs = calloc(count, sizeof *engine->tmpdirs);
    if (!engine->tmpdirs)
        return -1;
    for (; engine->tmpdir_count < count; engine->tmpdir_count++) {
        size_t i = engine->tmpdir_count;
        engine->tmpdirs[i] = strdup(options->tmpdir_count ? options->tmpdirs[i] : usual);
        if (!engine->tmpdirs[i])
            return -1;
    }
    return 0;
}

enum mr_status mr_engine_open(const struct mr_engine_options *options, struct mr_engine **result,
                              struct mr_error *error)
{
    *result = NULL;
    struct mr_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    engine->thread_count = options->threads ? options->threads : cpu_count();
    uint64_t least = LEAST_MEMORY + LEAST_MEMORY_A_THREAD * engine->thread_count;
    engine->memory = options->memory ? options->memory : cpu_memory_available() / 2;
    if (engine->memory < least)
        engine->memory = least;
    budget_open(&engine->budget, engine->memory - UNBUDGETED_MEMORY -
                                     UNBUDGETED_MEMORY_A_THREAD * engine->thread_count);
    hash_seed_draw(&engine->seed);
    engine->threads = calloc(engine->thread_count, sizeof *engine->threads);
    if (!engine->threads || copy_tmpdirs(engine, options) != 0)
        goto no_pool;
    if (pool_open(&engine->pool, &engine->budget) != 0)
        goto no_pool;
    if (round_robin_open(&engine->jobs) == 0) {
        engine->users = 1;
        *result = engine;
        return MR_OK;
    }
    pool_close(&engine->pool);
no_pool:
    free_tmpdirs(engine);
    free(engine->threads);
    free(engine);
    return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
}

/* Somebody needs the engine no longer. */
static void leave(struct mr_engine *engine)
{
    thread_lock(&engine->jobs.lock);
    const bool last = --engine->users == 0;
    thread_unlock(&engine->jobs.lock);
    if (!last)
        return;
    round_robin_close(&engine->jobs);
    free(engine);
}

void mr_engine_close(struct mr_engine *engine)
{
    if (!engine)
        return;
    struct round_robin *jobs = &engine->jobs;
    thread_lock(&jobs->lock);
    struct round_robin_place *place = jobs->first;
    for (size_t left = round_robin_count(jobs); left > 0; left--, place = place->next)
        job_cancel((struct job *)(void *)place);
    while (jobs->open > 0)
        thread_wait(&jobs->none_open, &jobs->lock);
    jobs->stopping = true;
    thread_wake_all(&jobs->work);
    thread_unlock(&jobs->lock);
    for (unsigned i = 0; i < engine->started; i++)
        thread_join(&engine->threads[i]);
    pool_close(&engine->pool);
    free_tmpdirs(engine);
    free(engine->threads);
    /* Jobs not released yet still have outcomes, under the lock. */
    leave(engine);
}

unsigned mr_engine_threads(const struct mr_engine *engine)
{
    return engine->thread_count;
}

uint64_t mr_engine_memory(const struct mr_engine *engine)
{
    return engine->memory;
}

/* ---- Jobs ------------------------------------------------------------------------------------ */

static enum mr_status open_job(struct mr_engine *engine, const struct mr_job_spec *spec,
                               struct job **job, struct mr_error *error)
{
    const struct job_resources resources = {
        .worker_count = engine->thread_count,
        .seed = &engine->seed,
        .budget = &engine->budget,
        .pool = &engine->pool,
        .tmpdirs = (const char *const *)engine->tmpdirs,
        .tmpdir_count = engine->tmpdir_count,
        .jobs = &engine->jobs,
    };
    enum mr_status status = job_open(&resources, spec, job, error);
    if (status == MR_OK) {
        thread_lock(&engine->jobs.lock);
        engine->users++;
        round_robin_begun(&engine->jobs);
        thread_unlock(&engine->jobs.lock);
    }
    return status;
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
    leave(engine);
}

/* Does all of a job on the calling thread. */
static void run_here(struct job *job)
{
    reader_do_all(job);
    if (job->context.spec.progress)
        reporter_run(job);
}

/* Makes a job known to the workers and starts its reader, and its reporter
 * where `reporter` says so. */
static enum mr_status start_job(struct mr_engine *engine, const struct mr_job_spec *spec,
                                bool reporter, struct job **result, struct mr_error *error)
{
    struct job *job;
    enum mr_status status = open_job(engine, spec, &job, error);
    if (status != MR_OK)
        return status;
    thread_lock(&engine->jobs.lock);
    status = start_workers(engine, error);
    bool known = status == MR_OK;
    if (known)
        round_robin_add(&engine->jobs, &job->place);
    thread_unlock(&engine->jobs.lock);

    int reason = status == MR_OK ? thread_start(&job->reader, "mr-reader", reader_read, job) : 0;
    if (status == MR_OK && reason == 0) {
        job->has_reader = true;
        if (reporter && spec->progress) {
            reason = thread_start(&job->reporter, "mr-reporter", reporter_run, job);
            job->has_reporter = reason == 0;
        }
    }
    if (status == MR_OK && reason == 0) {
        *result = job;
        return MR_OK;
    }
    if (status == MR_OK)
        status =
            mr_error_set(error, MR_THREAD, reason, "cannot start a thread: %s", strerror(reason));
    /* Let it end the usual way, though nobody has seen it begin. */
    context_fail(&job->context, MR_THREAD, reason, "cannot start a thread");
    if (known) {
        thread_lock(&engine->jobs.lock);
        if (!job->has_reader)
            job->reader_done = true;
        round_robin_wake_locked(&engine->jobs);
        while (job->phase != PHASE_ENDED)
            thread_wait(&job->changed, &engine->jobs.lock);
        if (!job->closed)
            job_end(job);
        thread_unlock(&engine->jobs.lock);
    } else {
        job->reader_done = true;
        run_here(job);
    }
    free_job(job);
    return status;
}

static void wait_closed(struct job *job)
{
    thread_lock(&job->jobs->lock);
    while (!job->closed)
        thread_wait(&job->changed, &job->jobs->lock);
    thread_unlock(&job->jobs->lock);
}

enum mr_status mr_run(struct mr_engine *engine, const struct mr_job_spec *spec,
                      struct mr_stats *stats, struct mr_error *error)
{
    struct job *job;
    enum mr_status status;
    if (spec->small) {
        status = open_job(engine, spec, &job, error);
        if (status == MR_OK)
            run_here(job);
    } else {
        status = start_job(engine, spec, false, &job, error);
        if (status == MR_OK && spec->progress)
            reporter_run(job);
    }
    if (status != MR_OK)
        return status;
    wait_closed(job);
    job_outcome(job, stats, error);
    status = job->context.error.status;
    free_job(job);
    return status;
}

enum mr_status mr_submit(struct mr_engine *engine, const struct mr_job_spec *spec,
                         struct mr_job **handle, struct mr_error *error)
{
    *handle = malloc(sizeof **handle);
    if (!*handle)
        return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    enum mr_status status = start_job(engine, spec, true, &(*handle)->job, error);
    if (status != MR_OK) {
        free(*handle);
        *handle = NULL;
    }
    return status;
}

enum mr_state mr_poll(struct mr_job *handle, struct mr_progress *progress)
{
    struct job *job = handle->job;
    thread_lock(&job->jobs->lock);
    if (progress)
        job_figures(job, job->map_ended == 0, progress);
    enum mr_state state = job_state(job);
    thread_unlock(&job->jobs->lock);
    return state;
}

enum mr_state mr_wait(struct mr_job *handle, long timeout_ms, struct mr_stats *stats,
                      struct mr_error *error)
{
    struct job *job = handle->job;
    uint64_t deadline = thread_now() + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0) * 1000000;
    thread_lock(&job->jobs->lock);
    while (!job->closed) {
        if (timeout_ms < 0)
            thread_wait(&job->changed, &job->jobs->lock);
        else if (!thread_wait_until(&job->changed, &job->jobs->lock, deadline))
            break;
    }
    enum mr_state state = job_state(job);
    if (job->closed)
        job_outcome(job, stats, error);
    thread_unlock(&job->jobs->lock);
    return state;
}

void mr_cancel(struct mr_job *handle)
{
    struct job *job = handle->job;
    thread_lock(&job->jobs->lock);
    job_cancel(job);
    thread_unlock(&job->jobs->lock);
}

void mr_release(struct mr_job *handle)
{
    if (!handle)
        return;
    mr_cancel(handle);
    wait_closed(handle->job);
    free_job(handle->job);
    free(handle);
}
