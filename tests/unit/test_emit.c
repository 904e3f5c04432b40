/* SPDX-License-Identifier: MIT
 *
 * test_emit - what maps emit: one by one, in batches and by turns, with keys of every class and
 * values of every kind, comes out whole.
 */
#include "base/test_hooks.h"
#include "base/thread.h"
#include "engine/mapreduce.h"
#include "unit/cases.h"
#include "unit/random.h"

#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEYS 3000u
#define SPLITS 5u
#define KEY_ROOM 48u
/* Longest key, of those that are short and of all. */
#define SHORT 31u
#define LONGEST 41u

/* What the values of a job are. */
enum values {
    NONE,    /* a sum, of ones */
    MIXED,   /* a sum, of ones and others, given and not */
    NUMBERS, /* a sum of numbers that are given */
    COMBINED,
    VALUES,
};

struct emission {
    enum values values;
    size_t value_size;    /* of COMBINED */
    bool turns;           /* every third pair goes by a batch */
    bool packed;          /* all go by batches that nothing follows */
    uint64_t each;        /* pairs of a split */
    uint64_t given;       /* splits */
    unsigned char *guard; /* where what can be read ends */
    uint64_t sums[KEYS], want[KEYS];
    uint64_t results;
    atomic_bool wrong;
};

static const unsigned char one_byte[1 + MR_PAD];

static int next_split(void *context, struct mr_split *split, struct mr_error *error)
{
    struct emission *emission = context;
    (void)error;
    split->end = emission->given == SPLITS;
    if (split->end)
        return 0;
    *split = (struct mr_split){
        .data = one_byte, .size = 1, .length = 1, .offset = emission->each * emission->given++};
    return 0;
}

/* Writes a key that ends at `end`; returns its size. */
static size_t make_key(uint64_t number, unsigned char *end)
{
    char digits[KEY_ROOM];
    size_t size = (size_t)sprintf(digits, "%u", (unsigned)number), want = number % (LONGEST + 1);
    for (; size < want; size++)
        digits[size] = '.';
    if (number == 0)
        size = 0;
    memcpy(end - size, digits, size);
    return size;
}

static uint64_t number_of(const unsigned char *key, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size && key[i] != '.'; i++)
        number = number * 10 + (key[i] - '0');
    return number;
}

/* The value of the n-th pair; *given says whether it is given. */
static uint64_t value_of(const struct emission *emission, uint64_t n, bool *given)
{
    *given = emission->values != NONE && (emission->values != MIXED || n % 3 != 0);
    return !*given || (emission->values == MIXED && n / 1000 % 2 == 0 && n % 3 == 1) ? 1 : n % 101;
}

static int emit_pairs(const struct emission *emission, uint64_t first, struct mr_emitter *emitter)
{
    unsigned char batch[3 * LONGEST + MR_PAD];
    unsigned char *value = calloc(2, emission->value_size + 9);
    int result = value ? 0 : -1;
    for (uint64_t n = first; result == 0 && n < first + emission->each; n++) {
        bool given;
        const uint64_t number = value_of(emission, n, &given);
        unsigned char *at = value + 1; /* not aligned */
        memcpy(at, &number, sizeof number);
        if (emission->values == COMBINED)
            memset(at + sizeof number, (int)(n % KEYS), emission->value_size - sizeof number);
        if (emission->turns && n % 3 == 0) {
            unsigned char *end = batch + LONGEST;
            const size_t size = make_key(n % KEYS, end);
            struct mr_span span = {(uint32_t)(LONGEST - size), LONGEST};
            result = (int)mr_emit_batch(emitter, batch, sizeof batch, &span, 1, given ? at : NULL);
        } else {
            const size_t size = make_key(n % KEYS, emission->guard);
            result = (int)mr_emit(emitter, emission->guard - size, size, given ? at : NULL);
        }
    }
    free(value);
    return result;
}

/* The same in batches whose last key ends where what can be read does. */
static int emit_packed(const struct emission *emission, uint64_t first, struct mr_emitter *emitter)
{
    enum { BATCH = 60 };
    const size_t value_size = emission->values == COMBINED ? emission->value_size : 8;
    unsigned char *values = malloc(BATCH * value_size);
    int result = values ? 0 : -1;
    for (uint64_t n = first; result == 0 && n < first + emission->each;) {
        struct mr_span spans[BATCH];
        size_t sizes[BATCH], count = 0, used = 0;
        for (; count < BATCH && n < first + emission->each; count++, n++) {
            bool given;
            const uint64_t number = value_of(emission, n, &given);
            unsigned char *at = values + count * value_size;
            memcpy(at, &number, sizeof number);
            memset(at + sizeof number, (int)(n % KEYS), value_size - sizeof number);
            sizes[count] = make_key(n % KEYS, emission->guard - used);
            used += sizes[count];
        }
        size_t end = used;
        for (size_t i = 0; i < count; end -= sizes[i++]) {
            spans[i].begin = (uint32_t)(end - sizes[i]);
            spans[i].end = (uint32_t)end;
        }
        /* The key that ends last must be the last, whatever the order of the others. */
        const struct mr_span last = spans[0];
        unsigned char *value = values, *other = values + (count - 1) * value_size;
        spans[0] = spans[count - 1];
        spans[count - 1] = last;
        for (size_t i = 0; i < value_size && value != other; i++) {
            const unsigned char byte = value[i];
            value[i] = other[i];
            other[i] = byte;
        }
        result = (int)mr_emit_batch(emitter, emission->guard - used, used, spans, count,
                                    emission->values == NONE ? NULL : values);
    }
    free(values);
    return result;
}

static int map_packed(void *context, void *state, const struct mr_split *split,
                      struct mr_emitter *emitter, struct mr_error *error)
{
    (void)state;
    (void)error;
    return emit_packed(context, split->offset, emitter);
}

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    (void)state;
    (void)error;
    return emit_pairs(context, split->offset, emitter);
}

static void combine(void *context, void *into, const void *from)
{
    struct emission *emission = context;
    *(uint64_t *)into += *(const uint64_t *)from;
    if (memcmp((unsigned char *)into + 8, (const unsigned char *)from + 8,
               emission->value_size - 8) != 0)
        emission->wrong = true;
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct emission *emission = context;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        const uint64_t number = number_of(records[i].key, records[i].key_size);
        uint64_t sum = records[i].rank;
        if (emission->values == COMBINED)
            memcpy(&sum, records[i].payload, sizeof sum);
        if (number >= KEYS || emission->sums[number] != 0)
            emission->wrong = true;
        else
            emission->sums[number] = sum;
    }
    emission->results += count;
    return 0;
}

static struct mr_engine *engine_of(unsigned threads)
{
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = threads, .memory = (uint64_t)64 << 20};
    struct mr_engine *engine;
    ck_assert_int_eq(mr_engine_open(&options, &engine, NULL), MR_OK);
    return engine;
}

static struct mr_job_spec job_of(struct emission *emission, mr_map *how)
{
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .context = emission, .size = MR_UNKNOWN, .next = next_split};
    const bool combined = emission->values == COMBINED;
    return (struct mr_job_spec){.struct_size = sizeof(struct mr_job_spec),
                                .context = emission,
                                .input = mr_input_new(&reader),
                                .map = how,
                                .values = combined ? MR_COMBINE : MR_SUM,
                                .value_size = combined ? emission->value_size : 0,
                                .combine = combined ? combine : NULL,
                                .order = MR_ORDER_KEY,
                                .collect = collect};
}

/* Runs the job and compares with what arithmetic says. */
static void check_emission(struct emission *emission)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *pages =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(pages, MAP_FAILED);
    ck_assert_int_eq(mprotect(pages + page, page, PROT_NONE), 0);
    emission->guard = pages + page;
    const struct mr_job_spec spec = job_of(emission, emission->packed ? map_packed : map);
    struct mr_engine *engine = engine_of(1);
    struct mr_stats stats = {.struct_size = sizeof stats};
    struct mr_error error;
    ck_assert_msg(mr_run(engine, &spec, &stats, &error) == MR_OK, "%s", error.text);
    mr_engine_close(engine);
    ck_assert(!emission->wrong);
    ck_assert_uint_eq(stats.records, SPLITS * emission->each);
    ck_assert_uint_eq(stats.splits, SPLITS);
    ck_assert_uint_eq(emission->results,
                      emission->each * SPLITS < KEYS ? emission->each * SPLITS : KEYS);
    for (uint64_t n = 0; n < SPLITS * emission->each; n++) {
        bool given;
        emission->want[n % KEYS] += value_of(emission, n, &given);
    }
    for (unsigned i = 0; i < KEYS; i++)
        ck_assert_uint_eq(emission->sums[i], emission->want[i]);
    munmap(pages, 2 * page);
}

static const size_t value_sizes[] = {8, 9, 24, 63, 64, 65, 200, 5000};

START_TEST(pairs_emitted_one_by_one_are_counted_whole)
{
    static const uint64_t each[] = {1, 127, 128, 129, 1000, 20011};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        for (int turns = 0; turns <= 1; turns++) {
            struct emission emission = {
                .values = (enum values)_i, .value_size = 8, .turns = turns, .each = each[i]};
            check_emission(&emission);
        }
    }
}
END_TEST

START_TEST(values_of_every_size_are_combined)
{
    for (int turns = 0; turns <= 1; turns++) {
        struct emission emission = {
            .values = COMBINED, .value_size = value_sizes[_i], .turns = turns, .each = 5003};
        check_emission(&emission);
    }
}
END_TEST

START_TEST(batches_that_nothing_follows_are_read_no_further)
{
    static const uint64_t each[] = {1, 2, 59, 5003};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        struct emission emission = {
            .values = (enum values)_i, .value_size = 24, .packed = true, .each = each[i]};
        check_emission(&emission);
    }
}
END_TEST

static int map_without_value(void *context, void *state, const struct mr_split *split,
                             struct mr_emitter *emitter, struct mr_error *error)
{
    const uint64_t value = 1;
    (void)state;
    (void)error;
    (void)context;
    (void)split;
    ck_assert_int_eq(mr_emit(emitter, "key", 3, &value), 0);
    ck_assert_int_ne(mr_emit(emitter, "key", 3, NULL), 0);
    return 0;
}

START_TEST(a_pair_without_a_value_fails_a_job_that_combines)
{
    struct emission emission = {.values = COMBINED, .value_size = 8};
    struct mr_engine *engine = engine_of(1);
    struct mr_error error;
    const struct mr_job_spec spec = job_of(&emission, map_without_value);
    ck_assert_int_eq(mr_run(engine, &spec, NULL, &error), MR_INVALID);
    ck_assert_str_eq(error.text, "a pair was emitted without a value");
    mr_engine_close(engine);
}
END_TEST

/* ---- Words ---------------------------------------------------------------------------------- */

/* A text, mapped whole, and what came out. */
struct words {
    const unsigned char *text;
    size_t size;
    bool given;
    bool slowly; /* by a loop over bytes, which needs no library */
    char *out;   /* results, each with its count on a line */
    size_t used, room;
};

static int words_next(void *context, struct mr_split *split, struct mr_error *error)
{
    struct words *words = context;
    (void)error;
    split->end = words->given;
    split->data = words->text;
    split->size = split->length = words->size;
    words->given = true;
    return 0;
}

static int words_map(void *context, void *state, const struct mr_split *split,
                     struct mr_emitter *emitter, struct mr_error *error)
{
    const struct words *words = context;
    const unsigned char *text = split->data;
    (void)state;
    (void)error;
    if (!words->slowly)
        return (int)mr_emit_words(emitter, text, split->size);
    for (size_t begin = 0, end; begin < split->size; begin = end + 1) {
        for (end = begin; end < split->size && !strchr(" \t\n\v\f\r", text[end]); end++)
            ;
        if (end < split->size && text[end] == '\0') /* which strchr finds */
            ck_abort_msg("no text of this test has a NUL");
        if (end > begin && mr_emit(emitter, text + begin, end - begin, NULL) != MR_OK)
            return -1;
    }
    return 0;
}

static int words_collect(void *context, const struct mr_record *records, size_t count,
                         struct mr_error *error)
{
    struct words *words = context;
    for (size_t i = 0; i < count; i++) {
        const size_t most = records[i].key_size + 32;
        if (words->room - words->used < most) {
            words->room = 2 * words->room + most;
            char *out = realloc(words->out, words->room);
            if (!out)
                return mr_fail(error, 0, "no memory");
            words->out = out;
        }
        memcpy(words->out + words->used, records[i].key, records[i].key_size);
        words->used += records[i].key_size;
        words->used += (size_t)snprintf(words->out + words->used, 32, "\t%llu\n",
                                        (unsigned long long)records[i].rank);
    }
    return 0;
}

static void words_run(struct words *words, struct mr_engine *engine)
{
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .context = words, .size = MR_UNKNOWN, .next = words_next};
    const struct mr_job_spec spec = {.struct_size = sizeof spec,
                                     .context = words,
                                     .input = mr_input_new(&reader),
                                     .map = words_map,
                                     .order = MR_ORDER_KEY,
                                     .collect = words_collect};
    struct mr_error error;
    ck_assert_msg(mr_run(engine, &spec, NULL, &error) == MR_OK, "%s", error.text);
}

/* Compares mr_emit_words with the loop, on a text that ends where what can be read does. */
static void check_words(const unsigned char *text, size_t size, struct mr_engine *engine)
{
    struct words got = {.text = text, .size = size};
    struct words want = {.text = text, .size = size, .slowly = true};
    words_run(&got, engine);
    words_run(&want, engine);
    ck_assert_uint_eq(got.used, want.used);
    if (got.used > 0)
        ck_assert_mem_eq(got.out, want.out, got.used);
    free(got.out);
    free(want.out);
}

static const size_t windows[] = {0, 1, 100, 1000};

START_TEST(words_are_what_a_loop_over_bytes_finds)
{
    enum { ROOM = 3 * 4096 };
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (ROOM + page - 1) / page * page;
    unsigned char *pages =
        mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct mr_engine *engine = engine_of(1);
    ck_assert_ptr_ne(pages, MAP_FAILED);
    ck_assert_int_eq(mprotect(pages + room, page, PROT_NONE), 0);
    test_hooks.emit_window = windows[_i];
    for (unsigned round = 0; round < 300; round++) {
        /* Words of all sizes, few spaces or many, at the beginning and the end too. */
        static const unsigned char spaces[] = " \t\n\v\f\r";
        const size_t size = below(round % 3 == 0 ? 200 : round % 3 == 1 ? 80 : ROOM);
        const unsigned often = 1u << below(10);
        unsigned char *text = pages + room - size;
        for (size_t i = 0; i < size; i++)
            text[i] = below(often) == 0 ? spaces[below(6)] : (unsigned char)(14 + below(242));
        check_words(text, size, engine);
    }
    test_hooks.emit_window = 0;
    mr_engine_close(engine);
    munmap(pages, room + page);
}
END_TEST

/* The positions of a text of more than 4 GiB pass 32 bits: nearly all of it is one page of spaces,
 * mapped again and again. */
START_TEST(words_behind_4_gib_are_found)
{
    const size_t page = (size_t)1 << 20, size = ((size_t)4 << 30) + 8 * page;
    FILE *file = tmpfile();
    struct mr_engine *engine = engine_of(1);
    unsigned char *text =
        mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (!file || text == MAP_FAILED) {
        cases_skip("emit: words behind 4 GiB", "no such range of addresses");
        return;
    }
    unsigned char *blank = malloc(page);
    ck_assert_ptr_nonnull(blank);
    memset(blank, ' ', page);
    memcpy(blank + page / 2, "word", 4);
    ck_assert_uint_eq(fwrite(blank, 1, page, file), page);
    ck_assert_int_eq(fflush(file), 0);
    for (size_t at = 0; at < size; at += page)
        ck_assert_ptr_eq(mmap(text + at, page, PROT_READ, MAP_SHARED | MAP_FIXED, fileno(file), 0),
                         text + at);
    struct words words = {.text = text, .size = size};
    char want[32];
    const int length = snprintf(want, sizeof want, "word\t%zu\n", size / page);
    words_run(&words, engine);
    ck_assert_uint_eq(words.used, (size_t)length);
    ck_assert_mem_eq(words.out, want, words.used);
    free(words.out);
    free(blank);
    munmap(text, size);
    (void)fclose(file);
    mr_engine_close(engine);
}
END_TEST

/* ---- Who may not emit ----------------------------------------------------------------------- */

/* Where a job emits that may not. */
enum place {
    IN_COMBINE,
    IN_REDUCE,
    ON_THREAD,
    PLACES,
};

/* How. */
enum way { SHORT_KEY, LONG_KEY, BATCH, WAYS };

struct misuse {
    enum place place;
    enum way way;
    unsigned given;
    struct mr_emitter *emitter;
    enum mr_status status; /* of the emission that must fail */
};

static const char *const sentences[PLACES] = {
    [IN_COMBINE] = "a pair was emitted by a combine",
    [IN_REDUCE] = "a pair was emitted when no map was running that its emitter is of",
    [ON_THREAD] = "a pair was emitted by another thread than the map's",
};

/* Emits until that fails: short keys of a foreign thread may be gathered first. */
static void misuse_emitter(void *argument)
{
    struct misuse *misuse = argument;
    static const unsigned char bytes[2 * MR_PAD] = "of a key that is longer than thirty-two bytes";
    static const uint64_t value[2] = {1, 1};
    const struct mr_span span = {0, 1};
    for (unsigned i = 0; i < 1000 && misuse->status == MR_OK; i++)
        misuse->status =
            misuse->way == BATCH
                ? mr_emit_batch(misuse->emitter, bytes, sizeof bytes, &span, 1, value)
                : mr_emit(misuse->emitter, bytes, misuse->way == LONG_KEY ? 40 : 1, value);
}

static int misuse_next(void *context, struct mr_split *split, struct mr_error *error)
{
    struct misuse *misuse = context;
    (void)error;
    split->end = misuse->given++ == 2;
    split->data = one_byte;
    split->size = split->length = 1;
    return 0;
}

static int misuse_map(void *context, void *state, const struct mr_split *split,
                      struct mr_emitter *emitter, struct mr_error *error)
{
    struct misuse *misuse = context;
    const uint64_t value[2] = {1, 1};
    struct thread thread;
    (void)state;
    (void)split;
    (void)error;
    misuse->emitter = emitter;
    if (misuse->place == ON_THREAD) {
        ck_assert_int_eq(thread_start(&thread, "foreign", misuse_emitter, misuse), 0);
        thread_join(&thread);
    }
    for (unsigned i = 0; i < 300; i++)
        if (mr_emit(emitter, "key", 3, value) != MR_OK)
            return -1;
    return 0;
}

static void misuse_combine(void *context, void *into, const void *from)
{
    struct misuse *misuse = context;
    (void)into;
    (void)from;
    if (misuse->place == IN_COMBINE)
        misuse_emitter(misuse);
}

static int misuse_reduce(void *context, void *state, const void *key, size_t key_size,
                         struct mr_values *values, struct mr_results *results,
                         struct mr_error *error)
{
    struct misuse *misuse = context;
    (void)state;
    (void)key;
    (void)key_size;
    (void)values;
    (void)results;
    (void)error;
    if (misuse->place == IN_REDUCE)
        misuse_emitter(misuse);
    return 0;
}

START_TEST(who_may_not_emit_fails_the_job)
{
    for (int way = 0; way < WAYS; way++) {
        struct misuse misuse = {.place = (enum place)_i, .way = (enum way)way};
        const struct mr_reader reader = {.struct_size = sizeof reader,
                                         .context = &misuse,
                                         .size = MR_UNKNOWN,
                                         .next = misuse_next};
        const struct mr_job_spec spec = {.struct_size = sizeof spec,
                                         .context = &misuse,
                                         .input = mr_input_new(&reader),
                                         .map = misuse_map,
                                         .values = MR_COMBINE,
                                         .value_size = 16,
                                         .combine = misuse_combine,
                                         .reduce = misuse_reduce,
                                         .collect = collect};
        struct mr_engine *engine = engine_of(1);
        struct mr_error error;
        ck_assert_int_eq(mr_run(engine, &spec, NULL, &error), MR_INVALID);
        ck_assert_str_eq(error.text, sentences[_i]);
        ck_assert_int_eq(misuse.status, MR_INVALID);
        mr_engine_close(engine);
    }
}
END_TEST

Suite *test_emit_suite(void);
Suite *test_emit_suite(void)
{
    Suite *suite = suite_create("emit");
    TCase *tests = tcase_create("emit");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, pairs_emitted_one_by_one_are_counted_whole, 0, VALUES);
    tcase_add_loop_test(tests, values_of_every_size_are_combined, 0,
                        sizeof value_sizes / sizeof *value_sizes);
    tcase_add_loop_test(tests, batches_that_nothing_follows_are_read_no_further, 0, VALUES);
    tcase_add_test(tests, a_pair_without_a_value_fails_a_job_that_combines);
    tcase_add_loop_test(tests, words_are_what_a_loop_over_bytes_finds, 0,
                        sizeof windows / sizeof *windows);
    const char *variant = getenv("MRCOUNT_VARIANT");
    if (!variant || !*variant) /* their shadows of it would take much memory */
        tcase_add_test(tests, words_behind_4_gib_are_found);
    tcase_add_loop_test(tests, who_may_not_emit_fails_the_job, 0, PLACES);
    suite_add_tcase(suite, tests);
    return suite;
}
