/* SPDX-License-Identifier: MIT
 *
 * short_word - values of few bytes in a word: from its highest byte on their size, their bytes and
 * zeros, so that no two values have the same word.
 */
#ifndef VALUES_SHORT_WORD_H
#define VALUES_SHORT_WORD_H

#include <stddef.h>
#include <stdint.h>

#include "values/decimal_code.h"
#include "values/decimal_plain.h"

/* Bytes of the longest of them. */
#define SHORT_WORD_MOST 7
/* Bytes that are read of each, however short it is. */
#define SHORT_WORD_PAD 8

/* Of a value that has SHORT_WORD_PAD bytes that can be read, or none at all. */
static inline uint64_t short_word_padded(const unsigned char *value, size_t size)
{
    const uint64_t bytes = size > 0 ? decimal_code_load(value) : 0;

    return (bytes >> 8 & UINT64_MAX << 8 * (SHORT_WORD_MOST - size)) | (uint64_t)size << 56;
}

/* The bytes of any that is short, from the highest on, without a look behind its end. */
static inline uint64_t short_word_load(const unsigned char *value, size_t size)
{
    return size > 0 ? __builtin_bswap64(decimal_load_some(value, size)) : 0;
}

/* The word of any. */
static inline uint64_t short_word(const unsigned char *value, size_t size)
{
    return short_word_load(value, size) >> 8 | (uint64_t)size << 56;
}

/* The bytes of a word's value, from the highest on: of the code of a number, the word that
 * decimal_code.h speaks of. */
static inline uint64_t short_word_bytes(uint64_t word)
{
    return word << 8;
}

#endif
