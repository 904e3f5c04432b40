/* SPDX-License-Identifier: MIT
 *
 * test_first - results of MR_FIRST come in the order in which their keys were emitted first, with
 * their counts where these are wanted, whoever mapped what and however pairs were emitted.
 */
#include "engine/mapreduce.h"

#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/test_hooks.h"

#define KEYS 60000u
#define EACH 2500u
#define SPLITS 72u /* each key comes three times */
#define STEP 7919u
#define AT_END "emitted at the end"

struct emission {
    uint64_t given; /* splits */
    bool counts;    /* numbers are emitted, the key's modulo 5 */
    uint64_t least, most;
    uint64_t at; /* results collected */
    atomic_bool wrong;
};

static const unsigned char one_byte[1 + MR_PAD];

static int next_split(void *context, struct mr_split *split, struct mr_error *error)
{
    struct emission *emission = context;
    (void)error;
    split->end = emission->given == SPLITS;
    if (!split->end)
        *split = (struct mr_split){
            .data = one_byte, .size = 1, .length = 1, .offset = EACH * emission->given++};
    return 0;
}

/* A key of any class; more than 4 KiB of it may be read. */
static size_t make_key(uint64_t number, char *key)
{
    static const char *const forms[] = {"%u", "key %08u", "a longer key, but not a long one %u",
                                        "%u is a key of more than thirty-two bytes for sure"};
    return (size_t)sprintf(key, forms[number % 4], (unsigned)number);
}

static int emit_split(void *context, void *state, const struct mr_split *split,
                      struct mr_emitter *emitter, struct mr_error *error)
{
    struct emission *emission = context;
    (void)state;
    (void)error;
    enum mr_status status = MR_OK;
    for (uint64_t i = 0; i < EACH && status == MR_OK; i++) {
        char key[128 + MR_PAD] = "";
        const uint64_t number = (split->offset + i) * STEP % KEYS, value = number % 5;
        const struct mr_span span = {0, (uint32_t)make_key(number, key)};
        const void *given = emission->counts ? &value : NULL;
        /* By turns, so that what is gathered must not be overtaken. */
        status = i % 3 == 0 ? mr_emit_batch(emitter, (const void *)key, sizeof key, &span, 1, given)
                            : mr_emit(emitter, key, span.end, given);
    }
    return status == MR_OK ? 0 : -1;
}

static int emit_end(void *context, void *state, struct mr_emitter *emitter, struct mr_error *error)
{
    (void)context;
    (void)state;
    (void)error;
    return mr_emit(emitter, AT_END, strlen(AT_END), NULL) == MR_OK ? 0 : -1;
}

static uint64_t count_of(const struct emission *emission, uint64_t number)
{
    return (uint64_t)EACH * SPLITS / KEYS * (emission->counts ? number % 5 : 1);
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct emission *emission = context;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        char key[128];
        uint64_t number, got = 0;
        size_t size;
        do { /* passing those that are out of bounds */
            number = emission->at++ * STEP % KEYS;
        } while (emission->at < KEYS && (count_of(emission, number) < emission->least ||
                                         count_of(emission, number) > emission->most));
        size = make_key(number, key);
        if (emission->at > KEYS)
            size = (size_t)sprintf(key, AT_END);
        if (records[i].key_size != size || memcmp(records[i].key, key, size) != 0)
            emission->wrong = true;
        if (emission->counts && emission->at <= KEYS) {
            ck_assert_uint_eq(records[i].payload_size, sizeof got);
            memcpy(&got, records[i].payload, sizeof got);
            emission->wrong |= got != count_of(emission, number);
        }
    }
    return 0;
}

/* Puts the key with what it got. */
static int put_again(void *context, void *state, const void *key, size_t key_size,
                     struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    struct emission *emission = context;
    size_t size;
    const uint64_t *value = mr_values_next(values, &size);
    (void)state;
    (void)error;
    if (size != (emission->counts ? 2 : 1) * sizeof *value)
        emission->wrong = true;
    return mr_put(results, key, key_size, value[0], &value[1], size - sizeof *value) == MR_OK ? 0
                                                                                              : -1;
}

static struct mr_job_spec job_of(struct emission *emission)
{
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .context = emission, .size = SPLITS, .next = next_split};
    return (struct mr_job_spec){.struct_size = sizeof(struct mr_job_spec),
                                .context = emission,
                                .input = mr_input_new(&reader),
                                .map = emit_split,
                                .values = MR_FIRST,
                                .value_size = emission->counts ? sizeof(uint64_t) : 0,
                                .order = MR_ORDER_RANK,
                                .reverse = true,
                                .collect = collect};
}

static struct mr_engine *engine_of(unsigned threads, uint64_t memory)
{
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = threads, .memory = memory};
    struct mr_engine *engine;
    ck_assert_int_eq(mr_engine_open(&options, &engine, NULL), MR_OK);
    return engine;
}

START_TEST(results_come_in_the_order_of_first_places)
{
    static const unsigned threads[] = {1, 2, 8};
    for (size_t i = 0; i < 12; i++) {
        struct mr_engine *engine = engine_of(threads[i / 4], 1);
        struct emission emission = {.counts = i % 2 == 1, .most = UINT64_MAX};
        struct mr_job_spec spec = job_of(&emission);
        if (i / 2 % 2 == 1)
            spec.reduce = put_again;
        spec.mapper_end = emit_end;
        ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_OK);
        ck_assert(!emission.wrong);
        ck_assert_uint_eq(emission.at, KEYS + 1);
        mr_engine_close(engine);
    }
}
END_TEST

START_TEST(a_limit_and_bounds_of_counts_choose_among_them)
{
    struct mr_engine *engine = engine_of(2, 0);
    struct emission emission = {.counts = true, .least = 3, .most = 6};
    struct mr_job_spec spec = job_of(&emission);
    spec.min_rank = emission.least;
    spec.max_rank = emission.most;
    spec.limit = 1000;
    struct mr_stats stats = {.struct_size = sizeof stats};
    ck_assert_int_eq(mr_run(engine, &spec, &stats, NULL), MR_OK);
    ck_assert(!emission.wrong);
    ck_assert_uint_eq(stats.results, spec.limit);
    mr_engine_close(engine);
}
END_TEST

/* Emits a key of that size twice, with counts that together are too large. */
static int emit_too_much(void *context, void *state, const struct mr_split *split,
                         struct mr_emitter *emitter, struct mr_error *error)
{
    const size_t *size = context;
    static const char key[64 + MR_PAD] = "key";
    const uint64_t most = UINT64_MAX, one = 1;
    (void)state;
    (void)split;
    (void)error;
    (void)mr_emit(emitter, key, *size, &most);
    (void)mr_emit(emitter, key, *size, &one);
    return 0;
}

START_TEST(a_count_past_what_a_number_holds_fails_the_job)
{
    static const size_t sizes[] = {3, 12, 20, 50};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size = sizes[i];
        struct mr_table *table = NULL;
        struct mr_error error;
        const struct mr_job_spec spec = {.struct_size = sizeof spec,
                                         .context = &size,
                                         .input = mr_input_items("x", 1, 1),
                                         .map = emit_too_much,
                                         .values = MR_FIRST,
                                         .value_size = sizeof(uint64_t),
                                         .output = mr_output_table(&table)};
        ck_assert_int_eq(mr_run(NULL, &spec, NULL, &error), MR_OVERFLOW);
    }
}
END_TEST

START_TEST(lines_are_told_apart_without_a_map)
{
    static const char *const items[] = {"b", "a", "b", "c", "a"};
    char packed[5] = {0};
    struct mr_table *table = NULL;
    for (size_t i = 0; i < 5; i++)
        packed[i] = *items[i];
    const struct mr_job_spec spec = {.struct_size = sizeof spec,
                                     .input = mr_input_items(packed, 5, 1),
                                     .values = MR_FIRST,
                                     .order = MR_ORDER_RANK,
                                     .reverse = true,
                                     .output = mr_output_table(&table)};
    ck_assert_int_eq(mr_run(NULL, &spec, NULL, NULL), MR_OK);
    ck_assert_uint_eq(mr_table_count(table), 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_mem_eq(mr_table_record(table, i)->key, &"bac"[i], 1);
    mr_table_release(table);
}
END_TEST

/* There are as many splits before the job's own that all of these still have places, or that the
 * last one has none. */
START_TEST(more_splits_than_have_places_fail_the_job)
{
    const uint64_t all = UINT64_C(1) << 28; /* of 64 bits 36 tell the pairs of a split apart */
    struct mr_engine *engine = engine_of(2, 0);
    for (uint64_t missing = 0; missing < 2; missing++) {
        struct emission emission = {.most = UINT64_MAX};
        struct mr_error error = {.status = MR_OK};
        struct mr_job_spec spec = job_of(&emission);
        test_hooks.splits_before = all - SPLITS + missing;
        ck_assert_int_eq(mr_run(engine, &spec, NULL, &error), missing ? MR_OVERFLOW : MR_OK);
        ck_assert_int_eq(error.status, missing ? MR_OVERFLOW : MR_OK);
        ck_assert(missing || !emission.wrong);
    }
    test_hooks.splits_before = 0;
    ck_assert_int_eq(mr_engine_close(engine), MR_OK);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
    struct mr_error error;
    struct emission emission = {.counts = false};
    struct mr_job_spec spec = job_of(&emission);
    spec.value_size = 4;
    ck_assert_int_eq(mr_run(NULL, &spec, NULL, &error), MR_INVALID);
    ck_assert_str_eq(error.text, "values that are summed are of 8 bytes");
    spec = job_of(&emission);
    spec.min_rank = 2; /* of places without counts */
    ck_assert_int_eq(mr_run(NULL, &spec, NULL, &error), MR_INVALID);
}
END_TEST

Suite *test_first_suite(void);

Suite *test_first_suite(void)
{
    Suite *suite = suite_create("first");
    TCase *tests = tcase_create("first");
    tcase_add_test(tests, results_come_in_the_order_of_first_places);
    tcase_add_test(tests, a_limit_and_bounds_of_counts_choose_among_them);
    tcase_add_test(tests, a_count_past_what_a_number_holds_fails_the_job);
    tcase_add_test(tests, lines_are_told_apart_without_a_map);
    tcase_add_test(tests, more_splits_than_have_places_fail_the_job);
    tcase_add_test(tests, what_makes_no_sense_is_refused);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return suite;
}
