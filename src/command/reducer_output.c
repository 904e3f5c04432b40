/* SPDX-License-Identifier: MIT
 *
 * reducer_output - the output of a job that a reducer is; see reducer.h and reducer_ranges.h.
 */
#include "command/reducer_ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- The output of the job ------------------------------------------------------------------ */

static int encode(void *context, const struct mr_record *records, size_t count,
                  struct mr_buffer *bytes, struct mr_error *error)
{
    const struct reducer *reducer = context;
    if (batch_encode(records, count, reducer->commands->options.end, bytes) == 0)
        return 0;
    mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    return -1;
}

static int write_batches(void *context, const void *bytes, size_t size, uint64_t offset,
                         struct mr_error *error)
{
    (void)offset;
    return reducer_dispatch(context, bytes, size, error);
}

/* Waits for the threads, which end when there is nothing left to do or all are stopped. */
static void join_threads(struct reducer *reducer)
{
    for (unsigned i = 0; !reducer->joined && i < reducer->started; i++)
        thread_join(&reducer->threads[i].thread);
    reducer->joined = true;
}

static int end(void *context, struct mr_error *error)
{
    struct reducer *reducer = context;
    if (commands_check(reducer->commands, error) != 0 || reducer_dispatch_end(reducer, error) != 0)
        return -1;
    /* In the place of one that could not be started, or was not, as nothing came. */
    if (reducer->started < reducer->options.threads)
        reducer_thread_run(&reducer->threads[reducer->started]);
    join_threads(reducer);
    return commands_check(reducer->commands, error);
}

static void interrupt(void *context)
{
    struct reducer *reducer = context;
    commands_stop(reducer->commands);
}

/* The job is over: where it has failed threads may still run. */
static void stop(void *context)
{
    struct reducer *reducer = context;
    if (reducer->joined)
        return;
    if (reducer->started > 0)
        commands_stop(reducer->commands);
    join_threads(reducer);
}

struct mr_output *reducer_output(struct reducer *reducer)
{
    const struct mr_writer writer = {
        .struct_size = sizeof writer,
        .context = reducer,
        .encode = encode,
        .write = write_batches,
        .end = end,
        .interrupt = interrupt,
        .close = stop,
    };
    return mr_output_new(&writer);
}

uint64_t reducer_done(const struct reducer *reducer)
{
    return atomic_load_explicit(&reducer->done, memory_order_relaxed);
}

uint64_t reducer_spilled(const struct reducer *reducer)
{
    return atomic_load_explicit(&reducer->store.written, memory_order_relaxed);
}

/* ---- Opening and closing -------------------------------------------------------------------- */

/* Opens the threads' wakers and the dispatcher's. */
static int open_wakers(struct reducer *reducer)
{
    unsigned opened = 0;
    int failed = waker_open(&reducer->waker);
    if (failed != 0)
        return failed;
    for (; opened < reducer->options.threads; opened++) {
        reducer->threads[opened].reducer = reducer;
        failed = waker_open(&reducer->threads[opened].waker);
        if (failed != 0)
            break;
    }
    if (failed == 0)
        return 0;
    while (opened > 0)
        waker_close(&reducer->threads[--opened].waker);
    waker_close(&reducer->waker);
    return failed;
}

/* What is left of the memory for the spools. */
static uint64_t spool_memory(const struct reducer_options *options)
{
    const uint64_t needed = (options->threads + UINT64_C(1)) * REDUCER_MEMORY;
    const uint64_t least = options->threads * UINT64_C(4) * SPOOL_BLOCK;
    return options->memory > needed + least ? options->memory - needed : least;
}

static int open_store(struct reducer *reducer, struct mr_error *error)
{
    const char *usual = getenv("TMPDIR");
    struct spool_options options = {.memory = spool_memory(&reducer->options),
                                    .tmpdirs = reducer->options.tmpdirs,
                                    .tmpdir_count = reducer->options.tmpdir_count,
                                    .freed = reducer_dispatch_wake,
                                    .freed_context = reducer};
    if (options.tmpdir_count == 0) {
        reducer->folder = strdup(usual && *usual ? usual : "/tmp");
        if (!reducer->folder) {
            mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
            return -1;
        }
        options.tmpdirs = (const char *const *)&reducer->folder;
        options.tmpdir_count = 1;
    }
    return spool_store_open(&reducer->store, &options, error);
}

int reducer_open(const struct reducer_options *options, struct reducer **reducer,
                 struct mr_error *error)
{
    struct reducer *made = calloc(1, sizeof *made);
    int failed = ENOMEM;
    *reducer = NULL;
    if (!made)
        goto no_memory;
    made->options = *options;
    made->commands = options->commands;
    made->threads = calloc(options->threads, sizeof *made->threads);
    if (!made->threads)
        goto no_threads;
    failed = thread_mutex_open(&made->lock);
    if (failed != 0)
        goto no_lock;
    failed = open_wakers(made);
    if (failed != 0)
        goto no_wakers;
    if (open_store(made, error) != 0)
        goto no_store;
    *reducer = made;
    return 0;

no_store:
    free(made->folder);
    failed = 0;
    for (unsigned i = 0; i < options->threads; i++)
        waker_close(&made->threads[i].waker);
    waker_close(&made->waker);
no_wakers:
    thread_mutex_close(&made->lock);
no_lock:
    free(made->threads);
no_threads:
    free(made);
no_memory:
    if (failed != 0)
        mr_error_set(error, failed == ENOMEM ? MR_NOMEM : MR_INVALID, failed,
                     "cannot make ready for commands: %s", strerror(failed));
    return -1;
}

void reducer_close(struct reducer *reducer)
{
    if (!reducer)
        return;
    stop(reducer);
    for (size_t i = 0; i < reducer->count; i++)
        if (reducer->ranges[i])
            reducer_range_close(reducer->ranges[i]);
    spool_store_close(&reducer->store);
    for (unsigned i = 0; i < reducer->options.threads; i++)
        waker_close(&reducer->threads[i].waker);
    waker_close(&reducer->waker);
    thread_mutex_close(&reducer->lock);
    free(reducer->ranges);
    free(reducer->last_copy);
    free(reducer->threads);
    free(reducer->folder);
    free(reducer);
}
