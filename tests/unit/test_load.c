/* SPDX-License-Identifier: MIT
 *
 * test_load.c - keys loaded and hashed together against key_grouping_load, key by key: every number
 * of keys, every size, longer ones between them.
 */
#include <check.h>
#include <string.h>

#include "engine/map/load.h"
#include "unit/cases.h"
#include "unit/random.h"

#define TEXT 4096u
#define ROUNDS 2000u

static void check_load(load_keys *loop)
{
    unsigned char text[TEXT];
    struct mr_span spans[LOAD_BATCH];
    struct hash_seed seed;
    size_t loaded[KEY_W2_MOST + 1] = {0};
    for (unsigned round = 0; round < ROUNDS; round++) {
        const size_t count = round % (LOAD_BATCH + 1);
        struct load load;
        uint32_t at = 0;
        hash_seed_fixed(&seed, round);
        for (size_t i = 0; i < TEXT; i++)
            text[i] = (unsigned char)below(256);
        for (size_t i = 0; i < count; i++) {
            const uint32_t size = below(10) == 0 ? below(40) : below(KEY_W2_MOST + 1);
            spans[i] = (struct mr_span){at, at + size};
            at += size + below(3);
        }
        ck_assert_uint_le(at + MR_PAD, TEXT);
        memset(&load, 0xa5, sizeof load);
        loop(&seed, text, spans, count, &load);
        for (size_t i = 0; i < count; i++) {
            const size_t size = spans[i].end - spans[i].begin;
            uint64_t words[KEY_W2_WORDS];
            if (size > KEY_W2_MOST)
                continue;
            const uint64_t hash =
                key_grouping_load(KEY_W2, &seed, words, text + spans[i].begin, size);
            if (hash != load.hashes[i] || words[0] != load.words[0][i] ||
                words[1] != load.words[1][i])
                ck_abort_msg("key %zu of %zu, of %zu bytes", i, count, size);
            loaded[size]++;
        }
    }
    for (size_t size = 0; size <= KEY_W2_MOST; size++)
        ck_assert_uint_gt(loaded[size], ROUNDS / 10);
}

START_TEST(a_scalar_loop_loads_every_key)
{
    check_load(load_scalar);
}
END_TEST

START_TEST(vectors_load_every_key)
{
    load_keys *loop = load_select();
    if (loop != load_scalar)
        check_load(loop);
    else
        cases_skip("load: vectors_load_every_key", "this CPU has no AVX-512");
}
END_TEST

Suite *test_load_suite(void);

Suite *test_load_suite(void)
{
    Suite *suite = suite_create("load");
    TCase *tests = tcase_create("load");
    tcase_add_test(tests, a_scalar_loop_loads_every_key);
    tcase_add_test(tests, vectors_load_every_key);
    suite_add_tcase(suite, tests);
    return suite;
}
