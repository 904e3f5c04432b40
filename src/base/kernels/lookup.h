/* SPDX-License-Identifier: MIT
 *
 * lookup - the classes of bytes and the places of bits, as tables for the kernels.
 */
#ifndef BASE_KERNELS_LOOKUP_H
#define BASE_KERNELS_LOOKUP_H

#include <stdint.h>

/* Classes of bytes, one bit each. */
enum {
    LOOKUP_SPACE = 1, /* space \t \n \v \f \r */
    LOOKUP_BLANK = 2, /* space \t \n */
    LOOKUP_LETTER = 4,
    LOOKUP_DIGIT = 8,
    LOOKUP_UNDERSCORE = 16,
    LOOKUP_JOINS_LETTERS = 32, /* within a word, by UAX #29 */
    LOOKUP_JOINS_DIGITS = 64,
    LOOKUP_WIDE = 128, /* above 0x7f, and nothing else */
};
extern const uint8_t lookup_class[256];

/* For instruction sets that look up 16 bytes: what lookup_low_half has for the lower four bits of a
 * byte and lookup_high_half for the upper four have these bits in common. Letters come in two bits,
 * as the columns 4 and 6 and the columns 5 and 7 of ASCII hold different rows. */
enum {
    LOOKUP_LETTER_46 = 1,
    LOOKUP_LETTER_57 = 2,
    LOOKUP_HALF_DIGIT = 4,
    LOOKUP_COLON = 8,       /* joins letters */
    LOOKUP_QUOTE_STOP = 16, /* join both */
    LOOKUP_COMMA = 32,      /* joins digits, */
    LOOKUP_SEMICOLON = 64,  /* as this */
    LOOKUP_HALF_UNDERSCORE = 128,
};
extern const uint8_t lookup_low_half[16], lookup_high_half[16];

/* A byte is a space (a blank) where the entry for its lower four bits is the byte itself. */
extern const uint8_t lookup_spaces[16], lookup_blanks[16];

/* Byte j of lookup_bits[b] is the number of the j-th bit set in b: for kernels that have no
 * compress instruction. */
extern const uint64_t lookup_bits[256];

#endif
