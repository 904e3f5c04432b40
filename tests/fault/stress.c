/* SPDX-License-Identifier: MIT
 *
 * stress - random calls of the library from many threads: `stress [JOBS [SEED]]`.
 *
 * Sixteen threads share one engine, of 1, 2 and 3 workers in turn. Each has up to eight pipelines
 * at work, of one job or of two or three, each of which reads what the one before it puts out, and
 * does random things to them: polls, waits with and without a time limit, cancels, lets callbacks
 * cancel, fail and make calls that are refused, releases what still runs. A job that is done must
 * have the right result, any other the right reason. At the end there must be as much memory in use
 * as at the start. Prints how many jobs ended how; exit status 1 where anything was wrong. To be
 * run with GLIBC_TUNABLES=glibc.malloc.tcache_count=0: memory that a thread caches is not memory in
 * use.
 */
#include <inttypes.h>
#include <malloc.h>
#include <mapreduce.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 16
#define PIPELINES 8 /* of each thread at once */
#define STAGES 3
#define MOST_WORKERS 3
#define ROOM 3 /* batches between two jobs */
/* What the C library may keep for itself: little, where its caches of threads are off. */
#define SLACK ((size_t)64 << 10)

enum trouble {
    NOTHING,
    MAP_FAILS,
    INPUT_FAILS,
    REDUCE_FAILS,
    OUTPUT_FAILS,
    END_FAILS,
    PROGRESS_CANCELS,
    CALLBACK_CANCELS, /* collect or map, by the job's handle */
    TROUBLES
};

/* Keys on their way from one job to the next, one a line. */
struct channel {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct batch *batches[ROOM];
    size_t first, count;
    bool ended, broken;
};

struct batch {
    size_t size;
    unsigned char lines[];
};

struct load {
    unsigned splits, keys, size; /* keys a split, bytes of a key at least */
    enum trouble trouble;
    bool kept;           /* values are kept, and reduced */
    bool cancel_in_map;  /* where a callback cancels */
    bool refused_wrong;  /* a call that must be refused was not */
    bool expects_cancel; /* the client has cancelled it */
    atomic_uint handed;  /* splits */
    uint64_t sum, found;
    atomic_bool interrupted;
    _Atomic(struct mr_job *) job;
    struct mr_engine *engine;
    struct channel *from, *to; /* NULL: the first, the last */
};

struct pipeline {
    unsigned stages; /* 0: none */
    struct load loads[STAGES];
    struct mr_job *jobs[STAGES]; /* NULL: released */
    struct channel channels[STAGES - 1];
    bool released_early;
};

struct client {
    struct mr_engine *engine;
    uint64_t random;
    unsigned long jobs;
    unsigned long ended[MR_FAILED + 1];
    unsigned long wrong;
    struct pipeline pipelines[PIPELINES];
};

static unsigned char nothing[1 + MR_PAD];

/* splitmix64 (Steele, Lea and Flood, 2014) */
static uint64_t draw(uint64_t *state, uint64_t below)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (x ^ (x >> 31)) % below;
}

/* ---- Between two jobs ------------------------------------------------------------------------ */

static bool channel_put(struct channel *channel, struct batch *batch)
{
    pthread_mutex_lock(&channel->lock);
    while (channel->count == ROOM && !channel->broken)
        pthread_cond_wait(&channel->changed, &channel->lock);
    const bool put = !channel->broken;
    if (put)
        channel->batches[(channel->first + channel->count++) % ROOM] = batch;
    pthread_cond_broadcast(&channel->changed);
    pthread_mutex_unlock(&channel->lock);
    return put;
}

static struct batch *channel_get(struct channel *channel, bool *broken)
{
    struct batch *batch = NULL;
    pthread_mutex_lock(&channel->lock);
    while (channel->count == 0 && !channel->ended && !channel->broken)
        pthread_cond_wait(&channel->changed, &channel->lock);
    *broken = channel->broken;
    if (channel->count > 0 && !channel->broken) {
        batch = channel->batches[channel->first++ % ROOM];
        channel->count--;
    }
    pthread_cond_broadcast(&channel->changed);
    pthread_mutex_unlock(&channel->lock);
    return batch;
}

static void channel_mark(struct channel *channel, bool broken)
{
    if (!channel)
        return;
    pthread_mutex_lock(&channel->lock);
    channel->broken |= broken;
    channel->ended = true;
    pthread_cond_broadcast(&channel->changed);
    pthread_mutex_unlock(&channel->lock);
}

static void channel_open(struct channel *channel)
{
    *channel = (struct channel){.first = 0};
    pthread_mutex_init(&channel->lock, NULL);
    pthread_cond_init(&channel->changed, NULL);
}

static void channel_close(struct channel *channel)
{
    for (; channel->count > 0; channel->count--)
        free(channel->batches[channel->first++ % ROOM]);
    pthread_cond_destroy(&channel->changed);
    pthread_mutex_destroy(&channel->lock);
}

/* ---- Callbacks ------------------------------------------------------------------------------- */

/* Calls that would never return: of the job's own and, on a worker, of any. */
static void call_what_is_refused(struct load *load, bool works)
{
    struct mr_job *job = load->job;
    if (job && (mr_job_wait(job, -1, NULL, NULL) != MR_INVALID ||
                mr_job_release(job) != MR_INVALID || mr_job_poll(job, NULL) == MR_INVALID))
        load->refused_wrong = true;
    if (mr_engine_close(load->engine) != MR_INVALID)
        load->refused_wrong = true;
    const struct mr_job_spec none = {.struct_size = sizeof none};
    if (works && mr_run(load->engine, &none, NULL, NULL) != MR_INVALID)
        load->refused_wrong = true;
}

static void cancel_self(struct load *load)
{
    struct mr_job *job = load->job;
    if (job)
        mr_job_cancel(job);
}

static int next(void *context, struct mr_split *split, struct mr_error *error)
{
    struct load *load = context;
    const unsigned number = atomic_fetch_add(&load->handed, 1);
    bool broken = false;
    if (load->from) {
        struct batch *batch = channel_get(load->from, &broken);
        split->end = !batch;
        if (!batch)
            return broken ? mr_fail(error, 0, "the job before has failed") : 0;
        split->data = batch->lines;
        split->size = split->length = batch->size;
        split->number = number;
        split->handle = batch;
    } else {
        split->end = number >= load->splits || atomic_load(&load->interrupted);
        if (split->end)
            return 0;
        *split = (struct mr_split){.data = nothing, .size = 1, .length = 1, .number = number};
    }
    if (load->trouble == INPUT_FAILS && number == load->splits / 2) {
        free(split->handle);
        return mr_fail(error, 0, "this input fails");
    }
    return 0;
}

static void release(void *context, struct mr_split *split)
{
    (void)context;
    free(split->handle);
}

static void interrupt_input(void *context)
{
    struct load *load = context;
    atomic_store(&load->interrupted, true);
    channel_mark(load->from, true);
}

static void interrupt_output(void *context)
{
    channel_mark(((struct load *)context)->to, true);
}

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    struct load *load = context;
    uint64_t one = 1;
    const void *value = load->kept ? &one : NULL;
    (void)state;
    if (split->number == 1)
        call_what_is_refused(load, true);
    if (load->trouble == MAP_FAILS && split->number == load->splits / 2)
        return mr_fail(error, 0, "this map fails");
    if (load->trouble == CALLBACK_CANCELS && load->cancel_in_map)
        cancel_self(load);
    if (load->from) {
        const unsigned char *at = split->data, *end = at + split->size, *line_end;
        for (; at < end; at = line_end + 1) {
            line_end = memchr(at, '\n', (size_t)(end - at));
            if (mr_emit(emitter, at, (size_t)(line_end - at), value) != MR_OK)
                return 1;
        }
        return 0;
    }
    for (unsigned i = 0; i < load->keys; i++) {
        char key[512];
        memset(key, 'k', load->size);
        int more = snprintf(key + load->size, sizeof key - load->size, "%u", i);
        if (mr_emit(emitter, key, load->size + (size_t)more, value) != MR_OK)
            return 1;
    }
    return 0;
}

static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    const struct load *load = context;
    const uint64_t *value;
    uint64_t sum = 0;
    (void)state;
    if (load->trouble == REDUCE_FAILS)
        return mr_fail(error, 0, "this reduce fails");
    while ((value = mr_values_next(values, NULL)))
        sum += *value;
    return (int)mr_put(results, key, key_size, sum, NULL, 0);
}

/* Hands keys to the next job. */
static int pass_on(struct load *load, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += records[i].key_size + 1;
    struct batch *batch = malloc(sizeof *batch + size + MR_PAD);
    if (!batch)
        return mr_fail(error, 0, "out of memory");
    batch->size = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(batch->lines + batch->size, records[i].key, records[i].key_size);
        batch->size += records[i].key_size;
        batch->lines[batch->size++] = '\n';
    }
    if (channel_put(load->to, batch))
        return 0;
    free(batch);
    return mr_fail(error, 0, "the next job has failed");
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct load *load = context;
    if (load->found == 0)
        call_what_is_refused(load, false);
    if (load->trouble == OUTPUT_FAILS)
        return mr_fail(error, 0, "this output fails");
    if (load->trouble == CALLBACK_CANCELS && !load->cancel_in_map)
        cancel_self(load);
    for (size_t i = 0; i < count; i++)
        load->sum += records[i].rank;
    load->found += count;
    for (size_t i = 0, n; load->to && i < count; i += n) {
        n = count - i < 200 ? count - i : 200;
        if (pass_on(load, records + i, n, error) != 0)
            return -1;
    }
    return 0;
}

static int end(void *context, struct mr_error *error)
{
    struct load *load = context;
    if (load->trouble == END_FAILS)
        return mr_fail(error, 0, "this end fails");
    channel_mark(load->to, false);
    return 0;
}

static int progress(void *context, const struct mr_progress *figures)
{
    struct load *load = context;
    (void)figures;
    if (load->trouble != PROGRESS_CANCELS)
        return 0;
    call_what_is_refused(load, false);
    return 1;
}

/* ---- One job --------------------------------------------------------------------------------- */

/* Whether a job ended as it may: `others`: as one of a pipeline that another has broken. */
static bool right(const struct load *load, enum mr_status status, const struct mr_error *error,
                  bool others)
{
    static const enum mr_status reasons[] = {
        [MAP_FAILS] = MR_MAP,
        [INPUT_FAILS] = MR_INPUT,
        [REDUCE_FAILS] = MR_REDUCE,
        [OUTPUT_FAILS] = MR_OUTPUT,
        [END_FAILS] = MR_OUTPUT,
        [PROGRESS_CANCELS] = MR_CANCELLED,
        [CALLBACK_CANCELS] = MR_CANCELLED,
    };
    if (load->refused_wrong)
        return false;
    if (status == MR_OK) {
        /* What cancels may come too late; a second split may be missing. */
        const bool must_fail = load->trouble != NOTHING && load->trouble != PROGRESS_CANCELS &&
                               load->trouble != CALLBACK_CANCELS &&
                               (!load->from || load->trouble == END_FAILS);
        const uint64_t times = load->from ? 1 : load->splits;
        return error->status == MR_OK && !must_fail && load->found == load->keys &&
               load->sum == load->keys * times;
    }
    if (error->text[0] == '\0' || error->status != status)
        return false;
    if (status == MR_CANCELLED && load->expects_cancel)
        return true;
    if (others && (status == MR_INPUT || status == MR_OUTPUT))
        return true;
    return load->trouble != NOTHING && status == reasons[load->trouble];
}

static void begin_load(struct client *client, struct load *load)
{
    uint64_t *random = &client->random;
    bool large = draw(random, 400) == 0; /* past the budget, to disk */
    *load = (struct load){
        .splits = 1 + (unsigned)draw(random, 6),
        .keys = large ? 30000 : 1 + (unsigned)draw(random, 1u << draw(random, 10)),
        .size = large ? 300 : (unsigned)draw(random, 40),
        .trouble = draw(random, 3) ? NOTHING : (enum trouble)draw(random, TROUBLES),
        .kept = draw(random, 4) == 0,
        .cancel_in_map = draw(random, 2) == 0,
        .engine = client->engine,
    };
    if (load->trouble == REDUCE_FAILS)
        load->kept = true;
}

static void describe(struct client *client, struct load *load, struct mr_job_spec *spec)
{
    const bool reports = load->trouble == PROGRESS_CANCELS || draw(&client->random, 4) == 0;
    const struct mr_reader reader = {.struct_size = sizeof reader,
                                     .context = load,
                                     .size = load->from ? MR_UNKNOWN : load->splits,
                                     .next = next,
                                     .release = release,
                                     .interrupt = interrupt_input};
    const struct mr_writer writer = {.struct_size = sizeof writer,
                                     .context = load,
                                     .collect = collect,
                                     .end = end,
                                     .interrupt = interrupt_output};
    *spec = (struct mr_job_spec){.struct_size = sizeof *spec,
                                 .input = mr_input_new(&reader),
                                 .context = load,
                                 .map = map,
                                 .values = load->kept ? MR_GROUP : MR_SUM,
                                 .value_size = load->kept ? sizeof(uint64_t) : 0,
                                 .reduce = load->kept ? reduce : NULL,
                                 .output = mr_output_new(&writer),
                                 .order = (enum mr_order)draw(&client->random, MR_ORDER_RANK + 1),
                                 .progress = reports ? progress : NULL,
                                 .small = draw(&client->random, 2) == 0};
}

static void note(struct client *client, const struct load *load, enum mr_status status,
                 const struct mr_error *error, bool others)
{
    client->ended[status]++;
    if (right(load, status, error, others))
        return;
    client->wrong++;
    fprintf(stderr, "stress: trouble %d, %s, %s, %" PRIu64 " of %u keys%s%s\n", (int)load->trouble,
            mr_status_name(status), error->text, load->found, load->keys,
            load->from || load->to ? ", in a pipeline" : "",
            load->refused_wrong ? ", a call was not refused" : "");
}

static void run_one(struct client *client)
{
    struct load load;
    struct mr_job_spec spec;
    struct mr_error error = {0};
    begin_load(client, &load);
    describe(client, &load, &spec);
    const enum mr_status status = mr_run(client->engine, &spec, NULL, &error);
    note(client, &load, status, &error, false);
}

/* ---- Pipelines ------------------------------------------------------------------------------- */

static void pipeline_begin(struct client *client, struct pipeline *pipeline, unsigned stages)
{
    *pipeline = (struct pipeline){.stages = stages};
    for (unsigned i = 0; i + 1 < stages; i++)
        channel_open(&pipeline->channels[i]);
    for (unsigned i = 0; i < stages; i++) {
        struct load *load = &pipeline->loads[i];
        struct mr_job_spec spec;
        struct mr_error error = {0};
        begin_load(client, load);
        load->from = i > 0 ? &pipeline->channels[i - 1] : NULL;
        load->to = i + 1 < stages ? &pipeline->channels[i] : NULL;
        load->keys = pipeline->loads[0].keys;
        describe(client, load, &spec);
        const enum mr_status status = mr_submit(client->engine, &spec, &pipeline->jobs[i], &error);
        load->job = pipeline->jobs[i];
        if (status == MR_OK)
            continue;
        /* Those next to it must not wait for it. */
        note(client, load, status, &error, true);
        interrupt_input(load);
        interrupt_output(load);
    }
}

/* Waits for the end of what has not been released, and checks it. */
static void pipeline_end(struct client *client, struct pipeline *pipeline)
{
    for (unsigned i = 0; i < pipeline->stages; i++) {
        struct mr_error error = {0};
        if (!pipeline->jobs[i])
            continue;
        const enum mr_status status = mr_job_wait(pipeline->jobs[i], -1, NULL, &error);
        note(client, &pipeline->loads[i], status, &error, pipeline->stages > 1);
        mr_job_release(pipeline->jobs[i]);
    }
    for (unsigned i = 0; i + 1 < pipeline->stages; i++)
        channel_close(&pipeline->channels[i]);
    pipeline->stages = 0;
}

/* Does something to one of its jobs. */
static void pipeline_step(struct client *client, struct pipeline *pipeline)
{
    uint64_t *random = &client->random;
    struct mr_progress figures = {.struct_size = sizeof figures};
    const unsigned i = (unsigned)draw(random, pipeline->stages);
    struct mr_job *job = pipeline->jobs[i];
    if (!job)
        return;
    switch (draw(random, 8)) {
    case 0:
    case 1:
        mr_job_poll(job, &figures);
        break;
    case 2:
    case 3:
        mr_job_wait(job, (long)draw(random, 3), NULL, NULL);
        break;
    case 4:
        pipeline->loads[i].expects_cancel = true;
        mr_job_cancel(job);
        break;
    case 5: /* given back as it is: that must end it */
        mr_job_release(job);
        pipeline->jobs[i] = NULL;
        client->ended[MR_PENDING]++;
        break;
    default:
        mr_job_poll(job, NULL);
    }
}

static void *play(void *argument)
{
    struct client *client = argument;
    uint64_t *random = &client->random;
    for (unsigned long begun = 0; begun < client->jobs;) {
        struct pipeline *pipeline = &client->pipelines[draw(random, PIPELINES)];
        if (pipeline->stages > 0) {
            for (unsigned step = (unsigned)draw(random, 3); step > 0; step--)
                pipeline_step(client, pipeline);
            if (draw(random, 2) == 0)
                pipeline_end(client, pipeline);
        } else if (draw(random, 8) == 0) {
            run_one(client);
            begun++;
        } else {
            const unsigned stages = draw(random, 4) ? 1 : 2 + (unsigned)draw(random, STAGES - 1);
            pipeline_begin(client, pipeline, stages);
            begun += stages;
        }
    }
    for (unsigned i = 0; i < PIPELINES; i++)
        pipeline_end(client, &client->pipelines[i]);
    return NULL;
}

/* ---- All ------------------------------------------------------------------------------------- */

/* Runs some `jobs` jobs; adds to `ended`. Returns how many were wrong, or -1. */
static long round_of_jobs(struct mr_engine *engine, unsigned long jobs, uint64_t seed,
                          unsigned long *ended)
{
    struct client *clients = calloc(THREADS, sizeof *clients);
    pthread_t threads[THREADS];
    unsigned started = 0;
    long wrong = 0;
    for (; clients && started < THREADS; started++) {
        clients[started].engine = engine;
        clients[started].random = seed * THREADS + started;
        clients[started].jobs = (jobs + started) / THREADS;
        if (pthread_create(&threads[started], NULL, play, &clients[started]) != 0)
            break;
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
        wrong += (long)clients[i].wrong;
        for (int status = 0; status <= MR_FAILED; status++)
            ended[status] += clients[i].ended[status];
    }
    free(clients);
    return started < THREADS ? -1 : wrong;
}

/* By an engine of so many workers. Returns whether all was right. */
static bool play_all(unsigned workers, unsigned long jobs, uint64_t seed)
{
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = workers, .memory = 1};
    unsigned long ended[MR_FAILED + 1] = {0};
    struct mr_engine *engine;
    struct mr_error error = {0};
    if (mr_engine_open(&options, &engine, &error) != MR_OK) {
        fprintf(stderr, "stress: %s\n", error.text);
        return false;
    }
    /* The first jobs start the threads, and the C library takes what it keeps for each. */
    const long wrong = round_of_jobs(engine, THREADS * PIPELINES, seed, ended);
    const size_t before = mallinfo2().uordblks;
    const long more = round_of_jobs(engine, jobs, seed + 1, ended);
    const size_t after = mallinfo2().uordblks;
    mr_engine_close(engine);
    unsigned long failed = 0, all = 0;
    for (int status = 0; status <= MR_FAILED; status++) {
        all += ended[status];
        failed += status >= MR_INVALID && status != MR_CANCELLED ? ended[status] : 0;
    }
    printf("workers: %u; jobs run: %lu; done %lu, failed %lu, cancelled %lu, released early %lu; "
           "memory %zu before, %zu after\n",
           workers, all, ended[MR_OK], failed, ended[MR_CANCELLED], ended[MR_PENDING], before,
           after);
    return wrong == 0 && more == 0 && after <= before + SLACK;
}

int main(int argc, char **argv)
{
    unsigned long jobs = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    bool right = true;
    alarm(3000); /* a job that hangs shall not hang the tests */
    for (unsigned workers = 1; workers <= MOST_WORKERS; workers++)
        right &= play_all(workers, jobs / MOST_WORKERS, seed + 2 * workers);
    return right ? 0 : 1;
}
