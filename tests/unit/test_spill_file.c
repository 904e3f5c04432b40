/* SPDX-License-Identifier: MIT
 *
 * test_spill - more data than memory: sums, structs and kept values come out the same from disk.
 */
#include "engine/mapreduce.h"
#include "engine/shuffle/extent_map.h"
#include "engine/shuffle/spill_file.h"
#include "unit/numbers.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define LITTLE ((uint64_t)1) /* raised to the engine's least */

static struct mr_engine *engine_in(unsigned threads, const char *const *directories, size_t count)
{
    struct mr_engine *engine;
    struct mr_engine_options options = {.struct_size = sizeof options,
                                        .threads = threads,
                                        .memory = LITTLE,
                                        .tmpdirs = directories,
                                        .tmpdir_count = count};
    ck_assert_int_eq(mr_engine_open(&options, &engine, NULL), MR_OK);
    return engine;
}

START_TEST(counts_larger_than_memory_are_exact)
{
    static const int orders[] = {MR_ORDER_NONE, MR_ORDER_KEY, MR_ORDER_RANK, -MR_ORDER_RANK};
    struct mr_engine *engine = engine_in(2, NULL, 0);
    struct numbers numbers = {
        .splits = 45, .each = 30000, .keys = 1100009, .step = 7919, .order = orders[_i]};
    struct mr_job_spec spec;
    struct mr_stats stats = {.struct_size = sizeof stats};
    struct mr_error error;
    numbers_job(&numbers, &spec);
    ck_assert_msg(mr_run(engine, &spec, &stats, &error) == MR_OK, "%s", error.text);
    ck_assert_uint_gt(stats.spilled, mr_engine_memory(engine) / 2);
    numbers_check(&numbers);
    mr_engine_close(engine);
}
END_TEST

START_TEST(jobs_that_share_little_memory_all_end)
{
    enum { JOBS = 6 };
    struct mr_engine *engine = engine_in(2, NULL, 0);
    struct numbers numbers[JOBS];
    struct mr_job *jobs[JOBS];
    for (unsigned i = 0; i < JOBS; i++) {
        struct mr_job_spec spec;
        numbers[i] = (struct numbers){
            .splits = 10 + i, .each = 12000, .keys = 120011, .step = 7919, .order = MR_ORDER_RANK};
        numbers_job(&numbers[i], &spec);
        ck_assert_int_eq(mr_submit(engine, &spec, &jobs[i], NULL), MR_OK);
    }
    for (unsigned i = 0; i < JOBS; i++) {
        ck_assert_int_eq(mr_job_wait(jobs[i], -1, NULL, NULL), MR_OK);
        mr_job_release(jobs[i]);
        numbers_check(&numbers[i]);
    }
    mr_engine_close(engine);
}
END_TEST

/* ---- Kept values: key k has the values k, k + keys, k + 2 keys, ... ------------------------ */

struct kept {
    struct numbers numbers; /* first: the input's context */
    unsigned giant;         /* of 16 values this many go to key 0 */
    _Atomic uint64_t values, sum, reduces;
    _Atomic bool wrong;
};

struct value {
    uint64_t number;
    uint32_t check;
};

static uint64_t key_of(const struct kept *kept, uint64_t n)
{
    return n % 16 < kept->giant ? 0 : n % kept->numbers.keys;
}

static int map_kept(void *context, void *state, const struct mr_split *split,
                    struct mr_emitter *emitter, struct mr_error *error)
{
    struct kept *kept = context;
    (void)state;
    (void)error;
    for (uint64_t i = 0; i < kept->numbers.each; i++) {
        uint64_t n = split->number * kept->numbers.each + i;
        char key[256];
        struct value value = {.number = n, .check = (uint32_t)(n * 2654435761u)};
        if (mr_emit(emitter, key, numbers_key(&kept->numbers, key_of(kept, n), key), &value) != 0)
            return -1;
    }
    return 0;
}

static int reduce_kept(void *context, void *state, const void *key, size_t size,
                       struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    struct kept *kept = context;
    const struct value *value;
    uint64_t number = numbers_of_key(key, size), count = 0;
    (void)state;
    (void)error;
    for (; (value = mr_values_next(values, NULL)); count++) {
        if (value->check != (uint32_t)(value->number * 2654435761u) ||
            key_of(kept, value->number) != number)
            kept->wrong = true;
        atomic_fetch_add(&kept->sum, value->number);
    }
    atomic_fetch_add(&kept->values, count);
    atomic_fetch_add(&kept->reduces, 1);
    return (int)mr_put(results, key, size, count, &count, sizeof count);
}

START_TEST(kept_values_larger_than_memory_reach_reduce)
{
    /* Many keys of few values, then one key that has most of them and more than memory. */
    struct mr_engine *engine = engine_in(2, NULL, 0);
    struct kept kept = {
        .numbers = {.splits = 60, .each = 20000, .keys = 30011, .order = MR_ORDER_RANK},
        .giant = _i == 0 ? 0 : 14};
    struct mr_job_spec spec;
    struct mr_stats stats = {.struct_size = sizeof stats};
    struct mr_error error;
    numbers_job(&kept.numbers, &spec);
    spec.map = map_kept;
    spec.values = MR_GROUP;
    spec.value_size = sizeof(struct value);
    spec.reduce = reduce_kept;
    ck_assert_msg(mr_run(engine, &spec, &stats, &error) == MR_OK, "%s", error.text);
    uint64_t all = 60 * 20000;
    ck_assert(!kept.wrong);
    ck_assert(!kept.numbers.wrong);
    ck_assert_uint_gt(stats.spilled, mr_engine_memory(engine) / 2);
    ck_assert_uint_eq(kept.values, all);
    ck_assert_uint_eq(kept.sum, all * (all - 1) / 2);
    ck_assert_uint_eq(kept.reduces, kept.numbers.keys);
    ck_assert_uint_eq(kept.numbers.collected, kept.numbers.keys);
    free(kept.numbers.counts);
    free(kept.numbers.last_key);
    mr_engine_close(engine);
}
END_TEST

/* ---- Combined structs ------------------------------------------------------------------------ */

struct extreme {
    uint64_t least, most, count;
};

static int map_extreme(void *context, void *state, const struct mr_split *split,
                       struct mr_emitter *emitter, struct mr_error *error)
{
    struct numbers *numbers = context;
    (void)state;
    (void)error;
    for (uint64_t i = 0; i < numbers->each; i++) {
        uint64_t n = split->number * numbers->each + i;
        char key[256];
        struct extreme value = {n, n, 1};
        if (mr_emit(emitter, key, numbers_key(numbers, n % numbers->keys, key), &value) != 0)
            return -1;
    }
    return 0;
}

static void combine_extreme(void *context, void *into, const void *from)
{
    struct extreme *a = into;
    const struct extreme *b = from;
    (void)context;
    a->least = a->least < b->least ? a->least : b->least;
    a->most = a->most > b->most ? a->most : b->most;
    a->count += b->count;
}

static int collect_extreme(void *context, const struct mr_record *records, size_t count,
                           struct mr_error *error)
{
    struct numbers *numbers = context;
    uint64_t all = numbers->splits * numbers->each;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        struct extreme value;
        uint64_t key = numbers_of_key(records[i].key, records[i].key_size);
        if (records[i].payload_size != sizeof value) {
            numbers->wrong = true;
            continue;
        }
        memcpy(&value, records[i].payload, sizeof value);
        uint64_t rounds = (all - key - 1) / numbers->keys;
        if (value.least != key || value.most != key + rounds * numbers->keys ||
            value.count != rounds + 1)
            numbers->wrong = true;
        numbers->collected++;
    }
    return 0;
}

START_TEST(combined_structs_larger_than_memory_are_exact)
{
    struct mr_engine *engine = engine_in(2, NULL, 0);
    struct numbers numbers = {
        .splits = 40, .each = 15000, .keys = _i ? 500009 : 1009, .order = MR_ORDER_KEY};
    struct mr_job_spec spec;
    struct mr_stats stats = {.struct_size = sizeof stats};
    numbers_job(&numbers, &spec);
    spec.map = map_extreme;
    spec.values = MR_COMBINE;
    spec.value_size = sizeof(struct extreme);
    spec.combine = combine_extreme;
    spec.collect = collect_extreme;
    ck_assert_int_eq(mr_run(engine, &spec, &stats, NULL), MR_OK);
    ck_assert(_i == 0 || stats.spilled > 0);
    ck_assert(!numbers.wrong);
    ck_assert_uint_eq(numbers.collected, numbers.keys);
    free(numbers.counts);
    mr_engine_close(engine);
}
END_TEST

/* ---- Results: one reduce puts many that nothing foretold ------------------------------------- */

enum { MANY = 500000, PAYLOAD = 100 };

/* What has been collected of the results put. */
struct many {
    uint64_t next; /* split to be read next */
    bool ordered, alike;
    uint64_t count, sum;
    uint64_t last;
    bool wrong;
};

static int next_one(void *context, struct mr_split *split, struct mr_error *error)
{
    struct many *many = context;
    (void)error;
    split->end = many->next > 0;
    if (split->end)
        return 0;
    *split =
        (struct mr_split){.number = many->next++, .data = (const unsigned char *)"", .size = 1};
    return 0;
}

static int map_one(void *context, void *state, const struct mr_split *split,
                   struct mr_emitter *emitter, struct mr_error *error)
{
    const uint64_t value = 1;
    (void)context, (void)state, (void)split, (void)error;
    return (int)mr_emit(emitter, "key", 3, &value);
}

/* Puts the numbers below MANY, ascending, so that the first say nothing of
 * the rest; or always 7. */
static int reduce_many(void *context, void *state, const void *key, size_t size,
                       struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    const struct many *many = context;
    char payload[PAYLOAD] = "";
    (void)state, (void)key, (void)size, (void)values, (void)error;
    for (uint64_t i = 0; i < MANY; i++) {
        char number[24];
        int digits = snprintf(number, sizeof number, "%09ju", (uintmax_t)(many->alike ? 7 : i));
        if (mr_put(results, number, (size_t)digits, 1, payload, sizeof payload) != 0)
            return -1;
    }
    return 0;
}

static int collect_many(void *context, const struct mr_record *records, size_t count,
                        struct mr_error *error)
{
    struct many *many = context;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        uint64_t number = numbers_of_key(records[i].key, records[i].key_size);
        uint64_t wanted = many->alike ? 7 : many->count;
        if (records[i].payload_size != PAYLOAD || (many->ordered && number != wanted))
            many->wrong = true;
        many->count++;
        many->sum += number;
    }
    return 0;
}

START_TEST(results_that_no_sample_foretold_stay_in_memory)
{
    struct mr_engine *engine = engine_in(2, NULL, 0);
    struct many many = {.ordered = _i != 1, .alike = _i == 2};
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .context = &many, .size = MR_UNKNOWN, .next = next_one};
    const struct mr_job_spec spec = {
        .struct_size = sizeof spec,
        .context = &many,
        .input = mr_input_new(&reader),
        .map = map_one,
        .values = MR_GROUP,
        .value_size = sizeof(uint64_t),
        .reduce = reduce_many,
        .order = many.ordered ? MR_ORDER_KEY : MR_ORDER_NONE,
        .collect = collect_many,
    };
    struct mr_error error;
    struct mr_stats stats = {.struct_size = sizeof stats};
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    ck_assert_msg(mr_run(engine, &spec, &stats, &error) == MR_OK, "%s", error.text);
    getrusage(RUSAGE_SELF, &after);
    ck_assert(!many.wrong);
    ck_assert_uint_eq(many.count, MANY);
    ck_assert_uint_eq(many.sum, (uint64_t)MANY * (many.alike ? 14 : MANY - 1) / 2);
    /* Results and what sorting them takes are 75 MB; those that are all alike are sorted as one.
     * Sanitizers have memory of their own. */
    if (!many.alike && (!getenv("MRCOUNT_VARIANT") || !*getenv("MRCOUNT_VARIANT")))
        ck_assert_int_le((after.ru_maxrss - before.ru_maxrss) * 1024,
                         (long)mr_engine_memory(engine));
    mr_engine_close(engine);
}
END_TEST

/* ---- Temporary files ------------------------------------------------------------------------- */

static char folder[64];

static void make_folder(void)
{
    strcpy(folder, "/tmp/test_spill.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
    ck_assert_int_eq(rmdir(folder), 0); /* and so nothing was left in it */
}

START_TEST(a_missing_directory_is_an_error_at_once)
{
    char missing[100], file[100];
    snprintf(missing, sizeof missing, "%s/none", folder);
    snprintf(file, sizeof file, "%s/file", folder);
    ck_assert_int_ge(close(open(file, O_WRONLY | O_CREAT, 0600)), 0);
    for (int i = 0; i < 2; i++) {
        const char *directories[] = {folder, i == 0 ? missing : file};
        struct mr_engine_options options = {
            .struct_size = sizeof options, .threads = 1, .tmpdirs = directories, .tmpdir_count = 2};
        struct mr_engine *engine;
        struct mr_error error;
        ck_assert_int_eq(mr_engine_open(&options, &engine, &error), MR_SPILL);
        ck_assert_ptr_null(engine);
        ck_assert_ptr_nonnull(strstr(error.text, directories[1]));
    }
    ck_assert_int_eq(unlink(file), 0);
}
END_TEST

START_TEST(a_directory_that_went_is_an_error)
{
    char missing[100];
    snprintf(missing, sizeof missing, "%s/gone", folder);
    ck_assert_int_eq(mkdir(missing, 0700), 0);
    const char *directories[] = {missing};
    struct mr_engine *engine = engine_in(2, directories, 1);
    ck_assert_int_eq(rmdir(missing), 0);
    struct numbers numbers = {.splits = 45, .each = 30000, .keys = 1100009, .step = 7919};
    struct mr_job_spec spec;
    struct mr_error error;
    numbers_job(&numbers, &spec);
    ck_assert_int_eq(mr_run(engine, &spec, NULL, &error), MR_SPILL);
    ck_assert_ptr_nonnull(strstr(error.text, missing));
    ck_assert_uint_eq(numbers.collected, 0);
    free(numbers.counts);
    mr_engine_close(engine);
}
END_TEST

/* What extents are written to the folder and read back with. */
struct ground {
    struct budget budget;
    struct pool pool;
    struct pool_cache cache;
    struct spill spill;
};

static void ground_open(struct ground *ground)
{
    const char *directories[] = {folder};
    budget_open(&ground->budget, UINT64_MAX);
    ck_assert_int_eq(pool_open(&ground->pool, &ground->budget), 0);
    pool_cache_open(&ground->cache, &ground->pool);
    ck_assert_int_eq(spill_open(&ground->spill, directories, 1), 0);
}

static void ground_close(struct ground *ground)
{
    pool_cache_close(&ground->cache);
    spill_close(&ground->spill);
    pool_close(&ground->pool);
    ck_assert_uint_eq(atomic_load(&ground->budget.used), 0);
}

START_TEST(a_flipped_bit_is_an_error)
{
    struct ground ground;
    struct mr_error error;
    bool exhausted;
    ground_open(&ground);

    /* Three chunks, one of them large, written and read back; then again with one bit flipped. */
    static const size_t sizes[] = {5, 3000, 100000};
    struct chunk *list = NULL;
    for (size_t i = 0; i < 3; i++) {
        struct chunk *chunk = pool_take(&ground.cache, sizes[i], POOL_OVER_BUDGET, &exhausted);
        ck_assert_ptr_nonnull(chunk);
        for (size_t at = 0; at < sizes[i]; at++)
            chunk->data[at] = (unsigned char)(at * 7 + i);
        chunk->used = sizes[i];
        chunk->records = i;
        chunk->next = list;
        list = chunk;
    }
    int fd = -1;
    for (long bit = -1; bit < 8 * 103077; bit = bit < 0 ? 0 : bit * 3 + 1) {
        struct spill_extent *extent;
        struct spill_reader reader;
        enum mr_status status;
        const struct chunk *next = list;
        ck_assert_int_eq(spill_write(&ground.spill, &next, &extent, &error), MR_OK);
        ck_assert_ptr_null(next);
        if (fd < 0)
            for (fd = 3; fd < 100; fd++) {
                struct stat st;
                if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 0 &&
                    (uint64_t)st.st_size == extent->bytes)
                    break;
            }
        if (bit >= 0) {
            unsigned char byte;
            off_t at = (off_t)extent->offset + bit / 8;
            ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
            byte ^= (unsigned char)(1 << bit % 8);
            ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
        }
        ck_assert_int_eq(spill_reader_open(&reader, extent, &ground.cache, &error), MR_OK);
        struct chunk *chunk;
        const struct chunk *expected = list;
        while ((chunk = spill_read(&reader, &status, &error))) {
            ck_assert_uint_eq(chunk->used, expected->used);
            ck_assert_uint_eq(chunk->records, expected->records);
            ck_assert_mem_eq(chunk->data, expected->data, chunk->used);
            expected = expected->next;
            chunk->next = NULL;
            pool_give(&ground.cache, chunk);
        }
        ck_assert_int_eq(status, bit < 0 ? MR_OK : MR_SPILL);
        spill_reader_close(&reader);
        spill_extent_free(extent);
    }
    pool_give(&ground.cache, list);
    ground_close(&ground);
}
END_TEST

/* Whether files in the folder can have holes made in them. */
static bool holes_can_be_made(void)
{
    char name[100];
    snprintf(name, sizeof name, "%s/holes", folder);
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(unlink(name), 0);
    ck_assert_int_eq(ftruncate(fd, 4096), 0);
    bool can = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0;
    close(fd);
    return can;
}

/* Bytes that the nameless regular file of `size` bytes takes on disk. */
static uint64_t bytes_on_disk(uint64_t size)
{
    struct stat st;
    for (int fd = 3; fd < 100; fd++)
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 0 &&
            (uint64_t)st.st_size == size) {
            /* Not before it is written out does it take what it is going to. */
            ck_assert_int_eq(fsync(fd), 0);
            ck_assert_int_eq(fstat(fd, &st), 0);
            return (uint64_t)st.st_blocks * 512;
        }
    ck_abort_msg("no temporary file of %ju bytes", (uintmax_t)size);
}

START_TEST(space_is_given_back_extent_by_extent)
{
    enum { EXTENTS = 4, SIZE = 1 << 20 };
    struct ground ground;
    struct mr_error error;
    struct spill_extent *extents[EXTENTS];
    bool exhausted;
    uint64_t size = 0, last = 0;
    bool holes = holes_can_be_made();
    ground_open(&ground);
    struct chunk *chunk = pool_take(&ground.cache, SIZE, POOL_OVER_BUDGET, &exhausted);
    ck_assert_ptr_nonnull(chunk);
    for (size_t at = 0; at < SIZE; at++)
        chunk->data[at] = (unsigned char)(at * 31 >> 3);
    chunk->used = SIZE;
    chunk->records = 1;
    chunk->next = NULL;
    for (size_t i = 0; i < EXTENTS; i++) {
        const struct chunk *next = chunk;
        ck_assert_int_eq(spill_write(&ground.spill, &next, &extents[i], &error), MR_OK);
        size = extents[i]->offset + extents[i]->bytes;
        uint64_t bytes = bytes_on_disk(size);
        ck_assert_uint_ge(bytes, last + SIZE / 2);
        last = bytes;
    }
    /* All but what is kept for the next extents. */
    for (size_t i = 0; i < EXTENTS; i++) {
        spill_extent_free(extents[i]);
        uint64_t bytes = bytes_on_disk(size);
        if (holes)
            ck_assert_uint_le(bytes, last - SIZE / 2);
        last = bytes;
    }
    pool_give(&ground.cache, chunk);
    ground_close(&ground);
}
END_TEST

/* A chunk of so many blocks on disk, in a list before `next`, all bytes of it `fill`. */
static struct chunk *chunk_of(struct pool_cache *cache, size_t blocks, unsigned char fill,
                              struct chunk *next)
{
    enum { HEAD = 24 };
    bool exhausted;
    const size_t size = blocks * (size_t)EXTENT_MAP_BLOCK - HEAD;
    struct chunk *chunk = pool_take(cache, size, POOL_OVER_BUDGET, &exhausted);
    ck_assert_ptr_nonnull(chunk);
    memset(chunk->data, fill, size);
    chunk->used = size;
    chunk->records = 1;
    chunk->next = next;
    return chunk;
}

/* An extent that does not fit what is left of a region is cut at a chunk, loses none, and leaves
 * nothing in use behind it when it is read and freed. */
START_TEST(an_extent_is_cut_to_fit_a_hole)
{
    enum { REGIONS = 5, WHOLE = 15, CUT = 6, EACH = 3 };
    struct ground ground;
    struct mr_error error;
    struct spill_extent *extents[2 * REGIONS];
    struct chunk *list = NULL;
    ground_open(&ground);
    for (unsigned char i = WHOLE; i > 0; i--)
        list = chunk_of(&ground.cache, EACH, i, list);
    for (size_t i = 0; i < 2 * REGIONS; i++) {
        const struct chunk *next = list;
        ck_assert_int_eq(spill_write(&ground.spill, &next, &extents[i], &error), MR_OK);
        const size_t chunks = i % 2 == 0 ? WHOLE : CUT;
        ck_assert_uint_eq(extents[i]->records, chunks);
        ck_assert_uint_eq(extents[i]->bytes, chunks * EACH * EXTENT_MAP_BLOCK);
        ck_assert_uint_lt(extents[i]->offset, REGIONS * EXTENT_MAP_REGION);
        if (chunks == WHOLE)
            ck_assert_ptr_null(next);
        else
            ck_assert_uint_eq(next->data[0], CUT + 1);
    }
    for (size_t i = 0; i < 2 * REGIONS; i++) {
        struct spill_reader reader;
        enum mr_status status;
        struct chunk *chunk;
        unsigned char read = 0;
        ck_assert_int_eq(spill_reader_open(&reader, extents[i], &ground.cache, &error), MR_OK);
        while ((chunk = spill_read(&reader, &status, &error))) {
            ck_assert_uint_eq(chunk->data[0], ++read);
            ck_assert_uint_eq(chunk->data[chunk->used - 1], read);
            chunk->next = NULL;
            pool_give(&ground.cache, chunk);
        }
        ck_assert_int_eq(status, MR_OK);
        ck_assert_uint_eq(read, extents[i]->records);
        spill_reader_close(&reader);
        spill_extent_free(extents[i]);
    }
    pool_give(&ground.cache, list);
    list = chunk_of(&ground.cache, EXTENT_MAP_REGION / EXTENT_MAP_BLOCK, 1, NULL);
    for (size_t i = 0; i < REGIONS; i++) {
        const struct chunk *next = list;
        ck_assert_int_eq(spill_write(&ground.spill, &next, &extents[i], &error), MR_OK);
        ck_assert_uint_lt(extents[i]->offset, REGIONS * EXTENT_MAP_REGION);
    }
    for (size_t i = 0; i < REGIONS; i++)
        spill_extent_free(extents[i]);
    pool_give(&ground.cache, list);
    ground_close(&ground);
}
END_TEST

Suite *test_spill_file_suite(void);
Suite *test_spill_file_suite(void)
{
    Suite *suite = suite_create("spill_file");
    TCase *tests = tcase_create("spill");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, counts_larger_than_memory_are_exact, 0, 4);
    tcase_add_test(tests, jobs_that_share_little_memory_all_end);
    tcase_add_loop_test(tests, kept_values_larger_than_memory_reach_reduce, 0, 2);
    tcase_add_loop_test(tests, combined_structs_larger_than_memory_are_exact, 0, 2);
    tcase_add_loop_test(tests, results_that_no_sample_foretold_stay_in_memory, 0, 3);
    suite_add_tcase(suite, tests);
    TCase *files = tcase_create("files");
    tcase_add_checked_fixture(files, make_folder, remove_folder);
    tcase_add_test(files, a_missing_directory_is_an_error_at_once);
    tcase_add_test(files, a_directory_that_went_is_an_error);
    tcase_add_test(files, a_flipped_bit_is_an_error);
    tcase_add_test(files, an_extent_is_cut_to_fit_a_hole);
    tcase_add_test(files, space_is_given_back_extent_by_extent);
    suite_add_tcase(suite, files);
    return suite;
}
