/* SPDX-License-Identifier: MIT
 *
 * words_icu - the word segmenter, the character properties and case folding against ICU's.
 *
 *     words_icu FILE...
 *
 * Text comes from the files (lines, and lines cut up, joined and salted with hard characters) and
 * from random code points. It is compared with two iterators of ICU: one built here from the
 * default rules of UAX #29, for all text; and ICU's own for words, for text without what that one
 * tailors: the colons, the at sign (a letter there), and the scripts that it cuts by dictionary.
 * Each text is segmented whole and cut at every border.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

#include "text/case_fold.h"
#include "base/kernels/kernels.h"
#include "text/unicode/tables.h"
#include "text/words.h"
#include "text/words_border.h"

/* In ICU's language a rule goes on where another ended, one character shared; ^ keeps a rule from
 * being gone on to, and the longest match counts. */
static const char rules[] =
    "!!chain;"
    "$CR = [\\p{Word_Break = CR}]; $LF = [\\p{Word_Break = LF}];"
    "$Newline = [\\p{Word_Break = Newline}]; $ZWJ = [\\p{Word_Break = ZWJ}];"
    "$Attached = [\\p{Word_Break = Extend}\\p{Word_Break = Format}\\p{Word_Break = ZWJ}];"
    "$Katakana = [\\p{Word_Break = Katakana}] $Attached*;"
    "$Hebrew = [\\p{Word_Break = Hebrew_Letter}] $Attached*;"
    "$AHLetter = [\\p{Word_Break = ALetter}\\p{Word_Break = Hebrew_Letter}] $Attached*;"
    "$SingleQuote = [\\p{Word_Break = Single_Quote}] $Attached*;"
    "$DoubleQuote = [\\p{Word_Break = Double_Quote}] $Attached*;"
    "$MidLetter = [\\p{Word_Break = MidLetter}\\p{Word_Break = MidNumLet}"
    "              \\p{Word_Break = Single_Quote}] $Attached*;"
    "$MidNum = [\\p{Word_Break = MidNum}\\p{Word_Break = MidNumLet}"
    "           \\p{Word_Break = Single_Quote}] $Attached*;"
    "$Numeric = [\\p{Word_Break = Numeric}] $Attached*;"
    "$ExtendNumLet = [\\p{Word_Break = ExtendNumLet}] $Attached*;"
    "$Regional = [\\p{Word_Break = Regional_Indicator}] $Attached*;"
    "$Space = [\\p{Word_Break = WSegSpace}]; $Pictograph = [\\p{Extended_Pictographic}];"
    "$CR $LF;"
    "$ZWJ $Pictograph;"
    "$Space $Space;"
    "^$Attached+;"
    "[^$CR $LF $Newline $Attached] $Attached*;"
    "$AHLetter $AHLetter;"
    "$AHLetter $MidLetter $AHLetter;"
    "$Hebrew $SingleQuote;"
    "$Hebrew $DoubleQuote $Hebrew;"
    "$Numeric $Numeric;"
    "$AHLetter $Numeric;"
    "$Numeric $AHLetter;"
    "$Numeric $MidNum $Numeric;"
    "$Katakana $Katakana;"
    "$AHLetter $ExtendNumLet; $Numeric $ExtendNumLet; $Katakana $ExtendNumLet;"
    "$ExtendNumLet $ExtendNumLet;"
    "$ExtendNumLet $AHLetter; $ExtendNumLet $Numeric; $ExtendNumLet $Katakana;"
    "^$Regional $Regional;"
    ".;";

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "words_icu: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static void check(UErrorCode status, const char *what)
{
    if (U_FAILURE(status))
        give_up(what, u_errorName(status));
}

/* ---- Properties ------------------------------------------------------------------------------ */

static unsigned class_of(UChar32 c)
{
    bool pictographic = u_hasBinaryProperty(c, UCHAR_EXTENDED_PICTOGRAPHIC);

    switch (u_getIntPropertyValue(c, UCHAR_WORD_BREAK)) {
    case U_WB_CR:
        return UNICODE_CR;
    case U_WB_LF:
        return UNICODE_LF;
    case U_WB_NEWLINE:
        return UNICODE_NEWLINE;
    case U_WB_EXTEND:
    case U_WB_FORMAT:
        return UNICODE_EXTEND;
    case U_WB_ZWJ:
        return UNICODE_ZWJ;
    case U_WB_ALETTER:
        return pictographic ? UNICODE_ALETTER_PICTOGRAPHIC : UNICODE_ALETTER;
    case U_WB_HEBREW_LETTER:
        return UNICODE_HEBREW;
    case U_WB_NUMERIC:
        return UNICODE_NUMERIC;
    case U_WB_KATAKANA:
        return UNICODE_KATAKANA;
    case U_WB_EXTENDNUMLET:
        return UNICODE_EXTENDNUMLET;
    case U_WB_REGIONAL_INDICATOR:
        return UNICODE_REGIONAL;
    case U_WB_WSEGSPACE:
        return UNICODE_SPACE;
    case U_WB_MIDLETTER:
        return UNICODE_MIDLETTER;
    case U_WB_MIDNUM:
        return UNICODE_MIDNUM;
    case U_WB_MIDNUMLET:
        return UNICODE_MIDNUMLET;
    case U_WB_SINGLE_QUOTE:
        return UNICODE_SINGLE_QUOTE;
    case U_WB_DOUBLE_QUOTE:
        return UNICODE_DOUBLE_QUOTE;
    default:
        return pictographic ? UNICODE_PICTOGRAPHIC : UNICODE_OTHER;
    }
}

static bool keep(UChar32 c)
{
    return u_hasBinaryProperty(c, UCHAR_ALPHABETIC) || (U_GET_GC_MASK(c) & U_GC_N_MASK) != 0;
}

static void compare_properties(void)
{
    for (UChar32 c = 0; c < 0x110000; c++) {
        unsigned wanted = class_of(c) | (keep(c) ? UNICODE_KEEP : 0) |
                          (u_hasBinaryProperty(c, UCHAR_WHITE_SPACE) ? UNICODE_WHITE : 0);
        if (unicode_word((uint32_t)c) != wanted) {
            fprintf(stderr, "U+%04X: properties %02X, ICU says %02X\n", (unsigned)c,
                    unicode_word((uint32_t)c), wanted);
            exit(EXIT_FAILURE);
        }
        if (U_IS_SURROGATE((uint32_t)c))
            continue;
        UErrorCode status = U_ZERO_ERROR;
        UChar in[2], out[8];
        uint8_t text[4], ours[CASE_FOLD_ROOM(4)];
        char folded[32];
        int32_t in_size = 0, text_size = 0, folded_size;
        U16_APPEND_UNSAFE(in, in_size, (uint32_t)c);
        U8_APPEND_UNSAFE(text, text_size, (uint32_t)c);
        int32_t out_size = u_strFoldCase(out, 8, in, in_size, U_FOLD_CASE_DEFAULT, &status);
        u_strToUTF8(folded, sizeof folded, &folded_size, out, out_size, &status);
        check(status, "u_strFoldCase");
        size_t size = case_fold_bytes(text, (size_t)text_size, ours);
        if (size != (size_t)folded_size || memcmp(ours, folded, size) != 0) {
            fprintf(stderr, "U+%04X: folds to other bytes than ICU's\n", (unsigned)c);
            exit(EXIT_FAILURE);
        }
    }
}

/* ---- Texts ----------------------------------------------------------------------------------- */

#define TEXT_MAX ((size_t)1 << 16)

struct text {
    unsigned char bytes[TEXT_MAX + MR_PAD];
    size_t size;
};

static uint64_t state = 1;

static uint32_t below(uint32_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) * n >> 31);
}

static void add(struct text *text, const void *bytes, size_t size)
{
    if (size > TEXT_MAX - text->size)
        give_up("a line", "too long");
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
}

static void add_code(struct text *text, UChar32 c)
{
    uint8_t bytes[4];
    int32_t size = 0;

    U8_APPEND_UNSAFE(bytes, size, (uint32_t)c);
    add(text, bytes, (size_t)size);
}

static void add_hard(struct text *text)
{
    static const UChar32 hard[] = {
        ' ',     ' ',    '\n',   '\r',   '_',    '.',    ',',    ':',    '\'',    '"',
        '1',     'a',    0xAD,   0x301,  0x345,  0x200D, 0x200D, 0x2019, 0xB7,    0x5D0,
        0x5F4,   0x661,  0x66B,  0x30AB, 0x30FC, 0x3000, 0x2003, 0x85,   0x1F1E6, 0x1F600,
        0x1F3FD, 0xA9,   0x24C2, 0x203F, 0x4E2D, 0xAC00, 0x1161, 0x930,  0x94D,   0xFF07,
        0xFEFF,  0x202F, 0x202F, 0xA0,   0x903,  0x2028, '\t',
    };
    add_code(text, hard[below(sizeof hard / sizeof *hard)]);
}

static void add_random(struct text *text)
{
    static const uint32_t limits[] = {0x80, 0x250, 0x800, 0x3200, 0x10000, 0x110000};
    UChar32 c;

    do
        c = (UChar32)below(limits[below(6)]);
    while (U_IS_SURROGATE((uint32_t)c));
    add_code(text, c);
}

/* ---- Words ----------------------------------------------------------------------------------- */

static struct {
    UBreakIterator *rules, *own;
    UText *utext;
    size_t texts, words, pieces, own_texts;
} icu;

/* Whether ICU's own iterator does what the standard says for this text. */
static bool untailored(const struct text *text)
{
    for (int32_t i = 0, size = (int32_t)text->size; i < size;) {
        UChar32 c;
        UErrorCode status = U_ZERO_ERROR;
        U8_NEXT_UNSAFE(text->bytes, i, c);
        UScriptCode script = uscript_getScript(c, &status);
        if (c == ':' || c == '@' || c == 0xFE55 || c == 0xFF1A || script == USCRIPT_HAN ||
            script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA || script == USCRIPT_HANGUL ||
            u_getIntPropertyValue(c, UCHAR_WORD_BREAK) == U_WB_KATAKANA ||
            u_getIntPropertyValue(c, UCHAR_LINE_BREAK) == U_LB_COMPLEX_CONTEXT)
            return false;
    }
    return true;
}

static void disagree(const struct text *text, const char *with, const char *kernel, size_t at)
{
    fprintf(stderr, "words_icu: differs from %s near byte %zu, kernel %s:", with, at, kernel);
    for (size_t i = at > 40 ? at - 40 : 0; i < text->size && i < at + 40; i++)
        fprintf(stderr, " %02X", text->bytes[i]);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

static void compare_with(const struct text *text, UBreakIterator *iterator, const char *name)
{
    static struct words words;
    static struct mr_span wanted[TEXT_MAX];
    size_t count = 0;
    UErrorCode status = U_ZERO_ERROR;

    icu.utext = utext_openUTF8(icu.utext, (const char *)text->bytes, (int64_t)text->size, &status);
    ubrk_setUText(iterator, icu.utext, &status);
    check(status, name);
    for (int32_t begin = ubrk_first(iterator), end; (end = ubrk_next(iterator)) != UBRK_DONE;
         begin = end) {
        bool kept = false;
        struct mr_span word = {0, 0}; /* without white space at the ends */
        for (int32_t i = begin, at = begin; i < end; at = i) {
            UChar32 c;
            U8_NEXT_UNSAFE(text->bytes, i, c);
            kept = kept || keep(c);
            if (u_hasBinaryProperty(c, UCHAR_WHITE_SPACE))
                continue;
            word.begin = word.end == 0 ? (uint32_t)at : word.begin;
            word.end = (uint32_t)i;
        }
        if (kept)
            wanted[count++] = word;
    }

    const struct kernels *kernels;
    for (size_t k = 0; (kernels = kernels_available(k)) != NULL; k++)
        for (int cut = 0; cut < 2; cut++) {
            size_t found = 0;
            words_open(&words, (struct words_kernel){kernels->words}, false);
            for (size_t from = 0, to; from < text->size; from = to) {
                struct words_batch batch;
                to = cut ? words_border(text->bytes, text->size, from + 1) : text->size;
                words_begin(&words, text->bytes + from, to - from);
                while (words_next(&words, &batch) > 0)
                    for (size_t i = 0; i < batch.count; i++, found++) {
                        size_t base = (size_t)(batch.base - text->bytes);
                        size_t begin = base + batch.spans[i].begin;
                        size_t end = base + batch.spans[i].end;
                        if (found == count || wanted[found].begin != begin ||
                            wanted[found].end != end)
                            disagree(text, name, kernels->name, begin);
                    }
                icu.pieces += (size_t)cut;
            }
            if (found != count)
                disagree(text, name, kernels->name, wanted[found].begin);
            words_close(&words);
        }
    icu.words += count;
}

static void compare(const struct text *text)
{
    compare_with(text, icu.rules, "the rules of UAX #29 run by ICU");
    icu.texts++;
    if (untailored(text)) {
        compare_with(text, icu.own, "ICU's word iterator");
        icu.own_texts++;
    }
}

static void compare_file(const char *path)
{
    static struct text whole, text;
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        give_up(path, "cannot be opened");
    whole.size = fread(whole.bytes, 1, TEXT_MAX, file);
    fclose(file);
    compare(&whole);
    size_t texts = icu.texts, own = icu.own_texts;
    for (int round = 0; round < 3000; round++) {
        text.size = 0;
        for (unsigned n = 1 + below(6); n > 0; n--) {
            /* A stretch of the file, from character to character, salted or not. */
            size_t begin = below((uint32_t)whole.size), size = below(60);
            unsigned salt = below(3) == 0 ? 6 : 1000;
            while (begin > 0 && (whole.bytes[begin] & 0xC0) == 0x80)
                begin--;
            for (size_t i = begin; i < whole.size;) {
                if (i >= begin + size && (whole.bytes[i] & 0xC0) != 0x80)
                    break;
                add(&text, whole.bytes + i, 1);
                i++;
                if ((i == whole.size || (whole.bytes[i] & 0xC0) != 0x80) && below(salt) == 0)
                    add_hard(&text);
            }
        }
        compare(&text);
    }
    printf("%-40s %5zu texts agree, %5zu also with ICU's own iterator\n", path, icu.texts - texts,
           icu.own_texts - own);
}

static void compare_random(void (*piece)(struct text *), const char *name)
{
    static struct text text;
    size_t texts = icu.texts, own = icu.own_texts;

    for (int round = 0; round < 20000; round++) {
        text.size = 0;
        for (unsigned n = below(40); n > 0; n--)
            piece(&text);
        compare(&text);
    }
    printf("%-40s %5zu texts agree, %5zu also with ICU's own iterator\n", name, icu.texts - texts,
           icu.own_texts - own);
}

int main(int argc, char **argv)
{
    UErrorCode status = U_ZERO_ERROR;
    UParseError where;
    UVersionInfo version;
    char name[U_MAX_VERSION_STRING_LENGTH];
    static UChar rules16[sizeof rules];

    u_getUnicodeVersion(version);
    u_versionToString(version, name);
    if (strncmp(name, UNICODE_VERSION, strlen(name)) != 0) {
        printf("ICU has Unicode %s, mrcount %s\n", name, UNICODE_VERSION);
        return 77;
    }
    u_uastrcpy(rules16, rules);
    icu.rules = ubrk_openRules(rules16, -1, NULL, 0, &where, &status);
    check(status, "the rules");
    icu.own = ubrk_open(UBRK_WORD, "", NULL, 0, &status);
    check(status, "ubrk_open");

    compare_properties();
    for (int i = 1; i < argc; i++)
        compare_file(argv[i]);
    compare_random(add_hard, "random hard characters");
    compare_random(add_random, "random code points");
    printf("%zu texts, %zu words compared, also of %zu pieces cut at borders\n", icu.texts,
           icu.words, icu.pieces);
    ubrk_close(icu.rules);
    ubrk_close(icu.own);
    utext_close(icu.utext);
    return EXIT_SUCCESS;
}
