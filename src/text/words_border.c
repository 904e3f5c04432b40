/* SPDX-License-Identifier: MIT
 *
 * words_border - see words_border.h.
 *
 * Two characters can be cut apart where the rules of UAX #29 break between them whatever stands
 * around. Rules that look further than at these two do so over letters, digits and marks only to
 * join the two, so whoever may be joined by some context is in a row below. A segment begins anew
 * at every boundary (see words.c), and a rule that looks ahead across a boundary (WB6, WB7b, WB12)
 * has failed there, as it fails where a text ends: so a cut at a boundary changes no segment.
 *
 * Some cuts are no boundaries but change no word: between CR and LF, which are in none; between
 * spaces (WB3d); and between a space and a mark that is attached to it (WB4) and may be a word, as
 * words are without white space at their ends.
 */
#include "text/words_border.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/utf8.h"
#include "text/unicode/tables.h"

/* Beside the classes: a byte that is no part of valid UTF-8, and what is not all in view. */
#define INVALID UNICODE_CLASSES
#define UNKNOWN (UNICODE_CLASSES + 1)

#define BIT(class) (UINT32_C(1) << (class))
#define ATTACHED (BIT(UNICODE_EXTEND) | BIT(UNICODE_ZWJ))
#define LETTERS (BIT(UNICODE_ALETTER) | BIT(UNICODE_ALETTER_PICTOGRAPHIC) | BIT(UNICODE_HEBREW))
#define NUMERIC BIT(UNICODE_NUMERIC)
#define KATAKANA BIT(UNICODE_KATAKANA)
#define LINE BIT(UNICODE_EXTENDNUMLET)
#define MID_LETTERS (BIT(UNICODE_MIDLETTER) | BIT(UNICODE_MIDNUMLET) | BIT(UNICODE_SINGLE_QUOTE))
#define MID_NUMBERS (BIT(UNICODE_MIDNUM) | BIT(UNICODE_MIDNUMLET) | BIT(UNICODE_SINGLE_QUOTE))
#define AFTER_LETTER (ATTACHED | LETTERS | NUMERIC | LINE | MID_LETTERS)
/* What may be a letter's, a number's, a syllable's: all that follows one of these. */
#define AFTER_ATTACHED                                                                             \
    (AFTER_LETTER | KATAKANA | BIT(UNICODE_MIDNUM) | BIT(UNICODE_DOUBLE_QUOTE) |                   \
     BIT(UNICODE_REGIONAL))

/* By the class of the character before: which classes may be joined to it from the right. None to a
 * line end (WB3a), an invalid byte or, as far as words go, a space. */
static const uint32_t joined[UNICODE_CLASSES + 1] = {
    [UNICODE_OTHER] = ATTACHED,                                  /* WB4 */
    [UNICODE_EXTEND] = AFTER_ATTACHED,                           /* for what it is attached to */
    [UNICODE_ZWJ] = AFTER_ATTACHED | BIT(UNICODE_PICTOGRAPHIC),  /* WB3c */
    [UNICODE_ALETTER] = AFTER_LETTER,                            /* WB5, WB9, WB13a, WB6 */
    [UNICODE_HEBREW] = AFTER_LETTER | BIT(UNICODE_DOUBLE_QUOTE), /* WB7b */
    [UNICODE_NUMERIC] = ATTACHED | LETTERS | NUMERIC | LINE | MID_NUMBERS,   /* WB8, 10, 13a, 12 */
    [UNICODE_KATAKANA] = ATTACHED | KATAKANA | LINE,                         /* WB13, WB13a */
    [UNICODE_EXTENDNUMLET] = ATTACHED | LETTERS | NUMERIC | KATAKANA | LINE, /* WB13a, WB13b */
    [UNICODE_REGIONAL] = ATTACHED | BIT(UNICODE_REGIONAL),                   /* WB15, WB16 */
    [UNICODE_MIDLETTER] = ATTACHED | LETTERS,                                /* WB7 */
    [UNICODE_MIDNUM] = ATTACHED | NUMERIC,                                   /* WB11 */
    [UNICODE_MIDNUMLET] = ATTACHED | LETTERS | NUMERIC,                      /* both */
    [UNICODE_SINGLE_QUOTE] = ATTACHED | LETTERS | NUMERIC,                   /* both */
    [UNICODE_DOUBLE_QUOTE] = ATTACHED | BIT(UNICODE_HEBREW),                 /* WB7c */
    [UNICODE_PICTOGRAPHIC] = ATTACHED,
    [UNICODE_ALETTER_PICTOGRAPHIC] = AFTER_LETTER,
};

/* Classes that are in no row: line ends (WB3b), spaces, and Other, of which no rule speaks. */
#define ALONE                                                                                      \
    (BIT(UNICODE_OTHER) | BIT(UNICODE_CR) | BIT(UNICODE_LF) | BIT(UNICODE_NEWLINE) |               \
     BIT(UNICODE_SPACE) | BIT(INVALID))

/* The class of the character that begins at data[p], which is none of ASCII. */
static unsigned class_at(const unsigned char *data, size_t size, size_t p)
{
    uint32_t code;

    if (!utf8_begins(data, size, p))
        return UNKNOWN;
    if (utf8_decode(data + p, size - p, &code) > 0)
        return unicode_word(code) & UNICODE_CLASS;
    return utf8_unfinished(data + p, size - p) ? UNKNOWN : INVALID;
}

/* The class of the character that ends where another begins at data[p], p > 0. */
static unsigned class_before(const unsigned char *data, size_t size, size_t p)
{
    uint32_t code;

    if (data[p - 1] < 0x80)
        return unicode_word_second[data[p - 1]] & UNICODE_CLASS;
    if (data[p - 1] >= 0xC0)
        return INVALID;
    for (size_t length = 2; length <= UTF8_MOST; length++) {
        if (length > p)
            return UNKNOWN;
        const unsigned char *begin = data + p - length;
        if ((*begin & 0xC0) == 0x80)
            continue;
        if (utf8_decode(begin, size - (p - length), &code) == length)
            return unicode_word(code) & UNICODE_CLASS;
        break;
    }
    return INVALID;
}

/* Whether the text can be cut before data[p]. */
static inline bool safe_cut(const unsigned char *data, size_t size, size_t p)
{
    unsigned after =
        data[p] < 0x80 ? unicode_word_second[data[p]] & UNICODE_CLASS : class_at(data, size, p);

    if (after == UNKNOWN)
        return false;
    if ((ALONE >> after & 1) != 0)
        return true;
    unsigned before = p > 0 ? class_before(data, size, p) : UNKNOWN;
    return before != UNKNOWN && (joined[before] >> after & 1) == 0;
}

size_t words_border(const unsigned char *data, size_t size, size_t from)
{
    while (from < size && !safe_cut(data, size, from))
        from++;
    return from;
}

size_t words_border_last(const unsigned char *data, size_t size)
{
    for (size_t p = size; p > 1;)
        if (safe_cut(data, size, --p))
            return p;
    return 0;
}
