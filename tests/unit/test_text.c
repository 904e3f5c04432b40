/* SPDX-License-Identifier: MIT
 *
 * test_text.c - the kinds of tokens that need no more than bytes, against references, however the
 * text is cut and whatever kernel looks at it.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "text/case_fold.h"
#include "base/kernels/kernels.h"
#include "text/tokenizer.h"
#include "base/utf8.h"
#include "unit/random.h"
#include "unit/sanitized.h"
#include "unit/tally.h"

#define MOST 400

static const char *const pieces[] = {
    "a",     "B",    "the",      "Word", " ",        " ",        "  ",       "\t",           "\n",
    "\n",    "\r\n", "\v",       "\f",   "\xc3\x89", "\xc3",     "\xc3\x9f", "\xe2\x82\xac", "_",
    "can't", "1.5",  "\xff",     ",",    "\x80",     "\xcc\x81", "\n\n",     "a\xc3\x89Z",   "",
    ".",     "12",   "\xd0\x96",
};

static size_t make(unsigned char *text, size_t most)
{
    size_t size = 0, length;
    bool bytes = below(4) == 0, nul = below(2) == 0;
    while (size + 8 < most) {
        if (bytes) {
            text[size++] = (unsigned char)below(256);
            continue;
        }
        const char *piece = pieces[below(sizeof pieces / sizeof *pieces)];
        length = strlen(piece);
        memcpy(text + size, piece, length);
        size += length;
        if (length == 0 && nul)
            text[size++] = '\0';
    }
    return size;
}

/* ---- References ------------------------------------------------------------------------------ */

static void add(struct tally *tally, const unsigned char *key, size_t size, bool fold)
{
    unsigned char folded[CASE_FOLD_ROOM(MOST)];
    if (fold) {
        size = case_fold_bytes(key, size, folded);
        key = folded;
    }
    tally_add(tally, key, size, 1);
}

static bool in_token(const struct token_kind *kind, unsigned char c, bool zero)
{
    if (kind == &token_kind_spaces)
        return !(c == ' ' || c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r' ||
                 (zero && c == 0));
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void reference(struct tally *tally, const struct tokenizer_options *options,
                      const unsigned char *text, size_t size)
{
    unsigned char end = options->zero_terminated ? 0 : '\n';
    for (size_t i = 0, stop; i < size; i = stop + 1) {
        stop = i;
        if (options->kind == &token_kind_lines) {
            while (stop < size && text[stop] != end)
                stop++;
            add(tally, text + i, stop - i, options->case_fold);
        } else {
            while (stop < size && in_token(options->kind, text[stop], options->zero_terminated))
                stop++;
            if (stop > i)
                add(tally, text + i, stop - i, options->case_fold);
        }
    }
}

static uint64_t invalid_bytes(const unsigned char *text, size_t size)
{
    uint64_t invalid = 0;
    uint32_t code;
    for (size_t i = 0; i < size; i++) {
        size_t length = utf8_decode(text + i, size - i, &code);
        if (length == 0)
            invalid++;
        else
            i += length - 1;
    }
    return invalid;
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static void check_kind(const struct token_kind *kind)
{
    unsigned char text[MOST + MR_PAD];
    for (int round = 0; round < 30; round++) {
        struct tokenizer_options options = tally_options(kind);
        struct tally want;
        size_t size = make(text, 10 + below(MOST - 10));
        options.case_fold = round & 1;
        options.zero_terminated = round & 2;
        options.count_invalid = true;
        tally_open(&want);
        reference(&want, &options, text, size);
        tally_check(&options, text, size, &want);
        ck_assert_uint_eq(want.stats.invalid_bytes, invalid_bytes(text, size));
        tally_close(&want);
    }
}

START_TEST(words_between_spaces_are_counted)
{
    check_kind(&token_kind_spaces);
}
END_TEST

START_TEST(runs_of_letters_are_counted)
{
    check_kind(&token_kind_letters);
}
END_TEST

START_TEST(lines_are_counted)
{
    check_kind(&token_kind_lines);
}
END_TEST

/* Unicode words have tests of their own (test_words.c): here the ways to them. */
START_TEST(unicode_words_do_not_span_lines)
{
    unsigned char text[MOST + MR_PAD];
    for (int round = 0; round < 30; round++) {
        struct tokenizer_options options = tally_options(&token_kind_unicode);
        struct tally want;
        size_t size = make(text, 10 + below(MOST - 10));
        options.case_fold = round & 1;
        tally_open(&want);
        tally_count(&want, &options, text, size, TALLY_WHOLE, 0);
        ck_assert_uint_eq(want.stats.invalid_bytes, invalid_bytes(text, size));
        tally_check(&options, text, size, &want);
        tally_close(&want);
        /* A line at a time, each apart. */
        options.zero_terminated = true;
        tally_open(&want);
        for (size_t i = 0, stop; i < size; i = stop + 1) {
            for (stop = i; stop < size && text[stop] != 0;)
                stop++;
            tally_count(&want, &options, text + i, stop - i, TALLY_WHOLE, 0);
        }
        tally_check(&options, text, size, &want);
        tally_close(&want);
    }
}
END_TEST

/* Many tokens, so that spans run out, by every kernel; windows under folding are many too. */
START_TEST(long_texts_give_every_kernel_the_same)
{
    static const struct token_kind *const kinds[] = {&token_kind_spaces, &token_kind_letters,
                                                     &token_kind_lines, &token_kind_unicode};
    size_t size = SANITIZED ? 50000 : 300000;
    unsigned char *text = malloc(size);
    const struct kernels *kernels;
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < size; i++)
        text[i] = (unsigned char)"aBc'1\n  "[below(8)];
    text[size / 2] = 0xc3, text[size / 2 + 1] = 0x89;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (int fold = 0; fold < 2; fold++) {
            struct tokenizer_options options = tally_options(kinds[k]);
            struct tally want, got;
            options.case_fold = fold;
            tally_open(&want);
            if (kinds[k] != &token_kind_unicode)
                reference(&want, &options, text, size);
            for (size_t i = 0; (kernels = kernels_available(i)) != NULL; i++) {
                ck_assert_int_eq(kernels_select(kernels->name), 0);
                if (i == 0 && kinds[k] == &token_kind_unicode) /* in a way that is slow */
                    tally_count(&want, &options, text, size, TALLY_BORDERS, 0);
                tally_open(&got);
                tally_count(&got, &options, text, size, TALLY_WHOLE, 0);
                tally_compare(&got, &want);
                tally_close(&got);
            }
            tally_close(&want);
        }
    }
    ck_assert_int_eq(kernels_select(NULL), 0);
    free(text);
}
END_TEST

START_TEST(an_empty_text_has_no_tokens)
{
    static const struct token_kind *const kinds[] = {&token_kind_unicode, &token_kind_spaces,
                                                     &token_kind_letters, &token_kind_lines,
                                                     &token_kind_chars};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct token_kind *kind = kinds[i];
        struct tokenizer_options options = tally_options(kind);
        struct tally want;
        tally_open(&want);
        tally_check(&options, "", 0, &want);
        if (kind == &token_kind_lines)
            tally_add(&want, "", 0, 2);
        tally_check(&options, "\n\n", 2, &want);
        tally_close(&want);
    }
}
END_TEST

START_TEST(ngrams_of_lines_are_refused)
{
    struct tokenizer_options options = tally_options(&token_kind_lines);
    struct mr_error error = {.status = MR_OK};
    struct tokenizer *text = NULL;
    options.ngram_min = options.ngram_max = 2;
    ck_assert_int_ne(tokenizer_open(&options, &text, &error), 0);
    ck_assert_int_eq(error.status, MR_INVALID);
    ck_assert_str_ne(error.text, "");
    ck_assert_ptr_null(text);
    tokenizer_close(NULL);
}
END_TEST

Suite *test_text_suite(void);

Suite *test_text_suite(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");
    tcase_add_test(tests, words_between_spaces_are_counted);
    tcase_add_test(tests, runs_of_letters_are_counted);
    tcase_add_test(tests, lines_are_counted);
    tcase_add_test(tests, unicode_words_do_not_span_lines);
    tcase_add_test(tests, long_texts_give_every_kernel_the_same);
    tcase_add_test(tests, an_empty_text_has_no_tokens);
    tcase_add_test(tests, ngrams_of_lines_are_refused);
    suite_add_tcase(suite, tests);
    return suite;
}
