/* SPDX-License-Identifier: MIT AND Unicode-DFS-2016
 *
 * tables - character properties, made by generate.py from the Unicode Character Database. Do not
 * edit. The data is Copyright (c) 1991-2022 Unicode, Inc. All rights reserved. Distributed under
 * the Terms of Use in https://www.unicode.org/copyright.html; this form of it has been modified.
 */
#ifndef TEXT_UNICODE_TABLES_H
#define TEXT_UNICODE_TABLES_H

#include <stdint.h>

#define UNICODE_VERSION "15.0.0"

/* Word_Break, with Format counted as EXTEND and Extended_Pictographic told apart. */
enum unicode_class {
    UNICODE_OTHER,
    UNICODE_CR,
    UNICODE_LF,
    UNICODE_NEWLINE,
    UNICODE_EXTEND,
    UNICODE_ZWJ,
    UNICODE_ALETTER,
    UNICODE_HEBREW,
    UNICODE_NUMERIC,
    UNICODE_KATAKANA,
    UNICODE_EXTENDNUMLET,
    UNICODE_REGIONAL,
    UNICODE_SPACE,
    UNICODE_MIDLETTER,
    UNICODE_MIDNUM,
    UNICODE_MIDNUMLET,
    UNICODE_SINGLE_QUOTE,
    UNICODE_DOUBLE_QUOTE,
    UNICODE_PICTOGRAPHIC,
    UNICODE_ALETTER_PICTOGRAPHIC,
    UNICODE_CLASSES,
};
#define UNICODE_CLASS 0x1F /* the class in what unicode_word returns */
#define UNICODE_KEEP 0x80  /* set in it for Alphabetic or General_Category N */
#define UNICODE_WHITE 0x40 /* set in it for White_Space */

#define UNICODE_DIRECT 0x800 /* code points below index the second stage themselves */

#define UNICODE_WORD_SHIFT 7
#define UNICODE_WORD_LAST 7172
extern const uint8_t unicode_word_first[7173];
extern const uint8_t unicode_word_second[30464];

#define UNICODE_FOLD_SHIFT 6
#define UNICODE_FOLD_LAST 1957
extern const uint8_t unicode_fold_first[1958];
extern const uint16_t unicode_fold_second[4608];

/* By the first of two bytes a mask with, at the place that the low six bits of the second name, a 1
 * where they encode an ALETTER to be kept; all ones for ASCII that ends a word of such letters. */
extern const uint64_t unicode_pairs[256];

/* Of a character of three bytes, or of ASCII, how triples.c goes on with it. A letter is of class
 * ALETTER, a mid is what may join letters, and a stop is what else there is, or what has another
 * folded form. */
#define UNICODE_TRIPLE_WHITE 0x01
#define UNICODE_TRIPLE_ATTACHED 0x02
#define UNICODE_TRIPLE_LETTER 0x04
#define UNICODE_TRIPLE_MID 0x08
#define UNICODE_TRIPLE_KATAKANA 0x10
#define UNICODE_TRIPLE_STOP 0x40
/* By the low four and six bits of the first two bytes, a block of 64 kinds: by the low six bits of
 * the third. The first two blocks are ASCII. UNICODE_KEEP is set as in unicode_word. */
extern const uint8_t unicode_triple_first[1024];
extern const uint8_t unicode_triple_second[10304];

/* A folded form: its size in UTF-8, then its bytes. */
extern const uint8_t unicode_folded[1531][8];

/* The word class of a code point up to U+10FFFF and the two bits of its other properties. */
static inline unsigned unicode_word(uint32_t code)
{
    uint32_t block = code >> UNICODE_WORD_SHIFT;

    if (block > UNICODE_WORD_LAST)
        block = UNICODE_WORD_LAST;
    return unicode_word_second[(uint32_t)unicode_word_first[block] << UNICODE_WORD_SHIFT |
                               (code & ((1U << UNICODE_WORD_SHIFT) - 1))];
}

/* The index in unicode_folded of a code point's folded form; 0: it folds to itself. */
static inline unsigned unicode_fold(uint32_t code)
{
    uint32_t block = code >> UNICODE_FOLD_SHIFT;

    if (block > UNICODE_FOLD_LAST)
        block = UNICODE_FOLD_LAST;
    return unicode_fold_second[(uint32_t)unicode_fold_first[block] << UNICODE_FOLD_SHIFT |
                               (code & ((1U << UNICODE_FOLD_SHIFT) - 1))];
}

#endif
