/* SPDX-License-Identifier: MIT
 *
 * test_filter.c - keys left out by list and by length.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/filter.h"
#include "text/tokenizer.h"
#include "unit/tally.h"

static bool lets(const struct filter *filter, const char *key)
{
    /* At the end of memory of its own: what is read past the key shows. */
    size_t size = strlen(key);
    unsigned char *copy = malloc(size > 0 ? size : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, key, size);
    bool met = false, passes = filter_lets(filter, copy, size, &met);
    free(copy);
    return passes;
}

/* A filter by a list that comes in pieces of `step` bytes. */
static struct filter *read_list(const struct filter_list *list, const char *text, size_t size,
                                size_t step)
{
    struct filter *filter = filter_open(0, UINT64_MAX, list);
    ck_assert_ptr_nonnull(filter);
    for (size_t at = 0; at < size; at += step) {
        size_t piece = size - at < step ? size - at : step;
        ck_assert_int_eq(filter_read(filter, (const unsigned char *)text + at, piece), KEY_SET_OK);
    }
    ck_assert_int_eq(filter_read_end(filter), KEY_SET_OK);
    return filter;
}

static struct filter *list(const char *text, size_t size, unsigned char end, bool fold)
{
    const struct filter_list list = {UINT64_MAX, end, fold, NORMALIZE_NONE, false};
    return read_list(&list, text, size, size + 1);
}

START_TEST(listed_keys_do_not_pass)
{
    struct filter *filter = list("the\na\nThe\n\na\nsixteen bytes it is\nlast", 37, '\n', false);
    ck_assert(!lets(filter, "the"));
    ck_assert(!lets(filter, "The"));
    ck_assert(!lets(filter, "a"));
    ck_assert(!lets(filter, ""));
    ck_assert(!lets(filter, "last"));
    ck_assert(!lets(filter, "sixteen bytes it is"));
    ck_assert(lets(filter, "THE"));
    ck_assert(lets(filter, "th"));
    ck_assert(lets(filter, "them"));
    ck_assert(lets(filter, "sixteen bytes it was"));
    filter_close(filter);

    filter = list("The\nSTRASSE\n", 12, '\n', true);
    ck_assert(!lets(filter, "the"));
    ck_assert(!lets(filter, "strasse"));
    ck_assert(lets(filter, ""));
    filter_close(filter);

    filter = list("a\nb\0c", 5, '\0', false);
    ck_assert(!lets(filter, "a\nb"));
    ck_assert(!lets(filter, "c"));
    ck_assert(lets(filter, "a"));
    filter_close(filter);

    filter = list("", 0, '\n', false);
    ck_assert(lets(filter, ""));
    filter_close(filter);
    filter_close(NULL);
}
END_TEST

/* Every way in which other systems write a list of the words "a", "to be" and "Xyz". */
START_TEST(lists_of_words_from_other_systems_are_read)
{
    static const char *const ends[] = {"\n", "\r\n", "\r", "\n\n", " \n\t", "\v\f\r\n", "\0"};
    static const char *const befores[] = {"", "\xEF\xBB\xBF", " ", "\t ", "\xEF\xBB\xBF\r\n  "};
    static const char *const words[] = {"a", "to be", "Xyz"};

    for (size_t before = 0; before < sizeof befores / sizeof *befores; before++) {
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
            for (int way = 0; way < 8; way++) { /* folded, under -z, with a last end */
                bool nul = *ends[i] == '\0', zero = way & 2;
                char text[64];
                size_t size = 0;
                if (nul && !zero)
                    continue;
                size += (size_t)sprintf(text, "%s", befores[before]);
                for (size_t k = 0; k < 3; k++) {
                    size += (size_t)sprintf(text + size, "%s%s", words[k],
                                            k < 2 || (way & 4) ? ends[i] : "");
                    size += nul && (k < 2 || (way & 4));
                }
                const struct filter_list list = {UINT64_MAX, zero ? '\0' : '\n', way & 1,
                                                 NORMALIZE_NONE, true};
                struct filter *filter = read_list(&list, text, size, 1 + (before + i) % 5);
                ck_assert(!lets(filter, "a"));
                ck_assert(!lets(filter, "to be"));
                ck_assert(!lets(filter, way & 1 ? "xyz" : "Xyz"));
                ck_assert(lets(filter, way & 1 ? "Xyz" : "xyz"));
                ck_assert(lets(filter, "to"));
                ck_assert(lets(filter, "\xEF\xBB\xBF"));
                filter_close(filter);
            }
        }
    }
}
END_TEST

/* Of lines and characters every byte counts, a mark, blanks and a CR too. */
START_TEST(lists_of_other_keys_are_taken_as_they_are)
{
    static const char text[] = "\xEF\xBB\xBF"
                               "a\n b\nc\r\nd \n\r\n \n";
    struct filter *filter = list(text, sizeof text - 1, '\n', false);
    static const char *const listed[] = {"\xEF\xBB\xBF\x61", " b", "c\r", "d ", "\r", " "};
    static const char *const others[] = {"a", "b", "c", "d", ""};

    for (size_t i = 0; i < sizeof listed / sizeof *listed; i++)
        ck_assert(!lets(filter, listed[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert(lets(filter, others[i]));
    filter_close(filter);
}
END_TEST

START_TEST(a_long_list_stops_just_its_keys)
{
    enum { KEYS = 20000 };
    char *text = malloc(KEYS * 16), key[16];
    size_t used = 0;
    ck_assert_ptr_nonnull(text);
    for (int i = 0; i < KEYS; i += 2)
        used += (size_t)sprintf(text + used, "k%d\n", i);
    struct filter *filter = list(text, used, '\n', false);
    for (int i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ck_assert(lets(filter, key) == (i % 2 != 0));
    }
    filter_close(filter);
    free(text);
}
END_TEST

/* Keys of all sizes, of which some are others' beginnings, in pieces of all sizes. */
START_TEST(keys_of_any_size_come_in_pieces_of_any_size)
{
    enum { MOST = 400 };
    char *text = malloc(MOST * MOST), key[MOST + 1];
    size_t used = 0;
    ck_assert_ptr_nonnull(text);
    for (size_t i = 1; i < MOST; i += 3) {
        memset(text + used, 'A', i);
        text[used + i] = '\n';
        used += i + 1;
    }
    for (size_t step = 1; step < 100000; step = step * 3 + 1) {
        for (int fold = 0; fold < 2; fold++) {
            const struct filter_list list = {UINT64_MAX, '\n', fold, NORMALIZE_NONE, step % 2 == 0};
            struct filter *filter = read_list(&list, text, used, step);
            for (size_t i = 1; i < MOST; i++) {
                memset(key, fold ? 'a' : 'A', i);
                key[i] = '\0';
                ck_assert(lets(filter, key) == (i % 3 != 1));
            }
            filter_close(filter);
        }
    }
    free(text);
}
END_TEST

/* With any limit a list either fits, and takes no more, or is said not to. */
START_TEST(lists_keep_to_their_memory)
{
    enum { KEYS = 3000 };
    char *text = malloc(KEYS * 16);
    size_t used = 0, fitted = 0;
    ck_assert_ptr_nonnull(text);
    for (int i = 0; i < KEYS; i++)
        used += (size_t)sprintf(text + used, "k%d\n", i);
    for (uint64_t limit = 0; limit < 200000; limit = limit * 5 / 4 + 100) {
        const struct filter_list list = {limit, '\n', false, NORMALIZE_NONE, true};
        struct filter *filter = filter_open(0, UINT64_MAX, &list);
        ck_assert_ptr_nonnull(filter);
        enum key_set_status status = KEY_SET_OK;
        for (size_t at = 0; at < used && status == KEY_SET_OK; at += 100) {
            size_t piece = used - at < 100 ? used - at : 100;
            status = filter_read(filter, (const unsigned char *)text + at, piece);
            ck_assert_uint_le(filter_memory(filter), limit);
        }
        if (status == KEY_SET_OK)
            status = filter_read_end(filter);
        ck_assert_uint_le(filter_memory(filter), limit);
        ck_assert(status == KEY_SET_OK || status == KEY_SET_FULL);
        ck_assert(status == KEY_SET_FULL || limit > used);
        if (status == KEY_SET_OK) {
            fitted++;
            ck_assert(!lets(filter, "k0") && !lets(filter, "k2999") && lets(filter, "k3000"));
        }
        filter_close(filter);
    }
    ck_assert_uint_gt(fitted, 3);
    free(text);
}
END_TEST

START_TEST(keys_too_short_or_too_long_do_not_pass)
{
    static const struct {
        const char *key;
        uint64_t length;
    } keys[] = {
        {"", 0},
        {"a", 1},
        {"\xc3\x89", 1},
        {"\xff", 1},
        {"\xc3", 1},
        {"\xe2\x82", 2},
        {"a\xe2\x82\xac", 2},
        {"\xf0\x9f\x98\x80", 1},
        {"abc", 3},
        {"\xed\xa0\x80", 3},
    };
    for (uint64_t min = 0; min < 5; min++) {
        for (uint64_t max = 0; max < 6; max++) {
            uint64_t most = max == 5 ? UINT64_MAX : max;
            struct filter *filter = filter_open(min, most, NULL);
            ck_assert_ptr_nonnull(filter);
            for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
                ck_assert(lets(filter, keys[i].key) ==
                          (keys[i].length >= min && keys[i].length <= most));
            filter_close(filter);
        }
    }
}
END_TEST

/* On its way from text to count: final keys are filtered, and only what passes is a token. */
START_TEST(keys_are_filtered_in_their_final_form)
{
    static const char counts[] = "AND\t3\ncat\t3\nabcde\t1\nCat\t4\na\t1\n";
    static const char text[] = "The cat and the \xc3\x89tat\nAND a dog\n";
    struct tokenizer_options options = tally_options(&token_kind_unicode);
    struct tally want;
    options.case_fold = true;
    options.min_length = 2;
    options.max_length = 4;
    tally_stop_words = "And\n";
    options.stop_words = true;
    options.stop_words_memory = UINT64_MAX;
    tally_open(&want);
    tally_add(&want, "the", 3, 2);
    tally_add(&want, "cat", 3, 1);
    tally_add(&want, "dog", 3, 1);
    tally_add(&want, "\xc3\xa9tat", 5, 1);
    tally_check(&options, text, sizeof text - 1, &want);
    tally_close(&want);

    options.kind = &token_kind_merge;
    tally_open(&want);
    tally_add(&want, "cat", 3, 7);
    tally_check(&options, counts, sizeof counts - 1, &want);
    options.case_fold = false;
    tally_close(&want);
    tally_open(&want);
    tally_add(&want, "AND", 3, 3);
    tally_add(&want, "cat", 3, 3);
    tally_add(&want, "Cat", 3, 4);
    tally_check(&options, counts, sizeof counts - 1, &want);
    tally_close(&want);

    options.kind = &token_kind_spaces;
    options.ngram_min = options.ngram_max = 2;
    tally_stop_words = "a b\n";
    tally_open(&want);
    tally_add(&want, "b c", 3, 1);
    tally_check(&options, "a b c", 5, &want);
    tally_close(&want);
}
END_TEST

Suite *test_filter_suite(void);

Suite *test_filter_suite(void)
{
    Suite *suite = suite_create("filter");
    TCase *tests = tcase_create("filter");
    tcase_add_test(tests, listed_keys_do_not_pass);
    tcase_add_test(tests, lists_of_words_from_other_systems_are_read);
    tcase_add_test(tests, lists_of_other_keys_are_taken_as_they_are);
    tcase_add_test(tests, a_long_list_stops_just_its_keys);
    tcase_add_test(tests, keys_of_any_size_come_in_pieces_of_any_size);
    tcase_add_test(tests, lists_keep_to_their_memory);
    tcase_add_test(tests, keys_too_short_or_too_long_do_not_pass);
    tcase_add_test(tests, keys_are_filtered_in_their_final_form);
    suite_add_tcase(suite, tests);
    return suite;
}
