/* SPDX-License-Identifier: MIT
 *
 * record - how a pair or a result lies in a stream, in memory and on disk.
 *
 * One byte: the key's size below 127, or 127 and the size in the 8 bytes that follow; its top bit
 * says that a number follows the key. Then the key. Then, by the stream's kind,
 *   RECORD_SUM      the number, where it is not 1;
 *   RECORD_FIRST    the number, where there is one and it is not 1, and the 8 bytes of a place;
 *   RECORD_VALUE    the value's bytes;
 *   RECORD_WORDS    the value's words, of each its significant bytes, the lowest first: of two
 *                   words together one byte before them says how many, in its low four bits those
 *                   of the first. Behind a key of RECORD_LONG bytes or more, which may be alone in
 *                   its chunk and is changed there, the value's bytes as they are;
 *   RECORD_BYTES    the value's size as a number, the value's bytes;
 *   RECORD_RESULT   the number (the rank), the payload's size as a number, the payload.
 * A number is one byte below RECORD_TWO, and from there to RECORD_HIGH the high part of what it is
 * more than that, whose low byte follows. From RECORD_HIGH on it says how many bytes follow, the
 * lowest first: the high ones of a number, behind which there are zeros; from RECORD_LOW on the low
 * ones.
 * Of the millions of keys that occur once, each costs its bytes and one more.
 */
#ifndef ENGINE_RECORD_H
#define ENGINE_RECORD_H

#include "base/copy.h"
#include "engine/core/key.h"
#include "engine/mapreduce.h"

#include <stdbool.h>

enum record_kind {
    RECORD_SUM,
    RECORD_FIRST,
    RECORD_VALUE,
    RECORD_WORDS,
    RECORD_BYTES,
    RECORD_RESULT
};

struct record_form {
    enum record_kind kind;
    size_t value_size; /* of RECORD_VALUE and RECORD_WORDS; 8 of RECORD_FIRST without numbers */
};

struct record {
    const unsigned char *key;
    size_t size;
    uint64_t number;
    const unsigned char *value; /* the value as it lies there, or the payload */
    size_t value_size;
};

#define RECORD_LONG 127u
#define RECORD_NUMBER 128u
#define RECORD_NUMBER_MAX 10u /* bytes that are written of any number */
#define RECORD_TWO 128u
#define RECORD_HIGH 240u
#define RECORD_LOW 248u
#define RECORD_HEAD_MAX 9u
/* Bytes of the largest value of RECORD_WORDS, a multiple of 8: larger ones hardly get smaller. */
#define RECORD_WORDS_MOST 64u

/* An upper bound of a record's bytes. */
static inline size_t record_bound(size_t key_size, size_t value_size)
{
    return RECORD_HEAD_MAX + key_size + 2 * RECORD_NUMBER_MAX + value_size;
}

/* A word as it lies in memory where the lowest byte is the first one, and back. */
static inline uint64_t record_lowest_first(uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return word;
#else
    return __builtin_bswap64(word);
#endif
}

/* The bytes of a word that are significant: none of 0. */
static inline size_t record_significant(uint64_t word)
{
    return (size_t)(71 - __builtin_clzll(word | 1)) / 8 - (word == 0);
}

static inline unsigned char *record_put_number(unsigned char *at, uint64_t number)
{
    if (number < RECORD_TWO) {
        *at = (unsigned char)number;
        return at + 1;
    }
    if (number < RECORD_TWO + ((RECORD_HIGH - RECORD_TWO) << 8)) {
        number -= RECORD_TWO;
        at[0] = (unsigned char)(RECORD_TWO + (number >> 8));
        at[1] = (unsigned char)number;
        return at + 2;
    }
    size_t size = record_significant(number);
    unsigned kind = RECORD_LOW;
    const unsigned zeros = (unsigned)__builtin_ctzll(number) / 8;
    if (size == sizeof number && zeros > 0) {
        size -= zeros;
        number >>= 8 * zeros;
        kind = RECORD_HIGH;
    }
    number = record_lowest_first(number);
    at[0] = (unsigned char)(kind + size - 1);
    memcpy(at + 1, &number, sizeof number);
    return at + 1 + size;
}

/* Reads up to 8 bytes behind its first one. */
static inline const unsigned char *record_get_number(const unsigned char *at, uint64_t *number)
{
    const unsigned first = *at++;
    if (first < RECORD_TWO) {
        *number = first;
        return at;
    }
    if (first < RECORD_HIGH) {
        *number = RECORD_TWO + ((uint64_t)(first - RECORD_TWO) << 8 | *at);
        return at + 1;
    }
    const size_t size = 1 + first % 8;
    const uint64_t word = record_lowest_first(key_word(at) & key_word(key_masks + 32 - size));
    *number = word << (first < RECORD_LOW ? 64 - 8 * size : 0);
    return at + size;
}

/* Two words of a value; writes up to 17 bytes. A branch would be an unpredictable one. */
static inline unsigned char *record_put_pair(unsigned char *at, uint64_t first, uint64_t second)
{
    const size_t first_size = record_significant(first), second_size = record_significant(second);
    *at++ = (unsigned char)(first_size | second_size << 4);
    first = record_lowest_first(first);
    second = record_lowest_first(second);
    memcpy(at, &first, sizeof first);
    memcpy(at + first_size, &second, sizeof second);
    return at + first_size + second_size;
}

static inline const unsigned char *record_get_pair(const unsigned char *at, uint64_t *first,
                                                   uint64_t *second)
{
    const size_t first_size = *at & 15u, second_size = *at >> 4;
    at++;
    *first = record_lowest_first(key_word(at) & key_word(key_masks + 32 - first_size));
    at += first_size;
    *second = record_lowest_first(key_word(at) & key_word(key_masks + 32 - second_size));
    return at + second_size;
}

/* The words of a value of `size` bytes. */
static inline unsigned char *record_put_words(unsigned char *at, const unsigned char *value,
                                              size_t size)
{
    for (; size >= 16; size -= 16, value += 16)
        at = record_put_pair(at, key_word(value), key_word(value + 8));
    return size > 0 ? record_put_pair(at, key_word(value), 0) : at;
}

/* The same back, to room for `size` bytes. Reads up to 8 bytes behind them. */
static inline void record_get_words(const unsigned char *at, unsigned char *value, size_t size)
{
    uint64_t words[2];
    for (; size >= sizeof words; size -= sizeof words, value += sizeof words) {
        at = record_get_pair(at, &words[0], &words[1]);
        memcpy(value, words, sizeof words);
    }
    if (size > 0) {
        (void)record_get_pair(at, &words[0], &words[1]);
        memcpy(value, words, sizeof *words);
    }
}

/* Where they end. */
static inline const unsigned char *record_pass_words(const unsigned char *at, size_t size)
{
    for (size_t pairs = (size + 8) / 16; pairs > 0; pairs--)
        at += 1 + (*at & 15u) + (*at >> 4);
    return at;
}

/* Whether the value behind a key of that size is in words. */
static inline bool record_in_words(enum record_kind kind, size_t key_size)
{
    return kind == RECORD_WORDS && key_size < RECORD_LONG;
}

/* What follows the key of a pair: its number, or the value, of one size. Writes up to 8 bytes
 * behind its end. */
static inline unsigned char *record_put_value(unsigned char *at, struct record_form form,
                                              size_t key_size, uint64_t number, const void *value)
{
    if (form.kind == RECORD_SUM)
        return number == 1 ? at : record_put_number(at, number);
    if (form.kind == RECORD_FIRST) {
        if (number != 1)
            at = record_put_number(at, number);
        memcpy(at, value, sizeof(uint64_t));
        return at + sizeof(uint64_t);
    }
    if (record_in_words(form.kind, key_size))
        return record_put_words(at, value, form.value_size);
    memcpy(at, value, form.value_size);
    return at + form.value_size;
}

/* The same where values are of any size; `value` may be NULL where that is 0. */
static inline unsigned char *record_put_bytes(unsigned char *at, const void *value, size_t size)
{
    return copy_bytes(record_put_number(at, size), value, size);
}

/* Copies a key. However short it is, RECORD_COPIED bytes must be readable and writable. */
#define RECORD_COPIED ((size_t)MR_PAD)

static inline void record_copy_key(unsigned char *at, const unsigned char *key, size_t size)
{
    if (size <= 16)
        memcpy(at, key, 16);
    else if (size <= 32)
        memcpy(at, key, 32);
    else if (size <= RECORD_COPIED)
        memcpy(at, key, RECORD_COPIED);
    else
        memcpy(at, key, size);
}

/* The head of a record; `number` says whether one follows the key. */
static inline unsigned char *record_put_head(unsigned char *at, size_t key_size, bool number)
{
    unsigned char top = number ? RECORD_NUMBER : 0;
    if (key_size < RECORD_LONG) {
        *at++ = (unsigned char)(key_size | top);
        return at;
    }
    *at++ = (unsigned char)(RECORD_LONG | top);
    uint64_t size = key_size;
    memcpy(at, &size, sizeof size);
    return at + sizeof size;
}

/* What follows the key of a result: its number and its payload. */
static inline unsigned char *record_put_rest(unsigned char *at, const struct record *result)
{
    if (result->number != 1)
        at = record_put_number(at, result->number);
    at = record_put_number(at, result->value_size);
    return copy_bytes(at, result->value, result->value_size);
}

/* Writes a result at `at`; returns its end. */
static inline unsigned char *record_put_result(unsigned char *at, const struct record *result)
{
    at = record_put_head(at, result->size, result->number != 1);
    record_copy_key(at, result->key, result->size);
    return record_put_rest(at + result->size, result);
}

/* The key of the record at `at`. */
static inline const unsigned char *record_key(const unsigned char *at, size_t *size)
{
    *size = *at++ & RECORD_LONG;
    if (*size == RECORD_LONG) {
        *size = (size_t)key_word(at);
        at += 8;
    }
    return at;
}

/* Reads the record at `at` and returns where the next one starts. */
static inline const unsigned char *record_get(const unsigned char *at, enum record_kind kind,
                                              size_t value_size, struct record *record)
{
    const unsigned head = *at;
    at = record->key = record_key(at, &record->size);
    at += record->size;
    if (kind == RECORD_VALUE || kind == RECORD_WORDS) {
        record->value = at;
        record->value_size = value_size;
        record->number = 0;
        return record_in_words(kind, record->size) ? record_pass_words(at, value_size)
                                                   : at + value_size;
    }
    record->number = 1;
    if ((kind != RECORD_FIRST || value_size > sizeof(uint64_t)) && head & RECORD_NUMBER)
        at = record_get_number(at, &record->number);
    record->value = at;
    record->value_size = 0;
    if (kind == RECORD_FIRST)
        return at + sizeof(uint64_t);
    if (kind == RECORD_RESULT || kind == RECORD_BYTES) {
        uint64_t size;
        at = record_get_number(at, &size);
        record->value = at;
        record->value_size = (size_t)size;
        at += size;
    }
    return at;
}

/* Copies a pair's value out of its record. */
static inline void record_copy_value(const struct record *record, enum record_kind kind, void *to)
{
    if (record_in_words(kind, record->size))
        record_get_words(record->value, to, record->value_size);
    else if (record->value_size > 0)
        memcpy(to, record->value, record->value_size);
}

/* A pair's value: where it lies, or, where it is in words, at `room` for RECORD_WORDS_MOST bytes.
 */
static inline const unsigned char *record_value(const struct record *record, enum record_kind kind,
                                                unsigned char *room)
{
    if (!record_in_words(kind, record->size))
        return record->value;
    record_get_words(record->value, room, record->value_size);
    return room;
}

#endif
