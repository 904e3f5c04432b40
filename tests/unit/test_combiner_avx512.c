/* SPDX-License-Identifier: MIT
 *
 * test_combiner_avx512.c - W1 and W2 keys counted side by side, or with values that are added,
 * against the table's own lookup and context_add, key by key: every number of keys, every size,
 * keys that lie where their probe begins, in either slot where there are two, that do not, that are
 * not there at all, and that pass; values that are added, and such as may not be.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/context.h"
#include "engine/map/combiner_avx512.h"
#include "unit/cases.h"
#include "unit/random.h"

#define SLOTS 256u
#define STRIDE 4u
#define TEXT 4096u
#define ROUNDS 2000u

/* Words of three letters, so that there are some W1 keys often and many rarely; at times a NUL,
 * or none at all. Returns how many spans there are. */
static size_t make_keys(unsigned char text[TEXT], struct mr_span *spans, size_t most)
{
    uint32_t at = 0;
    for (size_t i = 0; i < TEXT; i++)
        text[i] = below(100) == 0 ? 0 : (unsigned char)('a' + below(3));
    for (size_t i = 0; i < most; i++) {
        uint32_t size = below(4) == 0 ? 8 + below(below(3) ? 2 : 30) : below(below(8) + 1);
        spans[i] = (struct mr_span){at, at + size};
        at += size + below(2);
    }
    ck_assert_uint_le(at + MR_PAD, TEXT);
    return most;
}

static size_t size_of(struct mr_span span)
{
    return span.end - span.begin;
}

/* A table and what its slots must hold in the end. */
struct held {
    uint64_t w1[SLOTS * STRIDE], w2[SLOTS * STRIDE];
};

static struct combiner_slots slots_of(struct held *held, size_t slots, const struct hash_seed *seed,
                                      bool adds)
{
    return (struct combiner_slots){held->w1, held->w2, slots - 1, slots - 1, seed, adds};
}

static size_t w1_stride(const struct combiner_slots *table)
{
    return table->adds ? STRIDE : 2;
}

/* How the values of the test are added, and values: mostly small ones with the same tag, some with
 * another, or that run over, or with bits of the guard. */
static const struct context adding = {
    .add_tag = 7, .add_bits = ~(uint64_t)7, .add_guard = (uint64_t)1 << 40};

static void make_value(uint64_t value[2])
{
    value[0] = (uint64_t)below(1000) << 3 | (below(8) == 0 ? below(8) : 2);
    value[1] = below(3);
    switch (below(24)) {
    case 0:
        value[0] |= UINT64_MAX << (3 + below(20));
        break;
    case 1:
        value[1] = UINT64_MAX - below(2);
        break;
    case 2:
        value[1] = ((uint64_t)1 << 40) - below(2);
        break;
    }
}

/* Puts a value where there is none, or adds it; returns whether that could be done. */
static bool add_slowly(uint64_t *into, const uint64_t *value)
{
    if (value)
        return context_add(&adding, into, value);
    ++*into;
    return true;
}

/* What must come of it, by the definition; `values` is NULL where they are 1. Returns how many were
 * second of a pair. */
static size_t count_slowly(const struct combiner_slots *table, const unsigned char *base,
                           const struct mr_span *spans, size_t count, const uint64_t *values,
                           struct combiner_misses *rest, size_t *unlike)
{
    size_t seconds = 0, numbers[2] = {0, 0};
    rest->w1_count = rest->w2_count = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t words[KEY_W4_WORDS], *slot;
        const size_t size = size_of(spans[i]);
        const enum key_class key_class = key_class_of(size);
        if (key_class > KEY_W2)
            continue;
        const bool w1 = key_class == KEY_W1;
        uint64_t *slots = w1 ? table->w1_slots : table->w2_slots;
        const size_t mask = w1 ? table->w1_mask : table->w2_mask;
        const size_t key_words = key_class_words(key_class),
                     stride = w1 ? w1_stride(table) : STRIDE;
        const size_t own = numbers[w1]++;
        const uint64_t hash = key_load(key_class, table->seed, words, base + spans[i].begin, size);
        const bool found = combiner_table_find(key_class, slots, mask, stride, words, hash, &slot);
        const size_t number = (size_t)(slot - slots) / stride;
        const size_t home = combiner_table_home(key_class, hash, mask, stride);
        const bool pairs = !w1 || table->adds;
        const bool here = found && (pairs ? number / 2 == home / 2 : number == home);
        if (here && add_slowly(slot + key_words, values ? values + 2 * i : NULL)) {
            seconds += pairs && number % 2 == 1;
            continue;
        }
        *unlike += here;
        uint64_t *row = w1 ? rest->w1_rows + rest->w1_count++ * COMBINER_W1_ROW
                           : rest->w2_rows + rest->w2_count++ * COMBINER_W2_ROW;
        row[0] = hash;
        memcpy(row + 1, words, key_words * sizeof *words);
        row[1 + key_words] = own;
    }
    return seconds;
}

/* Brings some of the keys into the slots. */
static void fill_slots(const struct combiner_slots *table, const unsigned char *text,
                       const struct mr_span *spans, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t words[KEY_W4_WORDS], *slot;
        const enum key_class key_class = key_class_of(size_of(spans[i]));
        if (key_class > KEY_W2 || below(4) == 0)
            continue;
        const bool w1 = key_class == KEY_W1;
        const size_t key_words = key_class_words(key_class);
        const uint64_t hash =
            key_load(key_class, table->seed, words, text + spans[i].begin, size_of(spans[i]));
        if (!combiner_table_find(key_class, w1 ? table->w1_slots : table->w2_slots,
                                 w1 ? table->w1_mask : table->w2_mask,
                                 w1 ? w1_stride(table) : STRIDE, words, hash, &slot)) {
            ck_assert_ptr_nonnull(slot);
            memcpy(slot, words, key_words * sizeof *words);
        }
        if (table->adds)
            make_value(slot + key_words);
        else
            slot[key_words] += 1 + below(5);
    }
}

/* The same rows; but for the word that is left as it is where there are no values. */
static void check_rows(const uint64_t *rows, const uint64_t *want, size_t count, size_t row_words,
                       bool adds)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_mem_eq(rows + i * row_words, want + i * row_words,
                         (row_words - !adds) * sizeof *rows);
}

/* Counts or adds. */
static void finish(const struct combiner_loops *loops, const struct combiner_batch *keys,
                   const struct combiner_batch *next, struct combiner_misses *rest)
{
    const struct combiner_adding how = {adding.add_tag, adding.add_guard};
    if (keys->table.adds)
        loops->add(keys, next, &how, rest);
    else
        loops->count(keys, next, rest);
}

/* Keys of a class that passes: their places are the hashes that tell the partition, and nothing of
 * them is counted. */
static void check_passing(const struct combiner_loops *loops, const unsigned char *text,
                          const struct mr_span *spans, size_t count, const uint64_t *values,
                          const struct combiner_slots *table)
{
    static struct combiner_batch keys, none;
    static struct combiner_misses rest;
    size_t w1_count = 0, w2_count = 0;
    loops->take(table, text, spans, count, values, &keys);
    loops->take(table, NULL, NULL, 0, NULL, &none);
    finish(loops, &none, &keys, &rest);
    finish(loops, &keys, &none, &rest);
    for (size_t i = 0; i < count; i++) {
        const size_t size = size_of(spans[i]);
        if (size > KEY_W2_MOST)
            continue;
        const uint64_t hash = key_hash(table->seed, text + spans[i].begin, size);
        const uint64_t *value =
            size <= KEY_W1_MOST ? keys.w1_values + 2 * w1_count : keys.w2_values + 2 * w2_count;
        if (values)
            ck_assert_mem_eq(value, values + 2 * i, 2 * sizeof *values);
        const uint64_t place =
            size <= KEY_W1_MOST ? keys.w1_places[w1_count++] : keys.w2_places[w2_count++];
        if ((size <= KEY_W1_MOST ? table->w1_mask : table->w2_mask) == COMBINER_BYPASSED)
            ck_assert_uint_eq(place, hash);
    }
    ck_assert_uint_eq(keys.w1_count, w1_count);
    ck_assert_uint_eq(keys.w2_count, w2_count);
    ck_assert(table->w1_mask != COMBINER_BYPASSED || rest.w1_count == 0);
    ck_assert(table->w2_mask != COMBINER_BYPASSED || rest.w2_count == 0);
}

static void check_loops(const struct combiner_loops *loops, bool adds)
{
    static unsigned char text[TEXT];
    static struct held held, want_held;
    struct mr_span spans[COMBINER_BATCH];
    struct hash_seed seed;
    size_t missed[2] = {0, 0}, rest_count = 0, counted = 0, seconds = 0, unlike = 0;
    uint64_t values[2 * COMBINER_BATCH], *given = adds ? values : NULL;
    for (unsigned round = 0; round < ROUNDS; round++) {
        hash_seed_fixed(&seed, round / 16);
        const struct combiner_slots table = slots_of(&held, SLOTS, &seed, adds);
        const struct combiner_slots want_table = slots_of(&want_held, SLOTS, &seed, adds);
        const size_t count = make_keys(text, spans, round % (COMBINER_BATCH + 1));
        static struct combiner_batch keys, none;
        struct combiner_misses rest, want;
        for (size_t i = 0; i < count; i++)
            make_value(values + 2 * i);
        memset(&held, 0, sizeof held);
        fill_slots(&table, text, spans, count);
        want_held = held;
        memset(&rest, 0xa5, sizeof rest);
        /* Every other time the table has changed between the two. */
        const struct combiner_slots other = slots_of(&held, SLOTS / 2, &seed, adds);
        loops->take(round % 2 ? &other : &table, text, spans, count, given, &keys);
        if (round % 2)
            loops->place(&table, &keys);
        ck_assert(combiner_slots_same(&keys.table, &table) &&
                  !combiner_slots_same(&keys.table, &other));
        loops->take(&table, NULL, NULL, 0, NULL, &none);
        finish(loops, &none, &keys, &rest);
        ck_assert(rest.w1_count == 0 && rest.w2_count == 0);
        finish(loops, &keys, &none, &rest);
        seconds += count_slowly(&want_table, text, spans, count, given, &want, &unlike);
        ck_assert_mem_eq(&held, &want_held, sizeof held);
        ck_assert_uint_eq(rest.w1_count, want.w1_count);
        ck_assert_uint_eq(rest.w2_count, want.w2_count);
        check_rows(rest.w1_rows, want.w1_rows, want.w1_count, COMBINER_W1_ROW, adds);
        check_rows(rest.w2_rows, want.w2_rows, want.w2_count, COMBINER_W2_ROW, adds);
        size_t longer = 0;
        for (size_t i = 0; i < count; i++)
            if (size_of(spans[i]) > KEY_W2_MOST) {
                ck_assert_uint_lt(longer, keys.rest_count);
                ck_assert_uint_eq(keys.rest[longer++], i);
            }
        ck_assert_uint_eq(keys.rest_count, longer);
        for (unsigned way = 1; way < 4; way++) {
            static struct held nothing;
            struct combiner_slots passing = slots_of(&nothing, SLOTS, &seed, adds);
            passing.w1_mask = way & 1 ? COMBINER_BYPASSED : passing.w1_mask;
            passing.w2_mask = way & 2 ? COMBINER_BYPASSED : passing.w2_mask;
            check_passing(loops, text, spans, count, given, &passing);
        }
        missed[0] += want.w1_count;
        missed[1] += want.w2_count;
        rest_count += longer;
        counted += count - want.w1_count - want.w2_count - longer;
    }
    ck_assert_uint_gt(missed[0], ROUNDS);
    ck_assert_uint_gt(missed[1], ROUNDS);
    ck_assert_uint_gt(rest_count, ROUNDS);
    ck_assert_uint_gt(counted, ROUNDS);
    ck_assert_uint_gt(seconds, ROUNDS / 32);
    ck_assert(adds ? unlike > ROUNDS : unlike == 0);
}

START_TEST(vectors_find_what_a_scalar_loop_finds)
{
    const struct combiner_loops *loops = combiner_avx512_select();
    if (loops)
        check_loops(loops, _i != 0);
    else
        cases_skip("combiner_avx512: vectors_find_what_a_scalar_loop_finds",
                   "this CPU has no AVX-512");
}
END_TEST

Suite *test_combiner_avx512_suite(void);

Suite *test_combiner_avx512_suite(void)
{
    Suite *suite = suite_create("combiner_avx512");
    TCase *tests = tcase_create("combiner_avx512");
    tcase_add_loop_test(tests, vectors_find_what_a_scalar_loop_finds, 0, 2);
    suite_add_tcase(suite, tests);
    return suite;
}
