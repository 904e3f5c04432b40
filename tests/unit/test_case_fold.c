/* SPDX-License-Identifier: MIT
 *
 * test_case_fold.c - case folding against CaseFolding.txt: every code point, alone and in company,
 * and bytes that are no part of valid UTF-8.
 */
#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/case_fold.h"
#include "text/unicode/tables.h"
#include "base/utf8.h"

Suite *test_case_fold_suite(void);

#define CODES 0x110000

static size_t encode(uint32_t code, char out[static 4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)((n == 2 ? 0xC0u : n == 3 ? 0xE0u : 0xF0u) | code);
    return n;
}

/* Here and below, loops over many cases make no assertion that holds: check writes each down. */

/* The folded forms as the file has them, in UTF-8 and ended by NUL; "" where a code point stays. */
static char (*read_foldings(void))[16]
{
    char(*forms)[16] = calloc(CODES, sizeof *forms);
    const char *source = getenv("MRCOUNT_SOURCE");
    char path[4096], *line = NULL;
    size_t room = 0, found = 0;

    ck_assert_ptr_nonnull(forms);
    snprintf(path, sizeof path, "%s/tests/data/ucd/CaseFolding.txt", source != NULL ? source : ".");
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    while (getline(&line, &room, file) > 0) {
        unsigned code, to[3] = {0};
        char status;
        if (sscanf(line, "%x; %c; %x %x %x", &code, &status, &to[0], &to[1], &to[2]) < 3 ||
            (status != 'C' && status != 'F'))
            continue;
        char *out = forms[code];
        for (size_t i = 0; i < 3 && to[i] != 0; i++)
            out += encode(to[i], out);
        found++;
    }
    ck_assert_uint_gt(found, 1500);
    free(line);
    fclose(file);
    return forms;
}

static void check_fold(const char *text, size_t size, const char *wanted, size_t wanted_size)
{
    /* Both on the heap with their exact sizes, so that a tool sees what goes beyond. */
    unsigned char *in = malloc(size > 0 ? size : 1), *out = malloc(CASE_FOLD_ROOM(size));
    if (in == NULL || out == NULL)
        abort();
    memcpy(in, text, size);
    size_t got = case_fold_bytes(in, size, out);
    if (got != wanted_size || memcmp(out, wanted, got) != 0)
        ck_abort_msg("%.*s folds to %.*s, not %.*s", (int)size, text, (int)got, (const char *)out,
                     (int)wanted_size, wanted);
    free(in);
    free(out);
}

START_TEST(every_code_point_folds_as_unicode_says)
{
    char(*forms)[16] = read_foldings();

    for (uint32_t code = 0; code < CODES; code++) {
        char one[4], text[24], wanted[48];
        size_t n, text_size = 0, wanted_size = 0;
        if (code >= 0xD800 && code < 0xE000)
            continue;
        n = encode(code, one);
        const char *form = forms[code][0] != '\0' ? forms[code] : one;
        size_t form_size = form == one ? n : strlen(form);
        check_fold(one, n, form, form_size);
        if (form == one && code % 61 != 0)
            continue;
        for (size_t pad = 0; pad < 10; pad++) {
            text_size = wanted_size = 0;
            memcpy(text, "ABCZ[@`zX", pad < 9 ? pad : 9);
            memcpy(wanted, "abcz[@`zx", pad < 9 ? pad : 9);
            text_size = wanted_size = pad < 9 ? pad : 9;
            memcpy(text + text_size, one, n);
            memcpy(wanted + wanted_size, form, form_size);
            text_size += n;
            wanted_size += form_size;
            text[text_size++] = 'Q';
            wanted[wanted_size++] = 'q';
            check_fold(text, text_size, wanted, wanted_size);
        }
    }
    free(forms);
}
END_TEST

START_TEST(words_of_many_scripts_fold)
{
    static const char *const pairs[][2] = {
        {"", ""},
        {"STRASSE", "strasse"},
        {"Stra\u00DFe", "strasse"},
        {"\u1E9E", "ss"},
        {"\u0130", "i\u0307"},
        {"\u0131I", "\u0131i"},
        {"\u03A3\u03C3\u03C2", "\u03C3\u03C3\u03C3"},
        {"\uFB03", "ffi"},
        {"\u0390", "\u03B9\u0308\u0301"},
        {"\u0390\u0390\u0390\u0390",
         "\u03B9\u0308\u0301\u03B9\u0308\u0301\u03B9\u0308\u0301\u03B9\u0308\u0301"},
        {"\u212A", "k"},
        {"\u13A0\uAB70", "\u13A0\u13A0"},
        {"\u041C\u041E\u0421\u041A\u0412\u0410", "\u043C\u043E\u0441\u043A\u0432\u0430"},
        {"\U0001E900", "\U0001E922"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZ@[`{", "abcdefghijklmnopqrstuvwxyz@[`{"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        check_fold(pairs[i][0], strlen(pairs[i][0]), pairs[i][1], strlen(pairs[i][1]));
}
END_TEST

START_TEST(invalid_bytes_stay_as_they_are)
{
    static const char *const pairs[][2] = {
        {"\xFF"
         "A",
         "\xFF"
         "a"},
        {"\xC3"
         "A",
         "\xC3"
         "a"},
        {"\xE2\x82"
         "A",
         "\xE2\x82"
         "a"},
        {"\xC1\x81", "\xC1\x81"}, /* an overlong A */
        {"\xED\xA0\x80Z", "\xED\xA0\x80z"},
        {"\xF4\x90\x80\x80Z", "\xF4\x90\x80\x80z"},
        {"\x80\xBF\xC3\x84", "\x80\xBF\xC3\xA4"},
        {"\xF0\x9E\xA4\x80\xF0\x9E\xA4", "\xF0\x9E\xA4\xA2\xF0\x9E\xA4"},
        {"\xC3", "\xC3"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        check_fold(pairs[i][0], strlen(pairs[i][0]), pairs[i][1], strlen(pairs[i][1]));
}
END_TEST

/* The decoder takes exactly the encodings of the code points. */
START_TEST(only_encodings_of_code_points_decode)
{
    size_t valid = 0;

    for (uint32_t first = 0; first < 256; first++)
        for (uint32_t rest = 0; rest < 65536; rest++) {
            unsigned char text[4] = {(unsigned char)first, (unsigned char)(rest >> 8),
                                     (unsigned char)rest, 0xBF};
            for (size_t left = 1; left <= 4; left++) {
                uint32_t code = 0;
                size_t n = utf8_decode(text, left, &code);
                char back[4];
                if (n == 0)
                    continue;
                if (n > left || code >= CODES || (code >= 0xD800 && code < 0xE000) ||
                    encode(code, back) != n || memcmp(back, text, n) != 0)
                    ck_abort_msg("%02X %02X %02X %02X: %zu bytes, U+%04X", text[0], text[1],
                                 text[2], text[3], n, code);
                valid += n == left && (n > 1 || rest == 0) && (n > 2 || (rest & 0xFF) == 0);
            }
        }
    /* Of one byte, of two, of three, and of four the sixty-fourth part. */
    ck_assert_uint_eq(valid, 0x80 + (0x800 - 0x80) + (0x10000 - 0x800 - 0x800) + 0x100000 / 64);
}
END_TEST

Suite *test_case_fold_suite(void)
{
    Suite *suite = suite_create("case_fold");
    TCase *tcase = tcase_create("case_fold");

    tcase_add_test(tcase, every_code_point_folds_as_unicode_says);
    tcase_add_test(tcase, words_of_many_scripts_fold);
    tcase_add_test(tcase, invalid_bytes_stay_as_they_are);
    tcase_add_test(tcase, only_encodings_of_code_points_decode);
    suite_add_tcase(suite, tcase);
    return suite;
}
