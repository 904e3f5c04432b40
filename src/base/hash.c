/* SPDX-License-Identifier: MIT
 *
 * hash - seeds, and keys of any length (see hash.h).
 */
#include "base/hash.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* One step of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators). */
static uint64_t scramble(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The multiplier of hash_1 is odd, so that no two words have the same product, and large. */
static void finish_seed(struct hash_seed *seed)
{
    seed->word[7] |= UINT64_C(1) << 63 | 1;
}

void hash_seed_fixed(struct hash_seed *seed, uint64_t number)
{
    for (size_t i = 0; i < sizeof seed->word / sizeof seed->word[0]; i++)
        seed->word[i] = scramble(&number);
    finish_seed(seed);
}

void hash_seed_draw(struct hash_seed *seed)
{
    if (getrandom(seed, sizeof *seed, 0) == (ssize_t)sizeof *seed) {
        finish_seed(seed);
        return;
    }
    /* A kernel too old or a filter too strict for getrandom: time, place and process must do. */
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    hash_seed_fixed(seed, (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 30 ^
                              (uint64_t)getpid() << 40 ^ (uint64_t)(uintptr_t)seed);
}

static uint64_t word(const unsigned char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

/* Two words of the bytes mixed into what was so far. */
static inline uint64_t mix_next(const struct hash_seed *seed, uint64_t hash,
                                const unsigned char *bytes)
{
    return hash_mix(word(bytes) ^ seed->word[4] ^ hash, word(bytes + 8) ^ seed->word[5]);
}

/* So many bytes are worth four mixes side by side: each waits for the one before it. */
#define LONG ((size_t)256)

uint64_t hash_bytes(const struct hash_seed *seed, const unsigned char *bytes, size_t size)
{
    uint64_t hash = seed->word[6] ^ size;
    size_t at = 0;
    if (size >= LONG) {
        uint64_t second = seed->word[0], third = seed->word[1], fourth = seed->word[2];
        for (; size - at > 64; at += 64) {
            hash = mix_next(seed, hash, bytes + at);
            second = mix_next(seed, second, bytes + at + 16);
            third = mix_next(seed, third, bytes + at + 32);
            fourth = mix_next(seed, fourth, bytes + at + 48);
        }
        hash = hash_mix(hash, second) ^ hash_mix(third, fourth);
    }
    for (; size - at > 16; at += 16)
        hash = mix_next(seed, hash, bytes + at);
    /* The last 16 bytes, which may overlap those before. */
    return hash_end(hash_mix(word(bytes + size - 16) ^ seed->word[7] ^ hash,
                             word(bytes + size - 8) ^ seed->word[3]));
}
