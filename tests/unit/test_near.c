/* SPDX-License-Identifier: MIT
 *
 * test_near.c - tiny keys counted side by side against the table's own lookup, key by key: every
 * number of keys, every size, keys that lie where their probe begins, that do not, and that are not
 * there at all.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/near.h"

#define SLOTS 256u
#define WORDS 2u /* of a slot */
#define TEXT 4096u
#define ROUNDS 2000u

static uint64_t state = 88172645463325252u;

static unsigned below(unsigned n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % n;
}

/* Words of one to nine of three letters, so that there are some tiny ones often and many rarely; at
 * times a NUL, or none at all. Returns how many spans there are. */
static size_t make_keys(unsigned char text[TEXT], struct mr_span *spans, size_t most)
{
    uint32_t at = 0;
    for (size_t i = 0; i < TEXT; i++)
        text[i] = below(100) == 0 ? 0 : (unsigned char)('a' + below(3));
    for (size_t i = 0; i < most; i++) {
        uint32_t size = below(20) == 0 ? 8 + below(30) : below(below(8) + 1);
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

/* What must come of it, by the definition. */
static void count_slowly(const struct near *near, const unsigned char *base,
                         const struct mr_span *spans, size_t count, struct near_rest *rest)
{
    rest->missed = rest->longer = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t words[KEY_MIDDLE_WORDS], *slot;
        if (table_class_of(size_of(spans[i])) != TABLE_TINY) {
            rest->numbers[rest->longer++] = (uint32_t)i;
            continue;
        }
        const uint64_t hash = table_load(TABLE_TINY, near->seed, words, base + spans[i].begin,
                                         size_of(spans[i]));
        if (table_find(TABLE_TINY, near->slots, near->mask, WORDS, words, hash, &slot) &&
            slot == near->slots + (hash & near->mask) * WORDS) {
            slot[1]++;
            continue;
        }
        rest->rows[rest->missed * NEAR_ROW] = hash;
        rest->rows[rest->missed * NEAR_ROW + 1] = words[0];
        rest->missed++;
    }
}

/* Brings some of the keys into the slots. */
static void fill_slots(const struct near *near, const unsigned char *text,
                       const struct mr_span *spans, size_t count)
{
    memset(near->slots, 0, SLOTS * WORDS * sizeof *near->slots);
    for (size_t i = 0; i < count; i++) {
        uint64_t words[KEY_MIDDLE_WORDS], *slot;
        if (size_of(spans[i]) > KEY_TINY || below(4) == 0)
            continue;
        const uint64_t hash =
            table_load(TABLE_TINY, near->seed, words, text + spans[i].begin, size_of(spans[i]));
        if (!table_find(TABLE_TINY, near->slots, near->mask, WORDS, words, hash, &slot)) {
            ck_assert_ptr_nonnull(slot);
            slot[0] = words[0];
        }
        slot[1] += 1 + below(5);
    }
}

static void check_loop(near_count *loop)
{
    static unsigned char text[TEXT];
    uint64_t slots[SLOTS * WORDS], want_slots[SLOTS * WORDS];
    struct mr_span spans[NEAR_BATCH];
    struct hash_seed seed;
    size_t missed = 0, longer = 0, counted = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        hash_seed_fixed(&seed, round / 16);
        const struct near near = {slots, SLOTS - 1, &seed};
        const struct near want_near = {want_slots, SLOTS - 1, &seed};
        const size_t count = make_keys(text, spans, round % (NEAR_BATCH + 1));
        struct near_rest rest, want;
        fill_slots(&near, text, spans, count);
        memcpy(want_slots, slots, sizeof slots);
        memset(&rest, 0xa5, sizeof rest);
        loop(&near, text, spans, count, &rest);
        count_slowly(&want_near, text, spans, count, &want);
        ck_assert_mem_eq(slots, want_slots, sizeof slots);
        ck_assert_uint_eq(rest.missed, want.missed);
        ck_assert_uint_eq(rest.longer, want.longer);
        for (size_t i = 0; i < want.missed; i++)
            ck_assert_mem_eq(rest.rows + i * NEAR_ROW, want.rows + i * NEAR_ROW,
                             2 * sizeof *want.rows);
        ck_assert_mem_eq(rest.numbers, want.numbers, want.longer * sizeof *want.numbers);
        missed += want.missed;
        longer += want.longer;
        counted += count - want.missed - want.longer;
    }
    ck_assert_uint_gt(missed, ROUNDS);
    ck_assert_uint_gt(longer, ROUNDS);
    ck_assert_uint_gt(counted, ROUNDS);
}

START_TEST(test_fastest)
{
    near_count *loop = near_fastest();
    if (loop)
        check_loop(loop);
    else
        puts("skipped: this CPU has no such loop");
}
END_TEST

Suite *test_near_suite(void);

Suite *test_near_suite(void)
{
    Suite *suite = suite_create("near");
    TCase *tests = tcase_create("near");
    tcase_add_test(tests, test_fastest);
    suite_add_tcase(suite, tests);
    return suite;
}
