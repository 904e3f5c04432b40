/* SPDX-License-Identifier: MIT
 *
 * test_spool - what is written to a spool is read from it, in that order, from memory or disk.
 */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/thread.h"
#include "command/spool.h"
#include "unit/await.h"
#include "unit/random.h"
#include "unit/sanitized.h"

Suite *test_spool_suite(void);

static struct spool_store store;
static atomic_uint freed, fed;

static void count(void *context)
{
    atomic_fetch_add((atomic_uint *)context, 1);
}

static void open_store(uint64_t blocks, const char *const *tmpdirs, size_t tmpdir_count)
{
    struct mr_error error;
    struct spool_options options = {.memory = blocks * SPOOL_BLOCK,
                                    .tmpdirs = tmpdirs,
                                    .tmpdir_count = tmpdir_count,
                                    .freed = count,
                                    .freed_context = &freed};
    freed = fed = 0;
    ck_assert_int_eq(spool_store_open(&store, &options, &error), 0);
}

static void open_blocks(uint64_t blocks)
{
    static const char *const tmpdirs[] = {"/tmp"};
    open_store(blocks, tmpdirs, 1);
}

/* The byte at a place in the text that all tests write. */
static unsigned char byte_at(uint64_t place)
{
    return (unsigned char)(place ^ place >> 8 ^ place >> 16);
}

static void put(struct spool *spool, uint64_t *at, size_t size)
{
    struct mr_error error;
    unsigned char *bytes = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        bytes[i] = byte_at((*at)++);
    ck_assert_msg(spool_write(spool, bytes, size, &error) == 0, "%s", error.text);
    free(bytes);
}

/* Reads the next block, if any, and says what was found. */
static enum spool_found take(struct spool *spool, uint64_t *at)
{
    struct mr_error error = {0};
    const unsigned char *bytes;
    size_t size;
    const enum spool_found found = spool_read(spool, &bytes, &size, &error);
    ck_assert_msg(found != SPOOL_FAILED, "%s", error.text);
    if (found != SPOOL_BYTES)
        return found;
    ck_assert_uint_gt(size, 0);
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != byte_at((*at)++))
            ck_abort_msg("byte %llu is wrong", (unsigned long long)*at - 1);
    return found;
}

static void end(struct spool *spool)
{
    struct mr_error error;
    ck_assert_msg(spool_end(spool, &error) == 0, "%s", error.text);
}

/* Bytes of the temporary files that are open. */
static uint64_t disk(void)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < store.options.tmpdir_count; i++) {
        struct stat about;
        if (store.files[i] >= 0 && fstat(store.files[i], &about) == 0)
            bytes += (uint64_t)about.st_size;
    }
    return bytes;
}

START_TEST(what_is_written_is_read_in_order)
{
    static const unsigned blocks[] = {0, 1, 5, 1000};
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
        struct spool spool;
        uint64_t in = 0, out = 0;
        open_blocks(blocks[b]);
        spool_open(&spool, &store, NULL, NULL);
        ck_assert_int_eq(take(&spool, &out), SPOOL_NOTHING);
        for (int round = 0; round < 600; round++) {
            put(&spool, &in, below(round % 7 == 0 ? 3 * SPOOL_BLOCK : 9000));
            if (round % 5 == 4)
                (void)take(&spool, &out);
        }
        ck_assert_uint_gt(in, out);
        end(&spool);
        while (take(&spool, &out) == SPOOL_BYTES)
            ;
        ck_assert_uint_eq(in, out);
        ck_assert_int_eq(take(&spool, &out), SPOOL_ENDED);
        ck_assert_int_eq(disk() > 0, blocks[b] < 1000);
        spool_close(&spool);
        ck_assert_uint_eq(store.used, 0);
        spool_store_close(&store);
    }
}
END_TEST

START_TEST(memory_is_kept_to)
{
    enum { SPOOLS = 5 };
    struct spool spools[SPOOLS];
    uint64_t in[SPOOLS] = {0}, out[SPOOLS] = {0}, most = 0;
    open_blocks(20);
    for (size_t i = 0; i < SPOOLS; i++)
        spool_open(&spools[i], &store, NULL, NULL);
    for (int round = 0; round < 4000; round++) {
        const size_t i = below(SPOOLS);
        put(&spools[i], &in[i], below(20000));
        if (below(9) == 0)
            (void)take(&spools[i], &out[i]);
        if (store.used > most)
            most = store.used;
    }
    ck_assert_uint_ge(most, 20);
    ck_assert_uint_le(most, 20 + 4 * SPOOLS);
    for (size_t i = 0; i < SPOOLS; i++) {
        end(&spools[i]);
        while (take(&spools[i], &out[i]) == SPOOL_BYTES)
            ;
        ck_assert_uint_eq(in[i], out[i]);
        spool_close(&spools[i]);
    }
    ck_assert_uint_eq(store.used, 0);
    ck_assert_uint_gt(freed, 0);
    spool_store_close(&store);
}
END_TEST

START_TEST(disk_is_used_again)
{
    struct spool spool;
    uint64_t in = 0, out = 0, first;
    open_blocks(2);
    spool_open(&spool, &store, NULL, NULL);
    put(&spool, &in, 40 * SPOOL_BLOCK);
    first = disk();
    ck_assert_uint_ge(first, 37 * SPOOL_BLOCK);
    for (int round = 0; round < 200; round++) {
        put(&spool, &in, SPOOL_ROOM);
        ck_assert_int_eq(take(&spool, &out), SPOOL_BYTES);
    }
    ck_assert_uint_le(disk(), first + 4 * SPOOL_BLOCK);
    spool_close(&spool);
    spool_store_close(&store);
}
END_TEST

START_TEST(all_folders_are_used)
{
    static const char *const tmpdirs[] = {"/tmp", "/tmp/.", "/tmp/./."};
    struct spool spool;
    uint64_t in = 0, out = 0;
    open_store(0, tmpdirs, 3);
    spool_open(&spool, &store, NULL, NULL);
    put(&spool, &in, 31 * SPOOL_BLOCK);
    end(&spool);
    for (int i = 0; i < 3; i++) {
        struct stat about;
        ck_assert_int_eq(fstat(store.files[i], &about), 0);
        ck_assert_uint_ge((uint64_t)about.st_size, 9 * SPOOL_BLOCK);
        ck_assert_uint_eq(about.st_nlink, 0);
    }
    while (take(&spool, &out) == SPOOL_BYTES)
        ;
    ck_assert_uint_eq(in, out);
    spool_close(&spool);
    spool_store_close(&store);
}
END_TEST

START_TEST(a_reader_that_found_nothing_is_told)
{
    struct mr_error error;
    struct spool spool;
    uint64_t in = 0, out = 0;
    open_blocks(0);
    spool_open(&spool, &store, count, &fed);
    put(&spool, &in, 100);
    ck_assert(!spool_starving(&spool));
    ck_assert_int_eq(take(&spool, &out), SPOOL_NOTHING);
    ck_assert(spool_starving(&spool));
    put(&spool, &in, 100);
    ck_assert_uint_eq(fed, 0);
    ck_assert_int_eq(spool_pass(&spool, &error), 0);
    ck_assert_uint_eq(fed, 1);
    ck_assert(!spool_starving(&spool));
    ck_assert_int_eq(take(&spool, &out), SPOOL_BYTES);
    ck_assert_uint_eq(out, 200);
    /* A full block, without being asked, in memory. */
    ck_assert_int_eq(take(&spool, &out), SPOOL_NOTHING);
    put(&spool, &in, SPOOL_BLOCK);
    ck_assert_uint_eq(fed, 2);
    ck_assert_uint_eq(disk(), 0);
    ck_assert_int_eq(take(&spool, &out), SPOOL_BYTES);
    ck_assert_int_eq(take(&spool, &out), SPOOL_NOTHING);
    end(&spool);
    ck_assert_uint_eq(fed, 3);
    ck_assert_int_eq(take(&spool, &out), SPOOL_BYTES);
    ck_assert_int_eq(take(&spool, &out), SPOOL_ENDED);
    ck_assert_uint_eq(in, out);
    spool_close(&spool);
    spool_store_close(&store);
}
END_TEST

START_TEST(what_is_dropped_is_not_kept)
{
    struct spool spool, other;
    uint64_t in = 0, out = 0, size;
    open_blocks(8);
    spool_open(&spool, &store, NULL, NULL);
    spool_open(&other, &store, NULL, NULL);
    put(&spool, &in, 20 * SPOOL_BLOCK);
    ck_assert_int_eq(take(&spool, &out), SPOOL_BYTES);
    ck_assert_int_eq(take(&spool, &out), SPOOL_BYTES);
    put(&spool, &in, 20 * SPOOL_BLOCK);
    size = disk();
    spool_drop(&spool);
    put(&spool, &in, 500 * SPOOL_BLOCK);
    end(&spool);
    ck_assert_int_eq(take(&spool, &out), SPOOL_ENDED);
    spool_close(&spool);
    ck_assert_uint_eq(store.used, 0);
    in = out = 0; /* its places are used again */
    put(&other, &in, 40 * SPOOL_BLOCK);
    ck_assert_uint_le(disk(), size + 4 * SPOOL_BLOCK);
    end(&other);
    while (take(&other, &out) == SPOOL_BYTES)
        ;
    ck_assert_uint_eq(in, out);
    spool_close(&other);
    spool_store_close(&store);
}
END_TEST

START_TEST(damage_on_disk_is_noticed)
{
    static const off_t places[] = {0, 8, 16, 24, 30000, 65000};
    struct mr_error error;
    struct spool spool;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        uint64_t in = 0;
        unsigned char byte;
        const unsigned char *bytes;
        size_t size;
        open_blocks(0);
        spool_open(&spool, &store, NULL, NULL);
        put(&spool, &in, 5 * SPOOL_BLOCK);
        ck_assert_int_eq(pread(store.files[0], &byte, 1, places[i]), 1);
        byte ^= 4;
        ck_assert_int_eq(pwrite(store.files[0], &byte, 1, places[i]), 1);
        ck_assert_int_eq(spool_read(&spool, &bytes, &size, &error), SPOOL_FAILED);
        ck_assert_int_eq(error.status, MR_SPILL);
        ck_assert_str_eq(error.text, "/tmp: temporary data have been damaged");
        spool_close(&spool);
        spool_store_close(&store);
    }
}
END_TEST

START_TEST(a_folder_that_takes_nothing_is_an_error)
{
    static const char *const none[] = {"/tmp/there/is/no/such/folder"};
    struct mr_error error;
    struct spool spool;
    unsigned char bytes[1000] = {0};
    int result = 0;
    open_store(1, none, 1);
    spool_open(&spool, &store, NULL, NULL);
    for (int i = 0; result == 0 && i < 1000; i++)
        result = spool_write(&spool, bytes, sizeof bytes, &error);
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(error.status, MR_SPILL);
    ck_assert_str_eq(error.text, "/tmp/there/is/no/such/folder: cannot create a temporary file: "
                                 "No such file or directory");
    spool_close(&spool);
    spool_store_close(&store);

    const struct rlimit limit = {.rlim_cur = 100000, .rlim_max = 100000};
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    open_blocks(1);
    spool_open(&spool, &store, NULL, NULL);
    result = 0;
    for (int i = 0; result == 0 && i < 1000; i++)
        result = spool_write(&spool, bytes, sizeof bytes, &error);
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(error.status, MR_SPILL);
    ck_assert_str_eq(error.text, "/tmp: cannot write temporary data: File too large");
    spool_close(&spool);
    ck_assert_uint_eq(store.used, 0);
    spool_store_close(&store);
}
END_TEST

/* ---- A thread writes while another one reads ------------------------------------------------ */

struct pair {
    struct spool spool;
    uint64_t size, in, out;
    atomic_uint told;
};

static void write_all(void *argument)
{
    struct pair *pair = argument;
    uint64_t random = pair->size;
    struct mr_error error;
    while (pair->in < pair->size) {
        unsigned char bytes[3000];
        const size_t n = random_after(&random) % sizeof bytes;
        for (size_t i = 0; i < n; i++)
            bytes[i] = byte_at(pair->in++);
        if (spool_write(&pair->spool, bytes, n, &error) != 0 ||
            (spool_starving(&pair->spool) && spool_pass(&pair->spool, &error) != 0))
            return;
    }
    (void)spool_end(&pair->spool, &error);
}

static void read_all(void *argument)
{
    struct pair *pair = argument;
    struct mr_error error;
    const unsigned char *bytes;
    size_t size;
    for (;;) {
        const unsigned told = atomic_load(&pair->told);
        const enum spool_found found = spool_read(&pair->spool, &bytes, &size, &error);
        if (found == SPOOL_NOTHING)
            AWAIT(atomic_load(&pair->told) != told || !spool_starving(&pair->spool));
        else if (found != SPOOL_BYTES)
            return;
        else
            for (size_t i = 0; i < size; i++)
                if (bytes[i] != byte_at(pair->out++))
                    return;
        if (pair->size % 2 == 0 && pair->out > pair->size / 2) {
            spool_drop(&pair->spool);
            return;
        }
    }
}

START_TEST(reading_goes_on_beside_writing)
{
    enum { PAIRS = 3 };
    static struct pair pairs[PAIRS];
    struct thread threads[2 * PAIRS];
    static const unsigned blocks[] = {0, 6, 60};
    for (size_t b = 0; b < 3; b++) {
        open_blocks(blocks[b]);
        for (size_t i = 0; i < PAIRS; i++) {
            struct pair *pair = &pairs[i];
            *pair = (struct pair){.size = (SANITIZED ? 3000001 : 20000001) + i};
            spool_open(&pair->spool, &store, count, &pair->told);
            ck_assert_int_eq(thread_start(&threads[2 * i], "write", write_all, pair), 0);
            ck_assert_int_eq(thread_start(&threads[2 * i + 1], "read", read_all, pair), 0);
        }
        for (size_t i = 0; i < 2 * PAIRS; i++)
            thread_join(&threads[i]);
        for (size_t i = 0; i < PAIRS; i++) {
            ck_assert_uint_ge(pairs[i].in, pairs[i].size);
            if (pairs[i].size % 2 == 1)
                ck_assert_uint_eq(pairs[i].in, pairs[i].out);
            else
                ck_assert_uint_gt(pairs[i].out, pairs[i].size / 2);
            spool_close(&pairs[i].spool);
        }
        ck_assert_uint_eq(store.used, 0);
        spool_store_close(&store);
    }
}
END_TEST

Suite *test_spool_suite(void)
{
    Suite *suite = suite_create("spool");
    TCase *tests = tcase_create("spool");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, what_is_written_is_read_in_order);
    tcase_add_test(tests, memory_is_kept_to);
    tcase_add_test(tests, disk_is_used_again);
    tcase_add_test(tests, all_folders_are_used);
    tcase_add_test(tests, a_reader_that_found_nothing_is_told);
    tcase_add_test(tests, what_is_dropped_is_not_kept);
    tcase_add_test(tests, damage_on_disk_is_noticed);
    tcase_add_test(tests, a_folder_that_takes_nothing_is_an_error);
    tcase_add_test(tests, reading_goes_on_beside_writing);
    suite_add_tcase(suite, tests);
    return suite;
}
