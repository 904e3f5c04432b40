/* SPDX-License-Identifier: MIT
 *
 * test_calls - calls that make no sense, or that would wait for their own end, are refused with a
 * sentence, on every thread that calls back; what may be called there works.
 */
#include "base/thread.h"
#include "engine/schedule/engine.h"
#include "unit/await.h"

#include <check.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum place { NEXT, RELEASE, MAP, MAP_CLOSE, REDUCE, COLLECT, WRITE, END, PROGRESS, PLACES };

struct call {
    struct mr_engine *engine;
    enum place place;              /* whose callback tries what it may call */
    _Atomic(struct mr_job *) self; /* its job, once known; a mr_run has none */
    bool has_self;
    struct mr_job *other, *made; /* a job that waits; one that the callback has submitted */
    struct call *made_call;
    bool works;       /* the place is on a worker */
    atomic_bool held; /* next waits */
    atomic_int tried;
    atomic_int wrong; /* the line of what was not as it must be */
    uint64_t next, results;
};

static void submit(struct call *call, struct mr_job **job);
static enum mr_status run(struct call *call, bool small, struct mr_error *error);

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            call->wrong = __LINE__;                                                                \
    } while (0)

/* Calls all there is, from a callback. */
static void try_calls(struct call *call, enum place place)
{
    struct mr_progress progress = {.struct_size = sizeof progress};
    struct mr_stats stats = {.struct_size = sizeof stats};
    struct mr_error error;
    struct call inner = {.engine = call->engine, .place = PLACES};
    if (call->place != place || atomic_fetch_add(&call->tried, 1) > 0)
        return;
    EXPECT(mr_engine_close(call->engine) == MR_INVALID);
    EXPECT(run(&inner, false, &error) == (call->works ? MR_INVALID : MR_OK));
    EXPECT(run(&inner, true, &error) == (call->works ? MR_INVALID : MR_OK));
    EXPECT(!call->works || error.text[0] != '\0');
    inner.engine = NULL;
    EXPECT(run(&inner, true, &error) == MR_OK);
    submit(call->made_call, &call->made);
    EXPECT(mr_job_poll(call->made, NULL) != MR_INVALID);
    if (call->other && call->works) {
        EXPECT(mr_job_wait(call->other, 1, NULL, &error) == MR_INVALID && error.text[0] != '\0');
        EXPECT(mr_job_release(call->other) == MR_INVALID);
    } else if (call->other) {
        EXPECT(mr_job_wait(call->other, 1, NULL, NULL) <= MR_RUNNING);
    }
    EXPECT(!call->other || mr_job_poll(call->other, &progress) <= MR_RUNNING);
    EXPECT(!call->other || mr_job_cancel(call->other) == MR_OK);
    if (!call->has_self)
        return;
    AWAIT(atomic_load(&call->self));
    EXPECT(mr_job_wait(call->self, -1, &stats, &error) == MR_INVALID && error.text[0] != '\0');
    EXPECT(mr_job_wait(call->self, 0, NULL, NULL) == MR_INVALID);
    EXPECT(mr_job_release(call->self) == MR_INVALID);
    EXPECT(mr_job_poll(call->self, NULL) == MR_RUNNING || place == NEXT);
}

/* ---- The job --------------------------------------------------------------------------------- */

static int next(void *context, struct mr_split *split, struct mr_error *error)
{
    static const unsigned char nothing[1 + MR_PAD];
    struct call *call = context;
    (void)error;
    try_calls(call, NEXT);
    AWAIT(!call->held);
    split->end = call->next == 10;
    split->data = nothing;
    split->size = split->length = 1;
    split->number = call->next++;
    return 0;
}

static void interrupt(void *context)
{
    ((struct call *)context)->held = false;
}

static void release(void *context, struct mr_split *split)
{
    (void)split;
    try_calls(context, RELEASE);
}

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    (void)state;
    (void)error;
    try_calls(context, MAP);
    return (int)mr_emit(emitter, &split->number, sizeof split->number, NULL);
}

static void map_close(void *context, void *state)
{
    (void)state;
    try_calls(context, MAP_CLOSE);
}

static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    (void)state;
    (void)values;
    (void)error;
    try_calls(context, REDUCE);
    return (int)mr_put(results, key, key_size, 1, NULL, 0);
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct call *call = context;
    (void)records;
    (void)error;
    try_calls(call, COLLECT);
    call->results += count;
    return 0;
}

static int encode(void *context, const struct mr_record *records, size_t count,
                  struct mr_buffer *bytes, struct mr_error *error)
{
    (void)context;
    (void)records;
    (void)error;
    if (!mr_buffer_reserve(bytes, count))
        return -1;
    mr_buffer_commit(bytes, count);
    return 0;
}

static int write_out(void *context, const void *bytes, size_t size, uint64_t offset,
                     struct mr_error *error)
{
    struct call *call = context;
    (void)bytes;
    (void)offset;
    (void)error;
    try_calls(call, WRITE);
    call->results += size;
    return 0;
}

static int end(void *context, struct mr_error *error)
{
    (void)error;
    try_calls(context, END);
    return 0;
}

static int progress(void *context, const struct mr_progress *figures)
{
    (void)figures;
    try_calls(context, PROGRESS);
    return 0;
}

/* Fills in a job that is valid, whose input and output are made anew. */
static void describe(struct call *call, struct mr_job_spec *spec)
{
    const struct mr_reader reader = {.struct_size = sizeof reader,
                                     .context = call,
                                     .size = 10,
                                     .next = next,
                                     .release = release,
                                     .interrupt = interrupt};
    const bool writes = call->place == WRITE;
    const struct mr_writer writer = {.struct_size = sizeof writer,
                                     .context = call,
                                     .collect = writes ? NULL : collect,
                                     .encode = writes ? encode : NULL,
                                     .write = writes ? write_out : NULL,
                                     .end = end};
    call->next = call->results = 0;
    *spec = (struct mr_job_spec){.struct_size = sizeof *spec,
                                 .context = call,
                                 .input = mr_input_new(&reader),
                                 .map = map,
                                 .mapper_close = map_close,
                                 .reduce = reduce,
                                 .order = MR_ORDER_KEY,
                                 .output = mr_output_new(&writer),
                                 .progress = call->place == PROGRESS ? progress : NULL};
}

static void submit(struct call *call, struct mr_job **job)
{
    struct mr_job_spec spec;
    describe(call, &spec);
    if (mr_submit(call->engine, &spec, job, NULL) != MR_OK)
        call->wrong = __LINE__;
}

static enum mr_status run(struct call *call, bool small, struct mr_error *error)
{
    struct mr_job_spec spec;
    describe(call, &spec);
    spec.small = small;
    return mr_run(call->engine, &spec, NULL, error);
}

static struct mr_engine *engine_of(unsigned threads)
{
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = threads, .memory = 1};
    struct mr_engine *engine;
    ck_assert_int_eq(mr_engine_open(&options, &engine, NULL), MR_OK);
    return engine;
}

/* ---- Waiting for oneself --------------------------------------------------------------------- */

static bool on_worker(enum place place)
{
    return place == RELEASE || place == MAP || place == MAP_CLOSE || place == REDUCE;
}

static void check(const struct call *call)
{
    ck_assert_int_gt(call->tried, 0);
    ck_assert_msg(call->wrong == 0, "place %d: line %d", (int)call->place, call->wrong);
    ck_assert_uint_eq(call->results, 10);
}

/* How a job is run: as a future, by mr_run, and by mr_run on one thread. */
START_TEST(a_callback_cannot_wait_for_itself)
{
    for (unsigned threads = 1; threads <= 2; threads++) {
        for (unsigned way = 0; way < 3; way++) {
            struct mr_engine *engine = engine_of(threads);
            struct call waits = {.engine = engine, .place = PLACES, .held = true};
            struct call made = {.engine = engine, .place = PLACES};
            struct call call = {.engine = engine,
                                .place = (enum place)_i,
                                .made_call = &made,
                                .works = on_worker((enum place)_i),
                                .has_self = way == 0};
            struct mr_job *job = NULL;
            submit(&waits, &call.other);
            if (way == 0) {
                submit(&call, &job);
                call.self = job;
                ck_assert_int_eq(mr_job_wait(job, -1, NULL, NULL), MR_OK);
                ck_assert_int_eq(mr_job_release(job), MR_OK);
            } else {
                struct mr_error error;
                ck_assert_int_eq(run(&call, way == 2, &error), MR_OK);
            }
            check(&call);
            ck_assert_int_eq(mr_job_wait(call.made, -1, NULL, NULL), MR_OK);
            ck_assert_int_eq(mr_job_wait(call.other, -1, NULL, NULL), MR_CANCELLED);
            ck_assert_int_eq(mr_job_release(call.made), MR_OK);
            ck_assert_int_eq(mr_job_release(call.other), MR_OK);
            ck_assert_uint_eq(engine->budget.used, 0);
            ck_assert_int_eq(mr_engine_close(engine), MR_OK);
        }
    }
}
END_TEST

/* ---- Arguments ------------------------------------------------------------------------------- */

static void combine(void *context, void *into, const void *from)
{
    (void)context;
    (void)into;
    (void)from;
}

static uint64_t rank(void *context, const void *value, unsigned char *payload, size_t *payload_size)
{
    (void)context;
    (void)value;
    (void)payload;
    (void)payload_size;
    return 1;
}

static int compare(void *context, const void *a, size_t a_size, const void *b, size_t b_size)
{
    (void)context;
    (void)a;
    (void)b;
    return a_size < b_size ? -1 : a_size > b_size;
}

static void make_wrong(struct mr_job_spec *spec, int how)
{
    switch (how) {
    case 0:
        spec->struct_size = 0;
        break;
    case 1:
        spec->struct_size = offsetof(struct mr_job_spec, small);
        break;
    case 2:
        spec->order = (enum mr_order)42;
        break;
    case 3:
        spec->values = (enum mr_value_mode)42;
        break;
    case 4:
        spec->values = MR_COMBINE;
        spec->value_size = 8;
        break;
    case 5:
        spec->values = MR_COMBINE;
        spec->combine = combine;
        break;
    case 6:
        spec->combine = combine;
        break;
    case 7:
        spec->value_size = 3;
        break;
    case 8:
        spec->values = MR_GROUP;
        spec->value_size = MR_VALUE_MOST + 1;
        break;
    case 9:
        spec->values = MR_COMBINE;
        spec->combine = combine;
        spec->value_size = SIZE_MAX - 7;
        break;
    case 10:
        spec->values = MR_COMBINE;
        spec->combine = combine;
        spec->value_size = 8;
        spec->reduce = NULL;
        spec->min_rank = 1;
        break;
    case 11:
        spec->value_order = compare;
        break;
    case 12:
        spec->collect = collect;
        break;
    case 13:
        spec->add_tag = 1;
        break;
    case 14:
        spec->values = MR_COMBINE;
        spec->combine = combine;
        spec->value_size = 8;
        spec->add_tag = 1;
        break;
    case 15:
        spec->values = MR_COMBINE;
        spec->combine = combine;
        spec->value_size = 24;
        spec->add_tag = 1;
        break;
    case 16:
        spec->values = MR_COMBINE;
        spec->combine = combine;
        spec->value_size = 8;
        spec->reduce = NULL;
        spec->max_rank = 1;
        break;
    case 17:
        spec->add_guard = 1;
        break;
    case 18:
        spec->rank = rank;
        break;
    case 19:
        spec->values = MR_COMBINE;
        spec->combine = combine;
        spec->value_size = 8;
        spec->reduce = NULL;
        spec->rank = rank;
        break;
    default:
        ck_abort();
    }
}

START_TEST(a_job_that_makes_no_sense_is_refused_with_a_sentence)
{
    struct mr_engine *engine = engine_of(1);
    struct call call = {.engine = engine, .place = PLACES};
    for (unsigned way = 0; way < 2; way++) {
        struct mr_error error = {.status = MR_OK};
        struct mr_job_spec spec;
        struct mr_job *job;
        describe(&call, &spec);
        make_wrong(&spec, _i);
        ck_assert_int_eq(way ? mr_submit(engine, &spec, &job, &error)
                             : mr_run(engine, &spec, NULL, &error),
                         MR_INVALID);
        ck_assert_int_eq(error.status, MR_INVALID);
        ck_assert_uint_gt(strlen(error.text), 10);
        ck_assert(!way || !job);
    }
    ck_assert_uint_eq(call.next, 0);
    mr_engine_close(engine);
}
END_TEST

START_TEST(members_that_only_a_later_library_knows_are_refused)
{
    struct mr_engine *engine = engine_of(1);
    struct call call = {.engine = engine, .place = PLACES};
    struct {
        struct mr_job_spec spec;
        uint64_t later;
    } larger = {.later = 0};
    for (; larger.later < 2; larger.later++) {
        describe(&call, &larger.spec);
        larger.spec.struct_size = sizeof larger;
        ck_assert_int_eq(mr_run(engine, &larger.spec, NULL, NULL),
                         larger.later ? MR_INVALID : MR_OK);
    }
    mr_engine_close(engine);
}
END_TEST

START_TEST(what_is_missing_is_refused_or_has_a_default)
{
    struct mr_error error;
    struct mr_engine *engine = engine_of(1);
    struct mr_engine_options options = {.threads = 1};
    struct mr_stats stats = {.struct_size = 0};
    struct mr_progress figures = {.struct_size = 8};
    struct call call = {.engine = engine, .place = PLACES};
    struct mr_job_spec spec;
    struct mr_job *job;

    ck_assert_int_eq(mr_engine_open(NULL, NULL, &error), MR_INVALID);
    ck_assert_uint_gt(strlen(error.text), 10);
    struct mr_engine *none = engine;
    ck_assert_int_eq(mr_engine_open(&options, &none, &error), MR_INVALID);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(mr_engine_open(NULL, &none, NULL), MR_OK);
    ck_assert_uint_gt(mr_engine_threads(none), 0);
    ck_assert_int_eq(mr_engine_close(none), MR_OK);
    ck_assert_int_eq(mr_engine_close(NULL), MR_OK);

    ck_assert_int_eq(mr_run(engine, NULL, NULL, &error), MR_INVALID);
    ck_assert_uint_gt(strlen(error.text), 10);
    ck_assert_int_eq(mr_submit(engine, NULL, &job, &error), MR_INVALID);
    describe(&call, &spec);
    ck_assert_int_eq(mr_submit(engine, &spec, NULL, &error), MR_INVALID);
    describe(&call, &spec);
    ck_assert_int_eq(mr_run(engine, &spec, &stats, &error), MR_INVALID);

    ck_assert_int_eq(mr_job_wait(NULL, -1, NULL, &error), MR_INVALID);
    ck_assert_int_eq(mr_job_poll(NULL, NULL), MR_INVALID);
    ck_assert_int_eq(mr_job_cancel(NULL), MR_INVALID);
    ck_assert_int_eq(mr_job_release(NULL), MR_OK);
    submit(&call, &job);
    ck_assert_int_eq(mr_job_wait(job, -1, &stats, &error), MR_INVALID);
    ck_assert_int_eq(mr_job_poll(job, &figures), MR_INVALID);
    ck_assert_int_eq(mr_job_wait(job, -1, NULL, NULL), MR_OK);
    ck_assert_int_eq(mr_job_release(job), MR_OK);
    mr_engine_close(engine);
}
END_TEST

START_TEST(no_engine_stands_for_one_of_the_jobs_own)
{
    struct call call = {.place = PLACES};
    struct mr_job *job;
    for (unsigned small = 0; small < 2; small++) {
        struct mr_error error;
        ck_assert_msg(run(&call, small, &error) == MR_OK, "%s", error.text);
        ck_assert_uint_eq(call.results, 10);
    }
    submit(&call, &job);
    ck_assert_int_eq(mr_job_wait(job, -1, NULL, NULL), MR_OK);
    ck_assert_uint_eq(call.results, 10);
    ck_assert_int_eq(mr_job_release(job), MR_OK);
    call.held = true;
    submit(&call, &job);
    ck_assert_int_eq(mr_job_release(job), MR_OK);
}
END_TEST

/* ---- Time ------------------------------------------------------------------------------------ */

struct letting {
    struct call *call;
    pid_t waiter;
};

static void let_go(void *argument)
{
    struct letting *letting = argument;
    AWAIT(await_asleep(letting->waiter));
    letting->call->held = false;
}

START_TEST(a_long_time_is_waited_for)
{
    static const long times[] = {LONG_MAX, LONG_MAX / 1000, LONG_MAX / 1000000, 1L << 33};
    struct mr_engine *engine = engine_of(1);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct call call = {.engine = engine, .place = PLACES, .held = true};
        struct letting letting = {&call, await_thread()};
        struct thread thread;
        struct mr_job *job;
        submit(&call, &job);
        ck_assert_int_eq(thread_start(&thread, "lets go", let_go, &letting), 0);
        ck_assert_int_eq(mr_job_wait(job, times[i], NULL, NULL), MR_OK);
        thread_join(&thread);
        mr_job_release(job);
    }
    mr_engine_close(engine);
}
END_TEST

Suite *test_calls_suite(void);

Suite *test_calls_suite(void)
{
    Suite *suite = suite_create("calls");
    TCase *tests = tcase_create("calls");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_callback_cannot_wait_for_itself, 0, PLACES);
    tcase_add_loop_test(tests, a_job_that_makes_no_sense_is_refused_with_a_sentence, 0, 20);
    tcase_add_test(tests, members_that_only_a_later_library_knows_are_refused);
    tcase_add_test(tests, what_is_missing_is_refused_or_has_a_default);
    tcase_add_test(tests, no_engine_stands_for_one_of_the_jobs_own);
    tcase_add_test(tests, a_long_time_is_waited_for);
    suite_add_tcase(suite, tests);
    return suite;
}
