/* SPDX-License-Identifier: MIT
 *
 * engine - threads and memory shared by all jobs, and the calls of mapreduce.h that run them.
 *
 * The way of a job's data, with the threads that move it:
 *
 *   reader (one a job)   takes splits from the caller's input and pushes them on the job's bounded
 *                        queue; a full queue stops it, and so bounds what is read ahead.
 *   workers (shared)     take a split from the live jobs round-robin, so that a small job passes a
 * big one; load it, and call map. Emitted pairs are combined in the worker's own table
 * (combiner.c); what overflows goes to 2^k partitions by hash (partitions.c), handed over a chunk
 * at a time under the partition's lock. Where these hold too much, they are compacted one by one
 * (compaction.c). Where the budget ends, the largest partitions go to temporary files
 * (repartition.c, spill_file.c). When the last split is mapped, the tables are emptied into the
 * partitions, each partition is combined by one worker, and its results go to the ranges of the
 * final order (order.c), each sorted by one worker (sort.c), encoded, and put out in order
 * (output.c). reporter (one a job calls progress, so that a slow callback slows nothing. In mr_run
 * the that wants progress) calling thread does it.
 *
 * Memory: a worker holds, per job, tables of at most 8 MiB for W1 keys, 16 for W2 and 10 for W4
 * keys, one open chunk of 4 KiB a partition, and a read buffer; all from one budget.
 * The schedule of all jobs lies under one lock, which a worker takes twice a task, some
 * hundred microseconds apart.
 *
 * Shutdown: a job that fails or is cancelled sets its stop flag and ends its queue. The reader
 * returns from its push, workers give queued splits back unmapped, tasks in hand return early, and
 * one worker gives everything back (PHASE_FINISH) before the job is seen to end.
 */
#include "engine/schedule/engine.h"

#include "base/cpu.h"
#include "engine/schedule/job.h"

#include <errno.h>
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

void engine_wake_locked(struct mr_engine *engine)
{
    if (engine->idle > 0)
        thread_wake_all(&engine->work);
}

void engine_wake(struct mr_engine *engine)
{
    thread_lock(&engine->lock);
    engine_wake_locked(engine);
    thread_unlock(&engine->lock);
}

void engine_forget(struct mr_engine *engine, struct job *job)
{
    if (!job->next) /* never in the ring: it runs on its caller's thread */
        return;
    if (engine->round_robin == job)
        engine->round_robin = job->next == job ? NULL : job->next;
    job->previous->next = job->next;
    job->next->previous = job->previous;
    job->next = job->previous = NULL;
}

/* Takes a task of the job that is served next, or of the next one that has any. */
static bool take_task(struct mr_engine *engine, struct task *task)
{
    struct job *job = engine->round_robin;
    /* Jobs may leave the ring while it is walked: count it first. */
    size_t jobs = 0;
    if (job)
        do
            jobs++;
        while ((job = job->next) != engine->round_robin);
    for (job = engine->round_robin; jobs > 0 && engine->round_robin; jobs--) {
        struct job *next = job->next;
        if (job_take(job, task)) {
            engine->round_robin = next;
            return true;
        }
        job = next;
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
    struct task task;
    thread_lock(&engine->lock);
    while (!engine->stopping) {
        if (take_task(engine, &task)) {
            thread_unlock(&engine->lock);
            job_do(&task, arg.number);
            thread_lock(&engine->lock);
            job_done(task.job, &task);
        } else {
            engine->idle++;
            thread_wait(&engine->work, &engine->lock);
            engine->idle--;
        }
    }
    thread_unlock(&engine->lock);
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
    if (thread_mutex_open(&engine->lock) != 0)
        goto no_lock;
    if (thread_cond_open(&engine->work) == 0) {
        *result = engine;
        return MR_OK;
    }
    thread_mutex_close(&engine->lock);
no_lock:
    pool_close(&engine->pool);
no_pool:
    free_tmpdirs(engine);
    free(engine->threads);
    free(engine);
    return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
}

void mr_engine_close(struct mr_engine *engine)
{
    if (!engine)
        return;
    thread_lock(&engine->lock);
    engine->stopping = true;
    thread_wake_all(&engine->work);
    thread_unlock(&engine->lock);
    for (unsigned i = 0; i < engine->started; i++)
        thread_join(&engine->threads[i]);
    thread_cond_close(&engine->work);
    thread_mutex_close(&engine->lock);
    pool_close(&engine->pool);
    free_tmpdirs(engine);
    free(engine->threads);
    free(engine);
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

/* Makes a job known to the workers and starts its reader, and its reporter
 * where `reporter` says so. */
static enum mr_status start_job(struct mr_engine *engine, const struct mr_job_spec *spec,
                                bool reporter, struct job **result, struct mr_error *error)
{
    struct job *job;
    enum mr_status status = job_open(engine, spec, &job, error);
    if (status != MR_OK)
        return status;
    thread_lock(&engine->lock);
    status = start_workers(engine, error);
    bool known = status == MR_OK;
    if (known) {
        /* Served last. */
        struct job *first = engine->round_robin;
        job->next = first ? first : job;
        job->previous = first ? first->previous : job;
        job->previous->next = job;
        job->next->previous = job;
        engine->round_robin = first ? first : job;
    }
    thread_unlock(&engine->lock);

    int reason = status == MR_OK ? thread_start(&job->reader, "mr-reader", job_read, job) : 0;
    if (status == MR_OK && reason == 0) {
        job->has_reader = true;
        if (reporter && spec->progress) {
            reason = thread_start(&job->reporter, "mr-reporter", job_report, job);
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
    job_fail(job, MR_THREAD, reason, "cannot start a thread");
    if (known) {
        thread_lock(&engine->lock);
        if (!job->has_reader)
            job->reader_done = true;
        engine_wake_locked(engine);
        while (job->phase != PHASE_ENDED)
            thread_wait(&job->changed, &engine->lock);
        thread_unlock(&engine->lock);
        if (job->has_reader)
            thread_join(&job->reader);
    } else {
        job->reader_done = true;
        job_run_here(job);
    }
    job_close(job);
    return status;
}

static void wait_closed(struct job *job)
{
    thread_lock(&job->engine->lock);
    while (!job->closed)
        thread_wait(&job->changed, &job->engine->lock);
    thread_unlock(&job->engine->lock);
}

/* The outcome of a job that is closed. */
static void outcome(const struct job *job, struct mr_stats *stats, struct mr_error *error)
{
    if (error)
        *error = job->error;
    if (stats)
        *stats = (struct mr_stats){
            .bytes = atomic_load_explicit(&job->bytes, memory_order_relaxed),
            .records = atomic_load_explicit(&job->records, memory_order_relaxed),
            .keys = atomic_load_explicit(&job->keys, memory_order_relaxed),
            .results = atomic_load_explicit(&job->results, memory_order_relaxed),
            .spilled = atomic_load_explicit(&job->spill.written, memory_order_relaxed),
            .splits = atomic_load_explicit(&job->splits, memory_order_relaxed),
            .threads = job->has_reader ? job->worker_count : 1,
            .map_seconds = (double)(job->map_ended - job->began) / 1e9,
            .reduce_seconds = (double)(job->ended - job->map_ended) / 1e9,
        };
}

static void join_and_close(struct job *job)
{
    if (job->has_reader)
        thread_join(&job->reader);
    if (job->has_reporter)
        thread_join(&job->reporter);
    job_close(job);
}

enum mr_status mr_run(struct mr_engine *engine, const struct mr_job_spec *spec,
                      struct mr_stats *stats, struct mr_error *error)
{
    struct job *job;
    enum mr_status status;
    if (spec->small) {
        status = job_open(engine, spec, &job, error);
        if (status == MR_OK)
            job_run_here(job);
    } else {
        status = start_job(engine, spec, false, &job, error);
        if (status == MR_OK && spec->progress)
            job_report(job);
    }
    if (status != MR_OK)
        return status;
    wait_closed(job);
    outcome(job, stats, error);
    status = job->error.status;
    join_and_close(job);
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
    thread_lock(&job->engine->lock);
    if (progress)
        job_figures(job, job->map_ended == 0, progress);
    enum mr_state state = job_state(job);
    thread_unlock(&job->engine->lock);
    return state;
}

enum mr_state mr_wait(struct mr_job *handle, long timeout_ms, struct mr_stats *stats,
                      struct mr_error *error)
{
    struct job *job = handle->job;
    uint64_t deadline = thread_now() + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0) * 1000000;
    thread_lock(&job->engine->lock);
    while (!job->closed) {
        if (timeout_ms < 0)
            thread_wait(&job->changed, &job->engine->lock);
        else if (!thread_wait_until(&job->changed, &job->engine->lock, deadline))
            break;
    }
    enum mr_state state = job_state(job);
    if (job->closed)
        outcome(job, stats, error);
    thread_unlock(&job->engine->lock);
    return state;
}

void mr_cancel(struct mr_job *handle)
{
    struct job *job = handle->job;
    thread_lock(&job->engine->lock);
    if (job->phase < PHASE_FINISH) {
        job_fail(job, MR_CANCELLED, 0, "cancelled");
        engine_wake_locked(job->engine);
    }
    thread_unlock(&job->engine->lock);
}

void mr_release(struct mr_job *handle)
{
    if (!handle)
        return;
    mr_cancel(handle);
    wait_closed(handle->job);
    join_and_close(handle->job);
    free(handle);
}
