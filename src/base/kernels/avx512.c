/* SPDX-License-Identifier: MIT
 *
 * avx512 - kernels for AVX-512 with VBMI and VBMI2 (Ice Lake, Zen 4): 64 bytes are one register,
 * comparisons give masks, and compress flattens a mask to positions.
 */
#if defined(__x86_64__)

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "base/target.h"
#include "base/kernels/kernels.h"
#include "base/kernels/lookup.h"

#define TARGET "avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vbmi2,bmi,bmi2,popcnt"
TARGET_BEGIN

struct block {
    __m512i v;
};

static inline struct block block_load(const unsigned char *p)
{
    return (struct block){_mm512_loadu_si512(p)};
}

static inline void block_store(unsigned char *p, struct block block)
{
    _mm512_storeu_si512(p, block.v);
}

static inline struct block block_lower(struct block block)
{
    __mmask64 capitals = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(block.v, _mm512_set1_epi8('A')),
                                                _mm512_set1_epi8(26));
    return (struct block){_mm512_mask_add_epi8(block.v, capitals, block.v, _mm512_set1_epi8(0x20))};
}

static inline uint64_t block_wide(struct block block)
{
    return _mm512_movepi8_mask(block.v);
}

static inline uint64_t block_equal(struct block block, unsigned char c)
{
    return _mm512_cmpeq_epi8_mask(block.v, _mm512_set1_epi8((char)c));
}

/* Bytes above 0x7f look up 0, which they are not. */
static inline uint64_t block_listed(struct block block, const uint8_t list[16])
{
    __m512i table = _mm512_broadcast_i32x4(_mm_load_si128((const void *)list));
    return _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(table, block.v), block.v);
}

static inline uint64_t block_spaces(struct block block)
{
    return block_listed(block, lookup_spaces);
}

static inline uint64_t block_blanks(struct block block)
{
    return block_listed(block, lookup_blanks);
}

static inline uint64_t block_letters(struct block block)
{
    __m512i small = _mm512_or_si512(block.v, _mm512_set1_epi8(0x20));
    return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(small, _mm512_set1_epi8('a')),
                                  _mm512_set1_epi8(26));
}

struct body_classes {
    uint64_t letters, digits, underscore, joins_letters, joins_digits;
};

/* Bytes above 0x7f look up entries too: what they get is masked by the caller. */
static inline struct body_classes block_classes(struct block block)
{
    __m512i low = _mm512_load_si512(lookup_class), high = _mm512_load_si512(lookup_class + 64);
    __m512i class = _mm512_permutex2var_epi8(low, block.v, high);
    return (struct body_classes){
        .letters = _mm512_test_epi8_mask(class, _mm512_set1_epi8(LOOKUP_LETTER)),
        .digits = _mm512_test_epi8_mask(class, _mm512_set1_epi8(LOOKUP_DIGIT)),
        .underscore = _mm512_test_epi8_mask(class, _mm512_set1_epi8(LOOKUP_UNDERSCORE)),
        .joins_letters = _mm512_test_epi8_mask(class, _mm512_set1_epi8(LOOKUP_JOINS_LETTERS)),
        .joins_digits = _mm512_test_epi8_mask(class, _mm512_set1_epi8(LOOKUP_JOINS_DIGITS)),
    };
}

static inline uint64_t block_members(struct block first, struct block second, struct block third,
                                     const struct kernels_set *set)
{
    const __m512i blocks[3] = {first.v, second.v, third.v}, half = _mm512_set1_epi8(15);
    __m512i any = _mm512_setzero_si512();

    TARGET_UNROLL
    for (int k = 0; k < 2; k++) {
        __m512i hit = _mm512_set1_epi8(-1);
        TARGET_UNROLL
        for (int i = 0; i < 3; i++) {
            __m512i low = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)set->low[k][i]));
            __m512i high = _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)set->high[k][i]));
            __m512i lower = _mm512_and_si512(blocks[i], half);
            __m512i upper = _mm512_and_si512(_mm512_srli_epi16(blocks[i], 4), half);
            hit = _mm512_and_si512(hit, _mm512_shuffle_epi8(low, lower));
            hit = _mm512_and_si512(hit, _mm512_shuffle_epi8(high, upper));
        }
        any = _mm512_or_si512(any, hit);
    }
    return _mm512_test_epi8_mask(any, any);
}

/* Text has some 25 edges a block: two stores are always made, the others rarely. */
static inline uint32_t *body_flatten(uint64_t mask, uint32_t base, uint32_t *out)
{
    const __m512i all = _mm512_set_epi8(
        63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41,
        40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18,
        17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m512i bits = _mm512_maskz_compress_epi8(mask, all);
    __m512i from = _mm512_set1_epi32((int)base);
    unsigned count = (unsigned)__builtin_popcountll(mask);

    _mm512_storeu_si512(out,
                        _mm512_add_epi32(from, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(bits))));
    _mm512_storeu_si512(
        out + 16, _mm512_add_epi32(from, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(bits, 1))));
    if (__builtin_expect(count > 32, 0)) {
        _mm512_storeu_si512(
            out + 32,
            _mm512_add_epi32(from, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(bits, 2))));
        _mm512_storeu_si512(
            out + 48,
            _mm512_add_epi32(from, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(bits, 3))));
    }
    return out + count;
}

#define BODY_NAME "avx512"
#define BODY_TABLE kernels_avx512
#include "base/kernels/body.h"

TARGET_END

#else
typedef int kernels_no_avx512; /* a file must declare something */
#endif
