/* SPDX-License-Identifier: MIT
 *
 * engine - threads and memory shared by all jobs, and the calls of mapreduce.h that run them.
 *
 * The way of a job's data, with the threads that move it:
 *
 *   reader (one a job)   asks the caller's input for splits and pushes them on the job's bounded
 *                        queue; a full queue stops it, and so bounds what is read ahead.
 *   workers (shared)     take a split from the live jobs in turn, so that a small job passes a big
 *                        one; load it, and call map. Emitted pairs are folded in the worker's own
 *                        table (mapper.c); what overflows goes to 2^k partitions by hash
 *                        (shuffle.c), handed over a chunk at a time under the partition's lock.
 *                        Where these hold too much, they are folded in turns (collapse.c). Where
 *                        the budget ends, the largest partitions go to temporary files (divide.c,
 *                        spill.c). When the last split is mapped, the tables are emptied into the
 *                        partitions, each partition is folded by one worker, and its results go to
 *                        the ranges of the final order (order.c), each sorted by one worker
 *                        (sort.c), encoded, and put out in turn (output.c).
 *   reporter (one a job  calls progress, so that a slow callback slows nothing. In mr_run the
 *   that wants progress) calling thread does it.
 *
 * Memory: a worker holds, per job, tables of at most 8 MiB for tiny keys, 16 for short and 10 for
 * middling ones, one open chunk of 4 KiB a partition, and a read buffer; all from one budget.
 * The schedule of all jobs lies under one lock, which a worker takes twice a task, some
 * hundred microseconds apart.
 *
 * Shutdown: a job that fails or is cancelled sets its stop flag and ends its queue. The reader
 * returns from its push, workers give queued splits back unmapped, tasks in hand return early, and
 * one worker gives everything back (PHASE_FINISH) before the job is seen to end.
 */
#include "engine/engine.h"

#include "base/cpu.h"
#include "engine/job.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* With less memory than this the buffers and tables that a job cannot do
 * without would exceed it. */
#define LEAST_MEMORY ((uint64_t)16 << 20)
#define LEAST_MEMORY_A_THREAD ((uint64_t)4 << 20)
/* Of that, what is taken without asking the budget: stacks, callers' state, the allocator's own. */
#define UNASKED_MEMORY ((uint64_t)8 << 20)
#define UNASKED_MEMORY_A_THREAD ((uint64_t)2 << 20)

/* Of the address space that a limit leaves, one part in so many is not for the budget: mappings
 * before they are cut down to their aligned part, and what the allocator cannot give back. */
#define ROOM_PARTS 4

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
    if (engine->turn == job)
        engine->turn = job->next == job ? NULL : job->next;
    job->previous->next = job->next;
    job->next->previous = job->previous;
    job->next = job->previous = NULL;
}

/* Takes a task of the job whose turn it is, or of the next one that has any. */
static bool take_task(struct mr_engine *engine, struct task *task)
{
    struct job *job = engine->turn;
    /* Jobs may leave the ring while it is walked: count it first. */
    size_t jobs = 0;
    if (job)
        do
            jobs++;
        while ((job = job->next) != engine->turn);
    for (job = engine->turn; jobs > 0 && engine->turn; jobs--) {
        struct job *next = job->next;
        if (job_take(job, task)) {
            engine->turn = next;
            return true;
        }
        job = next;
    }
    return false;
}

struct seat {
    struct mr_engine *engine;
    unsigned number;
};

static void work(void *argument)
{
    struct seat seat = *(struct seat *)argument;
    free(argument);
    struct mr_engine *engine = seat.engine;
    struct task task;
    thread_lock(&engine->lock);
    while (!engine->stopping) {
        if (take_task(engine, &task)) {
            thread_unlock(&engine->lock);
            job_do(&task, seat.number);
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

/* Starts the workers that do not run yet, as many as the system lets us; the lock is held. Returns
 * 0 or, where none runs, why. */
static int start_workers(struct mr_engine *engine)
{
    int reason = 0;
    unsigned wanted = mr_engine_threads(engine);
    while (reason == 0 && engine->started < wanted) {
        struct seat *seat = malloc(sizeof *seat);
        if (!seat) {
            reason = ENOMEM;
            break;
        }
        *seat = (struct seat){engine, engine->started};
        reason = thread_start(&engine->threads[engine->started], "mr-worker", work, seat);
        if (reason != 0)
            free(seat);
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

enum mr_status mr_engine_open(const struct mr_engine_options *options, struct mr_engine **result,
                              struct mr_error *error)
{
    *result = NULL;
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
                engine->memory - UNASKED_MEMORY - UNASKED_MEMORY_A_THREAD * threads);
    hash_seed_draw(&engine->seed);
    engine->threads = calloc(threads, sizeof *engine->threads);
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
    return atomic_load_explicit(&engine->thread_count, memory_order_relaxed);
}

uint64_t mr_engine_memory(const struct mr_engine *engine)
{
    return engine->memory;
}

/* ---- Jobs ------------------------------------------------------------------------------------ */

/* What a job's first thread does: reads, where workers map what it reads, else everything. Whether
 * there are any is decided while the lock is held by who starts it. */
static void read_or_run(void *argument)
{
    struct job *job = argument;
    thread_lock(&job->engine->lock);
    bool alone = job->alone;
    thread_unlock(&job->engine->lock);
    if (alone)
        job_run_here(job);
    else
        job_read(job);
}

/* Starts the threads of a job, its own ones first, since one of them is enough, and makes it known
 * to the workers. Returns 0 or, where that one cannot be had, why. */
static int start_threads(struct job *job, bool reporter)
{
    struct mr_engine *engine = job->engine;
    int reason = 0;
    thread_lock(&engine->lock);
    if (reporter && job->spec.progress) {
        reason = thread_start(&job->reporter, "mr-reporter", job_report, job);
        job->has_reporter = reason == 0;
    }
    if (reason == 0) {
        reason = thread_start(&job->reader, "mr-reader", read_or_run, job);
        job->has_reader = reason == 0;
    }
    if (reason == 0) {
        job->alone = start_workers(engine) != 0;
        job->worker_count = mr_engine_threads(engine);
    }
    if (reason == 0 && !job->alone) {
        /* Last in turn. */
        struct job *turn = engine->turn;
        job->next = turn ? turn : job;
        job->previous = turn ? turn->previous : job;
        job->previous->next = job;
        job->next->previous = job;
        engine->turn = turn ? turn : job;
        engine_wake_locked(engine);
    }
    thread_unlock(&engine->lock);
    return reason;
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
            .threads = job->has_reader && !job->alone ? job->worker_count : 1,
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
    enum mr_status status = job_open(engine, spec, &job, error);
    if (status != MR_OK)
        return status;
    /* Where no thread is to be had there still is this one. */
    if (spec->small || start_threads(job, false) != 0)
        job_run_here(job);
    if (spec->progress)
        job_report(job);
    wait_closed(job);
    outcome(job, stats, error);
    status = job->error.status;
    join_and_close(job);
    return status;
}

enum mr_status mr_submit(struct mr_engine *engine, const struct mr_job_spec *spec,
                         struct mr_job **handle, struct mr_error *error)
{
    struct job *job;
    *handle = NULL;
    struct mr_job *made = malloc(sizeof *made);
    if (!made)
        return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    enum mr_status status = job_open(engine, spec, &job, error);
    if (status != MR_OK) {
        free(made);
        return status;
    }
    int reason = start_threads(job, true);
    if (reason == 0) {
        made->job = job;
        *handle = made;
        return MR_OK;
    }
    /* Let it end the usual way, though nobody has seen it begin; its input has not been asked for
     * anything nor interrupted, so that the caller may run it instead. */
    thread_lock(&job->fault_lock);
    mr_error_set(&job->error, MR_THREAD, reason, "cannot start a thread: %s", strerror(reason));
    thread_unlock(&job->fault_lock);
    atomic_store_explicit(&job->stop, true, memory_order_relaxed);
    job_run_here(job);
    status = job->error.status;
    if (error)
        *error = job->error;
    join_and_close(job);
    free(made);
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
