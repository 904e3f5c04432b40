/* SPDX-License-Identifier: MIT
 *
 * test_hash.c - the hash spreads keys that were chosen knowing all of it but the seed.
 *
 * Each family counts through 12 adjacent bits of keys that are alike in all others, at any
 * place and length. For every seed, the probes that fill a table to 5/8 and the fullest
 * partition must stay within what random keys of the same number reach. Nothing here depends on
 * time or chance: the seeds are fixed.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "engine/map/combiner_table.h"
#include "unit/sanitized.h"

#define KEYS 2560
#define SLOTS 4096
#define PARTITIONS 64
#define SEEDS 50

/* Random keys take 1.8 probes each; and 40 a partition, of which the fullest has some 60. */
#define MOST_PROBES (KEYS * 36 / 10)
#define MOST_IN_PARTITION (2 * KEYS / PARTITIONS)

static void check_family(size_t size, unsigned bit, unsigned char fill)
{
    for (uint64_t number = 0; number < SEEDS; number++) {
        struct hash_seed seed;
        unsigned char used[SLOTS] = {0};
        unsigned partitions[PARTITIONS] = {0}, fullest = 0;
        size_t probes = 0;
        hash_seed_fixed(&seed, number * 1000003 + size * 7919 + bit);
        for (unsigned i = 0; i < KEYS; i++) {
            unsigned char key[128];
            memset(key, fill, sizeof key);
            for (unsigned b = 0; b < 12; b++) {
                unsigned at = (bit + b) / 8, mask = 1u << (bit + b) % 8;
                key[at] = (unsigned char)((key[at] & ~mask) | (i >> b & 1 ? mask : 0));
            }
            uint64_t hash = key_hash(&seed, key, size);
            size_t slot = (size_t)hash % SLOTS;
            for (probes++; used[slot]; probes++)
                slot = (slot + 1) % SLOTS;
            used[slot] = 1;
            unsigned *partition = &partitions[hash / (UINT64_MAX / PARTITIONS + 1)];
            if (++*partition > fullest)
                fullest = *partition;
        }
        ck_assert_msg(probes <= MOST_PROBES && fullest <= MOST_IN_PARTITION,
                      "keys of %zu bytes 0x%02x, from bit %u, seed %d: %zu probes, "
                      "%u in a partition",
                      size, fill, bit, (int)number, probes, fullest);
    }
}

START_TEST(keys_that_count_up_spread_evenly)
{
    static const size_t sizes[] = {2, 4, 7, 8, 12, 15, 16, 24, 31, 32, 40, 64};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (unsigned bit = 0; bit + 12 <= sizes[i] * 8; bit += SANITIZED ? 20 : 4) {
            check_family(sizes[i], bit, 0);
            check_family(sizes[i], bit, 'a');
        }
    }
}
END_TEST

Suite *test_hash_suite(void);

Suite *test_hash_suite(void)
{
    Suite *suite = suite_create("hash");
    TCase *tests = tcase_create("hash");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, keys_that_count_up_spread_evenly);
    suite_add_tcase(suite, tests);
    return suite;
}
