/* SPDX-License-Identifier: MIT
 *
 * job - making a job, moving it from phase to phase, doing its tasks (see job.h).
 */
#include "engine/schedule/job.h"

#include "engine/reduce/repartition.h"
#include "engine/map/combiner_lookup.h"
#include "engine/schedule/engine.h"
#include "engine/map/combiner.h"
#include "engine/reduce/reduce.h"
#include "engine/shuffle/stream_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Splits read ahead for each worker. */
#define QUEUED_A_WORKER 8
/* What a worker keeps of its read buffer between splits. */
#define KEEP_SCRATCH ((size_t)4 << 20)
/* Keys of the workers' tables that make a partition of their own worth while. */
#define KEYS_A_PART 4096

/* ---- Failure ------------------------------------------------------------------------------ */

enum mr_status mr_error_set(struct mr_error *error, enum mr_status status, int errnum,
                            const char *format, ...)
{
    if (error) {
        error->status = status;
        error->errnum = errnum;
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

static void fail_once(struct job *job, const struct mr_error *error)
{
    thread_lock(&job->fault_lock);
    if (job->error.status == MR_OK)
        job->error = *error;
    thread_unlock(&job->fault_lock);
    atomic_store_explicit(&job->stop, true, memory_order_relaxed);
    queue_end(&job->queue);
    if (job->spec.input.interrupt)
        job->spec.input.interrupt(job->spec.input.context);
}

void job_fail(struct job *job, enum mr_status status, int errnum, const char *format, ...)
{
    struct mr_error error = {.status = status, .errnum = errnum};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error.text, sizeof error.text, format, arguments);
    va_end(arguments);
    fail_once(job, &error);
}

void job_fail_with(struct job *job, enum mr_status status, const struct mr_error *error,
                   const char *otherwise)
{
    if (error->status != MR_OK)
        fail_once(job, error);
    else
        job_fail(job, status, 0, "%s", otherwise);
}

void job_no_memory(struct job *job)
{
    job_fail(job, MR_NOMEM, ENOMEM, "out of memory");
}

/* ---- Making and freeing ---------------------------------------------------------------------- */

static enum mr_status check(const struct mr_job_spec *spec, struct mr_error *error)
{
    const struct mr_output *output = &spec->output;
    const char *wrong = NULL;
    if (!spec->input.next)
        wrong = "a job needs an input";
    else if (!spec->map)
        wrong = "a job needs a map";
    else if (spec->combine && spec->value_size == 0)
        wrong = "a combine needs a value size";
    else if (spec->value_size > 0 && !spec->combine && !spec->reduce)
        wrong = "values that are kept need a reduce";
    else if (!output->collect && !(output->encode && output->write))
        wrong = "a job needs a collect, or an encode and a write";
    else if (output->collect && output->encode)
        wrong = "a job has either a collect or an encode";
    return wrong ? mr_error_set(error, MR_INVALID, EINVAL, "%s", wrong) : MR_OK;
}

enum mr_status job_open(struct mr_engine *engine, const struct mr_job_spec *spec,
                        struct job **result, struct mr_error *error)
{
    enum mr_status status = check(spec, error);
    if (status != MR_OK)
        return status;
    struct job *job = aligned_alloc(alignof(struct job), sizeof *job);
    if (!job)
        return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    memset(job, 0, sizeof *job);
    job->engine = engine;
    job->spec = *spec;
    job->sums = spec->value_size == 0;
    job->keeps = !job->sums && !spec->combine;
    job->value_size = job->sums ? sizeof(uint64_t) : spec->value_size;
    job->form = (struct record_form){.kind = job->sums ? RECORD_SUM : RECORD_VALUE,
                                     .value_size = job->value_size};
    job->seed = &engine->seed;
    job->budget = &engine->budget;
    job->worker_count = engine->thread_count;
    job->began = thread_now();
    order_open(&job->order, &spec->output);
    compaction_open(&job->compaction, job->budget->limit);

    /* An array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    job->workers = calloc(job->worker_count, sizeof *job->workers);
    if (!job->workers || thread_mutex_open(&job->fault_lock) != 0)
        goto no_fault_lock;
    if (thread_mutex_open(&job->pairs_lock) != 0)
        goto no_pairs_lock;
    if (thread_cond_open(&job->changed) != 0)
        goto no_changed;
    if (queue_open(&job->queue, QUEUED_A_WORKER * ((size_t)job->worker_count + 1),
                   sizeof(struct mr_split)) != 0)
        goto no_queue;
    if (output_open(&job->output, job->worker_count, job->budget) != 0)
        goto no_output;
    if (spill_open(&job->spill, (const char *const *)engine->tmpdirs, engine->tmpdir_count) == 0) {
        *result = job;
        return MR_OK;
    }
    struct pool_cache cache;
    pool_cache_open(&cache, &engine->pool);
    output_close(&job->output, &cache);
no_output:
    queue_close(&job->queue);
no_queue:
    thread_cond_close(&job->changed);
no_changed:
    thread_mutex_close(&job->pairs_lock);
no_pairs_lock:
    thread_mutex_close(&job->fault_lock);
no_fault_lock:
    free(job->workers);
    free(job);
    return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
}

void job_close(struct job *job)
{
    queue_close(&job->queue);
    thread_cond_close(&job->changed);
    thread_mutex_close(&job->pairs_lock);
    thread_mutex_close(&job->fault_lock);
    free(job->workers);
    free(job);
}

static void owner_no_memory(void *worker)
{
    job_no_memory(((struct worker *)worker)->job);
}

static int owner_handed(void *worker, size_t bytes)
{
    return compaction_handed(worker, bytes);
}

/* The job's worker of this number, made where it is not there yet; NULL when the job fails. */
static struct worker *need_worker(struct job *job, unsigned number)
{
    if (job->workers[number])
        return job->workers[number];
    struct worker *worker = aligned_alloc(alignof(struct worker), sizeof *worker);
    if (!worker) {
        job_no_memory(job);
        return NULL;
    }
    memset(worker, 0, sizeof *worker);
    worker->job = job;
    worker->number = number;
    worker->owner = (struct shuffle_owner){.context = worker,
                                           .handed = owner_handed,
                                           .exhausted = spill_largest,
                                           .no_memory = owner_no_memory};
    pool_cache_open(&worker->cache, &job->engine->pool);
    /* Where values are kept, a slot counts them and knows their place: two words. */
    grouping_table_open(&worker->grouping, job->seed, job->keeps ? 2 : (job->value_size + 7) / 8,
                        job->budget);
    buffer_open(&worker->scratch, job->budget);
    buffer_open(&worker->values, job->budget);
    buffer_open(&worker->sorting, job->budget);
    buffer_open(&worker->result_key, job->budget);
    job->workers[number] = worker;
    return worker;
}

static void free_worker(struct worker *worker)
{
    shuffle_writer_close(&worker->pairs);
    shuffle_writer_close(&worker->ranges);
    mapper_close(worker);
    grouping_table_close(&worker->grouping);
    buffer_close(&worker->scratch);
    buffer_close(&worker->values);
    buffer_close(&worker->sorting);
    buffer_close(&worker->result_key);
    pool_cache_close(&worker->cache);
    free(worker);
}

/* ---- Phases: all under the engine's lock ----------------------------------------------------- */

static void enter(struct job *job, enum job_phase phase, size_t tasks)
{
    job->phase = phase;
    job->task = 0;
    job->tasks = tasks;
    thread_wake_all(&job->changed);
    engine_wake_locked(job->engine);
}

/* The tables of all workers go to partitions: to few, where they hold little. */
static size_t begin_drain(struct job *job)
{
    uint64_t held = 0;
    for (unsigned i = 0; i < job->worker_count; i++)
        held += job->workers[i] ? mapper_held(job->workers[i]) : 0;
    unsigned bits = 0, most = mapper_most_bits(job);
    while (bits < most && held >> bits > KEYS_A_PART)
        bits++;
    /* On failure the job stops before the partitions are missed. */
    if (held > 0)
        (void)mapper_make_partitions(job, bits);
    return job->worker_count;
}

/* The phase has no more tasks: begins the next one. */
static void advance(struct job *job)
{
    bool unordered = job->order.unordered;
    if (job_stopped(job) && job->phase < PHASE_FINISH) {
        enter(job, PHASE_FINISH, 1);
        return;
    }
    switch (job->phase) {
    case PHASE_MAP:
        enter(job, PHASE_DRAIN, begin_drain(job));
        break;
    case PHASE_DRAIN:
        job->map_ended = thread_now();
        job->parts = atomic_load_explicit(&job->pairs_open, memory_order_relaxed)
                         ? (size_t)1 << job->pairs.bits
                         : 0;
        enter(job, PHASE_SAMPLE, unordered || job->parts == 0 ? 0 : 1);
        break;
    case PHASE_SAMPLE:
        enter(job, PHASE_REDUCE, unordered || job->parts == 0 ? job->parts : job->parts - 1);
        break;
    case PHASE_REDUCE:
        enter(job, PHASE_FLUSH_RANGES, unordered ? 0 : job->worker_count);
        break;
    case PHASE_FLUSH_RANGES:
    case PHASE_SPLIT_RANGES:
        if (job->order.results_open && order_list(job) != 0)
            job_no_memory(job);
        job->outputs = job->order.part_count;
        enter(job, order_must_split(job) ? PHASE_SPLIT_RANGES : PHASE_OUTPUT, job->outputs);
        break;
    case PHASE_OUTPUT:
        enter(job, PHASE_FINISH, 1);
        break;
    case PHASE_FINISH:
    case PHASE_ENDED:
        job->ended = thread_now();
        if (job->map_ended == 0)
            job->map_ended = job->ended;
        if (!job->spec.progress)
            job->closed = true;
        engine_forget(job->engine, job);
        enter(job, PHASE_ENDED, 0);
        break;
    }
}

bool job_take(struct job *job, struct task *task)
{
    while (job->phase != PHASE_ENDED) {
        *task = (struct task){.job = job, .phase = job->phase};
        if (job->phase == PHASE_MAP) {
            enum queue_result result = queue_try_pop(&job->queue, &task->split);
            if (result == QUEUE_EMPTY)
                return false;
            if (result == QUEUE_GOT) {
                job->running++;
                job->started = true;
                return true;
            }
            if (!job->reader_done || job->running > 0)
                return false;
        } else {
            if (job_stopped(job) && job->phase < PHASE_FINISH)
                job->tasks = job->task;
            if (job->task < job->tasks) {
                if (job->phase == PHASE_OUTPUT && !output_may_begin(&job->output, job->task))
                    return false;
                task->number = job->task++;
                job->running++;
                return true;
            }
            if (job->running > 0)
                return false;
        }
        advance(job);
    }
    return false;
}

void job_done(struct job *job, const struct task *task)
{
    job->running--;
    if (task->phase == PHASE_SAMPLE || task->phase == PHASE_REDUCE || task->phase == PHASE_OUTPUT)
        job->done++;
    if (task->phase == PHASE_FINISH)
        advance(job);
    else if (job->running == 0)
        engine_wake_locked(job->engine);
}

enum mr_state job_state(const struct job *job)
{
    if (!job->closed)
        return job->started ? MR_RUNNING : MR_PENDING;
    switch (job->error.status) {
    case MR_OK:
        return MR_DONE;
    case MR_CANCELLED:
        return MR_STOPPED;
    default:
        return MR_FAILED;
    }
}

void job_figures(const struct job *job, bool map, struct mr_progress *progress)
{
    uint64_t now = job->ended ? job->ended : thread_now();
    *progress = (struct mr_progress){
        .bytes = atomic_load_explicit(&job->bytes, memory_order_relaxed),
        .records = atomic_load_explicit(&job->records, memory_order_relaxed),
        .keys = atomic_load_explicit(&job->keys, memory_order_relaxed),
        .spilled = atomic_load_explicit(&job->spill.written, memory_order_relaxed),
    };
    uint64_t since;
    if (map) {
        progress->tag = "map";
        progress->done = progress->bytes;
        uint64_t size = job->spec.input.size;
        if (job->map_ended)
            progress->not_done = 0;
        else if (size == MR_UNKNOWN)
            progress->not_done = MR_UNKNOWN;
        else
            progress->not_done = size > progress->bytes ? size - progress->bytes : 0;
        since = job->began;
        now = job->map_ended ? job->map_ended : now;
    } else {
        progress->tag = "reduce";
        size_t all = job->order.unordered
                         ? job->parts
                         : job->parts + (job->phase < PHASE_OUTPUT ? job->parts : job->outputs);
        progress->done = job->done;
        progress->not_done = all > job->done && job->phase < PHASE_FINISH ? all - job->done : 0;
        since = job->map_ended;
    }
    progress->seconds = (double)(now - since) / 1e9;
}

/* ---- Tasks ----------------------------------------------------------------------------------- */

static void release(struct job *job, struct mr_split *split)
{
    if (job->spec.input.release)
        job->spec.input.release(job->spec.input.context, split);
}

/* Opens the worker's mapper where this is its first split. */
static int need_mapper(struct worker *worker)
{
    struct job *job = worker->job;
    if (worker->state_open)
        return 0;
    if (mapper_open(worker) != 0)
        return -1;
    struct mr_error error = {0};
    if (job->spec.mapper_open &&
        job->spec.mapper_open(job->spec.context, &worker->state, &error) != 0) {
        job_fail_with(job, MR_MAP, &error, "a mapper could not be opened");
        return -1;
    }
    worker->state_open = true;
    return 0;
}

static void map_split(struct worker *worker, struct mr_split *split)
{
    struct job *job = worker->job;
    const struct mr_job_spec *spec = &job->spec;
    struct mr_error error = {0};
    if (job_stopped(job) || need_mapper(worker) != 0)
        return;
    if (spec->input.load &&
        spec->input.load(spec->input.context, split, &worker->scratch, &error) != 0) {
        job_fail_with(job, MR_INPUT, &error, "the input could not be read");
        return;
    }
    uint64_t before = worker->emitter.records;
    worker->emitter.error = (struct mr_error){0};
    if (split->size > 0 && spec->map(spec->context, worker->state, split, &worker->emitter) != 0 &&
        !job_stopped(job))
        job_fail_with(job, MR_MAP, &worker->emitter.error, "the map failed");
    if (!job_stopped(job))
        (void)emit_flush(&worker->emitter);
    atomic_fetch_add_explicit(&job->bytes, split->length, memory_order_relaxed);
    atomic_fetch_add_explicit(&job->records, worker->emitter.records - before,
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&job->splits, 1, memory_order_relaxed);
    buffer_trim(&worker->scratch, KEEP_SCRATCH);
}

static void drain(struct worker *worker)
{
    if (worker->emitter.job && !job_stopped(worker->job))
        (void)mapper_drain(worker);
    buffer_close(&worker->scratch);
}

/* Pairs in all partitions. */
static uint64_t all_pairs(struct job *job)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < job->parts; i++) {
        struct partition *partition = &job->pairs.partitions[i];
        thread_lock(&partition->lock);
        sum += partition->fresh.records + partition->fresh.spilled_count +
               partition->compacted.records + partition->compacted.spilled_count;
        thread_unlock(&partition->lock);
    }
    return sum;
}

/* Reduces one partition. The first makes the ranges; where there is an order, reduce begins
 * with the one after it. */
static void reduce_task(struct worker *worker, enum job_phase phase, size_t number)
{
    struct job *job = worker->job;
    struct sample sample = {0};
    struct mr_results results = {.job = job, .worker = worker};
    struct stream pairs;
    if (phase == PHASE_SAMPLE)
        sample.all_pairs = all_pairs(job);
    else if (!job->order.unordered)
        number++;
    if (phase == PHASE_SAMPLE || job->order.unordered) {
        results.sample = &sample;
        stream_writer_open(&sample.writer, &sample.stream, &worker->cache, &worker->owner,
                           POOL_OVER_BUDGET);
    }
    partition_take(&job->pairs.partitions[number], &pairs);
    if (reduce_partition(worker, &pairs, job->pairs.bits, &results) == 0 && results.sample)
        (void)order_flush_sample(&results);
    stream_writer_close(&sample.writer);
    source_drop(worker, &sample.stream);
}

static void drop_all(struct worker *worker, struct shuffle *shuffle)
{
    for (size_t i = 0; i < (size_t)1 << shuffle->bits; i++) {
        struct stream stream;
        partition_take(&shuffle->partitions[i], &stream);
        source_drop(worker, &stream);
    }
}

/* Gives everything back. */
static void finish(struct job *job)
{
    /* Not one of the job's own, so that this needs no memory. */
    struct worker last = {.job = job};
    pool_cache_open(&last.cache, &job->engine->pool);
    for (unsigned i = 0; i < job->worker_count; i++) {
        struct worker *worker = job->workers[i];
        if (!worker)
            continue;
        if (worker->state_open && job->spec.mapper_close)
            job->spec.mapper_close(job->spec.context, worker->state);
        free_worker(worker);
        job->workers[i] = NULL;
    }
    if (atomic_load_explicit(&job->pairs_open, memory_order_relaxed)) {
        drop_all(&last, &job->pairs);
        shuffle_close(&job->pairs);
    }
    if (job->order.results_open)
        drop_all(&last, &job->order.results);
    for (struct range_split *split = job->order.range_splits; split; split = split->next)
        drop_all(&last, &split->results);
    order_close(&job->order);
    output_close(&job->output, &last.cache);
    spill_close(&job->spill);
    pool_cache_close(&last.cache);
}

void job_do(struct task *task, unsigned number)
{
    struct job *job = task->job;
    struct worker *worker;
    switch (task->phase) {
    case PHASE_MAP:
        worker = need_worker(job, number);
        if (worker)
            map_split(worker, &task->split);
        release(job, &task->split);
        break;
    case PHASE_DRAIN:
        if (job->workers[task->number])
            drain(job->workers[task->number]);
        break;
    case PHASE_FLUSH_RANGES:
        if (job->workers[task->number]) {
            worker = job->workers[task->number];
            shuffle_writer_flush(&worker->ranges);
            shuffle_writer_close(&worker->ranges);
            grouping_table_close(&worker->grouping);
        }
        break;
    case PHASE_SAMPLE:
    case PHASE_REDUCE:
        worker = need_worker(job, number);
        if (worker)
            reduce_task(worker, task->phase, task->number);
        break;
    case PHASE_SPLIT_RANGES:
        worker = need_worker(job, number);
        if (worker)
            (void)order_split(worker, task->number);
        break;
    case PHASE_OUTPUT:
        worker = need_worker(job, number);
        if (worker)
            (void)order_put_out(worker, task->number);
        break;
    case PHASE_FINISH:
        finish(job);
        break;
    case PHASE_ENDED:
        break;
    }
}
