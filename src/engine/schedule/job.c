/* SPDX-License-Identifier: MIT
 *
 * job - making a job, and moving it from phase to phase (see job.h).
 */
#include "engine/schedule/job.h"

#include "engine/core/struct_size.h"
#include "engine/order/unordered.h"
#include "engine/schedule/caller.h"
#include "engine/schedule/given.h"

#include <errno.h>
#include <stdlib.h>

/* Splits read ahead for each worker. */
#define QUEUED_A_WORKER 8

/* ---- Making and freeing ---------------------------------------------------------------------- */

/* The job has failed: nobody waits for its input or its output any more. As context.failed. */
static void failed(void *owner)
{
    struct job *job = owner;
    const struct mr_reader *input = &job->context.reader;
    const struct mr_writer *output = &job->context.writer;
    split_queue_end(&job->queue);
    output_end(&job->order.output);
    if (input->interrupt)
        input->interrupt(input->context);
    if (output->interrupt)
        output->interrupt(output->context);
}

/* As order_open's `woken`. */
static void woken(void *owner)
{
    round_robin_wake(((struct job *)owner)->jobs);
}

/* Makes a job of a description that makes sense, and whose input is there. */
static enum mr_status make(const struct job_resources *resources, const struct mr_job_spec *spec,
                           struct job **result, struct mr_error *error)
{
    struct job *job = aligned_alloc(alignof(struct job), sizeof *job);
    if (!job)
        return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    memset(job, 0, sizeof *job);
    struct context *context = &job->context;
    job->jobs = resources->jobs;
    job->began = thread_now();
    context->seed = resources->seed;
    context->budget = resources->budget;
    context->memory = resources->budget->limit;
    context->pool = resources->pool;
    context->worker_count = resources->worker_count;
    context->failed = failed;
    context->owner = job;
    compaction_open(&job->compaction, context->memory);
    context->reader = *mr_input_reader(spec->input);
    if (spec->collect)
        context->writer = (struct mr_writer){.context = spec->context, .collect = spec->collect};
    else
        context->writer = spec->output->writer;
    job->input = context->reader.size > 0 ? context->reader.size : MR_UNKNOWN;

    /* An array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    job->workers = calloc(context->worker_count, sizeof *job->workers);
    if (!job->workers || context_open(context, spec) != 0)
        goto no_context;
    if (!spec->map)
        context->spec.map = spec->input->map;
    if (thread_cond_open(&job->changed) != 0)
        goto no_changed;
    if (split_queue_open(&job->queue, QUEUED_A_WORKER * ((size_t)context->worker_count + 1),
                         sizeof(struct mr_split)) != 0)
        goto no_queue;
    if (order_open(&job->order, context, &job->stores, woken, job) != 0)
        goto no_order;
    job->writer_done = job->order.output.positional && !context->writer.end;
    if (stores_open(&job->stores, resources->tmpdirs, resources->tmpdir_count) == 0) {
        *result = job;
        return MR_OK;
    }
    order_close(&job->order);
no_order:
    split_queue_close(&job->queue);
no_queue:
    thread_cond_close(&job->changed);
no_changed:
    context_close(context);
no_context:
    free(job->workers);
    free(job);
    return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
}

enum mr_status job_open(const struct job_resources *resources, const struct mr_job_spec *spec,
                        struct job **result, struct mr_error *error)
{
    enum mr_status status = given_check(spec, error);
    if (status != MR_OK)
        return status;
    if (!input_take(spec->input))
        return mr_error_set(error, MR_INVALID, EINVAL, "the input is another job's");
    status = input_begin(spec->input, resources->input, error);
    if (status == MR_OK)
        status = make(resources, spec, result, error);
    if (status != MR_OK)
        input_leave(spec->input);
    return status;
}

void job_close(struct job *job)
{
    struct caller caller;
    caller_enter(&caller, job, job->jobs, false);
    mr_input_release(job->context.spec.input);
    mr_output_release(job->context.spec.output);
    caller_leave(&caller);
    stores_close(&job->stores);
    order_close(&job->order);
    split_queue_close(&job->queue);
    thread_cond_close(&job->changed);
    context_close(&job->context);
    free(job->workers);
    free(job);
}

/* ---- Phases: all under the lock of `jobs` ---------------------------------------------------- */

static void enter(struct job *job, enum job_phase phase, size_t tasks)
{
    job->phase = phase;
    job->task = 0;
    job->tasks = tasks;
    thread_wake_all(&job->changed);
    round_robin_wake_locked(job->jobs);
}

/* The combiners of all workers go to partitions: to few, where they hold little. */
static size_t begin_drain(struct job *job)
{
    uint64_t held = 0;
    for (unsigned i = 0; i < job->context.worker_count; i++)
        held += job->workers[i] ? combiner_held(&job->workers[i]->emitter) : 0;
    /* On failure the job stops before the partitions are missed. */
    if (held > 0)
        (void)combiner_make_partitions(&job->stores, &job->context, held);
    return job->context.worker_count;
}

void job_end(struct job *job)
{
    struct mr_output *output = job->context.spec.output;
    if (output && output->ended)
        output->ended(output, job->context.error.status);
    job->closed = true;
    thread_wake_all(&job->changed);
    round_robin_closed(job->jobs);
}

void job_cancel(struct job *job)
{
    if (job->phase < PHASE_FINISH) {
        context_fail(&job->context, MR_CANCELLED, 0, "cancelled");
        round_robin_wake_locked(job->jobs);
        thread_wake_all(&job->changed);
    }
}

/* ---- Waiting --------------------------------------------------------------------------------- */

void job_hold_back(struct job *job)
{
    job->waiting = true;
    round_robin_hold_back(job->jobs, &job->place);
}

void job_offer(struct job *job, bool ended, uint64_t bytes)
{
    if (ended)
        job->input = bytes;
    job->jobs->ready += job->waiting && !job->offered;
    job->jobs->review = true;
    job->offered = true;
    round_robin_wake_locked(job->jobs);
}

void job_stop_waiting(struct job *job)
{
    round_robin_remove(job->jobs, &job->place);
    job->jobs->ready -= job->offered;
    job->waiting = false;
}

/* Lets a waiting job begin where there is room, or where it `must`. */
static bool begin(struct job *job, bool must)
{
    struct round_robin *jobs = job->jobs;
    struct context *context = &job->context;
    if (!admission_try(&jobs->admission, job->input, context->worker_count, must, &job->share))
        return false;
    context->memory = job->share.memory;
    compaction_open(&job->compaction, context->memory);
    job_stop_waiting(job);
    round_robin_add(jobs, &job->place);
    thread_wake_all(&job->changed);
    return true;
}

void job_admit(struct round_robin *jobs, bool must)
{
    bool full[ADMISSION_ROOMS] = {false};
    struct round_robin_place *place = jobs->waiting;
    jobs->review = false;
    /* Jobs leave the ring while it is walked: they are counted first. */
    for (size_t left = round_robin_count(place); left > 0; left--) {
        struct job *job = (struct job *)(void *)place; /* it begins with its place */
        place = place->next;
        /* A job without input yet may wait for another's output: it is in nobody's way. One that
         * has failed is its reader's. */
        if (!job->offered || context_stopped(&job->context))
            continue;
        /* No job overtakes another that waits for the same room. */
        const enum admission_room room = admission_room_of(&jobs->admission, job->input);
        if (full[room])
            continue;
        if (!begin(job, must))
            full[room] = true;
        else if (must)
            return;
    }
}

/* The phase has no more tasks: begins the next one. */
static void advance(struct job *job)
{
    bool unordered = job->order.unordered;
    if (context_stopped(&job->context) && job->phase < PHASE_FINISH) {
        enter(job, PHASE_FINISH, 1);
        return;
    }
    switch (job->phase) {
    case PHASE_MAP:
        enter(job, PHASE_END_MAPPERS, job->context.spec.mapper_end ? job->context.worker_count : 0);
        break;
    case PHASE_END_MAPPERS:
        enter(job, PHASE_DRAIN, begin_drain(job));
        break;
    case PHASE_DRAIN:
        job->map_ended = thread_now();
        job->parts = stores_pair_partitions(&job->stores);
        enter(job, PHASE_SAMPLE, unordered || job->parts == 0 ? 0 : 1);
        break;
    case PHASE_SAMPLE:
        if (unordered && unordered_open(&job->order) != 0)
            context_no_memory(&job->context);
        enter(job, PHASE_REDUCE, unordered || job->parts == 0 ? job->parts : job->parts - 1);
        break;
    case PHASE_REDUCE:
        enter(job, PHASE_FLUSH_RANGES, unordered ? 0 : job->context.worker_count);
        break;
    case PHASE_FLUSH_RANGES:
    case PHASE_SPLIT_RANGES:
        if (unordered) {
            enter(job, PHASE_OUTPUT, unordered_tasks(&job->order));
            break;
        }
        if (job->stores.results_open && order_list(&job->order) != 0)
            context_no_memory(&job->context);
        job->outputs = job->order.part_count;
        enter(job, order_must_split(&job->order) ? PHASE_SPLIT_RANGES : PHASE_OUTPUT, job->outputs);
        break;
    case PHASE_OUTPUT:
        if (unordered && unordered_tasks(&job->order) > 0) {
            enter(job, PHASE_OUTPUT, unordered_tasks(&job->order));
            break;
        }
        output_end(&job->order.output);
        enter(job, PHASE_WRITE, 0);
        break;
    case PHASE_WRITE:
        enter(job, PHASE_FINISH, 1);
        break;
    case PHASE_FINISH:
    case PHASE_ENDED:
        job->ended = thread_now();
        if (job->map_ended == 0)
            job->map_ended = job->ended;
        if (!job->context.spec.progress)
            job_end(job);
        round_robin_remove(job->jobs, &job->place);
        admission_end(&job->jobs->admission, &job->share);
        job->jobs->review = true;
        enter(job, PHASE_ENDED, 0);
        break;
    }
}

/* Whether so much waits to be put out that the next task of the phase must wait. */
static bool held_up(const struct job *job)
{
    switch (job->phase) {
    case PHASE_REDUCE:
        return job->order.unordered && !output_may_reduce(&job->order.output);
    case PHASE_OUTPUT:
        return job->order.unordered ? !output_may_reduce(&job->order.output)
                                    : !order_may_begin(&job->order, job->task);
    default:
        return false;
    }
}

bool job_take(struct job *job, struct job_task *task)
{
    while (job->phase != PHASE_ENDED) {
        *task = (struct job_task){
            .job = job, .phase = job->phase, .shared = round_robin_shared(job->jobs)};
        if (job->phase == PHASE_MAP) {
            enum split_queue_result result = split_queue_try_pop(&job->queue, &task->split);
            if (result == SPLIT_QUEUE_EMPTY)
                return false;
            if (result == SPLIT_QUEUE_GOT) {
                job->running++;
                job->started = true;
                return true;
            }
            if (!job->reader_done || job->running > 0)
                return false;
        } else {
            if (context_stopped(&job->context) && job->phase < PHASE_FINISH)
                job->tasks = job->task;
            if (job->task < job->tasks) {
                if (held_up(job)) {
                    job->jobs->held_up = true;
                    return false;
                }
                task->number = job->task++;
                job->running++;
                return true;
            }
            if (job->running > 0)
                return false;
        }
        /* Nothing is given back that a callback may be using. */
        if (!job->writer_done && (job->phase == PHASE_WRITE || context_stopped(&job->context))) {
            job->jobs->held_up = true;
            return false;
        }
        advance(job);
    }
    return false;
}

void job_done(struct job *job, const struct job_task *task)
{
    job->running--;
    if (task->phase == PHASE_SAMPLE || task->phase == PHASE_REDUCE ||
        (task->phase == PHASE_OUTPUT && !job->order.unordered))
        job->done++;
    if (task->phase == PHASE_FINISH)
        advance(job);
    else if (job->running == 0)
        round_robin_wake_locked(job->jobs);
}

enum mr_status job_status(const struct job *job)
{
    if (!job->closed)
        return job->started ? MR_RUNNING : MR_PENDING;
    return job->context.error.status;
}

void job_figures(const struct job *job, bool map, struct mr_progress *progress)
{
    uint64_t now = job->ended ? job->ended : thread_now();
    *progress = (struct mr_progress){
        .struct_size = sizeof *progress,
        .bytes = atomic_load_explicit(&job->context.bytes, memory_order_relaxed),
        .records = atomic_load_explicit(&job->context.records, memory_order_relaxed),
        .keys = atomic_load_explicit(&job->context.keys, memory_order_relaxed),
        .spilled = atomic_load_explicit(&job->stores.spill.written, memory_order_relaxed),
    };
    uint64_t since;
    if (map) {
        progress->phase = MR_PHASE_MAP;
        progress->done = progress->bytes;
        uint64_t size = job->context.reader.size;
        if (job->map_ended)
            progress->not_done = 0;
        else if (size == MR_UNKNOWN)
            progress->not_done = MR_UNKNOWN;
        else
            progress->not_done = size > progress->bytes ? size - progress->bytes : 0;
        since = job->began;
        now = job->map_ended ? job->map_ended : now;
    } else {
        progress->phase = MR_PHASE_REDUCE;
        const bool put_out = job->phase >= PHASE_FINISH;
        size_t all = job->order.unordered
                         ? job->parts
                         : job->parts + (job->phase < PHASE_OUTPUT ? job->parts : job->outputs);
        /* That all has been put out is one task more. */
        progress->done = job->done + put_out;
        progress->not_done = put_out ? 0 : 1 + (all > job->done ? all - job->done : 0);
        since = job->map_ended;
    }
    progress->seconds = (double)(now - since) / 1e9;
}

void job_outcome(const struct job *job, struct mr_stats *stats, struct mr_error *error)
{
    const struct context *context = &job->context;
    if (error)
        *error = context->error;
    if (stats) {
        const struct mr_stats made = {
            .bytes = atomic_load_explicit(&context->bytes, memory_order_relaxed),
            .records = atomic_load_explicit(&context->records, memory_order_relaxed),
            .keys = atomic_load_explicit(&context->keys, memory_order_relaxed),
            .results = atomic_load_explicit(&context->results, memory_order_relaxed),
            .spilled = atomic_load_explicit(&job->stores.spill.written, memory_order_relaxed),
            .splits = atomic_load_explicit(&context->splits, memory_order_relaxed),
            .threads = job->has_reader && !job->alone ? context->worker_count : 1,
            .map_seconds = (double)(job->map_ended - job->began) / 1e9,
            .reduce_seconds = (double)(job->ended - job->map_ended) / 1e9,
            .text_bytes = atomic_load_explicit(&context->bytes, memory_order_relaxed) +
                          atomic_load_explicit(&context->grown, memory_order_relaxed),
        };
        struct_size_fill(stats, &made, sizeof made);
    }
}
