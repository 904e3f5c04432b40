/* SPDX-License-Identifier: MIT
 *
 * key - how the engine holds keys: in classes by length.
 *
 * A W1 key (7 bytes at most) is one word, a W2 key (15 at most) two, a W4 key (31 at most) four,
 * padded with zeros and with the length plus one in the last byte: so comparing the words compares
 * the keys, and the last word of a key is never zero. Long keys stay where they are and are known
 * by hash, length and address. Nine of ten words of an English text are W1 keys, and cost half of a
 * W2 key.
 */
#ifndef ENGINE_KEY_H
#define ENGINE_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define KEY_W1_MOST 7u
#define KEY_W2_MOST 15u
#define KEY_W4_MOST 31u
#define KEY_W1_WORDS 1u
#define KEY_W2_WORDS 2u
#define KEY_W4_WORDS 4u

/* Loading 32 bytes from key_masks + 32 - n gives n bytes of ones, then zeros. */
extern const unsigned char key_masks[64] __attribute__((visibility("hidden")));

static inline uint64_t key_word(const unsigned char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

/* A word whose last byte in memory is `byte`. */
static inline uint64_t key_last_byte(uint64_t byte)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return byte << 56;
#else
    return byte;
#endif
}

/* For each size of a W1 key the word's bytes that are the key's, and the last byte. */
extern const uint64_t key_w1_masks[KEY_W1_MOST + 1][2] __attribute__((visibility("hidden")));

/* Loads a key of `size` bytes, at most 7, into one word. Reads 8 bytes. */
static inline uint64_t key_load_w1(const unsigned char *key, size_t size)
{
    return (key_word(key) & key_w1_masks[size][0]) | key_w1_masks[size][1];
}

/* Loads a key of `size` bytes, 8 to 15, into two words. Reads 16 bytes. */
static inline void key_load_w2(uint64_t *words, const unsigned char *key, size_t size)
{
    const unsigned char *mask = key_masks + 32 - size;
    words[0] = key_word(key);
    words[1] = (key_word(key + 8) & key_word(mask + 8)) | key_last_byte(size + 1);
}

/* The same for 0 to 15 bytes. */
static inline void key_load_w1_or_w2(uint64_t *words, const unsigned char *key, size_t size)
{
    const unsigned char *mask = key_masks + 32 - size;
    words[0] = key_word(key) & key_word(mask);
    words[1] = (key_word(key + 8) & key_word(mask + 8)) | key_last_byte(size + 1);
}

/* Loads a key of `size` bytes, 16 to 31, into four words. Reads 32 bytes. */
static inline void key_load_w4(uint64_t *words, const unsigned char *key, size_t size)
{
    const unsigned char *mask = key_masks + 32 - size;
    words[0] = key_word(key);
    words[1] = key_word(key + 8);
    words[2] = key_word(key + 16) & key_word(mask + 16);
    words[3] = (key_word(key + 24) & key_word(mask + 24)) | key_last_byte(size + 1);
}

/* The length of a key held in `count` words. */
static inline size_t key_words_size(const uint64_t *words, size_t count)
{
    /* The analyzer cannot follow a key of words through its masks.
     * NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
    return (size_t)((const unsigned char *)words)[count * sizeof *words - 1] - 1;
}

#endif
