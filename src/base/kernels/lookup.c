/* SPDX-License-Identifier: MIT
 *
 * lookup - see lookup.h.
 */
#include "base/kernels/lookup.h"

const uint8_t lookup_class[256] __attribute__((aligned(64))) = {
    [' '] = LOOKUP_SPACE | LOOKUP_BLANK,
    ['\t'] = LOOKUP_SPACE | LOOKUP_BLANK,
    ['\n'] = LOOKUP_SPACE | LOOKUP_BLANK,
    ['\v'] = LOOKUP_SPACE,
    ['\f'] = LOOKUP_SPACE,
    ['\r'] = LOOKUP_SPACE,
    ['A' ... 'Z'] = LOOKUP_LETTER,
    ['a' ... 'z'] = LOOKUP_LETTER,
    ['0' ... '9'] = LOOKUP_DIGIT,
    ['_'] = LOOKUP_UNDERSCORE,
    [':'] = LOOKUP_JOINS_LETTERS,
    ['.'] = LOOKUP_JOINS_LETTERS | LOOKUP_JOINS_DIGITS,
    ['\''] = LOOKUP_JOINS_LETTERS | LOOKUP_JOINS_DIGITS,
    [','] = LOOKUP_JOINS_DIGITS,
    [';'] = LOOKUP_JOINS_DIGITS,
    [0x80 ... 0xff] = LOOKUP_WIDE,
};

#define L46 LOOKUP_LETTER_46
#define L57 LOOKUP_LETTER_57
#define BOTH (LOOKUP_LETTER_46 | LOOKUP_LETTER_57)
#define DIGIT LOOKUP_HALF_DIGIT

/* Rows of ASCII: the last row of columns 4 and 6 is O, that of 5 and 7 is Z. */
const uint8_t lookup_low_half[16] __attribute__((aligned(16))) = {
    [0x0] = L57 | DIGIT,
    [0x1 ... 0x6] = BOTH | DIGIT,
    [0x7] = BOTH | DIGIT | LOOKUP_QUOTE_STOP,
    [0x8 ... 0x9] = BOTH | DIGIT,
    [0xA] = BOTH | LOOKUP_COLON,
    [0xB] = L46 | LOOKUP_SEMICOLON,
    [0xC] = L46 | LOOKUP_COMMA,
    [0xD] = L46,
    [0xE] = L46 | LOOKUP_QUOTE_STOP,
    [0xF] = L46 | LOOKUP_HALF_UNDERSCORE,
};

/* Columns of ASCII; none above 0x7f. */
const uint8_t lookup_high_half[16] __attribute__((aligned(16))) = {
    [0x2] = LOOKUP_QUOTE_STOP | LOOKUP_COMMA,
    [0x3] = DIGIT | LOOKUP_COLON | LOOKUP_SEMICOLON,
    [0x4] = L46,
    [0x5] = L57 | LOOKUP_HALF_UNDERSCORE,
    [0x6] = L46,
    [0x7] = L57,
};

/* 0xff is nobody's entry: it is none of the bytes whose lower half finds it. */
#define NONE 0xff

const uint8_t lookup_spaces[16] __attribute__((aligned(16))) = {
    ' ', NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, '\t', '\n', '\v', '\f', '\r', NONE, NONE,
};

const uint8_t lookup_blanks[16] __attribute__((aligned(16))) = {
    ' ', NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, '\t', '\n', NONE, NONE, NONE, NONE, NONE,
};

/* The j-th set bit of b, where it is bit n, stands at byte j: as many bits as are set below n. */
#define BIT(b, n)                                                                                  \
    (((b) >> (n)&1u) ? (uint64_t)(n) << (8 * __builtin_popcount((b) & ((1u << (n)) - 1))) : 0u)
#define ONE(b)                                                                                     \
    (BIT(b, 0) | BIT(b, 1) | BIT(b, 2) | BIT(b, 3) | BIT(b, 4) | BIT(b, 5) | BIT(b, 6) | BIT(b, 7))
#define FOUR(b) ONE(b), ONE((b) + 1u), ONE((b) + 2u), ONE((b) + 3u)
#define SIXTEEN(b) FOUR(b), FOUR((b) + 4u), FOUR((b) + 8u), FOUR((b) + 12u)
#define SIXTY_FOUR(b) SIXTEEN(b), SIXTEEN((b) + 16u), SIXTEEN((b) + 32u), SIXTEEN((b) + 48u)

const uint64_t lookup_bits[256] = {SIXTY_FOUR(0u), SIXTY_FOUR(64u), SIXTY_FOUR(128u),
                                   SIXTY_FOUR(192u)};
