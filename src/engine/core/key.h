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

#include "base/hash.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum key_class { KEY_W1, KEY_W2, KEY_W4, KEY_LONG, KEY_CLASSES };

/* Bytes of a key at the most, and words that hold it; a long key's are hash, size and address. */
#define KEY_W1_MOST 7u
#define KEY_W2_MOST 15u
#define KEY_W4_MOST 31u
#define KEY_W1_WORDS 1u
#define KEY_W2_WORDS 2u
#define KEY_W4_WORDS 4u
#define KEY_LONG_WORDS 3u

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

/* The class of a key. */
static inline enum key_class key_class_of(size_t size)
{
    return size <= KEY_W1_MOST   ? KEY_W1
           : size <= KEY_W2_MOST ? KEY_W2
           : size <= KEY_W4_MOST ? KEY_W4
                                 : KEY_LONG;
}

/* The words of a key in a class whose keys lie in the slots. */
static inline size_t key_class_words(enum key_class key_class)
{
    return key_class == KEY_W1 ? KEY_W1_WORDS : key_class == KEY_W2 ? KEY_W2_WORDS : KEY_W4_WORDS;
}

/* Loads a key of such a class into words, and returns its hash in the table. Reads 8 bytes a
 * word. */
static inline uint64_t key_load(enum key_class key_class, const struct hash_seed *seed,
                                uint64_t *words, const unsigned char *key, size_t size)
{
    if (key_class == KEY_W1) {
        words[0] = key_load_w1(key, size);
        return hash_1(seed, words[0]);
    }
    if (key_class == KEY_W2) {
        key_load_w2(words, key, size);
        return hash_2(seed, words[0], words[1]);
    }
    key_load_w4(words, key, size);
    return hash_4(seed, words[0], words[1], words[2], words[3]);
}

/* The class of a key in a reducer's table (grouping_table.h). */
static inline enum key_class key_grouping_class(size_t size)
{
    return size <= KEY_W2_MOST ? KEY_W2 : key_class_of(size);
}

/* As key_load, for that. */
static inline uint64_t key_grouping_load(enum key_class key_class, const struct hash_seed *seed,
                                         uint64_t *words, const unsigned char *key, size_t size)
{
    if (key_class != KEY_W2)
        return key_load(key_class, seed, words, key, size);
    key_load_w1_or_w2(words, key, size);
    return hash_2(seed, words[0], words[1]);
}

/* What key_grouping_load returns, from what key_load returned. */
static inline uint64_t key_grouping_hash(enum key_class key_class, const struct hash_seed *seed,
                                         const uint64_t *words, uint64_t hash)
{
    if (key_class != KEY_W1)
        return hash;
    const uint64_t last = key_last_byte(UINT8_MAX);
    return hash_2(seed, words[0] & ~last, words[0] & last);
}

/* The same hash, which also tells the partition, of a key of any class. Reads up to 31 bytes behind
 * it. */
static inline uint64_t key_hash(const struct hash_seed *seed, const unsigned char *key, size_t size)
{
    uint64_t words[KEY_W4_WORDS];
    enum key_class key_class = key_grouping_class(size);
    return key_class == KEY_LONG ? hash_bytes(seed, key, size)
                                 : key_grouping_load(key_class, seed, words, key, size);
}

/* Whether a slot holds a key. */
static inline bool key_slot_used(const uint64_t *slot, enum key_class key_class)
{
    return slot[key_class == KEY_LONG ? 1 : key_class_words(key_class) - 1] != 0;
}

/* The key in a used slot. */
static inline const unsigned char *key_slot_key(const uint64_t *slot, enum key_class key_class,
                                                size_t *size)
{
    if (key_class == KEY_LONG) {
        *size = (size_t)slot[1];
        return (const unsigned char *)(uintptr_t)slot[2];
    }
    *size = key_words_size(slot, key_class_words(key_class));
    return (const unsigned char *)slot;
}

/* Whether a slot holds the key of these words. */
static inline bool key_slot_is(const uint64_t *slot, enum key_class key_class,
                               const uint64_t *words)
{
    uint64_t differ = slot[0] ^ words[0];
    if (key_class != KEY_W1)
        differ |= slot[1] ^ words[1];
    if (key_class == KEY_W4)
        differ |= (slot[2] ^ words[2]) | (slot[3] ^ words[3]);
    return differ == 0;
}

#endif
