/* SPDX-License-Identifier: MIT
 *
 * lanes - keys of at most 15 bytes loaded and hashed eight side by side, with AVX-512.
 *
 * For files that have switched these instructions on (base/target.h) before they include this one.
 * What comes out is what key.h and hash.h define, bit by bit.
 */
#ifndef ENGINE_LANES_H
#define ENGINE_LANES_H

#include "base/hash.h"
#include "engine/core/key.h"
#include "engine/mapreduce.h"

#include <immintrin.h>

#define LANES 8u

static inline __m512i lanes_all(uint64_t word)
{
    return _mm512_set1_epi64((long long)word);
}

/* The first 16 bytes of each of four keys. */
static inline __attribute__((always_inline)) __m512i lanes_four_keys(const unsigned char *base,
                                                                     const struct mr_span *spans)
{
    const __m256i low = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128((const void *)(base + spans[0].begin))),
        _mm_loadu_si128((const void *)(base + spans[1].begin)), 1);
    const __m256i high = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128((const void *)(base + spans[2].begin))),
        _mm_loadu_si128((const void *)(base + spans[3].begin)), 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/* LANES keys as they lie in the text. */
struct lanes {
    __m512i size;
    __m512i first, second; /* bytes 0 to 7, 8 to 15 */
};

static inline __attribute__((always_inline)) struct lanes lanes_load(const unsigned char *base,
                                                                     const struct mr_span *spans)
{
    const __m512i span = _mm512_loadu_si512(spans);
    const __m512i begin = _mm512_and_si512(span, lanes_all(UINT32_MAX));
    const __m512i a = lanes_four_keys(base, spans), b = lanes_four_keys(base, spans + 4);
    return (struct lanes){
        .size = _mm512_sub_epi64(_mm512_srli_epi64(span, 32), begin),
        .first = _mm512_permutex2var_epi64(a, _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14), b),
        .second = _mm512_permutex2var_epi64(a, _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15), b),
    };
}

/* For lanes_keep: by the number of bytes, 0 to 7, ones for so many. */
static inline __m512i lanes_keeps(void)
{
    return _mm512_permutex2var_epi64(_mm512_loadu_si512(key_w1_masks[0]),
                                     _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14),
                                     _mm512_loadu_si512(key_w1_masks[4]));
}

/* Ones for the bytes of a key's last word, the whole size modulo 8 telling how many. */
static inline __m512i lanes_keep(__m512i size, __m512i keeps)
{
    return _mm512_permutexvar_epi64(size, keeps);
}

/* A key's last word: of the text's bytes those to keep, then zeros, then the size plus one. */
static inline __attribute__((always_inline)) __m512i lanes_last_word(__m512i bytes, __m512i keep,
                                                                     __m512i size)
{
    const __m512i top = _mm512_slli_epi64(_mm512_add_epi64(size, lanes_all(1)), 56);
    return _mm512_ternarylogic_epi64(bytes, keep, top, 0xea); /* (bytes & keep) | top */
}

/* hash_mix: the 128-bit products, made of four products of halves. */
static inline __attribute__((always_inline)) __m512i lanes_hash_mix(__m512i a, __m512i b)
{
    const __m512i a_high = _mm512_srli_epi64(a, 32), b_high = _mm512_srli_epi64(b, 32);
    const __m512i low_low = _mm512_mul_epu32(a, b), low_high = _mm512_mul_epu32(a, b_high);
    const __m512i high_low = _mm512_mul_epu32(a_high, b);
    const __m512i high_high = _mm512_mul_epu32(a_high, b_high);
    const __m512i middle = _mm512_add_epi64(low_high, _mm512_srli_epi64(low_low, 32));
    const __m512i other =
        _mm512_add_epi64(high_low, _mm512_and_si512(middle, lanes_all(UINT32_MAX)));
    const __m512i carries =
        _mm512_add_epi64(_mm512_srli_epi64(middle, 32), _mm512_srli_epi64(other, 32));
    const __m512i low = _mm512_mask_blend_epi32(0xaaaa, low_low, _mm512_slli_epi64(other, 32));
    return _mm512_xor_si512(low, _mm512_add_epi64(high_high, carries));
}

/* hash_1 and hash_2 of each lane. */
static inline __attribute__((always_inline)) __m512i lanes_hash_1(const struct hash_seed *seed,
                                                                  __m512i a)
{
    return _mm512_mullo_epi64(a, lanes_all(seed->word[7]));
}

static inline __attribute__((always_inline)) __m512i lanes_hash_2(const struct hash_seed *seed,
                                                                  __m512i a, __m512i b)
{
    const __m512i mix = lanes_hash_mix(_mm512_xor_si512(a, lanes_all(seed->word[0])),
                                       _mm512_xor_si512(b, lanes_all(seed->word[1])));
    const __m512i end = _mm512_mullo_epi64(mix, lanes_all(HASH_END));
    return _mm512_xor_si512(end, _mm512_srli_epi64(end, 32));
}

#endif
