/* SPDX-License-Identifier: MIT
 *
 * test_jobs - what jobs side by side hold is bounded together, and so is what large values take: by
 * the budget's high mark and by the process. Jobs that wait for room are pending; nothing else
 * waits for them.
 */
#include "base/thread.h"
#include "engine/schedule/engine.h"
#include "unit/sanitized.h"
#include "unit/cases.h"

#include <check.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EACH 4000u
#define MIB ((uint64_t)1 << 20)
/* What the program itself takes, and a test of check's. */
#define PROGRAM_MEMORY (16 * MIB)
#define AWAIT(condition)                                                                           \
    while (!(condition))                                                                           \
    usleep(200)

/* What holds maps back until it is opened. */
struct gate {
    struct thread_mutex lock;
    struct thread_cond changed;
    bool open;
    unsigned held; /* maps that stand before it */
};

static void gate_make(struct gate *gate)
{
    *gate = (struct gate){.open = false};
    ck_assert_int_eq(thread_mutex_open(&gate->lock), 0);
    ck_assert_int_eq(thread_cond_open(&gate->changed), 0);
}

static void gate_pass(struct gate *gate)
{
    thread_lock(&gate->lock);
    gate->held++;
    thread_wake_all(&gate->changed);
    while (!gate->open)
        thread_wait(&gate->changed, &gate->lock);
    gate->held--;
    thread_unlock(&gate->lock);
}

static void gate_await(struct gate *gate, unsigned held)
{
    thread_lock(&gate->lock);
    while (gate->held < held)
        thread_wait(&gate->changed, &gate->lock);
    thread_unlock(&gate->lock);
}

static void gate_open(struct gate *gate)
{
    thread_lock(&gate->lock);
    gate->open = true;
    thread_wake_all(&gate->changed);
    thread_unlock(&gate->lock);
}

/* A job that emits `pairs` pairs of `keys` keys, and adds up what comes out. */
struct tally_job {
    uint64_t pairs, keys, size;
    size_t value_size; /* 0: it counts. Else its values' first 8 bytes are added up */
    size_t key_size;   /* 0: of many sizes */
    struct gate *gate; /* that each map passes */
    struct mr_engine *engine;
    struct mr_job *other; /* that the collect waits for */
    uint64_t next, sum, results;
    _Atomic uint64_t mapped;
    atomic_bool wrong;
    struct mr_job *handle;
};

static const unsigned char nothing[1 + MR_PAD];

static int next_split(void *context, struct mr_split *split, struct mr_error *error)
{
    struct tally_job *job = context;
    (void)error;
    split->end = job->next >= job->pairs;
    if (split->end)
        return 0;
    *split = (struct mr_split){.data = nothing, .size = 1, .length = 8 * EACH, .offset = job->next};
    job->next += EACH;
    return 0;
}

static size_t make_key(const struct tally_job *job, uint64_t number, char *key)
{
    static const char *const forms[] = {"%" PRIu64, "key%015" PRIu64, "%" PRIu64,
                                        "a key of more than thirty-two bytes %020" PRIu64};
    int size = snprintf(key, 128, forms[number % 4], number);
    ck_assert_int_gt(size, 0);
    if (job->key_size > (size_t)size) {
        memset(key + size, '.', job->key_size - (size_t)size);
        return job->key_size;
    }
    return (size_t)size;
}

static int map_pairs(void *context, void *state, const struct mr_split *split,
                     struct mr_emitter *emitter, struct mr_error *error)
{
    struct tally_job *job = context;
    const uint64_t end = split->offset + EACH < job->pairs ? split->offset + EACH : job->pairs;
    /* One byte off alignment, as a value of an array may be. */
    unsigned char *value = calloc(1, job->value_size + 9);
    const uint64_t one = 1;
    int result = value ? 0 : -1;
    (void)state;
    (void)error;
    if (job->gate)
        gate_pass(job->gate);
    for (uint64_t i = split->offset; result == 0 && i < end; i++) {
        char key[128];
        const size_t size = make_key(job, i * 7919 % job->keys, key);
        unsigned char *at = value + i % 2;
        memcpy(at, &one, sizeof one);
        result = (int)mr_emit(emitter, key, size, job->value_size > 0 ? at : NULL);
    }
    free(value);
    atomic_fetch_add(&job->mapped, 1);
    return result;
}

static void add(void *context, void *into, const void *from)
{
    struct tally_job *job = context;
    uint64_t *sum = into;
    if ((uintptr_t)into % 8 != 0 || (uintptr_t)from % 8 != 0)
        job->wrong = true;
    *sum += *(const uint64_t *)from;
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct tally_job *job = context;
    (void)error;
    if (job->other && mr_job_wait(job->other, -1, NULL, NULL) != MR_OK)
        job->wrong = true;
    for (size_t i = 0; i < count; i++) {
        uint64_t sum = records[i].rank;
        if (job->value_size > 0) {
            memcpy(&sum, records[i].payload, sizeof sum);
            if (records[i].payload_size != job->value_size)
                job->wrong = true;
        }
        job->sum += sum;
    }
    job->results += count;
    return 0;
}

static struct mr_engine *engine_of(unsigned threads, uint64_t memory)
{
    struct mr_engine *engine;
    struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = threads, .memory = memory};
    ck_assert_int_eq(mr_engine_open(&options, &engine, NULL), MR_OK);
    return engine;
}

static void submit(struct mr_engine *engine, struct tally_job *job)
{
    const struct mr_reader reader = {.struct_size = sizeof reader,
                                     .context = job,
                                     .size = job->size ? job->size : MR_UNKNOWN,
                                     .next = next_split};
    const struct mr_job_spec spec = {.struct_size = sizeof spec,
                                     .input = mr_input_new(&reader),
                                     .context = job,
                                     .map = map_pairs,
                                     .values = job->value_size > 0 ? MR_COMBINE : MR_SUM,
                                     .value_size = job->value_size,
                                     .combine = job->value_size > 0 ? add : NULL,
                                     .order = MR_ORDER_KEY,
                                     .collect = collect};
    job->engine = engine;
    ck_assert_int_eq(mr_submit(engine, &spec, &job->handle, NULL), MR_OK);
}

static void finish(struct tally_job *job)
{
    struct mr_error error;
    ck_assert_msg(mr_job_wait(job->handle, -1, NULL, &error) == MR_OK, "%s", error.text);
    ck_assert(!job->wrong);
    ck_assert_uint_eq(job->sum, job->pairs);
    mr_job_release(job->handle);
}

/* The process's memory, where only it is of use: check runs each test in one of its own. */
static void check_process(const char *test, uint64_t most)
{
    char line[256], name[128];
    uint64_t peak = 0;
    if (SANITIZED) {
        snprintf(name, sizeof name, "jobs: %s: peak of the process", test);
        cases_skip(name, "memory is measured without sanitizers only");
        return;
    }
    FILE *status = fopen("/proc/self/status", "r");
    if (!status) {
        snprintf(name, sizeof name, "jobs: %s: peak of the process", test);
        cases_skip(name, "no /proc");
        return;
    }
    while (fgets(line, sizeof line, status))
        sscanf(line, "VmHWM: %" SCNu64, &peak);
    fclose(status);
    ck_assert_uint_gt(peak, 0);
    ck_assert_msg(peak * 1024 <= most, "%" PRIu64 " KiB of %" PRIu64, peak, most / 1024);
}

/* The last is left out under sanitizers: there is more of the same. */
static const size_t job_counts[] = {1, 16, 32, 128};

START_TEST(jobs_side_by_side_hold_no_more_than_the_memory)
{
    const size_t count = job_counts[_i];
    struct mr_engine *engine = engine_of(2, 64 * MIB);
    struct tally_job *jobs = calloc(count, sizeof *jobs);
    ck_assert_ptr_nonnull(jobs);
    for (size_t i = 0; i < count; i++) {
        jobs[i] = (struct tally_job){.pairs = 20000, .keys = 10000};
        submit(engine, &jobs[i]);
    }
    /* The last first: whoever waits, in whatever order, is served. */
    for (size_t i = count; i-- > 0;)
        finish(&jobs[i]);
    ck_assert_uint_le(engine->budget.most, engine->budget.limit);
    ck_assert_uint_eq(engine->budget.used, 0);
    ck_assert_uint_eq(engine->jobs.admission.jobs[ADMISSION_LARGE], 0);
    ck_assert_uint_eq(engine->jobs.admission.held[ADMISSION_LARGE], 0);
    mr_engine_close(engine);
    free(jobs);
    check_process("jobs side by side", 64 * MIB + PROGRAM_MEMORY);
}
END_TEST

/* Submits jobs without end until one waits for room; returns how many do not. */
static size_t fill(struct mr_engine *engine, struct tally_job *jobs, size_t most)
{
    size_t count = 0;
    for (bool waiting = false; !waiting && count < most; count += !waiting) {
        jobs[count] = (struct tally_job){.pairs = UINT64_MAX / 2, .keys = 1000};
        submit(engine, &jobs[count]);
        bool begun = false;
        while (!begun && !waiting) {
            usleep(200);
            thread_lock(&engine->jobs.lock);
            begun = engine->jobs.admission.jobs[ADMISSION_LARGE] == count + 1;
            waiting = !begun && engine->jobs.ready > 0 && !engine->jobs.review;
            thread_unlock(&engine->jobs.lock);
        }
    }
    ck_assert_uint_lt(count, most);
    return count;
}

START_TEST(a_job_without_room_is_pending_and_small_ones_pass)
{
    enum { MOST = 60 };
    struct mr_engine *engine = engine_of(2, 64 * MIB);
    static struct tally_job jobs[MOST];
    const size_t begun = fill(engine, jobs, MOST);
    ck_assert_uint_gt(begun, 1);
    for (unsigned i = 0; i < 6; i++) {
        struct tally_job known = {.pairs = EACH, .keys = 10, .size = 8 * EACH};
        struct tally_job soon_read = {.pairs = 3 * EACH, .keys = 10};
        submit(engine, &known);
        submit(engine, &soon_read);
        finish(&soon_read);
        finish(&known);
        ck_assert_int_eq(mr_job_poll(jobs[begun].handle, NULL), MR_PENDING);
    }
    /* When one of those before it ends it begins. */
    mr_job_release(jobs[0].handle);
    AWAIT(atomic_load(&jobs[begun].mapped) > 0);
    for (size_t i = 1; i <= begun; i++)
        mr_job_release(jobs[i].handle);
    ck_assert_uint_eq(engine->budget.used, 0);
    mr_engine_close(engine);
}
END_TEST

START_TEST(a_pending_job_is_cancelled_at_once)
{
    struct mr_engine *engine = engine_of(2, 64 * MIB);
    struct gate gate;
    struct tally_job first = {.pairs = 9 * EACH, .keys = 1000, .gate = &gate};
    gate_make(&gate);
    submit(engine, &first);
    gate_await(&gate, 2);
    /* Both workers stand before the gate: nobody but its own reader can end another, be it that all
     * of its input has been read or not. */
    for (unsigned i = 0; i < 4; i++) {
        struct tally_job second = {.pairs = i % 2 ? EACH : 1000 * EACH, .keys = 1000};
        submit(engine, &second);
        ck_assert_int_eq(mr_job_poll(second.handle, NULL), MR_PENDING);
        if (i < 2) {
            mr_job_cancel(second.handle);
            ck_assert_int_eq(mr_job_wait(second.handle, -1, NULL, NULL), MR_CANCELLED);
        }
        mr_job_release(second.handle);
        ck_assert_uint_eq(second.mapped, 0);
    }
    gate_open(&gate);
    finish(&first);
    mr_engine_close(engine);
}
END_TEST

static void open_gate(void *gate)
{
    gate_open(gate);
}

START_TEST(close_cancels_pending_jobs)
{
    struct mr_engine *engine = engine_of(2, 64 * MIB);
    struct gate gate;
    struct thread opener;
    struct tally_job first = {.pairs = 9 * EACH, .keys = 1000, .gate = &gate};
    struct tally_job second = {.pairs = 1000 * EACH, .keys = 1000};
    gate_make(&gate);
    submit(engine, &first);
    gate_await(&gate, 2);
    submit(engine, &second);
    ck_assert_int_eq(thread_start(&opener, "opener", open_gate, &gate), 0);
    mr_engine_close(engine);
    thread_join(&opener);
    ck_assert_int_ne(mr_job_poll(first.handle, NULL), MR_RUNNING);
    ck_assert_int_ne(mr_job_poll(second.handle, NULL), MR_PENDING);
    mr_job_release(first.handle);
    mr_job_release(second.handle);
}
END_TEST

/* A collect that waits for a job which itself waits for room: an idle worker lets that begin. */
START_TEST(a_collect_may_wait_for_a_pending_job)
{
    struct mr_engine *engine = engine_of(2, 1);
    struct gate gate;
    struct tally_job waiter = {.pairs = EACH, .keys = 10, .gate = &gate, .size = 1000 * MIB};
    struct tally_job other = {.pairs = 9 * EACH, .keys = 10, .size = 1000 * MIB};
    gate_make(&gate);
    submit(engine, &waiter);
    gate_await(&gate, 1);
    submit(engine, &other);
    waiter.other = other.handle;
    gate_open(&gate);
    finish(&waiter);
    finish(&other);
    mr_engine_close(engine);
}
END_TEST

/* ---- Numbers -------------------------------------------------------------------------------- */

START_TEST(rooms_are_bounded_and_apart)
{
    const uint64_t memory = 64 * MIB, small = memory / 1024;
    struct admission admission;
    struct admission_share shares[1000] = {0};
    size_t large_count = 0, small_count = 0;
    admission_open(&admission, memory);
    ck_assert(
        admission_try(&admission, MR_UNKNOWN, 64, false, &shares[0])); /* the first in any case */
    ck_assert_uint_eq(shares[0].memory, memory);                       /* has everything */
    admission_end(&admission, &shares[0]);
    while (admission_try(&admission, MR_UNKNOWN, 2, false, &shares[large_count]))
        large_count++;
    ck_assert_uint_gt(large_count, 1);
    ck_assert_uint_le(admission.held[ADMISSION_LARGE], memory / 2);
    ck_assert_uint_lt(shares[1].memory, shares[0].memory);
    /* Large ones leave small ones their room, and these do not take theirs. */
    while (admission_try(&admission, small, 2, false, &shares[large_count + small_count]))
        small_count++;
    ck_assert_uint_gt(small_count, 1);
    ck_assert(!admission_try(&admission, MR_UNKNOWN, 2, false, &shares[999]));
    ck_assert(admission_try(&admission, MR_UNKNOWN, 2, true, &shares[999]));
    admission_end(&admission, &shares[999]);
    admission_end(&admission, &shares[0]);
    ck_assert(admission_try(&admission, MR_UNKNOWN, 2, false, &shares[0]));
    for (size_t i = 0; i < large_count + small_count; i++)
        admission_end(&admission, &shares[i]);
    for (int room = 0; room < ADMISSION_ROOMS; room++) {
        ck_assert_uint_eq(admission.held[room], 0);
        ck_assert_uint_eq(admission.jobs[room], 0);
    }
}
END_TEST

/* ---- Values -------------------------------------------------------------------------------- */

static const struct {
    size_t value_size;
    uint64_t keys, pairs, memory, most;
} large_values[] = {
    /* Few keys are combined as they are emitted, however large their values. */
    {64, 8, 100000, 256, 8},
    {72, 8, 100000, 256, 8},
    {1001, 8, 40000, 256, 8},
    {800, 8, 100000, 256, 4},
    {100000, 5, 4000, 20, 20},
    /* Many more than fit, on their way through partitions and disk. */
    {72, 50000, 100000, 24, 24},
    {5000, 1000, 4000, 24, 24},
    {100000, 100, 400, 24, 24},
};

START_TEST(large_values_are_combined_within_the_memory)
{
    for (unsigned threads = 1; threads <= 2; threads++) {
        struct mr_engine *engine = engine_of(threads, large_values[_i].memory * MIB);
        struct tally_job job = {.pairs = large_values[_i].pairs,
                                .keys = large_values[_i].keys,
                                .value_size = large_values[_i].value_size};
        submit(engine, &job);
        finish(&job);
        ck_assert_uint_eq(job.results, large_values[_i].keys);
        ck_assert_uint_le(engine->budget.most, large_values[_i].most * MIB);
        ck_assert_uint_eq(engine->budget.used, 0);
        mr_engine_close(engine);
    }
    check_process("large values", large_values[_i].most * MIB + PROGRAM_MEMORY);
}
END_TEST

Suite *test_jobs_suite(void);

Suite *test_jobs_suite(void)
{
    Suite *suite = suite_create("jobs");
    TCase *tests = tcase_create("jobs");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, jobs_side_by_side_hold_no_more_than_the_memory, 0,
                        SANITIZED ? 3 : sizeof job_counts / sizeof *job_counts);
    tcase_add_test(tests, a_job_without_room_is_pending_and_small_ones_pass);
    tcase_add_test(tests, a_pending_job_is_cancelled_at_once);
    tcase_add_test(tests, close_cancels_pending_jobs);
    tcase_add_test(tests, a_collect_may_wait_for_a_pending_job);
    tcase_add_test(tests, rooms_are_bounded_and_apart);
    tcase_add_loop_test(tests, large_values_are_combined_within_the_memory, 0,
                        sizeof large_values / sizeof *large_values);
    suite_add_tcase(suite, tests);
    return suite;
}
