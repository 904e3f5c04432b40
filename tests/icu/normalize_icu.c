/* SPDX-License-Identifier: MIT
 *
 * normalize_icu - normalization against ICU's: every code point, alone and between others, and
 * random texts of characters that are hard on it, with and without case folding.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#include "base/kernels/kernels.h"
#include "text/normalize.h"
#include "text/unicode/normal_tables.h"

#define MOST 256              /* code points of a text */
#define UNITS (64 * MOST)     /* code units of what can come of it */
#define BYTES (3 * UNITS + 3) /* in UTF-8 */
#define ROUNDS 60000

static const UNormalizer2 *nfc, *nfd, *nfkc, *casefold;
static uint64_t cases;

static void check(UErrorCode status, const char *what)
{
    if (U_FAILURE(status)) {
        fprintf(stderr, "normalize_icu: %s: %s\n", what, u_errorName(status));
        exit(EXIT_FAILURE);
    }
}

static uint32_t random_state = 1;

static uint32_t below(uint32_t limit)
{
    random_state = random_state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)(random_state >> 8) * limit >> 24);
}

/* ---- What ICU says --------------------------------------------------------------------------- */

struct units {
    UChar data[UNITS];
    int32_t size;
};

static void bring(const UNormalizer2 *to, struct units *text)
{
    static struct units got;
    UErrorCode status = U_ZERO_ERROR;

    got.size = unorm2_normalize(to, text->data, text->size, got.data, UNITS, &status);
    check(status, "unorm2_normalize");
    *text = got;
}

static void fold(struct units *text)
{
    static struct units got;
    UErrorCode status = U_ZERO_ERROR;

    got.size = u_strFoldCase(got.data, UNITS, text->data, text->size, U_FOLD_CASE_DEFAULT, &status);
    check(status, "u_strFoldCase");
    *text = got;
}

/* The caseless matches of the standard, D145 and D146, but composed. */
static void ask(enum normalize_form form, bool case_fold, struct units *text)
{
    if (form == NORMALIZE_NFKC_CASEFOLD) {
        bring(casefold, text);
        return;
    }
    const UNormalizer2 *to = form == NORMALIZE_NFC ? nfc : nfkc;
    if (case_fold) {
        bring(nfd, text);
        fold(text);
        if (form == NORMALIZE_NFKC) {
            bring(nfkc, text);
            bring(nfd, text);
            fold(text);
        }
    }
    bring(to, text);
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static void show(const char *what, const char *bytes, size_t size)
{
    fprintf(stderr, "  %s:", what);
    for (size_t i = 0; i < size;) {
        UChar32 c;
        U8_NEXT(bytes, i, size, c);
        fprintf(stderr, " %04X", (unsigned)c);
    }
    fprintf(stderr, "\n");
}

static void compare(const UChar32 *codes, size_t count)
{
    static struct units text;
    static char raw[BYTES], wanted[BYTES];
    static unsigned char folded[CASE_FOLD_ROOM(BYTES)];
    struct room room = {NULL, 0};
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        U8_APPEND_UNSAFE(raw, size, codes[i]);
    for (int way = 0; way < 5; way++) {
        const enum normalize_form form =
            way < 4 ? NORMALIZE_NFC + (unsigned)way / 2 : NORMALIZE_NFKC_CASEFOLD;
        const bool case_fold = way % 2 == 1 || way == 4;
        struct normalize normalize;
        UErrorCode status = U_ZERO_ERROR;
        int32_t wanted_size;
        size_t used = 0;

        normalize_open(&normalize, form, case_fold);
        u_strFromUTF8(text.data, UNITS, &text.size, raw, (int32_t)size, &status);
        check(status, "u_strFromUTF8");
        ask(form, case_fold, &text);
        u_strToUTF8(wanted, BYTES, &wanted_size, text.data, text.size, &status);
        check(status, "u_strToUTF8");

        const unsigned char *key = (const unsigned char *)raw;
        size_t key_size = size;
        if (case_fold) {
            key_size = normalize_fold(form)(key, size, folded);
            key = folded;
        }
        const bool passes = normalize_passes(&normalize, key, key_size);
        if (normalize_key(&normalize, key, key_size, &room, &used) != 0)
            abort();
        if (used != (size_t)wanted_size || (used > 0 && memcmp(room.data, wanted, used) != 0) ||
            (passes && (used != key_size || memcmp(room.data, key, used) != 0))) {
            fprintf(stderr, "normalize_icu: form %d, folding %d, passes %d:\n", (int)form,
                    case_fold, passes);
            show("text", raw, size);
            show("ours", (const char *)room.data, used);
            show("ICU's", wanted, (size_t)wanted_size);
            exit(EXIT_FAILURE);
        }
        normalize_close(&normalize);
        cases++;
    }
    room_free(&room);
}

/* ---- Texts ----------------------------------------------------------------------------------- */

static UChar32 any_of(const UChar32 *codes, size_t count)
{
    return codes[below((uint32_t)count)];
}

int main(void)
{
    static UChar32 marks[0x1000], hard[0x8000];
    static const UChar32 common[] = {'a',    'e',    'A',    'o',    0xE9,   0x3B1,  0x3C9,
                                     0x1FB3, 0x1FBC, 0x345,  0x1100, 0x1161, 0x11A8, 0xAC00,
                                     0xAC01, 0x0B47, 0x0B3E, 0x1F84, 0x212B, 0x3099, 0x304B,
                                     0x338F, 0x3300, 0xAD,   0x130};
    size_t mark_count = 0, hard_count = 0;
    UErrorCode status = U_ZERO_ERROR;
    UVersionInfo version;
    char shown[U_MAX_VERSION_STRING_LENGTH];
    UChar32 text[MOST];

    nfc = unorm2_getNFCInstance(&status);
    nfd = unorm2_getNFDInstance(&status);
    nfkc = unorm2_getNFKCInstance(&status);
    casefold = unorm2_getNFKCCasefoldInstance(&status);
    check(status, "unorm2_get");
    u_getUnicodeVersion(version);
    u_versionToString(version, shown);
    if (kernels_select(NULL) != 0)
        abort();
    for (UChar32 c = 0; c <= 0x10FFFF; c++) {
        if (U_IS_SURROGATE(c) || !u_isdefined(c))
            continue;
        const struct unicode_normal *normal = unicode_normal((uint32_t)c);
        if (normal->combining != 0)
            marks[mark_count++] = c;
        if (normal != unicode_normal('0'))
            hard[hard_count++] = c;
        compare(&c, 1);
        if (normal == unicode_normal('0') && c % 16 != 0)
            continue; /* one is as another */
        compare((const UChar32[]){'e', c, 0x301}, 3);
        compare((const UChar32[]){c, 0x323, 0x345, 0x301}, 4);
        compare((const UChar32[]){0x1100, c, 0x11A8, c}, 4);
    }
    for (int round = 0; round < ROUNDS; round++) {
        size_t count = 1 + below(round % 100 == 0 ? MOST - 1 : 8);
        for (size_t i = 0; i < count; i++) {
            switch (below(4)) {
            case 0:
                text[i] = any_of(marks, mark_count);
                break;
            case 1:
                text[i] = any_of(hard, hard_count);
                break;
            default:
                text[i] = any_of(common, sizeof common / sizeof *common);
            }
        }
        compare(text, count);
    }
    printf("%llu texts agree with ICU of Unicode %s\n", (unsigned long long)cases, shown);
    return EXIT_SUCCESS;
}
