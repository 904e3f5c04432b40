/* SPDX-License-Identifier: MIT
 *
 * test_values - what a reduce gets: values of one size and of any, as they come and in the caller's
 * order, one by one and as an array, in memory and past it; and what becomes of them without a
 * reduce. Everything is compared with what plain loops over the same pairs make of them.
 */
#include "engine/schedule/engine.h"
#include "unit/sanitized.h"
#include "unit/cases.h"
#include "unit/random.h"

#include <check.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((uint64_t)1 << 20)
#define KEY_MOST 6000u

/* ---- Pairs that anybody can make ------------------------------------------------------------ */

enum sizes {
    SIZE_FIXED,  /* all of `fixed` bytes */
    SIZE_SMALL,  /* 0 to some 40 bytes */
    SIZE_MIXED,  /* small, and some that fit no ordinary chunk */
    SIZE_EMPTY,  /* nothing but empty ones */
    SIZE_GIANTS, /* some of many MiB among empty ones */
};

enum keys { KEYS_SHORT, KEYS_ALL, KEYS_LONG };

struct pairs {
    uint64_t count, keys;
    enum sizes sizes;
    size_t fixed;
    enum keys lengths;
    unsigned skew;  /* percent of the pairs that are the first key's */
    bool few_kinds; /* many values are alike */
};

/* A number as good as random for each other. */
static uint64_t mixed(uint64_t number)
{
    number = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return number ^ number >> 27;
}

static uint64_t key_of(const struct pairs *pairs, uint64_t number)
{
    return mixed(number) % 100 < pairs->skew ? 0 : mixed(number) / 100 % pairs->keys;
}

/* Writes a key, KEY_MOST bytes at most; it begins with its number. */
static size_t make_key(const struct pairs *pairs, uint64_t key, char *to)
{
    static const size_t all[] = {1, 9, 15, 16, 31, 32, 40, 100, 300};
    size_t size = (size_t)sprintf(to, "%" PRIu64 ":", key);
    size_t want = pairs->lengths == KEYS_SHORT  ? 1
                  : pairs->lengths == KEYS_LONG ? 5000 + key % 500
                                                : all[key % (sizeof all / sizeof *all)];
    for (; size < want; size++)
        to[size] = (char)('a' + (key + size) % 26);
    return size;
}

static uint64_t number_of(const void *key, size_t size)
{
    char digits[24] = "";
    memcpy(digits, key, size < sizeof digits - 1 ? size : sizeof digits - 1);
    return strtoull(digits, NULL, 10);
}

static size_t size_of(const struct pairs *pairs, uint64_t number)
{
    const uint64_t drawn = mixed(number ^ UINT64_C(0xabcdef));
    switch (pairs->sizes) {
    case SIZE_FIXED:
        return pairs->fixed;
    case SIZE_MIXED:
        return drawn % 97 == 0 ? 3800 + drawn / 97 % 5000 : drawn % 40;
    case SIZE_EMPTY:
        return 0;
    case SIZE_GIANTS:
        return drawn % 37 == 0 ? 3 * MIB + drawn / 37 % MIB : 0;
    default:
        return drawn % 40;
    }
}

static void make_value(const struct pairs *pairs, uint64_t number, unsigned char *to)
{
    const size_t size = size_of(pairs, number);
    uint64_t word = mixed(pairs->few_kinds ? number % 50 : number * 3);
    for (size_t at = 0; at < size; at++) {
        if (at % 8 == 0 && at > 0)
            word = word * 5 + at;
        to[at] = (unsigned char)(word >> (at % 8 * 8));
    }
}

/* What is told of the values of a key. */
struct digest {
    uint64_t count, bytes;
    uint64_t sum;      /* of their hashes */
    uint64_t in_order; /* a hash of the row of them, where the order is told */
};

static uint64_t hash_of(const unsigned char *data, size_t size)
{
    uint64_t hash = size * UINT64_C(0x9e3779b97f4a7c15) + 1;
    size_t at = 0;
    for (uint64_t word; at + 8 <= size; at += 8) {
        memcpy(&word, data + at, 8);
        hash = (hash ^ word) * UINT64_C(0x100000001b3) ^ hash >> 29;
    }
    for (; at < size; at++)
        hash = (hash ^ data[at]) * UINT64_C(0x100000001b3);
    return mixed(hash);
}

static void digest_add(struct digest *digest, const void *data, size_t size)
{
    const uint64_t hash = hash_of(data, size);
    digest->count++;
    digest->bytes += size;
    digest->sum += hash;
    digest->in_order = digest->in_order * 31 + hash;
}

static int by_bytes(const void *a, const void *b)
{
    const struct mr_bytes *one = a, *other = b;
    return mr_compare_bytes(NULL, one->data, one->size, other->data, other->size);
}

/* The digests of all keys, by plain loops; each key's values in the order of their bytes. */
static struct digest *expect(const struct pairs *pairs)
{
    struct digest *digests = calloc(pairs->keys, sizeof *digests);
    uint64_t *starts = calloc(pairs->keys + 1, sizeof *starts);
    struct mr_bytes *values = calloc(pairs->count, sizeof *values);
    ck_assert(digests && starts && values);
    for (uint64_t i = 0; i < pairs->count; i++)
        starts[key_of(pairs, i)]++;
    for (uint64_t key = 0, sum = 0; key <= pairs->keys; key++) {
        const uint64_t more = key < pairs->keys ? starts[key] : 0;
        starts[key] = sum;
        sum += more;
    }
    for (uint64_t i = 0; i < pairs->count; i++) {
        const size_t size = size_of(pairs, i);
        unsigned char *value = malloc(size + 1);
        ck_assert_ptr_nonnull(value);
        make_value(pairs, i, value);
        values[starts[key_of(pairs, i)]++] = (struct mr_bytes){.data = value, .size = size};
    }
    for (uint64_t key = 0, start = 0; key < pairs->keys; start = starts[key++]) {
        if (starts[key] > start)
            qsort(values + start, starts[key] - start, sizeof *values, by_bytes);
        for (uint64_t i = start; i < starts[key]; i++) {
            digest_add(&digests[key], values[i].data, values[i].size);
            free((void *)(uintptr_t)values[i].data);
        }
    }
    free(values);
    free(starts);
    return digests;
}

/* ---- A job of them ------------------------------------------------------------------------- */

enum way {
    WAY_NEXT,
    WAY_ARRAY,
    WAY_ONE_THEN_ARRAY,
    WAY_AGAIN, /* half of them, then all, twice */
    WAY_NONE,  /* nothing is read */
    WAY_PUT,   /* each value is put again, with one of a few ranks */
};

/* How a job is run, and what comes of it. */
struct run {
    struct pairs pairs;
    bool ordered; /* with a value_order */
    bool batch;   /* emitted by mr_emit_batch */
    bool reduces; /* else each value gives a record */
    enum way way;
    enum mr_order order;
    bool reverse;
    uint64_t limit;
    bool encodes;
    unsigned threads;
    uint64_t memory;
    /* What comes of it. */
    uint64_t next;
    struct digest *digests;
    uint64_t results;
    atomic_uint arrays, streams; /* keys read as such */
    atomic_bool wrong;
    struct mr_stats stats;
    uint64_t most;   /* of the budget */
    uint64_t output; /* a hash of all records in their order */
};

#define EACH 500u

static int next_split(void *context, struct mr_split *split, struct mr_error *error)
{
    static const unsigned char nothing[1 + MR_PAD];
    struct run *run = context;
    (void)error;
    split->end = run->next >= run->pairs.count;
    if (split->end)
        return 0;
    *split = (struct mr_split){.data = nothing, .size = 1, .length = 1, .offset = run->next};
    run->next += EACH;
    return 0;
}

/* Emits some pairs as a batch, whose values lie one byte off. */
static int emit_batch(const struct pairs *pairs, uint64_t begin, uint64_t end,
                      struct mr_emitter *emitter)
{
    struct mr_span spans[EACH];
    struct mr_bytes values[EACH];
    unsigned char *bytes = malloc(1 + (EACH + 1) * (pairs->fixed + 9000)), *at = bytes + 1;
    char *keys = malloc(EACH * KEY_MOST + MR_PAD);
    uint32_t used = 0;
    ck_assert(bytes && keys);
    for (uint64_t i = begin; i < end; i++) {
        spans[i - begin].begin = used;
        used += (uint32_t)make_key(pairs, key_of(pairs, i), keys + used);
        spans[i - begin].end = used;
        make_value(pairs, i, at);
        values[i - begin] = (struct mr_bytes){.data = at, .size = size_of(pairs, i)};
        at += size_of(pairs, i);
    }
    const int result =
        mr_emit_batch(emitter, (unsigned char *)keys, used, spans, end - begin,
                      pairs->sizes == SIZE_FIXED ? (const void *)(bytes + 1) : values) != MR_OK;
    free(keys);
    free(bytes);
    return result;
}

static int map_pairs(void *context, void *state, const struct mr_split *split,
                     struct mr_emitter *emitter, struct mr_error *error)
{
    struct run *run = context;
    const struct pairs *pairs = &run->pairs;
    const uint64_t end = split->offset + EACH < pairs->count ? split->offset + EACH : pairs->count;
    int result = 0;
    (void)state;
    (void)error;
    if (run->batch)
        return emit_batch(pairs, split->offset, end, emitter);
    for (uint64_t i = split->offset; result == 0 && i < end; i++) {
        const size_t size = size_of(pairs, i);
        unsigned char *value = malloc(size + 1);
        char key[KEY_MOST];
        const size_t key_size = make_key(pairs, key_of(pairs, i), key);
        make_value(pairs, i, value);
        result =
            (pairs->sizes == SIZE_FIXED
                 ? mr_emit(emitter, key, key_size, value)
                 : mr_emit_bytes(emitter, key, key_size, size > 0 ? value : NULL, size)) != MR_OK;
        free(value);
    }
    return result;
}

/* Takes the rest of the values as an array, where that is to be had. */
static void take_array(struct run *run, struct mr_values *values, struct digest *digest)
{
    const uint64_t left = mr_values_count(values);
    size_t count;
    const void *array = mr_values_array(values, &count);
    if (!array) {
        if (count != 0 || mr_values_count(values) != left)
            run->wrong = true;
        atomic_fetch_add(&run->streams, 1);
        return;
    }
    atomic_fetch_add(&run->arrays, 1);
    if (count != left || mr_values_count(values) != 0 || (uintptr_t)array % 16 != 0)
        run->wrong = true;
    for (size_t i = 0; i < count; i++) {
        const unsigned char *value = (const unsigned char *)array + i * run->pairs.fixed;
        size_t size = run->pairs.fixed;
        if (run->pairs.sizes != SIZE_FIXED) {
            value = ((const struct mr_bytes *)array)[i].data;
            size = ((const struct mr_bytes *)array)[i].size;
            if ((uintptr_t)value % 16 != 0)
                run->wrong = true;
        }
        digest_add(digest, value, size);
    }
    if (mr_values_rewind(values) != MR_INVALID)
        run->wrong = true;
}

/* Reads half of the values, and all, and goes back each time. */
static void read_again(struct run *run, struct mr_values *values)
{
    const uint64_t count = mr_values_count(values);
    struct digest digest = {0};
    const void *value;
    size_t size;
    for (uint64_t i = 0; i < count / 2 && !run->ordered; i++)
        (void)mr_values_next(values, NULL);
    if (mr_values_rewind(values) != (run->ordered ? MR_INVALID : MR_OK))
        run->wrong = true;
    if (run->ordered)
        return;
    while ((value = mr_values_next(values, &size)))
        digest_add(&digest, value, size);
    if (digest.count != count || mr_values_rewind(values) != MR_OK ||
        mr_values_count(values) != count)
        run->wrong = true;
}

static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    struct run *run = context;
    struct digest digest = {0};
    const void *value;
    size_t size;
    (void)state;
    (void)error;
    while (run->way == WAY_PUT && (value = mr_values_next(values, &size)))
        if (mr_put(results, key, key_size, size % 3, value, size) != MR_OK)
            return -1;
    if (run->way == WAY_PUT)
        return 0;
    if (run->way == WAY_ONE_THEN_ARRAY && (value = mr_values_next(values, &size)))
        digest_add(&digest, value, size);
    if (run->way == WAY_ARRAY || run->way == WAY_ONE_THEN_ARRAY)
        take_array(run, values, &digest);
    if (run->way == WAY_AGAIN)
        read_again(run, values);
    for (uint64_t left = mr_values_count(values);
         run->way != WAY_NONE && (value = mr_values_next(values, &size)); left--) {
        if ((uintptr_t)value % 16 != 0 || mr_values_count(values) != left - 1)
            run->wrong = true;
        digest_add(&digest, value, size);
    }
    if (run->way != WAY_NONE && mr_values_count(values) != 0)
        run->wrong = true;
    return mr_put(results, key, key_size, 7, &digest, sizeof digest) != MR_OK;
}

static void take_record(struct run *run, const struct mr_record *record)
{
    const uint64_t key = number_of(record->key, record->key_size);
    run->output = (run->output * 31 + hash_of(record->key, record->key_size)) * 31 +
                  hash_of(record->payload, record->payload_size) * 3 + record->rank;
    run->results++;
    if (run->way == WAY_PUT)
        return;
    if (key >= run->pairs.keys || record->rank != (run->reduces ? 7 : 0) ||
        (record->payload_size > 0 && (uintptr_t)record->payload % 16 != 0)) {
        run->wrong = true;
        return;
    }
    if (!run->reduces)
        digest_add(&run->digests[key], record->payload, record->payload_size);
    else if (record->payload_size == sizeof(struct digest) && run->digests[key].count == 0)
        memcpy(&run->digests[key], record->payload, sizeof(struct digest));
    else
        run->wrong = true;
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    (void)error;
    for (size_t i = 0; i < count; i++)
        take_record(context, &records[i]);
    return 0;
}

/* The records as bytes, which write takes apart again: key size, key, rank, payload size and
 * payload. */
static int encode(void *context, const struct mr_record *records, size_t count,
                  struct mr_buffer *bytes, struct mr_error *error)
{
    struct run *run = context;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        const struct mr_record *record = &records[i];
        unsigned char *at = mr_buffer_reserve(bytes, 24 + record->key_size + record->payload_size);
        const uint64_t numbers[] = {record->key_size, record->rank, record->payload_size};
        if (!at)
            return -1;
        if (record->payload_size > 0 && (uintptr_t)record->payload % 16 != 0)
            run->wrong = true;
        memcpy(at, numbers, sizeof numbers);
        memcpy(at + 24, record->key, record->key_size);
        memcpy(at + 24 + record->key_size, record->payload, record->payload_size);
        mr_buffer_commit(bytes, 24 + record->key_size + record->payload_size);
    }
    return 0;
}

static int write_records(void *context, const void *bytes, size_t size, uint64_t offset,
                         struct mr_error *error)
{
    (void)offset;
    (void)error;
    for (const unsigned char *at = bytes, *end = at + size; at < end;) {
        uint64_t numbers[3];
        memcpy(numbers, at, sizeof numbers);
        const size_t key_size = (size_t)numbers[0], payload_size = (size_t)numbers[2];
        unsigned char *payload = aligned_alloc(16, (payload_size + 31) & ~(size_t)15);
        memcpy(payload, at + 24 + key_size, payload_size);
        take_record(context, &(struct mr_record){.key = at + 24,
                                                 .key_size = key_size,
                                                 .rank = numbers[1],
                                                 .payload = payload,
                                                 .payload_size = payload_size});
        free(payload);
        at += 24 + key_size + payload_size;
    }
    return 0;
}

static struct mr_engine *engine_of(unsigned threads, uint64_t memory)
{
    struct mr_engine *engine;
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = threads, .memory = memory};
    ck_assert_int_eq(mr_engine_open(&options, &engine, NULL), MR_OK);
    return engine;
}

static struct mr_job_spec spec_of(struct run *run)
{
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .context = run, .size = MR_UNKNOWN, .next = next_split};
    struct mr_job_spec spec = {.struct_size = sizeof spec,
                               .input = mr_input_new(&reader),
                               .context = run,
                               .map = map_pairs,
                               .values = MR_GROUP,
                               .value_size = run->pairs.fixed,
                               .value_order = run->ordered ? mr_compare_bytes : NULL,
                               .reduce = run->reduces ? reduce : NULL,
                               .order = run->order,
                               .reverse = run->reverse,
                               .limit = run->limit};
    if (run->encodes) {
        const struct mr_writer writer = {
            .struct_size = sizeof writer, .context = run, .encode = encode, .write = write_records};
        spec.output = mr_output_new(&writer);
    } else {
        spec.collect = collect;
    }
    return spec;
}

/* Runs the job and compares what comes of it. */
static void check_run(struct run *run)
{
    struct mr_error error = {0};
    struct mr_engine *engine = engine_of(run->threads, run->memory);
    const struct mr_job_spec spec = spec_of(run);
    struct digest *want = expect(&run->pairs);
    uint64_t keys = 0;
    run->digests = calloc(run->pairs.keys, sizeof *run->digests);
    run->stats.struct_size = sizeof run->stats;
    ck_assert_ptr_nonnull(run->digests);
    const enum mr_status status = mr_run(engine, &spec, &run->stats, &error);
    ck_assert_msg(status == MR_OK, "status %d: %s", (int)status, error.text);
    ck_assert(!run->wrong);
    const bool told = run->reduces ? run->ordered : run->order == MR_ORDER_KEY;
    for (uint64_t key = 0; key < run->pairs.keys; key++) {
        const struct digest *got = &run->digests[key];
        keys += want[key].count > 0;
        if (run->reduces && run->way == WAY_NONE)
            continue;
        ck_assert_msg(got->count == want[key].count && got->bytes == want[key].bytes &&
                          got->sum == want[key].sum &&
                          (!told || got->in_order == want[key].in_order),
                      "key %" PRIu64 ": %" PRIu64 " values of %" PRIu64 " bytes, wanted %" PRIu64
                      " of %" PRIu64,
                      key, got->count, got->bytes, want[key].count, want[key].bytes);
    }
    ck_assert_uint_eq(run->results, run->reduces ? keys : run->pairs.count);
    ck_assert_uint_eq(run->stats.keys, keys);
    ck_assert_uint_eq(run->stats.records, run->pairs.count);
    ck_assert_uint_eq(engine->budget.used, 0);
    run->most = engine->budget.most;
    mr_engine_close(engine);
    free(want);
    free(run->digests);
}

/* ---- Every kind of values, keys and reading ------------------------------------------------- */

static const struct pairs kinds[] = {
    {.count = 20000, .keys = 900, .sizes = SIZE_SMALL, .lengths = KEYS_ALL},
    {.count = 20000, .keys = 40, .sizes = SIZE_SMALL, .lengths = KEYS_ALL, .few_kinds = true},
    {.count = 20000, .keys = 700, .sizes = SIZE_MIXED, .lengths = KEYS_ALL, .skew = 30},
    {.count = 3000, .keys = 3, .sizes = SIZE_EMPTY, .lengths = KEYS_ALL},
    {.count = 2000, .keys = 30, .sizes = SIZE_SMALL, .lengths = KEYS_LONG},
    {.count = 500, .keys = 1, .sizes = SIZE_MIXED, .lengths = KEYS_SHORT},
    {.count = 200, .keys = 3, .sizes = SIZE_GIANTS, .lengths = KEYS_ALL},
    {.count = 150, .keys = 4, .sizes = SIZE_GIANTS, .lengths = KEYS_LONG},
    {.count = 20000, .keys = 900, .sizes = SIZE_FIXED, .fixed = 8, .lengths = KEYS_ALL},
    {.count = 20000, .keys = 90, .sizes = SIZE_FIXED, .fixed = 3, .lengths = KEYS_ALL, .skew = 50},
    {.count = 9000, .keys = 90, .sizes = SIZE_FIXED, .fixed = 24, .lengths = KEYS_ALL},
    {.count = 9000, .keys = 90, .sizes = SIZE_FIXED, .fixed = 64, .lengths = KEYS_SHORT},
    {.count = 2000, .keys = 90, .sizes = SIZE_FIXED, .fixed = 3970, .lengths = KEYS_ALL},
    {.count = 1500, .keys = 90, .sizes = SIZE_FIXED, .fixed = 5001, .lengths = KEYS_ALL},
};
#define KINDS (sizeof kinds / sizeof *kinds)

START_TEST(a_reduce_gets_all_values_of_its_key)
{
    for (unsigned i = 0; i < 8; i += SANITIZED ? 3 : kinds[_i].sizes == SIZE_GIANTS ? 2 : 1) {
        struct run run = {.pairs = kinds[_i],
                          .reduces = true,
                          .ordered = i & 1,
                          .way = i % 3 == 0   ? WAY_NEXT
                                 : i % 3 == 1 ? WAY_ARRAY
                                              : WAY_ONE_THEN_ARRAY,
                          .batch = i & 4 && kinds[_i].sizes != SIZE_GIANTS,
                          .order = i & 2 ? MR_ORDER_KEY : MR_ORDER_NONE,
                          .encodes = i == 2 || i == 5,
                          .threads = 1 + i % 3,
                          .memory = i < 4 ? 1 : 256 * MIB};
        check_run(&run);
    }
}
END_TEST

START_TEST(without_a_reduce_each_value_is_a_record)
{
    for (unsigned i = 0; i < 6; i += SANITIZED ? 4 : 1) {
        struct run run = {.pairs = kinds[_i],
                          .batch = i & 1 && kinds[_i].sizes != SIZE_GIANTS,
                          .order = i % 3 == 0   ? MR_ORDER_KEY
                                   : i % 3 == 1 ? MR_ORDER_RANK
                                                : MR_ORDER_NONE,
                          .encodes = i & 2,
                          .threads = 1 + i % 3,
                          .memory = i < 3 ? 1 : 256 * MIB};
        check_run(&run);
    }
}
END_TEST

START_TEST(a_reduce_may_leave_values_unread)
{
    for (unsigned i = 0; i < 4; i += SANITIZED ? 3 : 1) {
        struct run run = {.pairs = kinds[_i],
                          .reduces = true,
                          .ordered = i & 1,
                          .way = WAY_NONE,
                          .threads = 2,
                          .memory = i < 2 ? 1 : 256 * MIB};
        check_run(&run);
    }
}
END_TEST

START_TEST(a_reduce_may_read_values_again)
{
    for (unsigned i = 0; i < 4; i += SANITIZED ? 3 : 1) {
        struct run run = {.pairs = kinds[_i],
                          .reduces = true,
                          .ordered = i == 1,
                          .way = WAY_AGAIN,
                          .threads = 2,
                          .memory = i < 2 ? 1 : 256 * MIB};
        check_run(&run);
    }
}
END_TEST

/* ---- Equal records -------------------------------------------------------------------------- */

static const struct run *ordered_by;

static int by_order(const void *a, const void *b)
{
    const struct mr_record *one = a, *other = b;
    int result = 0;
    if (ordered_by->order == MR_ORDER_RANK)
        result = (one->rank < other->rank) - (one->rank > other->rank);
    if (result == 0)
        result = mr_compare_bytes(NULL, one->key, one->key_size, other->key, other->key_size);
    if (result == 0)
        result = mr_compare_bytes(NULL, one->payload, one->payload_size, other->payload,
                                  other->payload_size);
    return ordered_by->reverse ? -result : result;
}

/* What the output's hash must be, by qsort. */
static uint64_t expect_order(const struct run *run)
{
    const struct pairs *pairs = &run->pairs;
    struct mr_record *records = calloc(pairs->count, sizeof *records);
    struct run plain = {.pairs = *pairs, .way = WAY_PUT};
    ck_assert_ptr_nonnull(records);
    for (uint64_t i = 0; i < pairs->count; i++) {
        const size_t size = size_of(pairs, i);
        unsigned char *bytes = malloc(KEY_MOST + size);
        ck_assert_ptr_nonnull(bytes);
        records[i] = (struct mr_record){
            .key = bytes,
            .key_size = make_key(pairs, key_of(pairs, i), (char *)bytes),
            .rank = run->reduces ? size % 3 : 0,
            .payload = bytes + KEY_MOST,
            .payload_size = size,
        };
        make_value(pairs, i, bytes + KEY_MOST);
    }
    ordered_by = run;
    qsort(records, pairs->count, sizeof *records, by_order);
    for (uint64_t i = 0; i < pairs->count; i++) {
        if (run->limit == 0 || i < run->limit)
            take_record(&plain, &records[i]);
        free((void *)(uintptr_t)records[i].key);
    }
    free(records);
    return plain.output;
}

/* Most of the pairs are the first key's, which is more than a range should hold. */
static const struct pairs equals[] = {
    {.count = 60000, .keys = 300, .sizes = SIZE_SMALL, .lengths = KEYS_ALL, .skew = 60},
    {.count = 60000, .keys = 1, .sizes = SIZE_MIXED, .lengths = KEYS_SHORT, .few_kinds = true},
    {.count = 4000, .keys = 7, .sizes = SIZE_SMALL, .lengths = KEYS_LONG, .skew = 60},
};
#define EQUALS (sizeof equals / sizeof *equals)

START_TEST(equal_records_come_in_one_order)
{
    static const unsigned threads[] = {1, 2, 8};
    for (unsigned way = 0; way < 8; way += SANITIZED ? 5 : 1) {
        struct run run = {.pairs = equals[_i],
                          .way = WAY_PUT,
                          .reduces = way & 1,
                          .order = way & 1 ? MR_ORDER_RANK : MR_ORDER_KEY,
                          .reverse = way & 2,
                          .limit = way & 4 ? equals[_i].count / 3 : 0};
        const uint64_t want = expect_order(&run);
        for (size_t i = SANITIZED ? 1 : 0; i < 3; i++) {
            struct run again = run;
            again.threads = threads[i];
            again.memory = way % 3 == 0 ? 256 * MIB : 1;
            again.encodes = i == 1;
            struct mr_engine *engine = engine_of(again.threads, again.memory);
            const struct mr_job_spec spec = spec_of(&again);
            ck_assert_int_eq(mr_run(engine, &spec, NULL, NULL), MR_OK);
            ck_assert_uint_eq(again.results, run.limit > 0 ? run.limit : run.pairs.count);
            ck_assert_msg(again.output == want, "way %u, %u threads", way, threads[i]);
            mr_engine_close(engine);
        }
    }
}
END_TEST

/* ---- What makes no sense -------------------------------------------------------------------- */

static int map_wrongly(void *context, void *state, const struct mr_split *split,
                       struct mr_emitter *emitter, struct mr_error *error)
{
    struct run *run = context;
    const uint64_t value = 1;
    (void)state;
    (void)split;
    (void)error;
    if (run->pairs.sizes == SIZE_FIXED)
        return mr_emit_bytes(emitter, "key", 3, &value, sizeof value) != MR_INVALID;
    return mr_emit(emitter, "key", 3, &value) != MR_INVALID;
}

START_TEST(a_value_of_the_other_kind_is_refused)
{
    static const char *const texts[] = {"values of any size are emitted by mr_emit_bytes",
                                        "mr_emit_bytes needs values of any size"};
    for (unsigned i = 0; i < 2; i++) {
        struct run run = {
            .pairs = {
                .count = 1, .keys = 1, .sizes = i ? SIZE_FIXED : SIZE_SMALL, .fixed = i ? 8 : 0}};
        struct mr_error error;
        struct mr_engine *engine = engine_of(1, 1);
        struct mr_job_spec spec = spec_of(&run);
        spec.map = map_wrongly;
        ck_assert_int_eq(mr_run(engine, &spec, NULL, &error), MR_INVALID);
        ck_assert_str_eq(error.text, texts[i]);
        mr_engine_close(engine);
    }
}
END_TEST

/* ---- More than memory ----------------------------------------------------------------------- */

/* One key with many times what a worker may take of 16 MiB, the first with 30 times as much, and
 * others beside it. */
static const struct pairs large[] = {
    {.count = 400000, .keys = 50, .sizes = SIZE_FIXED, .fixed = 152, .skew = 98},
    {.count = 300000, .keys = 1, .sizes = SIZE_FIXED, .fixed = 48},
    {.count = 300000, .keys = 3, .sizes = SIZE_SMALL, .skew = 90},
    {.count = 150000, .keys = 20, .sizes = SIZE_MIXED, .skew = 95, .few_kinds = true},
};
#define LARGE (sizeof large / sizeof *large)

START_TEST(values_past_memory_are_sorted_within_it)
{
    for (unsigned threads = SANITIZED ? 2 : 1; threads <= 2; threads++) {
        struct run run = {.pairs = large[_i],
                          .reduces = true,
                          .ordered = true,
                          .way = threads == 1 ? WAY_ARRAY : WAY_NEXT,
                          .threads = threads,
                          .memory = 16 * MIB};
        check_run(&run);
        ck_assert_uint_gt(run.stats.spilled, 0);
        ck_assert_msg(run.most <= 20 * MIB, "%" PRIu64 " bytes", run.most);
        if (threads == 1)
            ck_assert_uint_ge(run.streams, 1);
    }
}
END_TEST

START_TEST(values_past_memory_are_read_within_it)
{
    struct run run = {
        .pairs = large[_i], .reduces = true, .way = WAY_AGAIN, .threads = 2, .memory = 16 * MIB};
    check_run(&run);
    ck_assert_msg(run.most <= 20 * MIB, "%" PRIu64 " bytes", run.most);
}
END_TEST

/* Records of one key and one rank, 3 times what memory holds, are told apart by their payloads. */
START_TEST(equal_records_past_memory_are_ordered_within_it)
{
    const struct pairs pairs[] = {
        {.count = 400000, .keys = 1, .sizes = SIZE_FIXED, .fixed = 152},
        {.count = 400000, .keys = 50, .sizes = SIZE_FIXED, .fixed = 152, .skew = 98},
    };
    for (unsigned i = SANITIZED ? 1 : 0; i < (SANITIZED ? 2 : 4); i++) {
        struct run run = {.pairs = pairs[i % 2],
                          .order = i < 2 ? MR_ORDER_KEY : MR_ORDER_RANK,
                          .threads = 1 + i % 2,
                          .memory = 16 * MIB};
        check_run(&run);
        ck_assert_msg(run.most <= 20 * MIB, "%" PRIu64 " bytes", run.most);
    }
}
END_TEST

Suite *test_values_suite(void);

Suite *test_values_suite(void)
{
    Suite *suite = suite_create("values");
    TCase *tests = tcase_create("values");
    tcase_set_timeout(tests, SANITIZED ? 600 : 120);
    tcase_add_loop_test(tests, a_reduce_gets_all_values_of_its_key, 0, KINDS);
    tcase_add_loop_test(tests, without_a_reduce_each_value_is_a_record, 0, KINDS);
    tcase_add_loop_test(tests, a_reduce_may_leave_values_unread, 0, KINDS);
    tcase_add_loop_test(tests, a_reduce_may_read_values_again, 0, KINDS);
    tcase_add_loop_test(tests, equal_records_come_in_one_order, 0, EQUALS);
    tcase_add_test(tests, a_value_of_the_other_kind_is_refused);
    tcase_add_loop_test(tests, values_past_memory_are_sorted_within_it, 0, SANITIZED ? 2 : LARGE);
    tcase_add_loop_test(tests, values_past_memory_are_read_within_it, 0, SANITIZED ? 1 : LARGE);
    tcase_add_test(tests, equal_records_past_memory_are_ordered_within_it);
    suite_add_tcase(suite, tests);
    return suite;
}
