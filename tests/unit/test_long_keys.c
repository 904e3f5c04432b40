/* SPDX-License-Identifier: MIT
 *
 * test_long_keys - keys far larger than the engine's memory: held no more than twice, and put out
 * whole and in order.
 */
#include "engine/mapreduce.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
#define KEYS 3

enum way {
    COLLECT,
    ENCODE,   /* bytes are written */
    COMBINE,  /* values of some bytes */
    REDUCE,   /* one call a key, which puts it out with a payload */
    KEPT,     /* the same with all values */
    UNSORTED, /* keys come as they come */
    WAYS,
};

/* A job that emits key k, `size` bytes of it that differ in one, times[k] times: an emission a
 * split. */
struct work {
    enum way way;
    unsigned char *key[KEYS];
    size_t size;
    unsigned keys, times[KEYS];
    unsigned splits, given;
    unsigned seen; /* keys put out */
    size_t written;
};

struct value {
    uint64_t count;
    unsigned char more[24];
};

static int next_split(void *context, struct mr_split *split, struct mr_error *error)
{
    static const unsigned char byte[1 + MR_PAD];
    struct work *work = context;
    (void)error;
    split->end = work->given == work->splits;
    if (split->end)
        return 0;
    *split = (struct mr_split){.data = byte, .size = 1, .length = 1, .number = work->given++};
    return 0;
}

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    const struct work *work = context;
    const struct value value = {.count = 1};
    const size_t k = split->number % work->keys;
    (void)state;
    (void)error;
    if (split->number / work->keys >= work->times[k])
        return 0;
    const bool counted = work->way == COLLECT || work->way == ENCODE || work->way == UNSORTED;
    return (int)mr_emit(emitter, work->key[k], work->size, counted ? NULL : &value);
}

static void combine(void *context, void *into, const void *from)
{
    (void)context;
    ((struct value *)into)->count += ((const struct value *)from)->count;
}

static int reduce(void *context, void *state, const void *key, size_t size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    const struct value *value;
    uint64_t count = 0;
    (void)context;
    (void)state;
    (void)error;
    while ((value = mr_values_next(values, NULL)))
        count += value->count;
    return (int)mr_put(results, key, size, count, "payload", 7);
}

/* The next key put out must be `key`, with its count. */
static void check_key(struct work *work, const unsigned char *key, size_t size, uint64_t count)
{
    unsigned k = work->seen++;
    ck_assert_uint_lt(k, work->keys);
    ck_assert_uint_eq(size, work->size);
    if (work->way == UNSORTED)
        k = (unsigned)(key[size - 1] - 'a');
    ck_assert_uint_lt(k, work->keys);
    ck_assert(memcmp(key, work->key[k], size) == 0);
    ck_assert_uint_eq(count, work->times[k]);
}

static uint64_t count_of(const struct work *work, const struct mr_record *record)
{
    struct value value;
    if (work->way != COMBINE)
        return record->rank;
    ck_assert_uint_eq(record->payload_size, sizeof value);
    memcpy(&value, record->payload, sizeof value);
    return value.count;
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct work *work = context;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        check_key(work, records[i].key, records[i].key_size, count_of(work, &records[i]));
        if (work->way == REDUCE || work->way == KEPT) {
            ck_assert_uint_eq(records[i].payload_size, 7);
            ck_assert_mem_eq(records[i].payload, "payload", 7);
        }
    }
    return 0;
}

static int encode(void *context, const struct mr_record *records, size_t count,
                  struct mr_buffer *bytes, struct mr_error *error)
{
    (void)context;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        unsigned char *at = mr_buffer_reserve(bytes, records[i].key_size + 1);
        if (!at)
            return -1;
        memcpy(at, records[i].key, records[i].key_size);
        at[records[i].key_size] = (unsigned char)records[i].rank;
        mr_buffer_commit(bytes, records[i].key_size + 1);
    }
    return 0;
}

static int write_bytes(void *context, const void *bytes, size_t size, uint64_t offset,
                       struct mr_error *error)
{
    struct work *work = context;
    const unsigned char *at = bytes;
    (void)error;
    ck_assert_uint_eq(offset, work->written);
    work->written += size;
    for (; size > 0; at += work->size + 1, size -= work->size + 1) {
        ck_assert_uint_ge(size, work->size + 1);
        check_key(work, at, work->size, at[work->size]);
    }
    return 0;
}

static size_t peak(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss << 10;
}

/* Runs a job in an engine of the least memory, and checks what it put out. Returns what it took
 * besides what was taken before. */
static size_t run(enum way way, unsigned threads, size_t size, unsigned keys)
{
    static const unsigned times[KEYS] = {3, 1, 2};
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = threads, .memory = 1};
    struct work work = {.way = way, .size = size, .keys = keys};
    struct mr_engine *engine;
    struct mr_error error;
    for (unsigned k = 0; k < keys; k++) {
        work.key[k] = malloc(size + MR_PAD);
        ck_assert_ptr_nonnull(work.key[k]);
        memset(work.key[k], 'x', size + MR_PAD);
        work.key[k][size - 1] = (unsigned char)('a' + k);
        work.times[k] = times[k];
        work.splits = 3 * keys;
    }
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .context = &work, .size = MR_UNKNOWN, .next = next_split};
    const struct mr_writer writer = {
        .struct_size = sizeof writer, .context = &work, .encode = encode, .write = write_bytes};
    const struct mr_job_spec spec = {
        .struct_size = sizeof spec,
        .input = mr_input_new(&reader),
        .context = &work,
        .map = map,
        .values = way == COMBINE || way == REDUCE ? MR_COMBINE
                  : way == KEPT                   ? MR_GROUP
                                                  : MR_SUM,
        .value_size = way == COMBINE || way == REDUCE || way == KEPT ? sizeof(struct value) : 0,
        .combine = way == COMBINE || way == REDUCE ? combine : NULL,
        .reduce = way == REDUCE || way == KEPT ? reduce : NULL,
        .order = way == UNSORTED ? MR_ORDER_NONE : MR_ORDER_KEY,
        .collect = way == ENCODE ? NULL : collect,
        .output = way == ENCODE ? mr_output_new(&writer) : NULL,
    };
    const size_t before = peak();
    ck_assert_int_eq(mr_engine_open(&options, &engine, &error), MR_OK);
    ck_assert_msg(mr_run(engine, &spec, NULL, &error) == MR_OK, "%s", error.text);
    mr_engine_close(engine);
    ck_assert_uint_eq(work.seen, keys);
    for (unsigned k = 0; k < keys; k++)
        free(work.key[k]);
    return peak() - before;
}

/* Sanitizers and valgrind take memory of their own. */
static bool measured(void)
{
    const char *variant = getenv("MRCOUNT_VARIANT");
    return !variant || !*variant;
}

/* With one thread a key is held once, and once more while it is encoded or reduced: of its three
 * emissions one, or two, wait on disk. */
START_TEST(a_key_larger_than_the_memory_is_held_twice_at_most)
{
    const size_t size = (measured() ? 48 : 24) * MIB;
    const size_t taken = run((enum way)_i, 1, size, 1);
    if (measured())
        ck_assert_msg(taken <= 2 * size + (20 + 16) * MIB, "%zu MiB", taken / MIB);
}
END_TEST

START_TEST(keys_larger_than_the_memory_come_in_order)
{
    const size_t size = 16 * MIB;
    const size_t taken = run((enum way)_i, 2, size, KEYS);
    if (measured())
        ck_assert_msg(taken <= 2 * (2 * size) + (24 + 16) * MIB, "%zu MiB", taken / MIB);
}
END_TEST

Suite *test_long_keys_suite(void);

Suite *test_long_keys_suite(void)
{
    Suite *suite = suite_create("long_keys");
    TCase *tests = tcase_create("long_keys");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_key_larger_than_the_memory_is_held_twice_at_most, 0, WAYS);
    tcase_add_loop_test(tests, keys_larger_than_the_memory_come_in_order, 0, WAYS);
    suite_add_tcase(suite, tests);
    return suite;
}
