/* SPDX-License-Identifier: MIT
 *
 * hash - a seeded 64-bit hash of keys, in the shapes in which the engine holds them.
 *
 * The primitive is the mixing multiplication of wyhash and its kin: the 128-bit product of two
 * words, each first masked by a secret word, with its halves xored. Who does not know the seed
 * cannot choose keys that collide more often than chance. All bits of the result may be used: the
 * engine takes partitions from the top and table slots from the bottom.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hash_seed {
    uint64_t word[8];
};

/* Draws a seed from the system's random source. */
void hash_seed_draw(struct hash_seed *seed);
/* Derives a seed from a number: the same one from the same number. */
void hash_seed_fixed(struct hash_seed *seed, uint64_t number);

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The mixed product of keys that count up is again much like a row with one step, which for some
 * seeds is next to a divisor of a table's size: then they pile up. After this, all bits of the hash
 * depend on all of the product. */
#define HASH_END UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t hash_end(uint64_t hash)
{
    hash *= HASH_END;
    return hash ^ hash >> 32;
}

/* Of a key held in one word, which is not 0: the product with a secret odd word. Its highest bits
 * collide at most twice as often as chance has it (Dietzfelbinger and others, A reliable randomized
 * algorithm for the closest-pair problem, 1997), the others more often. Mixing the product would
 * take 2% of the time on English, and hash_end a sixth: who looks keys up by this must bear, or
 * bound, that some pile up. */
static inline uint64_t hash_1(const struct hash_seed *seed, uint64_t a)
{
    return a * seed->word[7];
}

/* Of a key held in two words. */
static inline uint64_t hash_2(const struct hash_seed *seed, uint64_t a, uint64_t b)
{
    return hash_end(hash_mix(a ^ seed->word[0], b ^ seed->word[1]));
}

/* Of a key held in four words. */
static inline uint64_t hash_4(const struct hash_seed *seed, uint64_t a, uint64_t b, uint64_t c,
                              uint64_t d)
{
    uint64_t first = hash_mix(a ^ seed->word[2], b ^ seed->word[3]);
    return hash_end(hash_mix(first ^ c ^ seed->word[4], d ^ seed->word[5]));
}

/* Of `size` bytes, 16 at least. */
uint64_t hash_bytes(const struct hash_seed *seed, const unsigned char *bytes, size_t size);

#endif
