/* SPDX-License-Identifier: MIT
 *
 * triples - words made of characters of three bytes (Chinese, Japanese, Korean, Thai, the scripts
 * of India), character by character without the automaton of words.c.
 */
#ifndef TEXT_TRIPLES_H
#define TEXT_TRIPLES_H

#include <stdbool.h>

#include "engine/mapreduce.h"

/* Room that a call needs in the array of spans at least. */
#define TRIPLES_MIN 2

/* Whether two characters of three bytes begin at p, so that a call may be worth it. */
static inline bool triples_ahead(const unsigned char *p, const unsigned char *end)
{
    return end - p >= 16 && (p[0] & 0xF0) == 0xE0 && (p[3] & 0xF0) == 0xE0;
}

/* On the terms of pairs_words (pairs.h). */
size_t triples_words(const unsigned char *data, size_t size, size_t pos, uint32_t *positions,
                     size_t max, size_t *count, unsigned char *folded);

#endif
