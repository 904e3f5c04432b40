/* SPDX-License-Identifier: MIT
 *
 * tasks - phase by phase (see tasks.h).
 */
#include "engine/schedule/tasks.h"

#include "engine/order/order_sink.h"
#include "engine/order/order_split.h"
#include "engine/order/unordered.h"
#include "engine/schedule/caller.h"

#include <stddef.h>
#include <stdlib.h>

/* What a worker keeps of its read buffer between splits. */
#define KEEP_SCRATCH ((size_t)4 << 20)

/* ---- Workers -------------------------------------------------------------------------------- */

/* As worker_hooks.handed. */
static int handed(void *owner)
{
    struct job_worker *worker = owner;
    struct job *job = worker->job;
    return compaction_handed(&job->compaction, &job->stores.pairs, &worker->combine);
}

/* As worker_hooks.combine. */
static int combine(void *owner, struct stream *pairs, struct stream *combined)
{
    struct job_worker *worker = owner;
    return combine_partition(&worker->combine, pairs, combined);
}

/* The job's worker of this number, made where it is not there yet; NULL when the job fails. */
static struct job_worker *need_worker(struct job *job, unsigned number)
{
    struct context *context = &job->context;
    if (job->workers[number])
        return job->workers[number];
    struct job_worker *worker = aligned_alloc(alignof(struct job_worker), sizeof *worker);
    if (!worker) {
        context_no_memory(context);
        return NULL;
    }
    memset(worker, 0, offsetof(struct job_worker, emitter));
    emitter_clear(&worker->emitter);
    worker->job = job;
    worker->worker = (struct worker){
        .context = context,
        .stores = &job->stores,
        .number = number,
        .hooks = {.owner = worker, .handed = handed, .combine = combine},
    };
    pool_cache_open(&worker->worker.cache, context->pool);
    buffer_open(&worker->scratch, context->budget);
    combine_partition_open(&worker->combine, &worker->worker);
    worker->results = (struct mr_results){.worker = &worker->worker};
    order_worker_open(&worker->order, &worker->worker, &job->order);
    job->workers[number] = worker;
    return worker;
}

static void free_worker(struct job_worker *worker)
{
    combiner_close(&worker->emitter);
    order_worker_close(&worker->order);
    combine_partition_close(&worker->combine);
    buffer_close(&worker->scratch);
    pool_cache_close(&worker->worker.cache);
    free(worker);
}

/* ---- Map ------------------------------------------------------------------------------------ */

/* Opens the worker's mapper where this is its first split. */
static int need_mapper(struct job_worker *worker)
{
    struct context *context = worker->worker.context;
    if (worker->state_open)
        return 0;
    if (combiner_open(&worker->emitter, &worker->worker) != 0)
        return -1;
    struct mr_error error = {0};
    if (context->spec.mapper_open &&
        context->spec.mapper_open(context->spec.context, &worker->state, &error) != 0) {
        context_fail_with(context, MR_MAP, &error, "a mapper could not be opened");
        return -1;
    }
    worker->state_open = true;
    return 0;
}

static void map_split(struct job_worker *worker, struct mr_split *split)
{
    struct context *context = worker->worker.context;
    const struct mr_job_spec *spec = &context->spec;
    struct mr_error error = {0};
    if (context_stopped(context) || need_mapper(worker) != 0)
        return;
    if (context->reader.load &&
        context->reader.load(context->reader.context, split, &worker->scratch, &error) != 0) {
        context_fail_with(context, MR_INPUT, &error, "the input could not be read");
        return;
    }
    uint64_t before = worker->emitter.records;
    combiner_begin_split(&worker->emitter, split->sequence);
    if ((split->size > 0 || split->context) &&
        spec->map(spec->context, worker->state, split, &worker->emitter, &error) != 0 &&
        !context_stopped(context))
        context_fail_with(context, MR_MAP, &error, "the map failed");
    (void)combiner_end_split(&worker->emitter);
    atomic_fetch_add_explicit(&context->bytes, split->length, memory_order_relaxed);
    if (split->grown != 0)
        atomic_fetch_add_explicit(&context->grown, (uint64_t)split->grown, memory_order_relaxed);
    atomic_fetch_add_explicit(&context->records, worker->emitter.records - before,
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&context->splits, 1, memory_order_relaxed);
    buffer_trim(&worker->scratch, KEEP_SCRATCH);
}

/* Gives back what a worker keeps for its next task only to have it at hand: where jobs share the
 * memory, each of them would keep it. */
static void keep_nothing(struct job_worker *worker)
{
    buffer_close(&worker->scratch);
    combine_partition_close(&worker->combine);
    buffer_close(&worker->order.sorting);
    pool_cache_close(&worker->worker.cache);
}

/* Lets the worker's mapper emit what its state still holds. */
static void end_mapper(struct job_worker *worker)
{
    struct context *context = worker->worker.context;
    const struct mr_job_spec *spec = &context->spec;
    struct mr_error error = {0};
    if (context_stopped(context) || !worker->state_open)
        return;
    const uint64_t before = worker->emitter.records;
    /* Behind all splits: each of these has been counted. */
    combiner_begin_split(&worker->emitter,
                         atomic_load_explicit(&context->splits, memory_order_relaxed) +
                             worker->worker.number);
    if (spec->mapper_end(spec->context, worker->state, &worker->emitter, &error) != 0 &&
        !context_stopped(context))
        context_fail_with(context, MR_MAP, &error, "a mapper could not end");
    (void)combiner_end_split(&worker->emitter);
    atomic_fetch_add_explicit(&context->records, worker->emitter.records - before,
                              memory_order_relaxed);
}

static void drain(struct job_worker *worker)
{
    if (worker->emitter.context && !context_stopped(worker->worker.context))
        (void)combiner_drain(&worker->emitter);
    buffer_close(&worker->scratch);
}

/* ---- Reduce, order, output ------------------------------------------------------------------ */

/* Reduces one partition. The first makes the ranges; where there is an order, reduce begins
 * with the one after it. */
static void reduce(struct job_worker *worker, enum job_phase phase, size_t number)
{
    struct job *job = worker->job;
    struct partitions *pairs = &job->stores.pairs;
    const bool first = phase == PHASE_SAMPLE;
    struct order_sink sink;
    struct stream stream;
    if (!first && !job->order.unordered)
        number++;
    if (order_sink_open(&sink, &worker->order, first, first ? stores_pairs(&job->stores) : 0) != 0)
        return;
    worker->results.sink = &sink.sink;
    partition_take(&pairs->array[number], &stream);
    const int result = reduce_partition(&worker->combine, &stream, pairs->bits, &worker->results);
    (void)order_sink_close(&sink, result == 0);
}

static void flush_ranges(struct job_worker *worker)
{
    order_worker_flush(&worker->order);
    grouping_table_close(&worker->combine.table);
}

/* Gives everything back. */
static void finish(struct job *job)
{
    struct context *context = &job->context;
    /* Not one of the workers', so that this needs no memory. */
    struct pool_cache cache;
    pool_cache_open(&cache, context->pool);
    for (unsigned i = 0; i < context->worker_count; i++) {
        struct job_worker *worker = job->workers[i];
        if (!worker)
            continue;
        if (worker->state_open && context->spec.mapper_close)
            context->spec.mapper_close(context->spec.context, worker->state);
        reduce_close(&worker->results);
        free_worker(worker);
        job->workers[i] = NULL;
    }
    order_empty(&job->order, &cache);
    stores_empty(&job->stores, &cache);
    pool_cache_close(&cache);
}

/* ---- All ------------------------------------------------------------------------------------ */

void tasks_do(struct job_task *task, unsigned number)
{
    struct job *job = task->job;
    const struct mr_reader *input = &job->context.reader;
    struct job_worker *worker = NULL;
    struct caller caller;
    caller_enter(&caller, job, job->jobs, true);
    switch (task->phase) {
    case PHASE_MAP:
        worker = need_worker(job, number);
        if (worker)
            map_split(worker, &task->split);
        if (input->release)
            input->release(input->context, &task->split);
        break;
    case PHASE_END_MAPPERS:
        if (job->workers[task->number])
            end_mapper(job->workers[task->number]);
        break;
    case PHASE_DRAIN:
        if (job->workers[task->number])
            drain(job->workers[task->number]);
        break;
    case PHASE_FLUSH_RANGES:
        if (job->workers[task->number])
            flush_ranges(job->workers[task->number]);
        break;
    case PHASE_SAMPLE:
    case PHASE_REDUCE:
        worker = need_worker(job, number);
        if (worker)
            reduce(worker, task->phase, task->number);
        break;
    case PHASE_SPLIT_RANGES:
        worker = need_worker(job, number);
        if (worker)
            (void)order_split(&worker->order, task->number);
        break;
    case PHASE_OUTPUT:
        worker = need_worker(job, number);
        if (worker && job->order.unordered)
            (void)unordered_put_out(&worker->order, task->number);
        else if (worker)
            (void)order_put_out(&worker->order, task->number);
        break;
    case PHASE_FINISH:
        finish(job);
        break;
    case PHASE_WRITE:
    case PHASE_ENDED:
        break;
    }
    if (worker && task->shared)
        keep_nothing(worker);
    caller_leave(&caller);
}
