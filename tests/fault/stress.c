/* SPDX-License-Identifier: MIT
 *
 * stress - random calls of the library from many threads: `stress [JOBS [SEED]]`.
 *
 * Several threads share one engine. Each makes jobs of random kinds and does random things to them:
 * polls, waits with and without a time limit, cancels from the same or another thread, lets a
 * callback cancel or fail, releases what still runs. A job that is done must have the right result,
 * any other the right reason. At the end there must be as much memory in use as at the start.
 * Prints how many jobs ended how; exit status 1 where anything was wrong. To be run with
 * GLIBC_TUNABLES=glibc.malloc.tcache_count=0: memory that a thread caches is not memory in use.
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

#define THREADS 6
#define WORKERS 3
/* What the C library may keep for itself: little, where its caches of threads are off. */
#define SLACK ((size_t)64 << 10)

enum trouble { NOTHING, MAP_FAILS, INPUT_FAILS, REDUCE_FAILS, OUTPUT_FAILS, PROGRESS_CANCELS };

struct load {
    unsigned splits, keys, size; /* keys a split, bytes of a key at least */
    enum trouble trouble;
    bool kept; /* values are kept, and reduced */
    bool expects_cancel;
    atomic_uint handed; /* splits */
    uint64_t sum, found;
    atomic_bool interrupted;
};

struct client {
    struct mr_engine *engine;
    uint64_t random;
    unsigned long jobs;
    unsigned long ended[MR_FAILED + 1];
    unsigned long wrong;
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

static int next(void *context, struct mr_split *split, struct mr_error *error)
{
    struct load *load = context;
    unsigned number = atomic_fetch_add(&load->handed, 1);
    split->end = number >= load->splits || atomic_load(&load->interrupted);
    if (split->end)
        return 0;
    if (load->trouble == INPUT_FAILS && number == load->splits / 2) {
        return mr_fail(error, 0, "this input fails");
    }
    *split = (struct mr_split){.data = nothing, .size = 1, .length = 1, .number = number};
    return 0;
}

static void interrupt(void *context)
{
    atomic_store(&((struct load *)context)->interrupted, true);
}

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    struct load *load = context;
    uint64_t one = 1;
    (void)state;
    (void)error;
    if (load->trouble == MAP_FAILS && split->number == load->splits / 2)
        return 1;
    for (unsigned i = 0; i < load->keys; i++) {
        char key[512];
        memset(key, 'k', load->size);
        int more = snprintf(key + load->size, sizeof key - load->size, "%u", i);
        if (mr_emit(emitter, key, load->size + (size_t)more, load->kept ? &one : NULL) != 0)
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

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct load *load = context;
    if (load->trouble == OUTPUT_FAILS)
        return mr_fail(error, 0, "this output fails");
    for (size_t i = 0; i < count; i++)
        load->sum += records[i].rank;
    load->found += count;
    return 0;
}

static int progress(void *context, const struct mr_progress *figures)
{
    (void)figures;
    return ((struct load *)context)->trouble == PROGRESS_CANCELS;
}

static bool right(const struct load *load, enum mr_status state, const struct mr_error *error)
{
    static const enum mr_status reasons[] = {
        [MAP_FAILS] = MR_MAP,       [INPUT_FAILS] = MR_INPUT,          [REDUCE_FAILS] = MR_REDUCE,
        [OUTPUT_FAILS] = MR_OUTPUT, [PROGRESS_CANCELS] = MR_CANCELLED,
    };
    if (state == MR_OK)
        return error->status == MR_OK && load->trouble == NOTHING && load->found == load->keys &&
               load->sum == (uint64_t)load->keys * load->splits;
    if (error->text[0] == '\0' || (state == MR_CANCELLED) != (error->status == MR_CANCELLED))
        return false;
    if (error->status == MR_CANCELLED)
        return load->expects_cancel || load->trouble == PROGRESS_CANCELS;
    return load->trouble != NOTHING && error->status == reasons[load->trouble];
}

static void *cancel(void *job)
{
    mr_job_cancel(job);
    return NULL;
}

static void begin_load(struct client *client, struct load *load)
{
    uint64_t *random = &client->random;
    bool large = draw(random, 200) == 0; /* past the budget, to disk */
    *load = (struct load){
        .splits = 1 + (unsigned)draw(random, 6),
        .keys = large ? 30000 : 1 + (unsigned)draw(random, 1u << draw(random, 10)),
        .size = large ? 300 : (unsigned)draw(random, 40),
        .trouble = draw(random, 3) ? NOTHING : (enum trouble)draw(random, PROGRESS_CANCELS + 1),
        .kept = draw(random, 4) == 0,
    };
    if (load->trouble == REDUCE_FAILS)
        load->kept = true;
}

static enum mr_status submit_and_play(struct client *client, const struct mr_job_spec *spec,
                                      struct load *load, struct mr_error *error)
{
    uint64_t *random = &client->random;
    struct mr_progress figures = {.struct_size = sizeof figures};
    struct mr_job *job;
    pthread_t other;
    bool have_other = false;
    if (mr_submit(client->engine, spec, &job, error) != MR_OK)
        return error->status;
    enum mr_status state = MR_RUNNING;
    for (unsigned step = (unsigned)draw(random, 4); step > 0; step--) {
        switch (draw(random, 5)) {
        case 0:
            mr_job_poll(job, &figures);
            break;
        case 1:
            state = mr_job_wait(job, (long)draw(random, 3), NULL, NULL);
            break;
        case 2:
            load->expects_cancel = true;
            mr_job_cancel(job);
            break;
        case 3:
            load->expects_cancel = true;
            if (!have_other)
                have_other = pthread_create(&other, NULL, cancel, job) == 0;
            break;
        default:
            mr_job_poll(job, NULL);
        }
    }
    if (have_other)
        pthread_join(other, NULL);
    if (draw(random, 8) == 0) { /* given back as it is: that must end it */
        mr_job_release(job);
        return MR_PENDING;
    }
    state = mr_job_wait(job, -1, NULL, error);
    mr_job_release(job);
    return state;
}

static void *play(void *argument)
{
    struct client *client = argument;
    for (unsigned long i = 0; i < client->jobs; i++) {
        struct load load;
        struct mr_error error = {0};
        enum mr_status state;
        begin_load(client, &load);
        const struct mr_reader reader = {.struct_size = sizeof reader,
                                         .context = &load,
                                         .size = load.splits,
                                         .next = next,
                                         .interrupt = interrupt};
        const struct mr_job_spec spec = {
            .struct_size = sizeof spec,
            .input = mr_input_new(&reader),
            .context = &load,
            .map = map,
            .values = load.kept ? MR_GROUP : MR_SUM,
            .value_size = load.kept ? sizeof(uint64_t) : 0,
            .reduce = load.kept ? reduce : NULL,
            .collect = collect,
            .order = (enum mr_order)draw(&client->random, MR_ORDER_RANK + 1),
            .progress =
                load.trouble == PROGRESS_CANCELS || draw(&client->random, 4) == 0 ? progress : NULL,
            .small = draw(&client->random, 2) == 0,
        };
        if (draw(&client->random, 4) == 0) {
            error.status = state = mr_run(client->engine, &spec, NULL, &error);
        } else {
            state = submit_and_play(client, &spec, &load, &error);
        }
        client->ended[state]++;
        /* A progress callback that asks for an end only at the end of a phase may come too late. */
        if (load.trouble == PROGRESS_CANCELS && state == MR_OK)
            continue;
        if (state != MR_PENDING && !right(&load, state, &error)) {
            client->wrong++;
            fprintf(stderr, "stress: trouble %d, state %d, %d %s, %" PRIu64 " of %u keys\n",
                    (int)load.trouble, (int)state, (int)error.status, error.text, load.found,
                    load.keys);
        }
    }
    return NULL;
}

/* Runs `jobs` jobs; adds to *sum. Returns how many were wrong, or -1. */
static long round_of_jobs(struct mr_engine *engine, unsigned long jobs, uint64_t seed,
                          unsigned long *ended)
{
    struct client clients[THREADS];
    pthread_t threads[THREADS];
    unsigned started = 0;
    long wrong = 0;
    for (; started < THREADS; started++) {
        clients[started] = (struct client){.engine = engine,
                                           .random = seed * THREADS + started,
                                           .jobs = (jobs + started) / THREADS};
        if (pthread_create(&threads[started], NULL, play, &clients[started]) != 0)
            break;
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
        wrong += (long)clients[i].wrong;
        for (int state = 0; state <= MR_FAILED; state++)
            ended[state] += clients[i].ended[state];
    }
    return started < THREADS ? -1 : wrong;
}

int main(int argc, char **argv)
{
    unsigned long jobs = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = WORKERS, .memory = 1};
    unsigned long ended[MR_FAILED + 1] = {0};
    struct mr_engine *engine;
    struct mr_error error = {0};

    if (mr_engine_open(&options, &engine, &error) != MR_OK) {
        fprintf(stderr, "stress: %s\n", error.text);
        return 1;
    }
    alarm(3000); /* a job that hangs shall not hang the tests */
    /* The first jobs start the threads, and the C library takes what it keeps for each. */
    long wrong = round_of_jobs(engine, 60, seed, ended);
    size_t before = mallinfo2().uordblks;
    long more = round_of_jobs(engine, jobs, seed + 1, ended);
    size_t after = mallinfo2().uordblks;
    mr_engine_close(engine);
    unsigned long failed = 0;
    for (int state = MR_INVALID; state <= MR_FAILED; state++)
        failed += state == MR_CANCELLED ? 0 : ended[state];
    printf("jobs run: %lu; done %lu, failed %lu, cancelled %lu, released early %lu; "
           "memory %zu before, %zu after\n",
           jobs + 60, ended[MR_OK], failed, ended[MR_CANCELLED], ended[MR_PENDING], before, after);
    return wrong == 0 && more == 0 && after <= before + SLACK ? 0 : 1;
}
