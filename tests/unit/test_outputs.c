/* SPDX-License-Identifier: MIT
 *
 * test_outputs - a caller who takes his time over results keeps nobody else waiting: other jobs run
 * to their ends, jobs that feed each other get on at every number of workers, all can be cancelled,
 * and what waits to be put out stays within the memory.
 */
#include "base/thread.h"
#include "engine/schedule/engine.h"
#include "unit/sanitized.h"
#include "unit/await.h"
#include "unit/numbers.h"

#include <check.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Sanitizers see what they are for with fewer keys. */
#define PART (SANITIZED ? 10 : 1)

/* ---- A bounded queue of lines between two jobs ----------------------------------------------- */

#define CHANNEL_ROOM 4

struct batch {
    size_t size;
    unsigned char lines[];
};

struct channel {
    struct thread_mutex lock;
    struct thread_cond changed;
    struct batch *batches[CHANNEL_ROOM];
    size_t first, count;
    bool ended;  /* by who puts */
    bool broken; /* one of both sides has failed */
};

static void channel_open(struct channel *channel)
{
    *channel = (struct channel){.first = 0};
    ck_assert_int_eq(thread_mutex_open(&channel->lock), 0);
    ck_assert_int_eq(thread_cond_open(&channel->changed), 0);
}

static void channel_close(struct channel *channel)
{
    for (; channel->count > 0; channel->count--)
        free(channel->batches[channel->first++ % CHANNEL_ROOM]);
    thread_cond_close(&channel->changed);
    thread_mutex_close(&channel->lock);
}

static bool channel_put(struct channel *channel, struct batch *batch)
{
    thread_lock(&channel->lock);
    while (channel->count == CHANNEL_ROOM && !channel->broken)
        thread_wait(&channel->changed, &channel->lock);
    const bool put = !channel->broken;
    if (put)
        channel->batches[(channel->first + channel->count++) % CHANNEL_ROOM] = batch;
    thread_wake_all(&channel->changed);
    thread_unlock(&channel->lock);
    return put;
}

/* The next batch; NULL at the end, or where the channel is *broken. */
static struct batch *channel_get(struct channel *channel, bool *broken)
{
    struct batch *batch = NULL;
    thread_lock(&channel->lock);
    while (channel->count == 0 && !channel->ended && !channel->broken)
        thread_wait(&channel->changed, &channel->lock);
    if (channel->count > 0 && !channel->broken) {
        batch = channel->batches[channel->first++ % CHANNEL_ROOM];
        channel->count--;
    }
    *broken = channel->broken;
    thread_wake_all(&channel->changed);
    thread_unlock(&channel->lock);
    return batch;
}

static void channel_mark(struct channel *channel, bool broken)
{
    thread_lock(&channel->lock);
    if (broken)
        channel->broken = true;
    else
        channel->ended = true;
    thread_wake_all(&channel->changed);
    thread_unlock(&channel->lock);
}

/* ---- A job ----------------------------------------------------------------------------------- */

/* What holds the consumer of results back. */
struct gate {
    struct thread_mutex lock;
    struct thread_cond changed;
    bool open;
};

struct stage {
    uint64_t keys; /* of the first stage: how many it makes, each of a split of its own hundreds */
    size_t key_size;
    size_t payload; /* bytes that a reduce adds to a result; 0: no reduce */
    uint64_t each;  /* results that it makes of a key */
    uint64_t next;
    struct channel *from, *to; /* NULL: the first, the last */
    struct gate *gate;         /* that the consumer passes */
    struct mr_engine *slow;    /* the consumer waits until that has nothing to do, now and then */
    enum mr_order order;
    bool encodes; /* its output is an encode and a write */
    _Atomic uint64_t taken;
    _Atomic unsigned ends, calls;
    _Atomic bool at_work; /* a call of the output has begun */
    atomic_bool wrong;
    struct mr_job *handle;
};

#define SPLIT_KEYS 500u

static int next(void *context, struct mr_split *split, struct mr_error *error)
{
    static const unsigned char nothing[1 + MR_PAD];
    struct stage *stage = context;
    if (stage->from) {
        bool broken;
        struct batch *batch = channel_get(stage->from, &broken);
        split->end = !batch;
        if (!batch)
            return broken ? mr_fail(error, 0, "the job before failed") : 0;
        split->data = batch->lines;
        split->size = split->length = batch->size;
        split->handle = batch;
        return 0;
    }
    split->end = stage->next >= stage->keys;
    split->data = nothing;
    split->size = split->length = 1;
    split->offset = stage->next;
    stage->next += SPLIT_KEYS;
    return 0;
}

static void release(void *context, struct mr_split *split)
{
    (void)context;
    free(split->handle);
}

static void break_from(void *context)
{
    channel_mark(((struct stage *)context)->from, true);
}

static void break_to(void *context)
{
    struct stage *stage = context;
    if (stage->to)
        channel_mark(stage->to, true);
}

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    struct stage *stage = context;
    char key[256];
    (void)state;
    (void)error;
    if (stage->from) {
        for (const unsigned char *at = split->data, *line_end; at < split->data + split->size;
             at = line_end + 1) {
            line_end = memchr(at, '\n', (size_t)(split->data + split->size - at));
            if (mr_emit(emitter, at, (size_t)(line_end - at), NULL) != MR_OK)
                return -1;
        }
        return 0;
    }
    for (uint64_t i = split->offset; i < split->offset + SPLIT_KEYS && i < stage->keys; i++) {
        const struct numbers form = {.key_size = stage->key_size};
        if (mr_emit(emitter, key, numbers_key(&form, i, key), NULL) != MR_OK)
            return -1;
    }
    return 0;
}

static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    const struct stage *stage = context;
    static const unsigned char payload[4096];
    (void)state;
    (void)values;
    (void)error;
    for (uint64_t i = 0; i < stage->each; i++)
        if (mr_put(results, key, key_size, i, payload, stage->payload) != MR_OK)
            return -1;
    return 0;
}

/* Whether no worker of an engine has anything to do. */
static bool all_idle(struct mr_engine *engine)
{
    thread_lock(&engine->jobs.lock);
    const bool idle = engine->jobs.idle == mr_engine_threads(engine);
    thread_unlock(&engine->jobs.lock);
    return idle;
}

/* Waits where the test says so. */
static void take_time(struct stage *stage)
{
    stage->at_work = true;
    if (stage->gate) {
        thread_lock(&stage->gate->lock);
        while (!stage->gate->open)
            thread_wait(&stage->gate->changed, &stage->gate->lock);
        thread_unlock(&stage->gate->lock);
    }
    /* Until the workers cannot go on. */
    if (stage->slow && stage->calls++ % 16 == 0) {
        AWAIT(all_idle(stage->slow));
    }
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct stage *stage = context;
    take_time(stage);
    for (size_t i = 0; i < count;) {
        const size_t end = count - i < 100 ? count : i + 100;
        size_t size = 0;
        for (size_t k = i; k < end; k++)
            size += records[k].key_size + 1;
        struct batch *batch = malloc(sizeof *batch + size + MR_PAD);
        if (!batch)
            return mr_fail(error, 0, "out of memory");
        batch->size = 0;
        for (; i < end; i++) {
            if (records[i].payload_size != stage->payload)
                stage->wrong = true;
            memcpy(batch->lines + batch->size, records[i].key, records[i].key_size);
            batch->size += records[i].key_size;
            batch->lines[batch->size++] = '\n';
            stage->taken++;
        }
        if (!stage->to || !channel_put(stage->to, batch)) {
            free(batch);
            if (stage->to)
                return mr_fail(error, 0, "the next job failed");
        }
    }
    return 0;
}

/* A record is its size in the output. */
static int encode(void *context, const struct mr_record *records, size_t count,
                  struct mr_buffer *bytes, struct mr_error *error)
{
    struct stage *stage = context;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        unsigned char *at = mr_buffer_reserve(bytes, stage->key_size);
        if (!at)
            return -1;
        memcpy(at, records[i].key, records[i].key_size);
        mr_buffer_commit(bytes, stage->key_size);
    }
    return 0;
}

static int write_out(void *context, const void *bytes, size_t size, uint64_t offset,
                     struct mr_error *error)
{
    struct stage *stage = context;
    (void)bytes;
    (void)error;
    take_time(stage);
    if (size % stage->key_size != 0 || offset != stage->taken * stage->key_size)
        stage->wrong = true;
    stage->taken += size / stage->key_size;
    return 0;
}

static int end(void *context, struct mr_error *error)
{
    struct stage *stage = context;
    (void)error;
    stage->ends++;
    if (stage->to)
        channel_mark(stage->to, false);
    return 0;
}

static void begin(struct mr_engine *engine, struct stage *stage)
{
    const struct mr_reader reader = {.struct_size = sizeof reader,
                                     .context = stage,
                                     .size = stage->from ? MR_UNKNOWN : 0,
                                     .next = next,
                                     .release = stage->from ? release : NULL,
                                     .interrupt = stage->from ? break_from : NULL};
    const struct mr_writer writer = {.struct_size = sizeof writer,
                                     .context = stage,
                                     .collect = stage->encodes ? NULL : collect,
                                     .encode = stage->encodes ? encode : NULL,
                                     .write = stage->encodes ? write_out : NULL,
                                     .end = end,
                                     .interrupt = break_to};
    const struct mr_job_spec spec = {.struct_size = sizeof spec,
                                     .context = stage,
                                     .input = mr_input_new(&reader),
                                     .map = map,
                                     .reduce = stage->payload > 0 ? reduce : NULL,
                                     .order = stage->order,
                                     .output = mr_output_new(&writer)};
    struct mr_error error;
    ck_assert_msg(mr_submit(engine, &spec, &stage->handle, &error) == MR_OK, "%s", error.text);
}

static void finish(struct stage *stage, uint64_t results)
{
    struct mr_error error;
    ck_assert_msg(mr_job_wait(stage->handle, -1, NULL, &error) == MR_OK, "%s", error.text);
    ck_assert(!stage->wrong);
    ck_assert_uint_eq(stage->taken, results);
    ck_assert_uint_eq(stage->ends, 1);
    mr_job_release(stage->handle);
}

static struct mr_engine *engine_of(unsigned threads)
{
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = threads, .memory = 1};
    struct mr_engine *engine;
    ck_assert_int_eq(mr_engine_open(&options, &engine, NULL), MR_OK);
    return engine;
}

/* ---- A consumer that stands still ------------------------------------------------------------ */

static const struct {
    unsigned threads;
    enum mr_order order;
    bool encodes;
} slow[] = {
    {1, MR_ORDER_NONE, false}, {1, MR_ORDER_NONE, true},  {1, MR_ORDER_KEY, false},
    {1, MR_ORDER_KEY, true},   {2, MR_ORDER_NONE, false}, {2, MR_ORDER_NONE, true},
    {2, MR_ORDER_KEY, false},  {2, MR_ORDER_RANK, true},  {4, MR_ORDER_NONE, false},
    {4, MR_ORDER_NONE, true},  {4, MR_ORDER_RANK, false}, {4, MR_ORDER_KEY, true},
};

START_TEST(an_output_that_waits_keeps_no_other_job_waiting)
{
    struct mr_engine *engine = engine_of(slow[_i].threads);
    static const uint64_t counts[] = {100, 300000 / PART};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const uint64_t keys = counts[i];
        struct gate gate = {.open = false};
        struct stage held = {.keys = keys,
                             .key_size = 40,
                             .order = slow[_i].order,
                             .encodes = slow[_i].encodes,
                             .gate = &gate};
        ck_assert_int_eq(thread_mutex_open(&gate.lock), 0);
        ck_assert_int_eq(thread_cond_open(&gate.changed), 0);
        begin(engine, &held);
        AWAIT(held.at_work);
        for (enum mr_order order = MR_ORDER_NONE; order <= MR_ORDER_RANK; order++) {
            struct stage other = {.keys = 20000, .key_size = 20, .order = order};
            begin(engine, &other);
            finish(&other, 20000);
        }
        ck_assert_int_eq(mr_job_poll(held.handle, NULL), MR_RUNNING);
        thread_lock(&gate.lock);
        gate.open = true;
        thread_wake_all(&gate.changed);
        thread_unlock(&gate.lock);
        finish(&held, keys);
        ck_assert_uint_eq(engine->budget.used, 0);
        thread_cond_close(&gate.changed);
        thread_mutex_close(&gate.lock);
    }
    mr_engine_close(engine);
}
END_TEST

/* ---- Jobs that feed each other --------------------------------------------------------------- */

#define MOST_STAGES 3

struct pipeline {
    struct stage stages[MOST_STAGES];
    struct channel channels[MOST_STAGES - 1];
    unsigned count;
};

static void pipeline_begin(struct pipeline *pipeline, struct mr_engine *engine, unsigned count,
                           uint64_t keys, enum mr_order order)
{
    *pipeline = (struct pipeline){.count = count};
    for (unsigned i = 0; i + 1 < count; i++)
        channel_open(&pipeline->channels[i]);
    for (unsigned i = 0; i < count; i++) {
        pipeline->stages[i] = (struct stage){
            .keys = keys,
            .key_size = 60,
            .order = order,
            .from = i > 0 ? &pipeline->channels[i - 1] : NULL,
            .to = i + 1 < count ? &pipeline->channels[i] : NULL,
        };
        begin(engine, &pipeline->stages[i]);
    }
}

static void pipeline_close(struct pipeline *pipeline)
{
    for (unsigned i = 0; i + 1 < pipeline->count; i++)
        channel_close(&pipeline->channels[i]);
}

#define MANY (400000 / PART)

static const struct {
    unsigned stages, threads;
    uint64_t keys; /* of 60 bytes */
    enum mr_order order;
} feeds[] = {
    {2, 1, 1000, MR_ORDER_NONE}, {2, 1, MANY, MR_ORDER_NONE}, {2, 2, MANY, MR_ORDER_KEY},
    {2, 3, MANY, MR_ORDER_NONE}, {3, 1, 1000, MR_ORDER_KEY},  {3, 1, MANY, MR_ORDER_KEY},
    {3, 1, MANY, MR_ORDER_NONE}, {3, 2, MANY, MR_ORDER_NONE}, {3, 3, MANY, MR_ORDER_RANK},
    {3, 3, 1000, MR_ORDER_NONE},
};

START_TEST(jobs_that_feed_each_other_end)
{
    struct mr_engine *engine = engine_of(feeds[_i].threads);
    struct pipeline pipeline;
    pipeline_begin(&pipeline, engine, feeds[_i].stages, feeds[_i].keys, feeds[_i].order);
    for (unsigned i = 0; i < pipeline.count; i++)
        finish(&pipeline.stages[i], feeds[_i].keys);
    pipeline_close(&pipeline);
    ck_assert_uint_eq(engine->budget.used, 0);
    mr_engine_close(engine);
}
END_TEST

START_TEST(jobs_that_feed_each_other_can_be_cancelled)
{
    struct mr_engine *engine = engine_of(feeds[_i].threads);
    for (unsigned victim = 0; victim < feeds[_i].stages; victim++) {
        struct pipeline pipeline;
        pipeline_begin(&pipeline, engine, feeds[_i].stages, feeds[_i].keys, feeds[_i].order);
        /* Where the first job's results are on their way. */
        AWAIT(pipeline.stages[0].at_work);
        mr_job_cancel(pipeline.stages[victim].handle);
        for (unsigned i = 0; i < pipeline.count; i++) {
            const enum mr_status status = mr_job_wait(pipeline.stages[i].handle, -1, NULL, NULL);
            ck_assert(status == MR_OK || status == MR_CANCELLED || status == MR_INPUT ||
                      status == MR_OUTPUT);
            ck_assert_uint_eq(pipeline.stages[i].ends, status == MR_OK);
            mr_job_release(pipeline.stages[i].handle);
        }
        pipeline_close(&pipeline);
        ck_assert_uint_eq(engine->budget.used, 0);
    }
    mr_engine_close(engine);
}
END_TEST

/* ---- Memory ---------------------------------------------------------------------------------- */

static const struct {
    unsigned threads;
    uint64_t keys, each;
    size_t payload;
    bool encodes;
} floods[] = {
    {1, 150000, 1, 1000, false}, {1, 3, 50000, 1000, false}, {2, 150000, 1, 1000, false},
    {2, 3, 50000, 1000, false},  {2, 1, 8000000, 1, true},
};

START_TEST(unordered_results_that_wait_stay_within_the_memory)
{
    struct mr_engine *engine = engine_of(floods[_i].threads);
    const uint64_t each = floods[_i].each > 1 ? floods[_i].each / PART : 1;
    const uint64_t keys = floods[_i].each > 1 ? floods[_i].keys : floods[_i].keys / PART;
    const uint64_t results = keys * each;
    struct mr_stats stats = {.struct_size = sizeof stats};
    struct stage stage = {.keys = keys,
                          .each = each,
                          .payload = floods[_i].payload,
                          .key_size = 16,
                          .encodes = floods[_i].encodes,
                          .slow = engine};
    begin(engine, &stage);
    ck_assert_int_eq(mr_job_wait(stage.handle, -1, &stats, NULL), MR_OK);
    finish(&stage, results);
    ck_assert_uint_eq(stats.results, results);
    ck_assert_uint_gt(PART * results * (stage.key_size + stage.payload), 10 * engine->budget.limit);
    ck_assert_uint_le(engine->budget.most, engine->budget.limit);
    ck_assert_uint_eq(engine->budget.used, 0);
    mr_engine_close(engine);
}
END_TEST

Suite *test_outputs_suite(void);

Suite *test_outputs_suite(void)
{
    Suite *suite = suite_create("outputs");
    TCase *tests = tcase_create("outputs");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, an_output_that_waits_keeps_no_other_job_waiting, 0,
                        sizeof slow / sizeof *slow);
    tcase_add_loop_test(tests, jobs_that_feed_each_other_end, 0, sizeof feeds / sizeof *feeds);
    tcase_add_loop_test(tests, jobs_that_feed_each_other_can_be_cancelled, 0,
                        sizeof feeds / sizeof *feeds);
    tcase_add_loop_test(tests, unordered_results_that_wait_stay_within_the_memory, 0,
                        sizeof floods / sizeof *floods);
    suite_add_tcase(suite, tests);
    return suite;
}
