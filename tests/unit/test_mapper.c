/* SPDX-License-Identifier: MIT
 *
 * test_mapper.c - keys that make the mapper's table grow, freeze, turn over, shrink and be given
 * up, one after the other in one job and each alone: every count is exact all the same.
 */
#include "engine/mapreduce.h"
#include "unit/random.h"
#include "unit/sanitized.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 256u
#define KEYS ((size_t)1 << 22)

enum drawn {
    EVENLY,   /* each of `keys` as often */
    BY_PLACE, /* few at a time, some of them most of the time: `keys` from one place to the next */
    ONCE,
};

struct phase {
    enum drawn drawn;
    uint32_t keys;
    uint32_t pairs;
    uint32_t from; /* the first key's number */
};

struct run {
    const struct phase *phases;
    size_t count;
    size_t size; /* bytes of a key; 0: of every fourth 7, of the others 12 */
    uint64_t next;
    uint32_t *want; /* by number */
    uint64_t state;
};

static uint32_t draw(struct run *run, uint32_t most)
{
    return (uint32_t)(random_after(&run->state) >> 33) % most;
}

static size_t size_of(const struct run *run, uint32_t number)
{
    return run->size > 0 ? run->size : number % 4 == 0 ? 7 : 12;
}

/* All numbers are below KEYS. */
static uint32_t draw_key(struct run *run, const struct phase *phase, uint32_t pair)
{
    const uint32_t place = pair / 40000;
    switch (phase->drawn) {
    case EVENLY:
        return phase->from + draw(run, phase->keys);
    case BY_PLACE:
        return phase->from + place * phase->keys + draw(run, draw(run, phase->keys) + 1);
    default:
        return phase->from + pair;
    }
}

static int next_phase(void *context, struct mr_split *split, struct mr_error *error)
{
    struct run *run = context;
    static const unsigned char nothing[1 + MR_PAD];
    (void)error;
    split->end = run->next == run->count;
    if (split->end)
        return 0;
    *split = (struct mr_split){.data = nothing, .size = 1, .length = 1, .number = run->next++};
    return 0;
}

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    struct run *run = context;
    const struct phase *phase = &run->phases[split->number];
    unsigned char keys[BATCH * 40 + MR_PAD];
    struct mr_span spans[BATCH];
    (void)state;
    (void)error;
    for (uint32_t pair = 0; pair < phase->pairs;) {
        size_t count = 0, at = 0;
        for (; count < BATCH && pair < phase->pairs; count++, pair++) {
            const uint32_t number = draw_key(run, phase, pair);
            const size_t size = size_of(run, number);
            run->want[number]++;
            memset(keys + at, '.', size);
            for (size_t i = 0; i < 6; i++)
                keys[at + i] = (unsigned char)('A' + (number >> 4 * i & 15));
            spans[count] = (struct mr_span){(uint32_t)at, (uint32_t)(at + size)};
            at += size;
        }
        if (mr_emit_batch(emitter, keys, sizeof keys, spans, count, NULL) != 0)
            return -1;
    }
    return 0;
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct run *run = context;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        const unsigned char *key = records[i].key;
        uint32_t number = 0;
        for (size_t digit = 0; digit < 6; digit++)
            number |= (uint32_t)(key[digit] - 'A') << 4 * digit;
        if (number >= KEYS || records[i].key_size != size_of(run, number) ||
            records[i].rank != run->want[number])
            ck_abort_msg("key %u: %ju for %u", number, (uintmax_t)records[i].rank,
                         number < KEYS ? run->want[number] : 0);
        run->want[number] = 0;
    }
    return 0;
}

static void check_phases(const struct phase *phases, size_t count, size_t size)
{
    struct run run = {.phases = phases,
                      .count = count,
                      .size = size,
                      .want = calloc(KEYS, sizeof *run.want),
                      .state = RANDOM_FIRST};
    struct mr_engine_options options = {.struct_size = sizeof options, .threads = 1};
    struct mr_engine *engine;
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .context = &run, .next = next_phase};
    const struct mr_job_spec spec = {.struct_size = sizeof spec,
                                     .context = &run,
                                     .input = mr_input_new(&reader),
                                     .map = map,
                                     .collect = collect};
    struct mr_error error;
    ck_assert_ptr_nonnull(run.want);
    ck_assert_int_eq(mr_engine_open(&options, &engine, NULL), MR_OK);
    ck_assert_msg(mr_run(engine, &spec, NULL, &error) == MR_OK, "%s", error.text);
    mr_engine_close(engine);
    size_t missing = 0;
    for (size_t i = 0; i < KEYS; i++)
        missing += run.want[i] != 0;
    ck_assert_uint_eq(missing, 0);
    free(run.want);
}

/* What follows another has other keys, so that it finds a table full of what no longer comes. */
static const struct phase phases[] = {
    {EVENLY, 150000, 1500000, 0},        /* grows beyond the private caches */
    {BY_PLACE, 20000, 2000000, 200000},  /* fills that, and does not keep what it promised */
    {ONCE, 0, 600000, 1300000},          /* is given up */
    {EVENLY, 300000, 2500000, 2000000},  /* as large as can be, and a little fuller */
    {EVENLY, 400000, 5500000, 2400000},  /* frozen, and looked at again */
    {EVENLY, 1300000, 4000000, 2800000}, /* tiny ones fit still, where others are given up */
};
static const size_t sizes[] = {6, 12, 20, 36, 0};

START_TEST(counts_are_exact_in_every_mode)
{
    const size_t count = sizeof phases / sizeof *phases;
    if ((size_t)_i < count)
        check_phases(&phases[_i], 1, (size_t)_i + 1 < count ? 12 : 0);
    else
        check_phases(phases, count, sizes[(size_t)_i - count]);
}
END_TEST

Suite *test_mapper_suite(void);

Suite *test_mapper_suite(void)
{
    Suite *suite = suite_create("mapper");
    TCase *tests = tcase_create("mapper");
    tcase_set_timeout(tests, 60);
    const int alone = sizeof phases / sizeof *phases;
    const int all = alone + (int)(sizeof sizes / sizeof *sizes);
    /* Under a sanitizer all in a row does, which goes through what each does alone. */
    tcase_add_loop_test(tests, counts_are_exact_in_every_mode, SANITIZED ? alone : 0, all);
    suite_add_tcase(suite, tests);
    return suite;
}
