/* SPDX-License-Identifier: MIT
 *
 * test_chars.c - characters, with every kind of invalid UTF-8 between them.
 */
#include <check.h>
#include <string.h>

#include "text/case_fold.h"
#include "text/tokenizer.h"
#include "base/utf8.h"
#include "unit/random.h"
#include "unit/tally.h"

#define MOST 200

START_TEST(valid_characters_count_and_invalid_bytes_do_not)
{
    static const char *const pieces[] = {
        "a",
        "Z",
        " ",
        "\n",
        "\xc3\x89",
        "\xe2\x82\xac",
        "\xc3\x9f",
        "\xf0\x9f\x98\x80",
        "\xff",
        "\xc3",
        "\xe2\x82",
        "\x80",
        "\xc0\x80",
        "\xed\xa0\x80",
        "\xf4\x90\x80\x80",
        "\xe0\x80\x80",
        "\xf0\x9f\x98",
        "\xc4\xb0",
    };
    unsigned char text[MOST];
    for (int round = 0; round < 100; round++) {
        struct tokenizer_options options = tally_options(&token_kind_chars);
        unsigned char end = round & 1 ? 0 : '\n', folded[CASE_FOLD_ROOM(4)];
        struct tally want;
        size_t size = 0;
        uint64_t invalid = 0;
        uint32_t code;
        for (size_t i = below(MOST / 4); i > 0; i--) {
            const char *piece = pieces[below(sizeof pieces / sizeof *pieces)];
            memcpy(text + size, piece, strlen(piece));
            size += strlen(piece);
            if (below(8) == 0 && size < MOST - 8)
                text[size++] = '\0';
            if (size > MOST - 8)
                break;
        }
        options.zero_terminated = end == 0;
        options.case_fold = round & 2;
        tally_open(&want);
        for (size_t i = 0; i < size;) {
            size_t length = utf8_decode(text + i, size - i, &code);
            if (length == 0)
                invalid++;
            else if (text[i] != end && options.case_fold)
                tally_add(&want, folded, case_fold_bytes(text + i, length, folded), 1);
            else if (text[i] != end)
                tally_add(&want, text + i, length, 1);
            i += length > 0 ? length : 1;
        }
        tally_check(&options, text, size, &want);
        ck_assert_uint_eq(want.stats.invalid_bytes, invalid);
        tally_close(&want);
    }
}
END_TEST

/* Chinese with no line end has borders too. */
START_TEST(text_without_lines_has_borders_too)
{
    static const unsigned char text[] = "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad";
    struct tokenizer_options options = tally_options(&token_kind_chars);
    struct tokenizer *rule;
    ck_assert_int_eq(tokenizer_open(&options, &rule, NULL), 0);
    ck_assert_uint_eq(tokenizer_border(rule, text, 9, 1), 3);
    ck_assert_uint_eq(tokenizer_border(rule, text, 9, 4), 6);
    ck_assert_uint_eq(tokenizer_border(rule, text, 9, 7), 9);
    ck_assert_uint_eq(tokenizer_border_last(rule, text, 9), 6);
    ck_assert_uint_eq(tokenizer_border_last(rule, text, 3), 0);
    ck_assert_uint_eq(tokenizer_border_last(rule, text, 0), 0);
    tokenizer_close(rule);
}
END_TEST

Suite *test_chars_suite(void);

Suite *test_chars_suite(void)
{
    Suite *suite = suite_create("chars");
    TCase *tests = tcase_create("chars");
    tcase_add_test(tests, valid_characters_count_and_invalid_bytes_do_not);
    tcase_add_test(tests, text_without_lines_has_borders_too);
    suite_add_tcase(suite, tests);
    return suite;
}
