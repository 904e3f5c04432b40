/* SPDX-License-Identifier: MIT
 *
 * test_engine - what a MapReduce engine must do, each a thing a caller can do.
 */
#include "base/cpu.h"
#include "base/test_hooks.h"
#include "base/thread.h"
#include "engine/schedule/engine.h"
#include "unit/await.h"
#include "unit/numbers.h"

#include <check.h>
#include <dirent.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct mr_engine *engine_of(unsigned threads, uint64_t memory)
{
    struct mr_engine *engine;
    struct mr_error error;
    struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = threads, .memory = memory};
    ck_assert_msg(mr_engine_open(&options, &engine, &error) == MR_OK, "%s", error.text);
    return engine;
}

static unsigned entries_of(const char *directory)
{
    unsigned n = 0;
    DIR *open = opendir(directory);
    ck_assert_ptr_nonnull(open);
    while (readdir(open))
        n++;
    closedir(open);
    return n;
}

static void run(struct mr_engine *engine, struct numbers *numbers, struct mr_stats *stats)
{
    struct mr_job_spec spec;
    struct mr_error error;
    numbers_job(numbers, &spec);
    ck_assert_msg(mr_run(engine, &spec, stats, &error) == MR_OK, "%s", error.text);
    ck_assert_uint_eq(numbers->read, numbers->released);
}

/* Number of keys, from one to far more than the mapper's tables hold, by every order. */
static const uint64_t key_counts[] = {1, 7, 5000, 200003};
static const int orders[] = {0, MR_ORDER_KEY, -MR_ORDER_KEY, MR_ORDER_RANK, -MR_ORDER_RANK};

START_TEST(counts_are_exact_at_every_number_of_keys)
{
    struct mr_engine *engine = engine_of(3, (uint64_t)256 << 20);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct numbers numbers = {
            .splits = 37, .each = 8009, .keys = key_counts[_i], .step = 7919, .order = orders[i]};
        struct mr_stats stats = {.struct_size = sizeof stats};
        run(engine, &numbers, &stats);
        ck_assert_uint_eq(stats.records, 37 * 8009);
        ck_assert_uint_eq(stats.keys, numbers.keys < 37 * 8009 ? numbers.keys : 37 * 8009);
        ck_assert_uint_eq(stats.results, stats.keys);
        ck_assert_uint_eq(stats.splits, 37);
        ck_assert_uint_eq(stats.bytes, 37 * 8009);
        numbers_check(&numbers);
    }
    mr_engine_close(engine);
}
END_TEST

START_TEST(keys_that_share_all_but_their_end_are_ordered)
{
    struct mr_engine *engine = engine_of(2, 0);
    struct numbers numbers = {
        .splits = 10, .each = 10000, .keys = 100000, .key_size = 40, .order = MR_ORDER_KEY};
    run(engine, &numbers, NULL);
    numbers_check(&numbers);
    mr_engine_close(engine);
}
END_TEST

START_TEST(one_thread_or_many_or_none_give_the_same)
{
    for (unsigned threads = 1; threads <= 9; threads += 4) {
        struct mr_engine *engine = engine_of(threads, 0);
        struct numbers numbers = {.splits = 9, .each = 3000, .keys = 5003, .order = MR_ORDER_RANK};
        struct mr_job_spec spec;
        numbers_job(&numbers, &spec);
        spec.small = true;
        ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_OK);
        ck_assert_uint_eq(engine->started, 0); /* no thread */
        numbers_check(&numbers);
        run(engine, &numbers, NULL);
        numbers_check(&numbers);
        mr_engine_close(engine);
    }
}
END_TEST

START_TEST(limited_addresses_mean_fewer_threads_and_less_memory)
{
    const uint64_t plenty = (uint64_t)1 << 40, room = (uint64_t)60 << 20;
    struct rlimit before, limit = {plenty, RLIM_INFINITY};
    getrlimit(RLIMIT_AS, &before);
    setrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur -= cpu_room() - room;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    mallopt(M_ARENA_MAX, 1);
    for (uint64_t memory = 0; memory <= plenty; memory += plenty) {
        struct mr_engine *engine = engine_of(64, memory);
        struct numbers numbers = {.splits = 9, .each = 3000, .keys = 5003, .order = MR_ORDER_RANK};
        ck_assert(mr_engine_threads(engine) > 1 && mr_engine_threads(engine) <= room >> 22);
        ck_assert_uint_le(mr_engine_memory(engine), room);
        run(engine, &numbers, NULL);
        numbers_check(&numbers);
        mr_engine_close(engine);
    }
    setrlimit(RLIMIT_AS, &before);
}
END_TEST

START_TEST(an_empty_input_has_no_results)
{
    struct mr_engine *engine = engine_of(2, 0);
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct numbers numbers = {.keys = 1, .order = orders[i]};
        run(engine, &numbers, NULL);
        ck_assert_uint_eq(numbers.collected, 0);
        free(numbers.counts);
    }
    mr_engine_close(engine);
}
END_TEST

START_TEST(a_limit_leaves_the_first_of_the_order)
{
    static const uint64_t limits[] = {1, 2, 100, 29999, 30000, 1000000};
    struct mr_engine *engine = engine_of(2, 0);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        /* Keys 0 to 9999 have one more than the others. */
        struct numbers numbers = {
            .splits = 7, .each = 10000, .keys = 30000, .order = MR_ORDER_RANK};
        struct mr_job_spec spec;
        numbers_job(&numbers, &spec);
        spec.limit = limits[i];
        ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_OK);
        ck_assert(!numbers.wrong);
        uint64_t wanted = limits[i] < 30000 ? limits[i] : 30000;
        ck_assert_uint_eq(numbers.collected, wanted);
        uint64_t more = 0, wrong = 0;
        for (uint64_t key = 0; key < 30000; key++) {
            wrong += numbers.counts[key] != 0 && numbers.counts[key] != 2 + (key < 10000);
            more += numbers.counts[key] == 3;
        }
        ck_assert_uint_eq(wrong, 0);
        ck_assert_uint_eq(more, wanted < 10000 ? wanted : 10000);
        free(numbers.counts);
        free(numbers.last_key);
    }
    mr_engine_close(engine);
}
END_TEST

START_TEST(results_below_the_least_rank_are_dropped)
{
    struct mr_engine *engine = engine_of(2, 0);
    struct numbers numbers = {.splits = 7, .each = 10000, .keys = 30000, .order = MR_ORDER_KEY};
    struct mr_job_spec spec;
    numbers_job(&numbers, &spec);
    spec.min_rank = 3;
    ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_OK);
    ck_assert(!numbers.wrong);
    ck_assert_uint_eq(numbers.collected, 10000);
    free(numbers.counts);
    free(numbers.last_key);
    mr_engine_close(engine);
}
END_TEST

START_TEST(results_above_the_highest_rank_are_dropped_before_the_limit)
{
    static const struct {
        uint64_t least, most, limit, wanted;
    } cases[] = {{0, 2, 0, 20000}, {0, 3, 0, 30000}, {3, 2, 0, 0},
                 {2, 2, 0, 20000}, {0, 1, 0, 0},     {0, 2, 70, 70}};
    struct mr_engine *engine = engine_of(2, 0);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct numbers numbers = {
            .splits = 7, .each = 10000, .keys = 30000, .order = MR_ORDER_RANK};
        struct mr_job_spec spec;
        numbers_job(&numbers, &spec);
        spec.min_rank = cases[i].least;
        spec.max_rank = cases[i].most;
        spec.limit = cases[i].limit;
        ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_OK);
        ck_assert(!numbers.wrong);
        ck_assert_uint_eq(numbers.collected, cases[i].wanted);
        uint64_t above = 0;
        for (uint64_t key = 0; key < 30000; key++)
            above += numbers.counts != NULL && numbers.counts[key] > cases[i].most;
        ck_assert_uint_eq(above, 0);
        free(numbers.counts);
        free(numbers.last_key);
    }
    mr_engine_close(engine);
}
END_TEST

/* ---- Futures ----------------------------------------------------------------------------- */

START_TEST(a_future_goes_from_pending_to_done)
{
    struct mr_engine *engine = engine_of(1, 0);
    struct numbers first = {.splits = 40, .each = 100, .keys = 50, .holds = true};
    struct numbers second = {.splits = 3, .each = 100, .keys = 50};
    struct mr_job_spec spec;
    struct mr_job *one, *two;
    struct mr_progress progress = {.struct_size = sizeof progress};
    numbers_job(&first, &spec);
    ck_assert_int_eq(mr_submit(engine, &spec, &one, NULL), MR_OK);
    numbers_job(&second, &spec);
    ck_assert_int_eq(mr_submit(engine, &spec, &two, NULL), MR_OK);
    enum mr_status state = mr_job_poll(one, &progress);
    ck_assert(state == MR_PENDING || state == MR_RUNNING);
    ck_assert_int_eq(progress.phase, MR_PHASE_MAP);
    ck_assert_uint_eq(progress.done + progress.not_done, 40 * 100);
    state = mr_job_wait(one, 1, NULL, NULL);
    ck_assert(state == MR_PENDING || state == MR_RUNNING);
    struct mr_stats stats = {.struct_size = sizeof stats};
    struct mr_error error;
    atomic_store(&first.may_map, 40);
    ck_assert_int_eq(mr_job_wait(one, -1, &stats, &error), MR_OK);
    ck_assert_int_eq(mr_job_wait(one, -1, &stats, &error), MR_OK);
    ck_assert_int_eq(mr_job_poll(one, &progress), MR_OK);
    ck_assert_int_eq(progress.phase, MR_PHASE_REDUCE);
    ck_assert_uint_eq(progress.not_done, 0);
    ck_assert_uint_eq(stats.records, 4000);
    ck_assert_int_eq(error.status, MR_OK);
    ck_assert_int_eq(mr_job_wait(two, 100000, NULL, NULL), MR_OK);
    mr_job_release(one);
    mr_job_release(two);
    numbers_check(&first);
    numbers_check(&second);
    mr_engine_close(engine);
}
END_TEST

START_TEST(a_cancelled_job_gives_all_back)
{
    struct mr_engine *engine = engine_of(2, 0);
    unsigned files = entries_of("/proc/self/fd");
    for (uint64_t first = 0; first < 200; first += 10) {
        struct numbers numbers = {.endless = true, .each = 1000, .keys = 1000003, .step = 7919};
        struct mr_job_spec spec;
        struct mr_job *job;
        struct mr_error error;
        numbers_job(&numbers, &spec);
        ck_assert_int_eq(mr_submit(engine, &spec, &job, NULL), MR_OK);
        AWAIT(atomic_load(&numbers.mapped) >= first);
        mr_job_cancel(job);
        ck_assert_int_eq(mr_job_wait(job, -1, NULL, &error), MR_CANCELLED);
        ck_assert_int_eq(error.status, MR_CANCELLED);
        mr_job_cancel(job);
        ck_assert_int_eq(mr_job_poll(job, NULL), MR_CANCELLED);
        mr_job_release(job);
        ck_assert_uint_eq(numbers.read, numbers.released);
        ck_assert_uint_eq(numbers.collected, 0);
        ck_assert_uint_eq(entries_of("/proc/self/fd"), files);
        free(numbers.counts);
    }
    mr_engine_close(engine);
}
END_TEST

START_TEST(close_cancels_jobs_and_leaves_their_outcomes)
{
    struct mr_engine *engine = engine_of(2, 0);
    struct numbers done = {.splits = 3, .each = 100, .keys = 50};
    struct numbers cut = {.endless = true, .each = 1000, .keys = 1000003, .step = 7919};
    struct mr_job_spec spec;
    struct mr_job *jobs[2];
    struct mr_progress progress = {.struct_size = sizeof progress};
    struct mr_stats stats = {.struct_size = sizeof stats};
    struct mr_error error;
    numbers_job(&done, &spec);
    ck_assert_int_eq(mr_submit(engine, &spec, &jobs[0], NULL), MR_OK);
    ck_assert_int_eq(mr_job_wait(jobs[0], -1, NULL, NULL), MR_OK);
    numbers_job(&cut, &spec);
    ck_assert_int_eq(mr_submit(engine, &spec, &jobs[1], NULL), MR_OK);
    mr_engine_close(engine);
    ck_assert_uint_eq(cut.read, cut.released);
    ck_assert_uint_eq(cut.collected, 0);
    ck_assert_int_eq(mr_job_poll(jobs[0], &progress), MR_OK);
    ck_assert_int_eq(mr_job_wait(jobs[0], -1, &stats, &error), MR_OK);
    ck_assert_uint_eq(stats.records, 300);
    ck_assert_int_eq(mr_job_poll(jobs[1], &progress), MR_CANCELLED);
    ck_assert_int_eq(mr_job_wait(jobs[1], 0, &stats, &error), MR_CANCELLED);
    ck_assert_int_eq(error.status, MR_CANCELLED);
    mr_job_cancel(jobs[1]);
    mr_job_release(jobs[1]);
    mr_job_release(jobs[0]);
    numbers_check(&done);
    free(cut.counts);
}
END_TEST

/* Somebody else's use of an engine. */
struct other_user {
    struct mr_engine *engine;
    struct mr_job *job; /* NULL: it runs one of its own */
    bool small;         /* that is done by the thread that runs it */
    struct numbers numbers;
    enum mr_status status;
};

static void use_engine(void *argument)
{
    struct other_user *user = argument;
    struct mr_error error;
    if (user->job) {
        ck_assert_int_eq(mr_job_wait(user->job, -1, NULL, &error), MR_CANCELLED);
        user->status = error.status;
        mr_job_release(user->job);
        return;
    }
    struct mr_job_spec spec;
    numbers_job(&user->numbers, &spec);
    spec.small = user->small;
    user->status = mr_run(user->engine, &spec, NULL, NULL);
}

START_TEST(close_waits_for_other_threads_jobs)
{
    for (unsigned round = 0; round < 10; round++) {
        struct mr_engine *engine = engine_of(2, 0);
        const struct numbers endless = {.endless = true, .each = 1000, .keys = 1000};
        struct other_user users[2] = {{.engine = engine, .numbers = endless, .small = round % 2},
                                      {.engine = engine, .numbers = endless}};
        struct mr_job_spec spec;
        struct thread threads[2];
        numbers_job(&users[1].numbers, &spec);
        ck_assert_int_eq(mr_submit(engine, &spec, &users[1].job, NULL), MR_OK);
        for (unsigned i = 0; i < 2; i++)
            ck_assert_int_eq(thread_start(&threads[i], "user", use_engine, &users[i]), 0);
        /* The first has begun its job when something of it has been mapped. */
        AWAIT(atomic_load(&users[0].numbers.mapped) > 0);
        mr_engine_close(engine);
        for (unsigned i = 0; i < 2; i++) {
            thread_join(&threads[i]);
            ck_assert_int_eq(users[i].status, MR_CANCELLED);
            ck_assert_uint_eq(users[i].numbers.read, users[i].numbers.released);
            free(users[i].numbers.counts);
        }
    }
}
END_TEST

START_TEST(release_cancels_a_job_that_runs)
{
    struct mr_engine *engine = engine_of(2, 0);
    struct numbers numbers = {.endless = true, .each = 1000, .keys = 1000};
    struct mr_job_spec spec;
    struct mr_job *job;
    numbers_job(&numbers, &spec);
    ck_assert_int_eq(mr_submit(engine, &spec, &job, NULL), MR_OK);
    mr_job_release(job);
    ck_assert_uint_eq(numbers.read, numbers.released);
    free(numbers.counts);
    mr_engine_close(engine);
}
END_TEST

/* ---- Progress ------------------------------------------------------------------------------ */

struct watcher {
    struct numbers numbers; /* first: it is the job's context too */
    _Atomic unsigned maps;
    unsigned reduces, last_maps, last_reduces;
    unsigned cancel_at;   /* the call that cancels, from 1; 0: none */
    unsigned long worker; /* a thread that has mapped */
    bool on_worker;
    uint64_t last_done;
    bool backwards;
};

static mr_map *plain_map;
static _Thread_local bool maps_here;

/* A clock that goes on when it is told to. Who has told of progress reads it to know when to do so
 * again: if the clock went on before that, it would be too late. */
static _Atomic uint64_t clock_now = 1000000000;
static _Thread_local bool tells_here;
static atomic_bool read_since;

static uint64_t read_clock(void)
{
    const uint64_t now = atomic_load(&clock_now);
    if (tells_here)
        atomic_store(&read_since, true);
    return now;
}

#define OVER_HALF_A_SECOND 600000000

/* At two splits half a second passes, and progress is waited for; at the first only, where that
 * cancels. */
static int watched_map(void *context, void *state, const struct mr_split *split,
                       struct mr_emitter *emitter, struct mr_error *error)
{
    struct watcher *watcher = context;
    maps_here = true;
    for (unsigned nth = 0; nth < (watcher->cancel_at > 0 ? 1u : 2u); nth++) {
        if (split->number == 100 * (nth + 1)) {
            AWAIT(nth == 0 || (atomic_load(&watcher->maps) >= nth && atomic_load(&read_since)));
            atomic_fetch_add(&clock_now, OVER_HALF_A_SECOND);
            AWAIT(atomic_load(&watcher->maps) > nth);
        }
    }
    return plain_map(context, state, split, emitter, error);
}

static int watch(void *context, const struct mr_progress *progress)
{
    struct watcher *watcher = context;
    watcher->on_worker |= maps_here;
    tells_here = true;
    atomic_store(&read_since, false);
    if (progress->phase == MR_PHASE_MAP) {
        watcher->backwards |= watcher->reduces > 0 || progress->done < watcher->last_done;
        watcher->last_done = progress->done;
        watcher->maps++;
        watcher->last_maps += progress->not_done == 0;
        watcher->backwards |=
            !watcher->numbers.endless &&
            progress->done + progress->not_done != watcher->numbers.splits * watcher->numbers.each;
    } else {
        watcher->reduces++;
        watcher->last_reduces += progress->not_done == 0;
    }
    return watcher->maps + watcher->reduces == watcher->cancel_at;
}

static void watched(struct watcher *watcher, struct mr_job_spec *spec)
{
    numbers_job(&watcher->numbers, spec);
    plain_map = spec->map;
    spec->map = watched_map;
    spec->progress = watch;
    test_hooks.now = read_clock;
}

START_TEST(progress_tells_of_both_phases_on_a_thread_of_its_own)
{
    struct mr_engine *engine = engine_of(2, 0);
    for (int future = 0; future < 2; future++) {
        struct watcher watcher = {.numbers = {.splits = 400, .each = 50, .keys = 77}};
        struct mr_job_spec spec;
        watched(&watcher, &spec);
        if (future) {
            struct mr_job *job;
            ck_assert_int_eq(mr_submit(engine, &spec, &job, NULL), MR_OK);
            ck_assert_int_eq(mr_job_wait(job, -1, NULL, NULL), MR_OK);
            mr_job_release(job);
        } else {
            ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_OK);
        }
        ck_assert_uint_eq(watcher.maps, 3); /* at the half seconds, and the end */
        ck_assert_uint_eq(watcher.last_maps, 1);
        ck_assert_uint_eq(watcher.reduces, 1);
        ck_assert_uint_eq(watcher.last_reduces, 1);
        ck_assert(!watcher.backwards);
        ck_assert(!watcher.on_worker);
        numbers_check(&watcher.numbers);
    }
    mr_engine_close(engine);
}
END_TEST

START_TEST(progress_that_says_so_cancels)
{
    struct mr_engine *engine = engine_of(2, 0);
    for (int future = 0; future < 2; future++) {
        struct watcher watcher = {.numbers = {.endless = true, .each = 50, .keys = 77},
                                  .cancel_at = 1};
        struct mr_job_spec spec;
        struct mr_error error;
        watched(&watcher, &spec);
        if (future) {
            struct mr_job *job;
            ck_assert_int_eq(mr_submit(engine, &spec, &job, NULL), MR_OK);
            ck_assert_int_eq(mr_job_wait(job, -1, NULL, &error), MR_CANCELLED);
            mr_job_release(job);
        } else {
            ck_assert_int_eq(mr_run(engine, &spec, NULL, &error), MR_CANCELLED);
        }
        ck_assert_int_eq(error.status, MR_CANCELLED);
        ck_assert_uint_eq(watcher.maps + watcher.reduces, 1);
        ck_assert_uint_eq(watcher.numbers.read, watcher.numbers.released);
        free(watcher.numbers.counts);
    }
    mr_engine_close(engine);
}
END_TEST

/* ---- Several clients ------------------------------------------------------------------------- */

struct client {
    struct mr_engine *engine;
    struct numbers numbers;
    enum mr_status status;
};

static void be_client(void *argument)
{
    struct client *client = argument;
    struct mr_job_spec spec;
    numbers_job(&client->numbers, &spec);
    client->status = mr_run(client->engine, &spec, NULL, NULL);
}

START_TEST(sixteen_clients_get_each_their_own)
{
    enum { CLIENTS = 16 };
    struct mr_engine *engine = engine_of(2, (uint64_t)64 << 20);
    struct client clients[CLIENTS];
    struct thread threads[CLIENTS];
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.engine = engine,
                                     .numbers = {.splits = (uint64_t)1 << i % 8,
                                                 .each = 1 + 900 * i,
                                                 .keys = 1 + 997 * i,
                                                 .order = orders[i % 5]}};
        ck_assert_int_eq(thread_start(&threads[i], "client", be_client, &clients[i]), 0);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        thread_join(&threads[i]);
        ck_assert_int_eq(clients[i].status, MR_OK);
        numbers_check(&clients[i].numbers);
    }
    mr_engine_close(engine);
}
END_TEST

START_TEST(a_small_job_passes_a_long_one)
{
    struct mr_engine *engine = engine_of(2, 0);
    struct numbers big = {.endless = true, .each = 10, .keys = 5};
    struct numbers small = {.splits = 1, .each = 10, .keys = 5};
    struct mr_job_spec spec;
    struct mr_job *job;
    numbers_job(&big, &spec);
    ck_assert_int_eq(mr_submit(engine, &spec, &job, NULL), MR_OK);
    AWAIT(atomic_load(&big.mapped) > 5);
    run(engine, &small, NULL); /* which would wait for the end of the long one in vain */
    ck_assert_int_eq(mr_job_poll(job, NULL), MR_RUNNING);
    mr_job_release(job);
    numbers_check(&small);
    free(big.counts);
    mr_engine_close(engine);
}
END_TEST

START_TEST(a_slow_mapper_stops_the_reader)
{
    enum { QUEUED = 8 * 3, IN_READERS_HAND = 1, IN_WORKERS_HANDS = 2 };
    struct mr_engine *engine = engine_of(2, 0);
    struct numbers numbers = {.splits = 2000, .each = 1, .keys = 5, .holds = true};
    struct mr_job_spec spec;
    struct mr_job *job;
    numbers_job(&numbers, &spec);
    ck_assert_int_eq(mr_submit(engine, &spec, &job, NULL), MR_OK);
    /* Mapping begins when the reader has read all that it may. */
    AWAIT(atomic_load(&numbers.read) >= QUEUED + IN_READERS_HAND);
    for (uint64_t split = 0; split < 2000; split++) {
        atomic_store(&numbers.may_map, split + 1);
        AWAIT(atomic_load(&numbers.released) > split);
    }
    ck_assert_int_eq(mr_job_wait(job, -1, NULL, NULL), MR_OK);
    ck_assert_uint_le(numbers.most_ahead, QUEUED + IN_READERS_HAND + IN_WORKERS_HANDS);
    mr_job_release(job);
    numbers_check(&numbers);
    mr_engine_close(engine);
}
END_TEST

/* ---- Errors ---------------------------------------------------------------------------------- */

static int failing_map(void *context, void *state, const struct mr_split *split,
                       struct mr_emitter *emitter, struct mr_error *error)
{
    if (split->number == 5)
        return mr_fail(error, 0, "split %d is bad", 5);
    return plain_map(context, state, split, emitter, error);
}

static int failing_next(void *context, struct mr_split *split, struct mr_error *error)
{
    struct numbers *numbers = context;
    if (numbers->next == 3) {
        return mr_fail(error, 5, "no more of this");
    }
    *split = (struct mr_split){.length = 1, .number = numbers->next++};
    return 0;
}

static int failing_collect(void *context, const struct mr_record *records, size_t count,
                           struct mr_error *error)
{
    (void)context;
    (void)records;
    (void)count;
    return mr_fail(error, 28, "no room");
}

START_TEST(errors_of_callbacks_are_the_jobs)
{
    struct mr_engine *engine = engine_of(2, 0);
    for (int small = 0; small < 2; small++) {
        struct numbers numbers = {.splits = 50, .each = 100, .keys = 5};
        struct mr_job_spec spec;
        struct mr_error error;
        numbers_job(&numbers, &spec);
        spec.small = small;
        plain_map = spec.map;
        spec.map = failing_map;
        ck_assert_int_eq(mr_run(engine, &spec, NULL, &error), MR_MAP);
        ck_assert_str_eq(error.text, "split 5 is bad");
        ck_assert_uint_eq(numbers.read, numbers.released);

        const struct mr_reader reader = {
            .struct_size = sizeof reader, .context = &numbers, .next = failing_next};
        spec.map = plain_map;
        spec.input = mr_input_new(&reader);
        numbers.next = 0;
        ck_assert_int_eq(mr_run(engine, &spec, NULL, &error), MR_INPUT);
        ck_assert_str_eq(error.text, "no more of this");
        ck_assert_int_eq(error.errnum, 5);
        free(numbers.counts);

        numbers.next = 0;
        numbers_job(&numbers, &spec);
        spec.small = small;
        spec.collect = failing_collect;
        ck_assert_int_eq(mr_run(engine, &spec, NULL, &error), MR_OUTPUT);
        ck_assert_str_eq(error.text, "no room");
        free(numbers.counts);
    }
    mr_engine_close(engine);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
    struct mr_engine *engine = engine_of(1, 0);
    struct numbers numbers = {.keys = 1};
    struct mr_job_spec good, bad;
    struct mr_job *job;
    struct mr_error error;
    numbers_job(&numbers, &good);
    bad = good;
    bad.map = NULL;
    mr_input_retain(good.input);
    ck_assert_int_eq(mr_run(engine, &bad, NULL, &error), MR_INVALID);
    bad = good;
    bad.value_size = 3; /* of sums */
    mr_input_retain(good.input);
    ck_assert_int_eq(mr_submit(engine, &bad, &job, &error), MR_INVALID);
    ck_assert_ptr_null(job);
    bad = good;
    bad.order = (enum mr_order)42;
    ck_assert_int_eq(mr_run(engine, &bad, NULL, &error), MR_INVALID);
    ck_assert_str_ne(error.text, "");
    ck_assert_int_eq(mr_job_release(NULL), MR_OK);
    ck_assert_int_eq(mr_engine_close(NULL), MR_OK);
    free(numbers.counts);
    mr_engine_close(engine);
}
END_TEST

static int overflowing_map(void *context, void *state, const struct mr_split *split,
                           struct mr_emitter *emitter, struct mr_error *error)
{
    uint64_t value = UINT64_MAX / 3;
    (void)context;
    (void)state;
    (void)split;
    (void)error;
    return (int)mr_emit(emitter, "k", 1, &value);
}

START_TEST(a_sum_past_64_bits_is_an_error)
{
    struct mr_engine *engine = engine_of(2, 0);
    for (uint64_t splits = 3; splits <= 4; splits++) {
        struct numbers numbers = {.splits = splits, .keys = 1};
        struct mr_job_spec spec;
        struct mr_error error;
        numbers_job(&numbers, &spec);
        spec.map = overflowing_map;
        spec.collect = failing_collect;
        ck_assert_int_eq(mr_run(engine, &spec, NULL, &error),
                         splits == 3 ? MR_OUTPUT : MR_OVERFLOW);
        free(numbers.counts);
    }
    mr_engine_close(engine);
}
END_TEST

Suite *test_engine_suite(void);
Suite *test_engine_suite(void)
{
    Suite *suite = suite_create("engine");
    TCase *tests = tcase_create("engine");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, counts_are_exact_at_every_number_of_keys, 0,
                        sizeof key_counts / sizeof *key_counts);
    tcase_add_test(tests, keys_that_share_all_but_their_end_are_ordered);
    tcase_add_test(tests, one_thread_or_many_or_none_give_the_same);
    const char *variant = getenv("MRCOUNT_VARIANT");
    if (!variant || !*variant) /* sanitizers take terabytes of addresses */
        tcase_add_test(tests, limited_addresses_mean_fewer_threads_and_less_memory);
    tcase_add_test(tests, an_empty_input_has_no_results);
    tcase_add_test(tests, a_limit_leaves_the_first_of_the_order);
    tcase_add_test(tests, results_below_the_least_rank_are_dropped);
    tcase_add_test(tests, results_above_the_highest_rank_are_dropped_before_the_limit);
    tcase_add_test(tests, a_future_goes_from_pending_to_done);
    tcase_add_test(tests, a_cancelled_job_gives_all_back);
    tcase_add_test(tests, close_cancels_jobs_and_leaves_their_outcomes);
    tcase_add_test(tests, close_waits_for_other_threads_jobs);
    tcase_add_test(tests, release_cancels_a_job_that_runs);
    tcase_add_test(tests, progress_tells_of_both_phases_on_a_thread_of_its_own);
    tcase_add_test(tests, progress_that_says_so_cancels);
    tcase_add_test(tests, sixteen_clients_get_each_their_own);
    tcase_add_test(tests, a_small_job_passes_a_long_one);
    tcase_add_test(tests, a_slow_mapper_stops_the_reader);
    tcase_add_test(tests, errors_of_callbacks_are_the_jobs);
    tcase_add_test(tests, what_makes_no_sense_is_refused);
    tcase_add_test(tests, a_sum_past_64_bits_is_an_error);
    suite_add_tcase(suite, tests);
    return suite;
}
