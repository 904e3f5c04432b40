/* SPDX-License-Identifier: MIT
 *
 * test_handles - each value that is emitted is passed on once, as it was, so that it may stand for
 * an object of the caller's: combined into another, or given to a reduce; small values, which
 * streams hold word by word, and numbers come out as they went in; and values that the engine adds
 * itself are added as combine would.
 */
#include "engine/core/aligned.h"
#include "engine/core/record.h"
#include "unit/random.h"
#include "unit/sanitized.h"

#include <check.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Suite *test_handles_suite(void);

#define MIB ((uint64_t)1 << 20)
#define EACH 5000u
#define LARGEST 136u

/* ---- Word by word ---------------------------------------------------------------------------- */

/* A word with some significant bytes, often few. */
static uint64_t some_word(void)
{
    const uint64_t word = random_next();
    const unsigned bytes = below(9);
    return bytes == 0 ? 0 : word >> (64 - 8 * bytes);
}

START_TEST(words_come_back_as_they_were)
{
    static const uint64_t borders[] = {0,
                                       1,
                                       0xff,
                                       0x100,
                                       0xffff,
                                       0x10000,
                                       1u << 31,
                                       UINT64_C(1) << 32,
                                       UINT64_C(1) << 56,
                                       UINT64_MAX >> 8,
                                       UINT64_C(1) << 63,
                                       UINT64_MAX};
    enum { BORDERS = sizeof borders / sizeof *borders };
    for (unsigned round = 0; round < 20000; round++) {
        const size_t words = 1 + below(RECORD_WORDS_MOST / 8), size = 8 * words;
        const struct record_form form = {.kind = RECORD_WORDS, .value_size = size};
        unsigned char text[2 * RECORD_LONG + RECORD_COPIED] = {'k'};
        unsigned char packed[1024], got[RECORD_WORDS_MOST + 1];
        uint64_t value[RECORD_WORDS_MOST / 8];
        struct record record;
        size_t significant = 0;
        for (size_t i = 0; i < words; i++) {
            value[i] = below(4) > 0 ? some_word() : borders[below(BORDERS)];
            for (uint64_t word = value[i]; word != 0; word >>= 8)
                significant++;
        }
        const size_t key = below(20) > 0 ? below(RECORD_LONG) : RECORD_LONG - 2 + below(4);
        memset(packed, 0x5a, sizeof packed);
        unsigned char *at = record_put_head(packed, key, false);
        memcpy(at, text, key);
        const unsigned char *end = record_put_value(at + key, form, key, 0, value);
        ck_assert_uint_le((size_t)(end - packed), record_bound(key, size));
        if (key < RECORD_LONG)
            ck_assert_uint_eq((size_t)(end - at) - key, (words + 1) / 2 + significant);
        ck_assert_ptr_eq(record_get(packed, form.kind, size, &record), end);
        ck_assert_uint_eq(record.size, key);
        ck_assert_uint_eq(record.value_size, size);
        got[size] = 0xa5;
        record_copy_value(&record, form.kind, got);
        ck_assert_mem_eq(got, value, size);
        ck_assert_uint_eq(got[size], 0xa5);
        ck_assert_mem_eq(record_value(&record, form.kind, got), value, size);
    }
}
END_TEST

START_TEST(numbers_come_back_as_they_were)
{
    unsigned char packed[RECORD_NUMBER_MAX + 8];
    for (unsigned round = 0; round < 200000; round++) {
        /* Around the borders of sizes, and with zeros behind. */
        uint64_t number = some_word() >> below(8) << below(8), got;
        if (round % 4 == 0)
            number = (UINT64_C(1) << below(64)) - 2 + below(5);
        if (round < 60000)
            number = round;
        memset(packed, 0x5a, sizeof packed);
        const unsigned char *end = record_put_number(packed, number);
        ck_assert_uint_le((size_t)(end - packed), RECORD_NUMBER_MAX - 1);
        ck_assert_ptr_eq(record_get_number(packed, &got), end);
        ck_assert_uint_eq(got, number);
        ck_assert_uint_le((size_t)(end - packed), number < 128 ? 1u : number < 28800 ? 2u : 9u);
    }
}
END_TEST

static size_t make_key(uint64_t key, unsigned char *text)
{
    static const int widths[] = {1, 5, 11, 11, 11, 20, 40, 150};
    return (size_t)snprintf((char *)text, 160, "%0*llx", widths[key % 8],
                            (unsigned long long)(key + 1));
}

/* ---- Added ----------------------------------------------------------------------------------- */

/* Values are totals of even and of odd amounts, modulo 2^TOTAL_BITS: one of them with its tag in
 * the number, or both. Behind it is the odd one of both and 1, or a count. Of a value with a large
 * count, or one and both totals, the number has both, of 28 bits each, and its second word says
 * so: all totals are modulo 2^28 then. */
#define TAG UINT64_C(0xff)
#define TAG_BITS 8
#define TOTAL_BITS 56
#define HALF_BITS 28
#define COUNTS_BOTH (UINT64_C(1) << 63)
enum tag { TAG_EVEN, TAG_ODD, TAG_BOTH };

struct adding {
    uint64_t guard;      /* of values with counts, else 0 */
    uint64_t keys, most; /* amounts are below this */
    bool odd;            /* there are some */
    bool batches;
    uint64_t next;
    atomic_ulong calls;
    uint64_t *counts, *even, *odds;
    bool wrong;
};

#define ADDED 400000u

static uint64_t adding_key(const struct adding *adding, uint64_t number)
{
    const uint64_t mixed = number * UINT64_C(0x9e3779b97f4a7c15);
    return (mixed ^ mixed >> 31) % adding->keys;
}

static uint64_t amount_of(const struct adding *adding, uint64_t number, bool *odd)
{
    const uint64_t mixed = number * UINT64_C(0xbf58476d1ce4e5b9);
    *odd = adding->odd && mixed >> 60 == 0;
    return (mixed ^ mixed >> 29) % adding->most;
}

static uint64_t adding_mask(const struct adding *adding)
{
    return UINT64_MAX >> (64 - (adding->guard != 0 ? HALF_BITS : TOTAL_BITS));
}

static void adding_read(const struct adding *adding, const uint64_t *value, uint64_t *even,
                        uint64_t *odd)
{
    const uint64_t total = value[0] >> TAG_BITS;
    const enum tag tag = (enum tag)(value[0] & TAG);
    *even = tag == TAG_ODD ? 0 : total & adding_mask(adding);
    *odd = tag == TAG_ODD    ? total & adding_mask(adding)
           : tag != TAG_BOTH ? 0
           : adding->guard   ? total >> HALF_BITS
                             : value[1] - 1;
}

static void adding_combine(void *context, void *into, const void *from)
{
    struct adding *adding = context;
    uint64_t *a = into, even[2], odd[2];
    const uint64_t *b = from;
    const uint64_t count = (a[1] & ~COUNTS_BOTH) + (b[1] & ~COUNTS_BOTH);
    adding->calls++;
    if (aligned_gap(into) > 0 || aligned_gap(from) > 0 ||
        ((a[1] & adding->guard) != 0 && (a[0] & TAG) != TAG_BOTH) ||
        ((b[1] & adding->guard) != 0 && (b[0] & TAG) != TAG_BOTH))
        adding->wrong = true;
    adding_read(adding, a, &even[0], &odd[0]);
    adding_read(adding, b, &even[1], &odd[1]);
    even[0] = (even[0] + even[1]) & adding_mask(adding);
    odd[0] = (odd[0] + odd[1]) & adding_mask(adding);
    const bool both =
        (a[0] & TAG) == TAG_BOTH || ((a[0] ^ b[0]) & TAG) != 0 || (count & adding->guard) != 0;
    if (adding->guard != 0) {
        a[1] = both ? count | COUNTS_BOTH : count;
        if (both) {
            a[0] = (odd[0] << HALF_BITS | even[0]) << TAG_BITS | TAG_BOTH;
            return;
        }
    } else {
        a[1] = both ? odd[0] + 1 : 0;
    }
    a[0] = both                      ? even[0] << TAG_BITS | TAG_BOTH
           : (a[0] & TAG) == TAG_ODD ? odd[0] << TAG_BITS | TAG_ODD
                                     : even[0] << TAG_BITS;
}

static int adding_next(void *context, struct mr_split *split, struct mr_error *error)
{
    static const unsigned char nothing[1 + MR_PAD];
    struct adding *adding = context;
    (void)error;
    split->end = adding->next >= ADDED;
    if (split->end)
        return 0;
    *split =
        (struct mr_split){.data = nothing, .size = 1, .length = 8 * EACH, .offset = adding->next};
    adding->next += EACH;
    return 0;
}

static int adding_map(void *context, void *state, const struct mr_split *split,
                      struct mr_emitter *emitter, struct mr_error *error)
{
    enum { BATCH = 50 };
    struct adding *adding = context;
    uint64_t values[BATCH * 2];
    unsigned char keys[BATCH * 160 + MR_PAD];
    struct mr_span spans[BATCH];
    (void)state;
    (void)error;
    for (uint64_t i = split->offset; i < split->offset + EACH; i += BATCH) {
        uint32_t used = 0;
        for (unsigned n = 0; n < BATCH; n++) {
            uint64_t *value = values + n * 2;
            bool odd;
            spans[n].begin = used;
            used += (uint32_t)make_key(adding_key(adding, i + n), keys + used);
            spans[n].end = used;
            value[0] = amount_of(adding, i + n, &odd) << TAG_BITS;
            value[0] |= odd ? TAG_ODD : TAG_EVEN;
            value[1] = adding->guard != 0;
        }
        if (adding->batches &&
            mr_emit_batch(emitter, keys, sizeof keys, spans, BATCH, values) != MR_OK)
            return -1;
        for (unsigned n = 0; !adding->batches && n < BATCH; n++)
            if (mr_emit(emitter, keys + spans[n].begin, spans[n].end - spans[n].begin,
                        values + n * 2) != MR_OK)
                return -1;
    }
    return 0;
}

static int adding_collect(void *context, const struct mr_record *records, size_t count,
                          struct mr_error *error)
{
    struct adding *adding = context;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        char text[160];
        uint64_t value[2], even, odd, key;
        memcpy(text, records[i].key, records[i].key_size);
        text[records[i].key_size] = '\0';
        key = strtoull(text, NULL, 16) - 1;
        memcpy(value, records[i].payload, sizeof value);
        adding_read(adding, value, &even, &odd);
        if (key >= adding->keys || records[i].payload_size != sizeof value ||
            even != adding->even[key] || odd != adding->odds[key] ||
            (adding->guard != 0 && (value[1] & ~COUNTS_BOTH) != adding->counts[key]))
            adding->wrong = true;
        else
            adding->counts[key] = 0;
    }
    return 0;
}

START_TEST(values_are_added_where_their_tags_agree)
{
    static const uint64_t keys[] = {90, 20000, 300000};
    for (unsigned way = 0; way < (SANITIZED ? 6 : 12); way++) {
        const bool small = way % 2 == 0;
        /* Of large amounts counts are large soon, too. */
        const uint64_t guard = COUNTS_BOTH | UINT64_C(1) << (small ? 40 : 9);
        struct adding adding = {.guard = way / 2 % 2 ? guard : 0,
                                .keys = keys[way % 3],
                                .most = small ? 1000 : UINT64_C(1) << 55,
                                .odd = !small,
                                .batches = way % 4 < 2};
        const struct mr_engine_options options = {.struct_size = sizeof options,
                                                  .threads = 1 + way % 3,
                                                  .memory = way < 6 ? 256 * MIB : 1};
        const struct mr_reader reader = {.struct_size = sizeof reader,
                                         .context = &adding,
                                         .size = MR_UNKNOWN,
                                         .next = adding_next};
        struct mr_engine *engine;
        struct mr_error error = {.status = MR_OK};
        adding.counts = calloc(3 * adding.keys, sizeof *adding.counts);
        ck_assert_ptr_nonnull(adding.counts);
        adding.even = adding.counts + adding.keys;
        adding.odds = adding.even + adding.keys;
        for (uint64_t i = 0; i < ADDED; i++) {
            bool odd;
            const uint64_t key = adding_key(&adding, i), amount = amount_of(&adding, i, &odd);
            uint64_t *total = odd ? &adding.odds[key] : &adding.even[key];
            *total = (*total + amount) & adding_mask(&adding);
            adding.counts[key]++;
        }
        ck_assert_int_eq(mr_engine_open(&options, &engine, &error), MR_OK);
        const struct mr_job_spec spec = {.struct_size = sizeof spec,
                                         .context = &adding,
                                         .input = mr_input_new(&reader),
                                         .map = adding_map,
                                         .values = MR_COMBINE,
                                         .value_size = 2 * sizeof(uint64_t),
                                         .combine = adding_combine,
                                         .add_tag = TAG,
                                         .add_guard = adding.guard,
                                         .collect = adding_collect};
        ck_assert_msg(mr_run(engine, &spec, NULL, &error) == MR_OK, "%s", error.text);
        mr_engine_close(engine);
        ck_assert(!adding.wrong);
        for (uint64_t i = 0; i < adding.keys; i++)
            ck_assert_uint_eq(adding.counts[i], 0);
        ck_assert(small ? adding.calls == 0 : adding.calls > 0);
        free(adding.counts);
    }
}
END_TEST

/* ---- Once ------------------------------------------------------------------------------------ */

/* A job whose values are numbers of objects. */
struct work {
    enum mr_value_mode values;
    size_t value_size;
    uint64_t pairs, keys;
    unsigned skew; /* so many of a hundred pairs are of one key */
    bool ordered, batches;
    uint64_t next, results;
    struct object {
        uint64_t key, stands_for; /* pairs whose values have been combined into this one */
        atomic_uint passed;
    } * objects;
    atomic_bool wrong;
    bool spills;
};

static uint64_t key_of(const struct work *work, uint64_t number)
{
    const uint64_t mixed = number * UINT64_C(0x9e3779b97f4a7c15);
    return (mixed >> 40) % 100 < work->skew ? 0 : (mixed ^ mixed >> 29) % work->keys;
}

/* What follows the number in its value: words of any number of bytes. */
static void make_value(const struct work *work, uint64_t number, unsigned char *value)
{
    uint64_t words[LARGEST / 8] = {number};
    for (size_t i = 1; i < sizeof words / sizeof *words; i++) {
        const uint64_t mixed = (number + i) * UINT64_C(0xbf58476d1ce4e5b9);
        words[i] = mixed % 9 == 0 ? 0 : (mixed ^ mixed >> 31) >> 8 * (mixed % 9 - 1);
    }
    memcpy(value, words, work->value_size);
}

/* The object of a value, which must be as it was made. */
static struct object *object_of(struct work *work, const void *value)
{
    unsigned char want[LARGEST];
    uint64_t number;
    memcpy(&number, value, sizeof number);
    if (number >= work->pairs || aligned_gap(value) > 0) {
        work->wrong = true;
        return &work->objects[0];
    }
    make_value(work, number, want);
    if (memcmp(value, want, work->value_size) != 0)
        work->wrong = true;
    return &work->objects[number];
}

static void pass(struct work *work, struct object *object)
{
    if (atomic_fetch_add(&object->passed, 1) != 0)
        work->wrong = true;
}

static int next_split(void *context, struct mr_split *split, struct mr_error *error)
{
    static const unsigned char nothing[1 + MR_PAD];
    struct work *work = context;
    (void)error;
    split->end = work->next >= work->pairs;
    if (split->end)
        return 0;
    *split =
        (struct mr_split){.data = nothing, .size = 1, .length = 8 * EACH, .offset = work->next};
    work->next += EACH;
    return 0;
}

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    enum { BATCH = 50 };
    struct work *work = context;
    alignas(16) unsigned char values[BATCH * LARGEST];
    unsigned char keys[BATCH * 160 + MR_PAD];
    struct mr_span spans[BATCH];
    (void)state;
    (void)error;
    for (uint64_t i = split->offset; i < split->offset + EACH; i += BATCH) {
        uint32_t used = 0;
        for (unsigned n = 0; n < BATCH; n++) {
            const uint64_t key = key_of(work, i + n);
            spans[n].begin = used;
            used += (uint32_t)make_key(key, keys + used);
            spans[n].end = used;
            make_value(work, i + n, values + n * work->value_size);
            work->objects[i + n].key = key;
            work->objects[i + n].stands_for = 1;
        }
        if (work->batches &&
            mr_emit_batch(emitter, keys, sizeof keys, spans, BATCH, values) != MR_OK)
            return -1;
        for (unsigned n = 0; !work->batches && n < BATCH; n++)
            if (mr_emit(emitter, keys + spans[n].begin, spans[n].end - spans[n].begin,
                        values + n * work->value_size) != MR_OK)
                return -1;
    }
    return 0;
}

static void combine(void *context, void *into, const void *from)
{
    struct work *work = context;
    struct object *one = object_of(work, into), *other = object_of(work, from);
    if (one->key != other->key || one == other)
        work->wrong = true;
    one->stands_for += other->stands_for;
    pass(work, other);
}

static int order(void *context, const void *a, size_t a_size, const void *b, size_t b_size)
{
    const struct object *one = object_of(context, a), *other = object_of(context, b);
    (void)a_size;
    (void)b_size;
    return (one > other) - (one < other);
}

static int reduce(void *context, void *state, const void *key, size_t size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    struct work *work = context;
    unsigned char want[160];
    uint64_t sum = 0;
    const void *value;
    (void)state;
    (void)error;
    while ((value = mr_values_next(values, NULL))) {
        struct object *object = object_of(work, value);
        if (make_key(object->key, want) != size || memcmp(key, want, size) != 0)
            work->wrong = true;
        sum += object->stands_for;
        pass(work, object);
    }
    return mr_put(results, key, size, sum, NULL, 0) == MR_OK ? 0 : -1;
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct work *work = context;
    (void)error;
    for (size_t i = 0; i < count; i++)
        work->results += records[i].rank;
    return 0;
}

static const struct work works[] = {
    {.values = MR_COMBINE, .value_size = 8, .pairs = 60000, .keys = 700, .batches = true},
    {.values = MR_COMBINE, .value_size = 16, .pairs = 300000, .keys = 100000, .batches = true},
    {.values = MR_COMBINE, .value_size = 24, .pairs = 300000, .keys = 250000},
    {.values = MR_COMBINE, .value_size = 12, .pairs = 100000, .keys = 60000, .batches = true},
    {.values = MR_COMBINE, .value_size = 136, .pairs = 100000, .keys = 50000, .spills = true},
    /* More than a worker's share comes to a partition: it is repartitioned. */
    {.values = MR_COMBINE,
     .value_size = 64,
     .pairs = 1600000,
     .keys = 1300000,
     .batches = true,
     .spills = true},
    {.values = MR_GROUP,
     .value_size = 16,
     .pairs = 300000,
     .keys = 1000,
     .skew = 60,
     .batches = true},
    {.values = MR_GROUP,
     .value_size = 40,
     .pairs = 400000,
     .keys = 9,
     .skew = 90,
     .ordered = true,
     .spills = true},
};

START_TEST(each_value_is_passed_on_once)
{
    struct work work = works[_i];
    struct mr_engine *engine;
    struct mr_error error;
    struct mr_stats stats = {.struct_size = sizeof stats};
    if (SANITIZED && work.pairs > 100000)
        work.pairs = 100000;
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = 2, .memory = 16 * MIB};
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .context = &work, .size = 8 * work.pairs, .next = next_split};
    work.objects = calloc(work.pairs, sizeof *work.objects);
    ck_assert_ptr_nonnull(work.objects);
    ck_assert_int_eq(mr_engine_open(&options, &engine, NULL), MR_OK);
    const struct mr_job_spec spec = {.struct_size = sizeof spec,
                                     .context = &work,
                                     .input = mr_input_new(&reader),
                                     .map = map,
                                     .values = work.values,
                                     .value_size = work.value_size,
                                     .combine = work.values == MR_COMBINE ? combine : NULL,
                                     .value_order = work.ordered ? order : NULL,
                                     .reduce = reduce,
                                     .collect = collect};
    ck_assert_msg(mr_run(engine, &spec, &stats, &error) == MR_OK, "%s", error.text);
    ck_assert(!work.wrong);
    ck_assert_uint_eq(work.results, work.pairs);
    for (uint64_t i = 0; i < work.pairs; i++)
        ck_assert_uint_eq(atomic_load(&work.objects[i].passed), 1);
    ck_assert(SANITIZED || !work.spills || stats.spilled > 0);
    mr_engine_close(engine);
    free(work.objects);
}
END_TEST

Suite *test_handles_suite(void)
{
    Suite *suite = suite_create("handles");
    TCase *words = tcase_create("words"), *once = tcase_create("once");
    tcase_add_test(words, words_come_back_as_they_were);
    tcase_add_test(words, numbers_come_back_as_they_were);
    tcase_add_test(words, values_are_added_where_their_tags_agree);
    tcase_set_timeout(words, 60);
    tcase_add_loop_test(once, each_value_is_passed_on_once, 0, sizeof works / sizeof *works);
    tcase_set_timeout(once, 60);
    suite_add_tcase(suite, words);
    suite_add_tcase(suite, once);
    return suite;
}
