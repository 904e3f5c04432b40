/* SPDX-License-Identifier: MIT
 *
 * test_search.c - both searches against counting one word after another: every number of words,
 * words that repeat, and what lies before, at, between and behind them.
 */
#include <check.h>
#include <stdlib.h>

#include "engine/order/search.h"
#include "unit/cases.h"
#include "unit/random.h"

#define WHAT 64u

static int compare(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void check_search(search_count *search)
{
    struct search *all = aligned_alloc(alignof(struct search), sizeof *all);
    ck_assert_ptr_nonnull(all);
    for (size_t count = 0; count <= SEARCH_MOST; count++) {
        /* Some in all the range of words, some in so small a one that many are the same. */
        const unsigned shift = (unsigned)(count % 4) * 18;
        uint64_t what[WHAT] = {0, UINT64_MAX - 1, UINT64_MAX};
        uint32_t found[WHAT];
        for (size_t i = 0; i < count; i++)
            all->words[i] = random_next() >> shift;
        if (count > 0 && count % 5 == 0)
            all->words[count - 1] = UINT64_MAX;
        qsort(all->words, count, sizeof *all->words, compare);
        search_open(all, count);
        for (size_t i = 3; i < WHAT; i++)
            what[i] = i % 2 == 0 && count > 0 ? all->words[random_next() % count] + i % 3 - 1
                                              : random_next() >> shift;
        search(all, what, WHAT, found);
        for (size_t i = 0; i < WHAT; i++) {
            size_t want = 0;
            while (want < count && all->words[want] <= what[i])
                want++;
            if (what[i] == UINT64_MAX)
                ck_assert_uint_ge(found[i], want);
            else
                ck_assert_uint_eq(found[i], want);
        }
    }
    free(all);
}

START_TEST(a_scalar_search_finds_each_range)
{
    check_search(search_scalar);
}
END_TEST

START_TEST(vectors_find_each_range)
{
    if (search_select() != search_scalar)
        check_search(search_select());
    else
        cases_skip("search: vectors_find_each_range", "this CPU has no AVX-512");
}
END_TEST

Suite *test_search_suite(void);

Suite *test_search_suite(void)
{
    Suite *suite = suite_create("search");
    TCase *tests = tcase_create("search");
    tcase_add_test(tests, a_scalar_search_finds_each_range);
    tcase_add_test(tests, vectors_find_each_range);
    suite_add_tcase(suite, tests);
    return suite;
}
