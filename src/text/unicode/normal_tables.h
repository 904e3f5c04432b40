/* SPDX-License-Identifier: MIT AND Unicode-DFS-2016
 *
 * normal_tables - normalization, made by generate.py from the Unicode Character Database. Do not
 * edit. The data is Copyright (c) 1991-2022 Unicode, Inc. All rights reserved. Distributed under
 * the Terms of Use in https://www.unicode.org/copyright.html; this form of it has been modified.
 */
#ifndef TEXT_UNICODE_NORMAL_TABLES_H
#define TEXT_UNICODE_NORMAL_TABLES_H

#include <stdint.h>

#include "base/kernels/kernels.h"

/* Normalization Form C, Form KC, and NFKC_Casefold. */
enum unicode_form {
    UNICODE_NFC,
    UNICODE_NFKC,
    UNICODE_CASEFOLD,
    UNICODE_FORMS,
};

/* Of a code point. A mapping is its full decomposition in a form, at its place in
 * unicode_mappings; 0: it has none. */
struct unicode_normal {
    uint8_t combining; /* Canonical_Combining_Class */
    uint8_t flags;
    uint16_t mappings[UNICODE_FORMS];
    uint16_t pairs; /* the first of those that it begins, in unicode_pairs_composed */
    uint8_t pair_count;
};
/* For a form, 1 << form is set in the flags of what has a mapping that is not composed again, or
 * may be composed with what stands before it: its Quick_Check is not Yes. */
#define UNICODE_SECOND 0x08 /* it may be the second of a pair */

/* No mapping has more than this many times the bytes of the character. */
#define UNICODE_NORMAL_GROWTH 11

#define UNICODE_NORMAL_SHIFT 7
#define UNICODE_NORMAL_LAST 7200
extern const uint8_t unicode_normal_first[7201];
extern const uint16_t unicode_normal_second[22784];
extern const struct unicode_normal unicode_normals[5030];

/* The size of a mapping in UTF-8, then its bytes. */
extern const uint8_t unicode_mappings[22035];

/* What a pair's second code point makes of the first; ascending by `second` for each first. */
struct unicode_pair {
    uint32_t second, composed;
};
extern const struct unicode_pair unicode_pairs_composed[941];

/* By form, 4096 each, and the low six bits of the first two bytes of a character, which masks say
 * what it is: of three bytes by the bit that the low six bits of the third name; of others all bits
 * are the same. It passes unchanged, having neither such a flag nor a combining class; or it
 * follows: directly behind one that passes it does not keep a text from being in the form, as what
 * has a class only. Some that would pass are made to follow, for the sake of what they are composed
 * with. (Of four bytes all those that begin so must pass, and none follows.) For UNICODE_CASEFOLD
 * this and what comes next are of characters that are their own folded form. */
struct unicode_unchanged {
    uint64_t passes, follows;
};
extern const uint8_t unicode_unchanged_first[4096 * UNICODE_FORMS];
extern const struct unicode_unchanged unicode_unchanged[146];
/* By form a set of characters in which are all others. */
extern const struct kernels_set unicode_changing[UNICODE_FORMS];

/* What there is to know of a code point up to U+10FFFF; Hangul syllables have nothing. */
static inline const struct unicode_normal *unicode_normal(uint32_t code)
{
    uint32_t block = code >> UNICODE_NORMAL_SHIFT;

    if (block > UNICODE_NORMAL_LAST)
        block = UNICODE_NORMAL_LAST;
    return &unicode_normals[unicode_normal_second[(uint32_t)unicode_normal_first[block]
                                                      << UNICODE_NORMAL_SHIFT |
                                                  (code & ((1U << UNICODE_NORMAL_SHIFT) - 1))]];
}

#endif
