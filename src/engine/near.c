/* SPDX-License-Identifier: MIT
 *
 * near - tiny keys counted eight side by side with AVX-512 (see near.h).
 *
 * Eight keys are loaded and hashed together, then one after the other compared and counted. What
 * counts is how few instructions a key takes and that no branch is a toss-up: gathers in place of
 * eight loads took longer, and so did comparing in vectors.
 */
#include "engine/near.h"

#if defined(__x86_64__)

#include "base/cpu.h"
#include "base/target.h"

#include <immintrin.h>

#define TARGET "avx512f,avx512bw,avx512vl,bmi,bmi2,popcnt"
TARGET_BEGIN

#define LANES 8u

/* The first 8 bytes of each key. */
static inline __m128i two_keys(const unsigned char *a, const unsigned char *b)
{
    return _mm_unpacklo_epi64(_mm_loadl_epi64((const void *)a), _mm_loadl_epi64((const void *)b));
}

static inline __m256i four_keys(const unsigned char *base, const struct mr_span *spans)
{
    __m128i low = two_keys(base + spans[0].begin, base + spans[1].begin);
    __m128i high = two_keys(base + spans[2].begin, base + spans[3].begin);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

static inline __m512i eight_keys(const unsigned char *base, const struct mr_span *spans)
{
    return _mm512_inserti64x4(_mm512_castsi256_si512(four_keys(base, spans)),
                              four_keys(base, spans + 4), 1);
}

/* What the lanes have in common. */
struct constants {
    __m512i keep, tops; /* key_tiny, by size */
    __m512i seed_low, seed_high, slot;
};

static inline struct constants constants_of(const struct near *near)
{
    /* key_tiny is pairs: the first of each are `keep`, the second `tops`. */
    const __m512i low = _mm512_loadu_si512(key_tiny[0]), high = _mm512_loadu_si512(key_tiny[4]);
    const __m512i firsts = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
    const __m512i seconds = _mm512_add_epi64(firsts, _mm512_set1_epi64(1));
    const uint64_t seed = near->seed->word[7];
    return (struct constants){
        .keep = _mm512_permutex2var_epi64(low, firsts, high),
        .tops = _mm512_permutex2var_epi64(low, seconds, high),
        .seed_low = _mm512_set1_epi64((long long)(seed & UINT32_MAX)),
        .seed_high = _mm512_set1_epi64((long long)(seed >> 32)),
        .slot = _mm512_set1_epi64((long long)near->mask),
    };
}

/* The low half of hash_1, which is all that finds a slot: of the 128-bit product of key and seed,
 * made of four products of halves, the lowest 32 bits and those 64 above. */
static inline __m512i hash_lanes(const struct constants *with, __m512i word)
{
    const __m512i low = _mm512_set1_epi64(UINT32_MAX);
    const __m512i word_high = _mm512_srli_epi64(word, 32);
    const __m512i low_low = _mm512_mul_epu32(word, with->seed_low);
    const __m512i low_high = _mm512_mul_epu32(word, with->seed_high);
    const __m512i high_low = _mm512_mul_epu32(word_high, with->seed_low);
    const __m512i high_high = _mm512_mul_epu32(word_high, with->seed_high);
    const __m512i middle = _mm512_add_epi64(low_high, _mm512_srli_epi64(low_low, 32));
    const __m512i other = _mm512_add_epi64(high_low, _mm512_and_si512(middle, low));
    const __m512i carries =
        _mm512_add_epi64(_mm512_srli_epi64(middle, 32), _mm512_srli_epi64(other, 32));
    return _mm512_xor_si512(_mm512_add_epi64(high_high, carries), low_low);
}

/* Tiny keys on their way to their slots. Vectors are stored whole, behind at most as many keys as
 * were taken before: so there is room for all of the last. */
struct lanes {
    size_t count;
    uint64_t words[NEAR_BATCH];
    uint64_t places[NEAR_BATCH]; /* in words from the first slot */
};

/* Lists the keys of LANES spans, those in `valid`, `number` being the first one's. */
static inline void take_keys(const struct constants *with, const unsigned char *base,
                             const struct mr_span *spans, __mmask8 valid, size_t number,
                             struct lanes *lanes, struct near_rest *rest)
{
    const __m512i span = _mm512_loadu_si512(spans);
    const __m512i begin = _mm512_and_si512(span, _mm512_set1_epi64(UINT32_MAX));
    const __m512i size = _mm512_sub_epi64(_mm512_srli_epi64(span, 32), begin);
    const __mmask8 tiny = _mm512_mask_cmple_epu64_mask(valid, size, _mm512_set1_epi64(KEY_TINY));
    const __mmask8 longer = (__mmask8)(valid & ~tiny);
    const __m512i word =
        _mm512_or_si512(_mm512_and_si512(eight_keys(base, spans),
                                         _mm512_permutexvar_epi64(size, with->keep)),
                        _mm512_permutexvar_epi64(size, with->tops));
    const __m512i slot = _mm512_and_si512(hash_lanes(with, word), with->slot);
    const __m512i place = _mm512_add_epi64(slot, slot);
    _mm512_storeu_si512(lanes->words + lanes->count, _mm512_maskz_compress_epi64(tiny, word));
    _mm512_storeu_si512(lanes->places + lanes->count, _mm512_maskz_compress_epi64(tiny, place));
    lanes->count += (size_t)__builtin_popcount(tiny);
    const __m256i numbers = _mm256_add_epi32(_mm256_set1_epi32((int)number),
                                             _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    _mm256_storeu_si256((void *)(rest->numbers + rest->longer),
                        _mm256_maskz_compress_epi32(longer, numbers));
    rest->longer += (size_t)__builtin_popcount(longer);
}

static void count_keys(const struct near *near, const unsigned char *base,
                       const struct mr_span *spans, size_t count, struct near_rest *rest)
{
    const struct constants with = constants_of(near);
    struct lanes lanes;
    size_t i = 0;
    lanes.count = rest->longer = 0;
    for (; i + LANES <= count; i += LANES)
        take_keys(&with, base, spans + i, 0xff, i, &lanes, rest);
    if (i < count) {
        struct mr_span last[LANES];
        for (size_t lane = 0; lane < LANES; lane++)
            last[lane] = spans[lane < count - i ? i + lane : i];
        take_keys(&with, base, last, (__mmask8)((1u << (count - i)) - 1), i, &lanes, rest);
    }

    uint64_t *const slots = near->slots;
    uint64_t *row = rest->rows;
    _Static_assert(KEY_TINY_WORDS == 1, "a slot is two words");
    TARGET_UNROLL
    for (size_t lane = 0; lane < lanes.count; lane++) {
        const uint64_t word = lanes.words[lane];
        uint64_t *slot = slots + lanes.places[lane];
        if (__builtin_expect(slot[0] == word, 1)) {
            slot[1]++;
            continue;
        }
        row[1] = word;
        row += NEAR_ROW;
    }
    rest->missed = (size_t)(row - rest->rows) / NEAR_ROW;
    for (size_t missed = 0; missed < rest->missed; missed++)
        rest->rows[missed * NEAR_ROW] = hash_1(near->seed, rest->rows[missed * NEAR_ROW + 1]);
}

TARGET_END

near_count *near_fastest(void)
{
    return cpu_has_avx512() ? count_keys : NULL;
}

#else

near_count *near_fastest(void)
{
    return NULL;
}

#endif
