/* SPDX-License-Identifier: MIT
 *
 * test_ngrams.c - n-grams of words and of characters, against a reference that lists the tokens of
 * each line, however the text is cut and however often the buffers are begun anew.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "text/case_fold.h"
#include "text/tokenizer.h"
#include "base/utf8.h"
#include "unit/random.h"
#include "unit/tally.h"

#define MOST 300

struct token {
    unsigned char bytes[CASE_FOLD_ROOM(MOST)];
    size_t size;
};

static struct token *tokens;
static size_t token_count;

static void add_token(const unsigned char *bytes, size_t size, bool fold)
{
    struct token *token = &tokens[token_count++];
    token->size = size;
    if (fold)
        token->size = case_fold_bytes(bytes, size, token->bytes);
    else
        memcpy(token->bytes, bytes, size);
}

/* The tokens that check_kind lists. */
static const char listed[] = "a\nc\n\xc3\xa9\n";

static bool is_listed(const struct token *token)
{
    const char *at = memmem(listed, sizeof listed - 1, token->bytes, token->size);

    return token->size > 0 && at != NULL && at[token->size] == '\n' &&
           (at == listed || at[-1] == '\n');
}

static void emit_line(struct tally *tally, const struct tokenizer_options *options)
{
    static unsigned char key[16 * CASE_FOLD_ROOM(MOST)];
    for (size_t i = 0; i < token_count; i++) {
        size_t used = 0;
        for (size_t n = 1; n <= options->ngram_max && i + n <= token_count; n++) {
            const struct token *token = &tokens[i + n - 1];
            if (options->stop_words && is_listed(token))
                break;
            if (n > 1 && options->kind != &token_kind_chars)
                key[used++] = ' ';
            memcpy(key + used, token->bytes, token->size);
            used += token->size;
            if (n >= options->ngram_min)
                tally_add(tally, key, used, 1);
        }
    }
    token_count = 0;
}

static bool in_token(const struct token_kind *kind, unsigned char c, bool zero)
{
    if (kind == &token_kind_spaces)
        return (c != 0 || !zero) && memchr(" \t\n\v\f\r", c, 6) == NULL;
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void reference(struct tally *tally, const struct tokenizer_options *options,
                      const unsigned char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        uint32_t code;
        size_t length = 0;
        if (text[i] == (options->zero_terminated ? 0 : '\n')) {
            emit_line(tally, options);
            i++;
            continue;
        }
        if (options->kind == &token_kind_chars) {
            length = utf8_decode(text + i, size - i, &code);
        } else {
            while (i + length < size &&
                   in_token(options->kind, text[i + length], options->zero_terminated))
                length++;
        }
        if (length > 0)
            add_token(text + i, length, options->case_fold);
        i += length > 0 ? length : 1;
    }
    emit_line(tally, options);
}

static void setup(void)
{
    tokens = malloc((MOST + 1) * sizeof *tokens);
    ck_assert_ptr_nonnull(tokens);
    token_count = 0;
}

static void teardown(void)
{
    free(tokens);
}

static void check_kind(const struct token_kind *kind)
{
    unsigned char text[MOST];
    for (int round = 0; round < 60; round++) {
        struct tokenizer_options options = tally_options(kind);
        struct tally want;
        size_t size = below(MOST);
        for (size_t i = 0; i < size; i++)
            text[i] = (unsigned char)"aB  c\n\xc3\x89\xc3\x9f"[below(10)];
        options.case_fold = round & 1;
        options.zero_terminated = below(4) == 0;
        options.stop_words = round & 2 && !options.zero_terminated;
        options.stop_words_memory = UINT64_MAX;
        tally_stop_words = listed;
        for (size_t i = 0; i < size && options.zero_terminated; i++)
            text[i] = text[i] == '\n' && below(2) ? '\0' : text[i];
        options.ngram_min = 1 + (unsigned)below(4);
        options.ngram_max = options.ngram_min + (unsigned)below(4);
        tally_open(&want);
        reference(&want, &options, text, size);
        tally_check(&options, text, size, &want);
        tally_close(&want);
    }
}

START_TEST(ngrams_of_words_between_spaces_are_exact)
{
    check_kind(&token_kind_spaces);
}
END_TEST

START_TEST(ngrams_of_letters_are_exact)
{
    check_kind(&token_kind_letters);
}
END_TEST

START_TEST(ngrams_of_characters_are_exact)
{
    check_kind(&token_kind_chars);
}
END_TEST

START_TEST(ngrams_of_unicode_words_end_with_lines)
{
    static const char text[] = "Can't stop, won't stop.\n\nstop\nStra\xc3\x9f"
                               "e ABC";
    static const char *const keys[] = {"can't stop", "stop won't", "won't stop", "strasse abc"};
    struct tokenizer_options options = tally_options(&token_kind_unicode);
    struct tally want;
    options.case_fold = true;
    options.ngram_min = options.ngram_max = 2;
    tally_open(&want);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        tally_add(&want, keys[i], strlen(keys[i]), 1);
    tally_check(&options, text, sizeof text - 1, &want);
    tally_close(&want);
}
END_TEST

/* Words of any shape: what stands where does not matter, but for the ends of lines. */
START_TEST(unicode_ngrams_are_exact_at_every_cut)
{
    static const char *const pieces[] = {
        "a",        "B",
        "can't",    "1.5",
        " ",        " ",
        "\n",       "\r\n",
        ",",        ".",
        "\xff",     "\xe2\x80\xaf",
        "\xcc\x81", "\xcd\x85",
        "\0",       "\xd7\x90\"",
        "_",        "  ",
        "'",        "\xe6\xbc\xa2",
        "\xc3\x9f", "\xe2\x82\xac",
        "-",        "\xc2\xa0",
    };
    unsigned char text[MOST];
    for (int round = 0; round < 60; round++) {
        struct tokenizer_options options = tally_options(&token_kind_unicode);
        struct tally want;
        size_t size = 0, most = MOST - below(200);
        while (size + 8 < most) {
            size_t piece = below(sizeof pieces / sizeof *pieces);
            size_t length = piece == 14 ? 1 : strlen(pieces[piece]);
            memcpy(text + size, pieces[piece], length);
            size += length;
        }
        options.case_fold = round & 1;
        options.zero_terminated = round & 2;
        options.ngram_min = 1 + (unsigned)below(3);
        options.ngram_max = options.ngram_min + (unsigned)below(5);
        tally_open(&want);
        tally_count(&want, &options, text, size, TALLY_WHOLE, 0);
        tally_check(&options, text, size, &want);
        tally_close(&want);
    }
}
END_TEST

/* Gaps and tokens longer than what is read back at once. */
START_TEST(gaps_and_long_tokens_are_looked_back_over)
{
    enum { GAP = 2000, LONG = 1500 };
    struct tokenizer_options options = tally_options(&token_kind_spaces);
    unsigned char *text = malloc(4 * (GAP + LONG));
    size_t size = 0;
    struct tally want;
    ck_assert_ptr_nonnull(text);
    for (int i = 0; i < 4; i++) {
        memset(text + size, 'a' + i, i % 2 ? LONG : 3);
        size += i % 2 ? LONG : 3;
        memset(text + size, ' ', i < 3 ? GAP : 1);
        size += i < 3 ? GAP : 1;
    }
    for (unsigned n = 2; n <= 4; n++) {
        options.ngram_min = options.ngram_max = n;
        tally_open(&want);
        tally_count(&want, &options, text, size, TALLY_WHOLE, 0);
        ck_assert_uint_eq(want.count, 5 - n);
        for (enum tally_cut cut = TALLY_BORDERS; cut <= TALLY_LAST; cut++) {
            struct tally got;
            tally_open(&got);
            tally_count(&got, &options, text, size, cut, 0);
            tally_compare(&got, &want);
            tally_close(&got);
        }
        tally_close(&want);
    }
    free(text);
}
END_TEST

/* One line much longer than the buffers: a row of numbered words, of which each pair and each run
 * of a hundred comes once. */
START_TEST(a_line_longer_than_the_buffers_is_whole)
{
    enum { WORDS = 30000, RUN = 100 };
    struct tokenizer_options options = tally_options(&token_kind_spaces);
    char *text = malloc(WORDS * 6 + 1);
    struct tally want, got;
    ck_assert_ptr_nonnull(text);
    for (unsigned i = 0; i < WORDS; i++) {
        for (unsigned k = 0, n = i; k < 5; k++, n /= 10)
            text[6 * i + 4 - k] = (char)('0' + n % 10);
        text[6 * i + 5] = ' ';
    }
    for (size_t n = 2; n <= RUN; n += RUN - 2) {
        options.ngram_min = options.ngram_max = (unsigned)n;
        tally_open(&want);
        tally_open(&got);
        for (size_t i = 0; i + n <= WORDS; i++)
            tally_add(&want, text + 6 * i, 6 * n - 1, 1);
        tally_count(&got, &options, text, WORDS * 6, TALLY_WHOLE, 0);
        tally_compare(&got, &want);
        tally_close(&want);
        tally_close(&got);
    }
    free(text);
}
END_TEST

Suite *test_ngrams_suite(void);

Suite *test_ngrams_suite(void)
{
    Suite *suite = suite_create("ngrams");
    TCase *tests = tcase_create("ngrams");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, ngrams_of_words_between_spaces_are_exact);
    tcase_add_test(tests, ngrams_of_letters_are_exact);
    tcase_add_test(tests, ngrams_of_characters_are_exact);
    tcase_add_test(tests, ngrams_of_unicode_words_end_with_lines);
    tcase_add_test(tests, unicode_ngrams_are_exact_at_every_cut);
    tcase_add_test(tests, gaps_and_long_tokens_are_looked_back_over);
    tcase_add_test(tests, a_line_longer_than_the_buffers_is_whole);
    suite_add_tcase(suite, tests);
    return suite;
}
