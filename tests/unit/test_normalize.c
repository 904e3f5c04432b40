/* SPDX-License-Identifier: MIT
 *
 * test_normalize.c - normalization against a slow reference, of texts that are hard on it, and of
 * keys of any kind and size. The standard's own cases and ICU's are in scripts.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/kernels/kernels.h"
#include "engine/mapreduce.h"
#include "text/normalize.h"
#include "text/tokenizer.h"
#include "text/unicode/normal_tables.h"
#include "unit/normal_reference.h"
#include "unit/random.h"
#include "unit/tally.h"

Suite *test_normalize_suite(void);

static const char *const pieces[] = {
    "a",      "e",      "A",      " ",      "\n",         "\t",     "1",          "\u00E9",
    "\u0301", "\u0323", "\u0345", "\u0308", "\u0327",     "\u1FB4", "\u1EBF",     "\u1100",
    "\u1161", "\u11A8", "\uAC00", "\uAC01", "\u0915",     "\u093C", "\u094D",     "\u0958",
    "\u09C7", "\u09BE", "\u05D0", "\u05B0", "\u064B",     "\u0651", "\u304B",     "\u3099",
    "\uFB01", "\u338F", "\u00AD", "\uFDFA", "\U0001D15E", "\xFF",   "\xE1\xBE",   "\u212B",
    "\u0344", "\u2126", "\u0F73", "\u4E2D", "\U00011099", "\u110B", "\U000110BA", "\u0439",
    "\u0BC6", "\u0BBE", "\u0B92", "\u0BD7", "\u0CC6",     "\u0CC2", "\u0CD5",     "\u05BC",
};

static size_t make(unsigned char *text, size_t most)
{
    size_t size = 0;

    while (size + 4 < most) {
        const char *piece = pieces[below(sizeof pieces / sizeof *pieces)];
        memcpy(text + size, piece, strlen(piece));
        size += strlen(piece);
    }
    return size;
}

START_TEST(keys_are_brought_to_their_form_whatever_kernel_looks)
{
    unsigned char text[200 + MR_PAD];
    const struct kernels *kernels;

    for (size_t i = 0; (kernels = kernels_available(i)) != NULL; i++) {
        ck_assert_int_eq(kernels_select(kernels->name), 0);
        for (int round = 0; round < 900; round++) {
            enum normalize_form form = NORMALIZE_NFC + (unsigned)round % 3;
            size_t size = make(text, round % 50 == 0 ? 200 : 5 + below(35));
            if (form == NORMALIZE_NFKC_CASEFOLD) {
                unsigned char folded[CASE_FOLD_ROOM(200)];
                size = case_fold_bytes(text, size, folded);
                size = size < 200 ? size : 200;
                memcpy(text, folded, size);
            }
            memset(text + size, 0xCC, MR_PAD);
            const char *wrong = normal_reference_differs(form, text, size);
            if (wrong != NULL)
                ck_abort_msg("%s, form %d: %s differs in %.*s", kernels->name, (int)form, wrong,
                             (int)size, text);
        }
    }
    ck_assert_int_eq(kernels_select(NULL), 0);
}
END_TEST

/* A million marks behind a letter, in the worst order: their sorting takes no more than a look at
 * each for each class, and what is composed is what the first of a class can be. */
START_TEST(any_number_of_marks_is_sorted)
{
    enum { PAIRS = 500000 };
    struct normalize *normalize = malloc(sizeof *normalize);
    unsigned char *text = malloc(1 + 4 * PAIRS);
    struct room room = {NULL, 0};
    size_t used = 0, size = 0;

    ck_assert(normalize != NULL && text != NULL);
    ck_assert_int_eq(kernels_select(NULL), 0);
    text[size++] = 'a';
    for (size_t i = 0; i < PAIRS; i++) {
        memcpy(text + size, "\u0301\u0323", 4);
        size += 4;
    }
    normalize_open(normalize, NORMALIZE_NFC, false);
    ck_assert(!normalize_passes(normalize, text, size));
    ck_assert_int_eq(normalize_key(normalize, text, size, &room, &used), 0);
    ck_assert_uint_eq(used, 3 + 2 * (PAIRS - 1) + 2 * PAIRS);
    ck_assert_mem_eq(room.data, "\u1EA1", 3);
    for (size_t i = 3; i < used; i += 2) {
        if (memcmp(room.data + i, i < 3 + 2 * (PAIRS - 1) ? "\u0323" : "\u0301", 2) != 0)
            ck_abort_msg("the byte %zu is of another mark", i);
    }
    normalize_close(normalize);
    free(normalize);
    free(text);
    room_free(&room);
}
END_TEST

/* ---- Keys of texts --------------------------------------------------------------------------- */

static void add_normal(struct tally *want, const struct tokenizer_options *options,
                       const unsigned char *key, size_t size)
{
    size_t normal_size;
    unsigned char *normal = normal_reference(options->form, key, size, &normal_size);

    if (normal_size > 0 || options->kind == &token_kind_lines)
        tally_add(want, normal, normal_size, 1);
    free(normal);
}

static bool is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

START_TEST(keys_of_texts_are_normalized_however_these_are_cut)
{
    unsigned char text[600 + MR_PAD];

    for (int round = 0; round < 40; round++) {
        const bool lines = round % 2;
        struct tokenizer_options options =
            tally_options(lines ? &token_kind_lines : &token_kind_spaces);
        struct tally want;
        size_t size = make(text, 20 + below(580));
        options.form = NORMALIZE_NFC + (unsigned)round % 3;
        if (options.form == NORMALIZE_NFKC_CASEFOLD) { /* folds a text that is folded */
            unsigned char folded[CASE_FOLD_ROOM(600)];
            size = case_fold_bytes(text, size, folded);
            size = size < 600 ? size : 600;
            memcpy(text, folded, size);
        }
        tally_open(&want);
        for (size_t i = 0, stop; i < size; i = stop + 1) {
            stop = i;
            while (stop < size && (lines ? text[stop] != '\n' : !is_space(text[stop])))
                stop++;
            if (stop > i || lines)
                add_normal(&want, &options, text + i, stop - i);
        }
        tally_check(&options, text, size, &want);
        tally_close(&want);
    }
}
END_TEST

/* Keys in a row that fill more than a window, keys larger than one, and batches that overflow. */
START_TEST(keys_of_any_size_are_normalized)
{
    static const size_t sizes[] = {1,     63, 64, 1000, NORMALIZE_WINDOW - 1, NORMALIZE_WINDOW + 1,
                                   100000};
    struct tokenizer_options options = tally_options(&token_kind_lines);
    unsigned char *text = malloc(4u << 20);
    struct tally want;
    size_t size = 0;

    ck_assert_ptr_nonnull(text);
    options.form = NORMALIZE_NFC;
    tally_open(&want);
    for (size_t round = 0; round < 3000; round++) {
        size_t length =
            round % 100 == 0 ? sizes[round / 100 % (sizeof sizes / sizeof *sizes)] : below(300);
        const size_t begin = size;
        memset(text + size, 'x', length);
        size += length;
        memcpy(text + size, round % 3 == 0 ? "e\u0301" : "\u00E9q", 3);
        size += 3;
        add_normal(&want, &options, text + begin, size - begin);
        text[size++] = '\n';
    }
    struct tally got;
    tally_open(&got);
    tally_count(&got, &options, text, size, TALLY_WHOLE, 0);
    tally_compare(&got, &want);
    tally_close(&got);
    tally_close(&want);
    free(text);
}
END_TEST

Suite *test_normalize_suite(void)
{
    Suite *suite = suite_create("normalize");
    TCase *tests = tcase_create("normalize");
    tcase_add_test(tests, keys_are_brought_to_their_form_whatever_kernel_looks);
    tcase_add_test(tests, any_number_of_marks_is_sorted);
    tcase_add_test(tests, keys_of_texts_are_normalized_however_these_are_cut);
    tcase_add_test(tests, keys_of_any_size_are_normalized);
    suite_add_tcase(suite, tests);
    return suite;
}
