/* SPDX-License-Identifier: MIT
 *
 * engine - threads and memory shared by all jobs. The way of a job's data is told in ../README.md.
 *
 * Shutdown: a job that fails or is cancelled sets its stop flag and ends its queue. The reader
 * returns from its push, workers give queued splits back unmapped, tasks in hand return early, and
 * one worker gives everything back (PHASE_FINISH) before the job is seen to end.
 */
#include "engine/schedule/engine.h"

#include "base/cpu.h"
#include "engine/core/struct_size.h"
#include "engine/schedule/caller.h"
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
/* The same where a job cannot go on until its results are taken: most likely by one that waits. */
#define HELD_UP_PATIENCE UINT64_C(10000000)

/* Of the address space that a limit leaves, one part in so many is not for the budget: mappings
 * before they are cut down to their aligned part, and what the allocator cannot give back. */
#define ROOM_PARTS 4

/* ---- Workers --------------------------------------------------------------------------------- */

/* Takes a task of the job that is served next, or of the next one that has any; the lock is
 * held. */
static bool take_task(struct mr_engine *engine, struct job_task *task)
{
    struct round_robin *jobs = &engine->jobs;
    if (jobs->review)
        job_admit(jobs, false);
    jobs->held_up = false;
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
    const uint64_t most = thread_now() + (jobs->held_up ? HELD_UP_PATIENCE : PATIENCE);
    if (patient == 0 || patient > most)
        patient = most;
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

int engine_start_workers(struct mr_engine *engine)
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

enum mr_status mr_engine_open(const struct mr_engine_options *given, struct mr_engine **result,
                              struct mr_error *error)
{
    struct mr_engine_options taken = {.struct_size = sizeof taken};
    if (!result)
        return mr_error_set(error, MR_INVALID, EINVAL, "there is no place for the engine");
    *result = NULL;
    const char *wrong = given ? struct_size_copy(&taken, sizeof taken, given) : NULL;
    if (wrong)
        return mr_error_set(error, MR_INVALID, EINVAL, "the engine's options: %s", wrong);
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

void engine_leave(struct mr_engine *engine)
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
    if (caller_in_jobs(jobs))
        return MR_INVALID;
    thread_lock(&jobs->lock);
    struct round_robin_place *rings[] = {jobs->first, jobs->waiting, jobs->alone};
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
    engine_leave(engine);
    return MR_OK;
}

unsigned mr_engine_threads(const struct mr_engine *engine)
{
    return engine ? atomic_load_explicit(&engine->thread_count, memory_order_relaxed) : 0;
}

uint64_t mr_engine_memory(const struct mr_engine *engine)
{
    return engine ? engine->memory : 0;
}

/* As struct input_engine has them. */
static void enter_for_input(void *owner)
{
    struct mr_engine *engine = owner;
    thread_lock(&engine->jobs.lock);
    engine->users++;
    thread_unlock(&engine->jobs.lock);
}

static void leave_for_input(void *owner)
{
    engine_leave(owner);
}

struct input_engine engine_for_input(struct mr_engine *engine)
{
    return (struct input_engine){
        .threads = mr_engine_threads(engine),
        .memory = engine->memory,
        .budget = &engine->budget,
        .owner = engine,
        .enter = enter_for_input,
        .leave = leave_for_input,
    };
}

enum mr_status mr_input_prepare(struct mr_input *input, const struct mr_engine *engine,
                                struct mr_error *error)
{
    if (!input || !engine)
        return mr_error_set(error, MR_INVALID, EINVAL, "there is no %s",
                            input ? "engine" : "input");
    /* It stays as it is, but for who uses it. */
    const struct input_engine known = engine_for_input((struct mr_engine *)engine);
    return input_begin(input, &known, error);
}
