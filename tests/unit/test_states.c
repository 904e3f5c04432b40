/* SPDX-License-Identifier: MIT
 *
 * test_states - the states of mappers and reducers: opened before their first use, used by one
 * thread at a time, closed once each before the job is seen to end, however it ends; and what a
 * mapper emits when it has mapped its last split.
 */
#include "engine/schedule/engine.h"
#include "unit/sanitized.h"

#include <check.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4u
#define SPLITS 64u

struct state {
    struct run *run;
    bool mapper, ended, closed;
    atomic_bool in_use;
    uint64_t seen; /* splits or keys */
    struct state *next;
};

enum fails {
    FAILS_NOT,
    FAILS_OPEN,
    FAILS_MAP,
    FAILS_END,
    FAILS_REDUCER,
    FAILS_REDUCE,
    FAILS_CANCEL
};

struct run {
    enum fails fails;
    uint64_t keys; /* emitted for each split, */
    uint64_t held; /* and at the end of each mapper, other ones */
    uint64_t next;
    _Atomic(struct state *) states;
    atomic_uint opened[2], ended, closed[2];
    atomic_bool wrong, closing;
    struct mr_job *_Atomic job;
    uint64_t results, sum;
};

static int next_split(void *context, struct mr_split *split, struct mr_error *error)
{
    static const unsigned char nothing[1 + MR_PAD];
    struct run *run = context;
    (void)error;
    split->end = run->next == SPLITS;
    if (!split->end)
        *split = (struct mr_split){.data = nothing, .size = 1, .length = 1, .offset = run->next++};
    return 0;
}

static int open_state(struct run *run, bool mapper, void **result)
{
    struct state *state = calloc(1, sizeof *state);
    if (!state)
        return -1;
    state->run = run;
    state->mapper = mapper;
    state->next = atomic_load(&run->states);
    while (!atomic_compare_exchange_weak(&run->states, &state->next, state)) {
    }
    atomic_fetch_add(&run->opened[mapper], 1);
    *result = state;
    return 0;
}

static int open_mapper(void *context, void **state, struct mr_error *error)
{
    struct run *run = context;
    if (run->fails == FAILS_OPEN && atomic_load(&run->opened[true]) > 0)
        return mr_fail(error, 0, "no mapper");
    return open_state(run, true, state);
}

static int open_reducer(void *context, void **state, struct mr_error *error)
{
    struct run *run = context;
    if (run->fails == FAILS_REDUCER)
        return mr_fail(error, 0, "no reducer");
    return open_state(run, false, state);
}

/* Begins and ends the use of a state. */
static void use(struct run *run, struct state *state, bool mapper)
{
    if (!state || state->run != run || state->mapper != mapper || state->closed || state->ended ||
        atomic_exchange(&state->in_use, true))
        run->wrong = true;
}

static void leave(struct state *state)
{
    if (state)
        atomic_store(&state->in_use, false);
}

static int emit_keys(uint64_t first, uint64_t count, struct mr_emitter *emitter)
{
    for (uint64_t i = first; i < first + count; i++) {
        char key[64];
        const int size = snprintf(key, sizeof key,
                                  i % 3 ? "%" PRIu64
                                        : "a longer key than most of "
                                          "them are: %" PRIu64,
                                  i);
        if (mr_emit(emitter, key, (size_t)size, NULL) != MR_OK)
            return -1;
    }
    return 0;
}

static int map_split(void *context, void *opaque, const struct mr_split *split,
                     struct mr_emitter *emitter, struct mr_error *error)
{
    struct run *run = context;
    struct state *state = opaque;
    use(run, state, true);
    state->seen++;
    int result = emit_keys(split->offset * run->keys, run->keys, emitter);
    if (run->fails == FAILS_MAP && split->offset == SPLITS / 2)
        result = mr_fail(error, 0, "no map");
    if (run->fails == FAILS_CANCEL && split->offset == SPLITS / 2 && atomic_load(&run->job))
        mr_job_cancel(atomic_load(&run->job));
    leave(state);
    return result;
}

static int end_mapper(void *context, void *opaque, struct mr_emitter *emitter,
                      struct mr_error *error)
{
    struct run *run = context;
    struct state *state = opaque;
    use(run, state, true);
    atomic_fetch_add(&run->ended, 1);
    /* The same keys by each mapper: their sum tells how many did. */
    const int result = emit_keys(SPLITS * run->keys, run->held, emitter);
    leave(state);
    state->ended = true;
    return run->fails == FAILS_END ? mr_fail(error, 0, "no end") : result;
}

static void close_state(void *context, void *opaque)
{
    struct run *run = context;
    struct state *state = opaque;
    if (atomic_exchange(&run->closing, true) || state->closed || state->in_use)
        run->wrong = true;
    state->closed = true;
    atomic_fetch_add(&run->closed[state->mapper], 1);
    atomic_store(&run->closing, false);
}

static int reduce(void *context, void *opaque, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    struct run *run = context;
    struct state *state = opaque;
    use(run, state, false);
    state->seen++;
    const uint64_t *sum = mr_values_next(values, NULL);
    int result = !sum || mr_put(results, key, key_size, *sum, NULL, 0) != MR_OK;
    if (run->fails == FAILS_REDUCE && state->seen == 3)
        result = mr_fail(error, 0, "no reduce");
    leave(state);
    return result;
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct run *run = context;
    (void)error;
    for (size_t i = 0; i < count; i++)
        run->sum += records[i].rank;
    run->results += count;
    return 0;
}

static struct mr_job_spec spec_of(struct run *run)
{
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .context = run, .size = MR_UNKNOWN, .next = next_split};
    return (struct mr_job_spec){.struct_size = sizeof(struct mr_job_spec),
                                .context = run,
                                .input = mr_input_new(&reader),
                                .mapper_open = open_mapper,
                                .map = map_split,
                                .mapper_end = end_mapper,
                                .mapper_close = close_state,
                                .reducer_open = open_reducer,
                                .reduce = reduce,
                                .reducer_close = close_state,
                                .order = MR_ORDER_KEY,
                                .collect = collect};
}

/* Runs the job; every state that was opened has been closed then. */
static enum mr_status run_job(struct run *run, unsigned threads, uint64_t memory,
                              struct mr_stats *stats)
{
    struct mr_engine *engine;
    struct mr_job *job;
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = threads, .memory = memory};
    ck_assert_int_eq(mr_engine_open(&options, &engine, NULL), MR_OK);
    const struct mr_job_spec spec = spec_of(run);
    stats->struct_size = sizeof *stats;
    ck_assert_int_eq(mr_submit(engine, &spec, &job, NULL), MR_OK);
    atomic_store(&run->job, job);
    const enum mr_status status = mr_job_wait(job, -1, stats, NULL);
    for (struct state *state = run->states, *next; state; state = next) {
        next = state->next;
        ck_assert(state->closed);
        free(state);
    }
    ck_assert(!run->wrong);
    for (unsigned mapper = 0; mapper < 2; mapper++) {
        ck_assert_uint_eq(run->opened[mapper], run->closed[mapper]);
        ck_assert_uint_le(run->opened[mapper], threads);
    }
    ck_assert_uint_eq(engine->budget.used, 0);
    ck_assert_int_eq(mr_job_release(job), MR_OK);
    ck_assert_int_eq(mr_engine_close(engine), MR_OK);
    return status;
}

START_TEST(states_are_closed_once_each)
{
    for (unsigned threads = 1; threads <= THREADS; threads += THREADS - 1) {
        struct run run = {.keys = 100, .held = 10};
        struct mr_stats stats;
        ck_assert_int_eq(run_job(&run, threads, 1, &stats), MR_OK);
        ck_assert_uint_ge(run.opened[true], 1);
        ck_assert_uint_ge(run.opened[false], 1);
        ck_assert_uint_eq(run.ended, run.opened[true]);
        ck_assert_uint_eq(run.results, SPLITS * 100 + 10);
        ck_assert_uint_eq(run.sum, SPLITS * 100 + 10 * run.ended);
        ck_assert_uint_eq(stats.records, run.sum);
    }
}
END_TEST

START_TEST(states_are_closed_when_the_job_fails)
{
    static const struct {
        enum fails fails;
        enum mr_status status;
        bool ends; /* mappers may have ended */
    } cases[] = {
        {FAILS_OPEN, MR_MAP, false},     {FAILS_MAP, MR_MAP, false},
        {FAILS_END, MR_MAP, true},       {FAILS_REDUCER, MR_REDUCE, true},
        {FAILS_REDUCE, MR_REDUCE, true}, {FAILS_CANCEL, MR_CANCELLED, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run run = {.fails = cases[i].fails, .keys = 1000, .held = 10};
        struct mr_stats stats;
        const enum mr_status status = run_job(&run, THREADS, 1, &stats);
        /* Perhaps one mapper took all splits, or the job was cancelled before it was known. */
        if (status == MR_OK && (cases[i].fails == FAILS_OPEN || cases[i].fails == FAILS_CANCEL))
            continue;
        ck_assert_int_eq(status, cases[i].status);
        if (!cases[i].ends)
            ck_assert_uint_eq(run.ended, 0);
    }
}
END_TEST

START_TEST(a_mapper_that_ends_may_emit_more_than_fits)
{
    /* Nothing before, a little, and much. */
    static const uint64_t before[] = {0, 1, 20000};
    for (size_t i = SANITIZED ? 2 : 0; i < sizeof before / sizeof *before; i++) {
        struct run run = {.keys = before[i], .held = 700000};
        struct mr_stats stats;
        ck_assert_int_eq(run_job(&run, 2, 1, &stats), MR_OK);
        ck_assert_uint_eq(run.results, SPLITS * before[i] + 700000);
        ck_assert_uint_eq(run.sum, SPLITS * before[i] + 700000 * (uint64_t)run.ended);
        ck_assert_uint_gt(stats.spilled, 0);
    }
}
END_TEST

Suite *test_states_suite(void);

Suite *test_states_suite(void)
{
    Suite *suite = suite_create("states");
    TCase *tests = tcase_create("states");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, states_are_closed_once_each);
    tcase_add_test(tests, states_are_closed_when_the_job_fails);
    tcase_add_test(tests, a_mapper_that_ends_may_emit_more_than_fits);
    suite_add_tcase(suite, tests);
    return suite;
}
