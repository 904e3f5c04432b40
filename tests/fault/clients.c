/* SPDX-License-Identifier: MIT
 *
 * clients - several clients of one engine at once, to be run with calls that fail.
 *
 * Four threads, each with another kind of job: sums that spill, values that are kept, a combine
 * with its own struct, and a few keys with many results, which are divided to be sorted. Every job
 * must end with the right result or with an error and its text; what a failed job put out is not
 * looked at. Prints `right` where all were right (exit status 0), or the first error as one line on
 * standard error (2). A wrong result is exit status 3.
 */
#include <inttypes.h>
#include <mapreduce.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPLITS 12
#define KEYS_A_SPLIT 8000 /* of the client that spills; the others have a sixteenth */
#define LONG_KEY 300      /* bytes, of the client that spills */
#define ROUNDS 2
#define MANY 7500 /* results a key, where they are many */

struct client {
    struct mr_engine *engine;
    const char *name;
    unsigned keys;    /* a split emits */
    unsigned results; /* a key has, more than one: ascending */
    size_t value_size;
    atomic_uint splits;  /* handed out */
    atomic_uint put;     /* results */
    uint64_t sum, found; /* what came out */
    struct mr_error error;
    bool wrong;
};

struct extent {
    uint64_t count, sum;
};

static unsigned char nothing[1 + MR_PAD];

static int next(void *context, struct mr_split *split, struct mr_error *error)
{
    struct client *client = context;
    (void)error;
    unsigned number = atomic_fetch_add(&client->splits, 1);
    split->end = number >= SPLITS;
    if (split->end)
        return 0;
    *split = (struct mr_split){.data = nothing, .size = 1, .length = 1, .number = number};
    return 0;
}

/* Every key is emitted by two splits, with a value that says which. */
static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    struct client *client = context;
    (void)state;
    (void)error;
    for (unsigned i = 0; i < client->keys; i++) {
        char key[LONG_KEY + 64];
        size_t long_part = client->value_size ? 0 : LONG_KEY;
        memset(key, 'x', long_part);
        int size = snprintf(key + long_part, sizeof key - long_part, "-%u-%s-%u",
                            (unsigned)split->number / 2, client->name, i);
        struct extent extent = {1, split->number};
        const void *value = client->value_size ? &extent : NULL;
        if (mr_emit(emitter, key, long_part + (size_t)size, value) != 0)
            return 1;
    }
    return 0;
}

static void combine(void *context, void *into, const void *from)
{
    struct extent *to = into;
    const struct extent *more = from;
    (void)context;
    to->count += more->count;
    to->sum += more->sum;
}

static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    const struct extent *one;
    struct extent all = {0, 0};
    (void)error;
    (void)state;
    while ((one = mr_values_next(values, NULL)))
        combine(NULL, &all, one);
    struct client *client = context;
    for (unsigned i = 0; i < client->results; i++) {
        char name[LONG_KEY + 64];
        unsigned number = atomic_fetch_add(&client->put, 1);
        int size = snprintf(name, sizeof name, "%09u-%0100u", number, number);
        if (mr_put(results, name, (size_t)size, all.count, NULL, 0) != 0)
            return 1;
    }
    return client->results > 0 ? 0 : (int)mr_put(results, key, key_size, all.count, NULL, 0);
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct client *client = context;
    (void)error;
    for (size_t i = 0; i < count; i++)
        client->sum += records[i].rank;
    client->found += count;
    return 0;
}

static int progress(void *context, const struct mr_progress *figures)
{
    (void)context;
    (void)figures;
    return 0;
}

static void *serve(void *argument)
{
    struct client *client = argument;
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .context = client, .size = SPLITS, .next = next};
    struct mr_job_spec spec = {
        .struct_size = sizeof spec,
        .context = client,
        .map = map,
        .values = client->name[0] == 'c' ? MR_COMBINE
                  : client->value_size   ? MR_GROUP
                                         : MR_SUM,
        .value_size = client->value_size,
        .combine = client->name[0] == 'c' ? combine : NULL,
        .reduce = client->value_size ? reduce : NULL,
        .order = MR_ORDER_RANK,
        .collect = collect,
        .progress = progress,
    };
    for (int round = 0; round < ROUNDS; round++) {
        struct mr_job *job;
        enum mr_status state;
        atomic_store(&client->splits, 0);
        atomic_store(&client->put, 0);
        client->sum = client->found = 0;
        spec.input = mr_input_new(&reader);
        if (round == 0) {
            if (mr_submit(client->engine, &spec, &job, &client->error) != MR_OK)
                return NULL;
            state = mr_job_wait(job, -1, NULL, &client->error);
            mr_job_release(job);
        } else {
            state = mr_run(client->engine, &spec, NULL, &client->error);
        }
        if (state != MR_OK)
            return NULL;
        uint64_t results = (uint64_t)client->keys * (SPLITS / 2);
        if (client->results > 0)
            results *= client->results;
        if (client->found != results || client->sum != 2 * results) {
            client->wrong = true;
            return NULL;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const char *tmpdir = argc > 1 ? argv[1] : ".";
    const struct mr_engine_options options = {.struct_size = sizeof options,
                                              .threads = 2,
                                              .memory = 1,
                                              .tmpdirs = &tmpdir,
                                              .tmpdir_count = 1};
    struct client clients[] = {
        {.name = "sum", .keys = KEYS_A_SPLIT},
        {.name = "keep", .keys = KEYS_A_SPLIT / 16, .value_size = sizeof(struct extent)},
        {.name = "combine", .keys = KEYS_A_SPLIT / 16, .value_size = sizeof(struct extent)},
        {.name = "many", .keys = 1, .results = MANY, .value_size = sizeof(struct extent)},
    };
    enum { COUNT = sizeof clients / sizeof *clients };
    pthread_t threads[COUNT];
    bool started[COUNT];
    struct mr_engine *engine;
    struct mr_error error = {0};

    setvbuf(stdout, NULL, _IONBF, 0); /* no block of its own */
    if (mr_engine_open(&options, &engine, &error) != MR_OK) {
        fprintf(stderr, "clients: %s\n", error.text);
        return 2;
    }
    for (int i = 0; i < COUNT; i++) {
        clients[i].engine = engine;
        started[i] = pthread_create(&threads[i], NULL, serve, &clients[i]) == 0;
        if (!started[i])
            mr_error_set(&clients[i].error, MR_THREAD, 0, "cannot start a client");
    }
    int status = 0;
    for (int i = 0; i < COUNT; i++) {
        if (started[i])
            pthread_join(threads[i], NULL);
        if (clients[i].wrong)
            status = 3;
        if (clients[i].error.status == MR_OK || status != 0)
            continue;
        fprintf(stderr, "clients: %s\n", clients[i].error.text);
        status = clients[i].error.text[0] ? 2 : 3;
    }
    mr_engine_close(engine);
    if (status == 0 && (puts("right") == EOF || fflush(stdout) != 0))
        status = 2;
    return status;
}
