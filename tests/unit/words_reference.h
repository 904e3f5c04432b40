/* SPDX-License-Identifier: MIT
 *
 * words_reference.h - UAX #29 word boundaries the slow and obvious way: every rule, in the order of
 * the standard, asked about every position. What src/text/words.c is compared with.
 */
#ifndef TESTS_WORDS_REFERENCE_H
#define TESTS_WORDS_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_WHITE_SPACE 25
extern const uint32_t words_white_space[WORDS_WHITE_SPACE];

struct words_segment {
    size_t begin; /* bytes */
    size_t end;
    size_t word_begin; /* the same without White_Space at the ends; both 0 where it is all such */
    size_t word_end;
    bool keep;    /* holds a character that is Alphabetic or of General_Category N */
    bool invalid; /* is a byte that is no part of valid UTF-8 */
};

/* The segments of a text; *count receives their number. malloc'ed; aborts when memory is out. */
struct words_segment *words_reference(const unsigned char *data, size_t size, size_t *count);

#endif
