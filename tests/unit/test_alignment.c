/* SPDX-License-Identifier: MIT
 *
 * test_alignment - values that are combined are aligned to 16 bytes wherever a combine is called,
 * whatever their size, and may be as large as is said.
 */
#include "engine/mapreduce.h"
#include "unit/sanitized.h"

#include <check.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define KEY_ROOM 64
#define MIB ((uint64_t)1 << 20)
#define SPLITS 8u

/* A job whose values are numbers side by side, as wide as their alignment promises: of 16 bytes
 * where the size is a multiple, else bytes. */
struct work {
    size_t value_size;
    uint64_t pairs, keys;
    uint64_t given;
    uint64_t results;
    atomic_bool wrong;
    mr_map *map;         /* NULL: the usual one */
    unsigned char *sums; /* of all keys, by number, of one byte a number of a value */
};

typedef unsigned __int128 wide;

static bool is_wide(const struct work *work)
{
    return work->value_size % sizeof(wide) == 0;
}

static size_t numbers_of(const struct work *work)
{
    return is_wide(work) ? work->value_size / sizeof(wide) : work->value_size;
}

/* The i-th number in the value of the n-th pair. */
static unsigned char number_of(uint64_t n, size_t i)
{
    return (unsigned char)((n * 31 + i * 7) % 5);
}

static int next_split(void *context, struct mr_split *split, struct mr_error *error)
{
    static const unsigned char byte[1 + MR_PAD];
    struct work *work = context;
    (void)error;
    split->end = work->given == SPLITS;
    split->data = byte;
    split->size = split->length = 1;
    split->offset = work->given++;
    return 0;
}

/* Keys of every class. */
static size_t make_key(uint64_t number, char *key)
{
    static const char *const forms[] = {"%u", "key %u", "a key of words %u",
                                        "a key of more than thirty-two bytes %u"};
    return (size_t)snprintf(key, KEY_ROOM, forms[number % 4], (unsigned)number);
}

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    struct work *work = context;
    const size_t count = numbers_of(work);
    unsigned char *value = malloc(work->value_size + 1);
    int result = value ? 0 : mr_fail(error, 0, "no memory");
    (void)state;
    for (uint64_t n = split->offset; result == 0 && n < work->pairs; n += SPLITS) {
        char key[KEY_ROOM];
        unsigned char *at = value + n % 2; /* as aligned as an array's */
        const size_t size = make_key(n % work->keys, key);
        for (size_t i = 0; i < count; i++) {
            const wide number = number_of(n, i);
            memcpy(at + i * (work->value_size / count), &number, work->value_size / count);
        }
        result = (int)mr_emit(emitter, key, size, at);
    }
    free(value);
    return result;
}

static void combine(void *context, void *into, const void *from)
{
    struct work *work = context;
    if ((uintptr_t)into % 16 != 0 || (uintptr_t)from % 16 != 0)
        work->wrong = true;
    for (size_t i = 0; i < numbers_of(work); i++) {
        if (is_wide(work))
            ((wide *)into)[i] += ((const wide *)from)[i];
        else
            ((unsigned char *)into)[i] =
                (unsigned char)(((unsigned char *)into)[i] + ((const unsigned char *)from)[i]);
    }
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct work *work = context;
    const size_t numbers = numbers_of(work);
    for (size_t r = 0; r < count; r++) {
        const char *digit = (const char *)records[r].key + records[r].key_size;
        char digits[KEY_ROOM];
        while (digit > (const char *)records[r].key && digit[-1] >= '0' && digit[-1] <= '9')
            digit--;
        const size_t size = (size_t)((const char *)records[r].key + records[r].key_size - digit);
        memcpy(digits, digit, size);
        digits[size] = '\0';
        const uint64_t key = strtoull(digits, NULL, 10);
        if (key >= work->keys || records[r].payload_size != work->value_size)
            return mr_fail(error, 0, "not a result of this job");
        for (size_t i = 0; i < numbers; i++)
            work->sums[key * numbers + i] = records[r].payload[i * (work->value_size / numbers)];
    }
    work->results += count;
    return 0;
}

/* The job, on an engine of one thread and so much memory. */
static enum mr_status run(struct work *work, uint64_t memory, struct mr_stats *stats,
                          struct mr_error *error)
{
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = 1, .memory = memory};
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .context = work, .size = MR_UNKNOWN, .next = next_split};
    const struct mr_job_spec spec = {.struct_size = sizeof spec,
                                     .context = work,
                                     .input = mr_input_new(&reader),
                                     .map = work->map ? work->map : map,
                                     .values = MR_COMBINE,
                                     .value_size = work->value_size,
                                     .combine = combine,
                                     .order = MR_ORDER_KEY,
                                     .collect = collect};
    struct mr_engine *engine;
    *stats = (struct mr_stats){.struct_size = sizeof *stats};
    ck_assert_int_eq(mr_engine_open(&options, &engine, NULL), MR_OK);
    const enum mr_status status = mr_run(engine, &spec, stats, error);
    mr_engine_close(engine);
    return status;
}

/* Runs the job and compares with what arithmetic says. Returns the bytes spilled. */
static uint64_t check_work(struct work *work, uint64_t memory)
{
    const size_t numbers = numbers_of(work);
    struct mr_stats stats;
    struct mr_error error;
    unsigned char *want = calloc(work->keys, numbers);
    work->sums = calloc(work->keys, numbers);
    ck_assert(want && work->sums);
    ck_assert_msg(run(work, memory, &stats, &error) == MR_OK, "%s", error.text);
    ck_assert(!work->wrong);
    ck_assert_uint_eq(work->results, work->keys);
    for (uint64_t n = 0; n < work->pairs; n++)
        for (size_t i = 0; i < numbers; i++) {
            unsigned char *sum = &want[n % work->keys * numbers + i];
            *sum = (unsigned char)(*sum + number_of(n, i));
        }
    ck_assert_mem_eq(work->sums, want, work->keys * numbers);
    free(want);
    free(work->sums);
    return stats.spilled;
}

START_TEST(values_of_every_size_are_aligned)
{
    static const size_t more[] = {65, 72, 80, 96, 100, 200, 4096, 5000};
    for (size_t i = 0; i < 64 + sizeof more / sizeof *more; i++) {
        struct work work = {.value_size = i < 64 ? i + 1 : more[i - 64], .keys = 1501};
        work.pairs = 4 * work.keys;
        (void)check_work(&work, 64 * MIB);
    }
}
END_TEST

static const size_t spilled_sizes[] = {16, 24, 112, 1, 8, 48, 64, 1000};

/* So little memory that tables are flushed, partitions compacted and pairs written to disk. */
START_TEST(values_that_were_spilled_are_aligned)
{
    struct work work = {.value_size = spilled_sizes[_i]};
    work.keys = 24 * MIB / (32 + work.value_size);
    work.pairs = 2 * work.keys + 12345;
    ck_assert_uint_gt(check_work(&work, 16 * MIB), 0);
}
END_TEST

static int map_zeros(void *context, void *state, const struct mr_split *split,
                     struct mr_emitter *emitter, struct mr_error *error)
{
    struct work *work = context;
    void *value = calloc(1, work->value_size);
    (void)state;
    (void)split;
    if (!value)
        return (int)mr_error_set(error, MR_NOMEM, 0, "no value");
    const int result = (int)mr_emit(emitter, "key 0", 5, value);
    free(value);
    return result;
}

/* With little memory and few addresses: what cannot be held is an error. */
START_TEST(the_largest_values_are_combined_or_memory_is_out)
{
    for (rlim_t gib = 1; gib <= 5; gib += 2) {
        const struct rlimit limit = {gib << 30, RLIM_INFINITY};
        struct work work = {.value_size = MR_VALUE_MOST, .keys = 1, .given = SPLITS - 2};
        struct mr_stats stats;
        struct mr_error error;
        work.map = map_zeros;
        work.sums = calloc(1, numbers_of(&work));
        ck_assert_ptr_nonnull(work.sums);
        ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
        const enum mr_status status = run(&work, 16 * MIB, &stats, &error);
        ck_assert_msg(status == MR_NOMEM || (status == MR_OK && work.results == 1), "%s",
                      error.text);
        ck_assert(!work.wrong);
        free(work.sums);
    }
}
END_TEST

START_TEST(values_too_large_are_refused)
{
    static const size_t sizes[] = {MR_VALUE_MOST + 1, SIZE_MAX / 2, SIZE_MAX - 15, SIZE_MAX - 8,
                                   SIZE_MAX - 7,      SIZE_MAX - 6, SIZE_MAX - 1,  SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct work work = {.value_size = sizes[i]};
        struct mr_stats stats;
        struct mr_error error;
        ck_assert_int_eq(run(&work, 64 * MIB, &stats, &error), MR_INVALID);
        ck_assert_str_eq(error.text, "a value is of MR_VALUE_MOST bytes at most");
    }
}
END_TEST

Suite *test_alignment_suite(void);
Suite *test_alignment_suite(void)
{
    Suite *suite = suite_create("alignment");
    TCase *tests = tcase_create("alignment");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, values_of_every_size_are_aligned);
    tcase_add_loop_test(tests, values_that_were_spilled_are_aligned, 0,
                        SANITIZED ? 3 : sizeof spilled_sizes / sizeof *spilled_sizes);
    const char *variant = getenv("MRCOUNT_VARIANT");
    if (!variant || !*variant) /* sanitizers take terabytes of addresses */
        tcase_add_test(tests, the_largest_values_are_combined_or_memory_is_out);
    tcase_add_test(tests, values_too_large_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
