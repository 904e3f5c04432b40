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

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* With less memory than this the buffers and tables that a job cannot do
 * without would exceed it. */
#define LEAST_MEMORY ((uint64_t)16 << 20)
#define LEAST_MEMORY_A_THREAD ((uint64_t)4 << 20)
/* Of that, what is not taken from the budget: stacks, callers' state, the allocator's own. */
#define UNBUDGETED_MEMORY ((uint64_t)8 << 20)
#define UNBUDGETED_MEMORY_A_THREAD ((uint64_t)2 << 20)

/* A worker that has been idle for so many nanoseconds while a job waits lets that begin whether
 * there is room or not: those that have begun may wait for it, each in its own way. */
#define PATIENCE UINT64_C(1000000000)

/* Of the address space that a limit leaves, one part in so many is not for the budget: mappings
 * before they are cut down to their aligned part, and what the allocator cannot give back. */
#define ROOM_PARTS 4

struct mr_job {
    struct job *job;
};

/* ---- Workers --------------------------------------------------------------------------------- */

/* Takes a task of the job that is served next, or of the next one that has any; the lock is
 * held. */
static bool take_task(struct mr_engine *engine, struct job_task *task)
{
    struct round_robin *jobs = &engine->jobs;
    if (jobs->review)
        job_admit(jobs, false);
    struct round_robin_place *place = jobs->first;
    /* Jobs may leave the ring while it is walked: they are counted first. */
    for (size_t left = round_robin_count(place); left > 0 && jobs->first; left--) {
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

/* Waits until there may be a task, but where jobs wait for room only as long as patience allows,
 * and then lets one begin. Takes and returns the end of patience. */
static uint64_t wait_for_work(struct mr_engine *engine, uint64_t patient)
{
    struct round_robin *jobs = &engine->jobs;
    if (jobs->ready == 0) {
        thread_wait(&jobs->work, &jobs->lock);
        return 0;
    }
    if (patient == 0)
        patient = thread_now() + PATIENCE;
    if (thread_wait_until(&jobs->work, &jobs->lock, patient) && thread_now() < patient)
        return patient;
    job_admit(jobs, true);
    return 0;
}

static void work(void *argument)
{
    struct worker_arg arg = *(struct worker_arg *)argument;
    free(argument);
    struct mr_engine *engine = arg.engine;
    struct job_task task;
    uint64_t patient = 0; /* until when; 0: not idle while a job waits */
    thread_lock(&engine->jobs.lock);
    while (!engine->jobs.stopping) {
        if (take_task(engine, &task)) {
            thread_unlock(&engine->jobs.lock);
            tasks_do(&task, arg.number);
            thread_lock(&engine->jobs.lock);
            job_done(task.job, &task);
            patient = 0;
        } else {
            engine->jobs.idle++;
            patient = wait_for_work(engine, patient);
            engine->jobs.idle--;
        }
    }
    thread_unlock(&engine->jobs.lock);
}

/* Starts the workers that do not run yet, as many as the system lets us; the lock is held. Returns
 * 0 or, where none runs, why. */
static int start_workers(struct mr_engine *engine)
{
    int reason = 0;
    unsigned wanted = mr_engine_threads(engine);
    while (reason == 0 && engine->started < wanted) {
        struct worker_arg *arg = malloc(sizeof *arg);
        if (!arg) {
            reason = ENOMEM;
            break;
        }
        *arg = (struct worker_arg){engine, engine->started};
        reason = thread_start(&engine->threads[engine->started], "mr-worker", work, arg);
        if (reason != 0)
            free(arg);
        else
            engine->started++;
    }
    atomic_store_explicit(&engine->thread_count, engine->started ? engine->started : 1,
                          memory_order_relaxed);
    return engine->started ? 0 : reason;
}

/* ---- The engine ------------------------------------------------------------------------------ */

static void free_tmpdirs(struct mr_engine *engine)
{
    for (size_t i = 0; i < engine->tmpdir_count; i++)
        free(engine->tmpdirs[i]);
    free(engine->tmpdirs);
}

/* Whether temporary files can be made there. Returns 0 or an errno value. */
static int check_tmpdir(const char *directory)
{
    struct stat st;
    if (stat(directory, &st) != 0)
        return errno;
    if (!S_ISDIR(st.st_mode))
        return ENOTDIR;
    return faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
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

/* What a job cannot do without. */
static uint64_t least_memory(unsigned threads)
{
    return LEAST_MEMORY + LEAST_MEMORY_A_THREAD * threads;
}

/* Makes the threads no more than what can still be mapped allows, and returns what of the memory it
 * allows, but no less than they need. All have stacks, a job's reader and reporter too. */
static uint64_t fit_limits(unsigned *threads, uint64_t memory)
{
    const uint64_t room = cpu_room();
    if (room != UINT64_MAX) {
        const uint64_t fixed = least_memory(0) + 2 * THREAD_STACK;
        const uint64_t each = LEAST_MEMORY_A_THREAD + THREAD_STACK;
        const uint64_t most = room > fixed + each ? (room - fixed) / each : 1;
        if (*threads > most)
            *threads = (unsigned)most;
        const uint64_t stacks = ((uint64_t)*threads + 2) * THREAD_STACK;
        const uint64_t mapped = room > stacks ? (room - stacks) / ROOM_PARTS * (ROOM_PARTS - 1) : 0;
        if (memory > mapped)
            memory = mapped;
    }
    const uint64_t least = least_memory(*threads);
    return memory < least ? least : memory;
}

/* The caller's options, as large as this library knows them. Returns false where they cannot be. */
static bool take_options(const struct mr_engine_options *options, struct mr_engine_options *taken)
{
    *taken = (struct mr_engine_options){.struct_size = sizeof *taken};
    if (!options)
        return true;
    if (options->struct_size < sizeof *taken)
        return false;
    *taken = *options;
    return true;
}

enum mr_status mr_engine_open(const struct mr_engine_options *given, struct mr_engine **result,
                              struct mr_error *error)
{
    struct mr_engine_options taken;
    if (!result)
        return mr_error_set(error, MR_INVALID, EINVAL, "there is no place for the engine");
    *result = NULL;
    if (!take_options(given, &taken))
        return mr_error_set(error, MR_INVALID, EINVAL, "the options' struct_size is not set");
    const struct mr_engine_options *options = &taken;
    for (size_t i = 0; i < options->tmpdir_count; i++) {
        int reason = check_tmpdir(options->tmpdirs[i]);
        if (reason != 0)
            return mr_error_set(error, MR_SPILL, reason, "%s: cannot hold temporary files: %s",
                                options->tmpdirs[i], strerror(reason));
    }
    struct mr_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    unsigned threads = options->threads;
    engine->memory = options->memory;
    if (threads == 0 || engine->memory == 0) {
        const struct cpu_available available = cpu_available();
        threads = threads ? threads : available.cpus;
        engine->memory = engine->memory ? engine->memory : available.memory / 2;
    }
    assert(threads > 0);
    engine->memory = fit_limits(&threads, engine->memory);
    atomic_init(&engine->thread_count, threads);
    budget_open(&engine->budget,
                engine->memory - UNBUDGETED_MEMORY - UNBUDGETED_MEMORY_A_THREAD * threads);
    hash_seed_draw(&engine->seed);
    engine->threads = calloc(threads, sizeof *engine->threads);
    if (!engine->threads || copy_tmpdirs(engine, options) != 0)
        goto no_pool;
    if (pool_open(&engine->pool, &engine->budget) != 0)
        goto no_pool;
    if (round_robin_open(&engine->jobs, engine->budget.limit) == 0) {
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

enum mr_status mr_engine_close(struct mr_engine *engine)
{
    if (!engine)
        return MR_OK;
    struct round_robin *jobs = &engine->jobs;
    thread_lock(&jobs->lock);
    struct round_robin_place *rings[] = {jobs->first, jobs->waiting};
    /* An array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    for (size_t i = 0; i < sizeof rings / sizeof *rings; i++)
        for (size_t left = round_robin_count(rings[i]); left > 0; left--, rings[i] = rings[i]->next)
            job_cancel((struct job *)(void *)rings[i]);
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
    return MR_OK;
}

unsigned mr_engine_threads(const struct mr_engine *engine)
{
    return atomic_load_explicit(&engine->thread_count, memory_order_relaxed);
}

uint64_t mr_engine_memory(const struct mr_engine *engine)
{
    return engine->memory;
}

/* ---- Jobs ------------------------------------------------------------------------------------ */

/* Takes the description's input and output in any case. */
static enum mr_status open_job(struct mr_engine *engine, const struct mr_job_spec *given,
                               struct job **job, struct mr_error *error)
{
    const struct job_resources resources = {
        .worker_count = mr_engine_threads(engine),
        .seed = &engine->seed,
        .memory = engine->memory,
        .budget = &engine->budget,
        .pool = &engine->pool,
        .tmpdirs = (const char *const *)engine->tmpdirs,
        .tmpdir_count = engine->tmpdir_count,
        .jobs = &engine->jobs,
    };
    if (!given || given->struct_size < sizeof *given)
        return mr_error_set(error, MR_INVALID, EINVAL,
                            given ? "the job's struct_size is not set" : "there is no job");
    const struct mr_job_spec *spec = given;
    enum mr_status status = job_open(&resources, spec, job, error);
    if (status == MR_OK) {
        thread_lock(&engine->jobs.lock);
        engine->users++;
        round_robin_begun(&engine->jobs);
        thread_unlock(&engine->jobs.lock);
    } else {
        mr_input_release(spec->input);
        mr_output_release(spec->output);
    }
    return status;
}

enum mr_status mr_input_prepare(struct mr_input *input, const struct mr_engine *engine,
                                struct mr_error *error)
{
    if (!input)
        return mr_error_set(error, MR_NOMEM, ENOMEM, "there is no input: memory is out");
    if (!engine)
        return mr_error_set(error, MR_INVALID, EINVAL, "there is no engine");
    return input_begin(input, mr_engine_threads(engine), engine->memory, error);
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
        job->alone = start_workers(engine) != 0;
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

enum mr_status mr_run(struct mr_engine *engine, const struct mr_job_spec *spec,
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

enum mr_status mr_submit(struct mr_engine *engine, const struct mr_job_spec *spec,
                         struct mr_job **handle, struct mr_error *error)
{
    struct job *job;
    *handle = NULL;
    struct mr_job *made = malloc(sizeof *made);
    if (!made) {
        mr_input_release(spec->input);
        mr_output_release(spec->output);
        return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    }
    enum mr_status status = open_job(engine, spec, &job, error);
    if (status != MR_OK) {
        free(made);
        return status;
    }
    int reason = start_threads(engine, job, true);
    if (reason == 0) {
        made->job = job;
        *handle = made;
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
    free_job(job);
    free(made);
    return status;
}

enum mr_status mr_job_poll(struct mr_job *handle, struct mr_progress *progress)
{
    struct job *job = handle->job;
    thread_lock(&job->jobs->lock);
    if (progress) {
        struct mr_progress figures;
        const size_t size = progress->struct_size;
        job_figures(job, job->map_ended == 0, &figures);
        memcpy(progress, &figures, size < sizeof figures ? size : sizeof figures);
        progress->struct_size = size;
    }
    enum mr_status status = job_status(job);
    thread_unlock(&job->jobs->lock);
    return status;
}

enum mr_status mr_job_wait(struct mr_job *handle, long timeout_ms, struct mr_stats *stats,
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
    enum mr_status status = job_status(job);
    if (job->closed)
        job_outcome(job, stats, error);
    thread_unlock(&job->jobs->lock);
    return status;
}

enum mr_status mr_job_cancel(struct mr_job *handle)
{
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
    mr_job_cancel(handle);
    wait_closed(handle->job);
    free_job(handle->job);
    free(handle);
    return MR_OK;
}
