/* SPDX-License-Identifier: MIT
 *
 * avx2 - kernels for AVX2: two registers a block, positions by a table of the bits of each byte.
 */
#if defined(__x86_64__)

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "base/target.h"
#include "base/kernels/kernels.h"
#include "base/kernels/lookup.h"

#define TARGET "avx2,bmi,popcnt"
TARGET_BEGIN

struct block {
    __m256i a, b;
};

static inline struct block block_load(const unsigned char *p)
{
    return (struct block){_mm256_loadu_si256((const void *)p),
                          _mm256_loadu_si256((const void *)(p + 32))};
}

static inline void block_store(unsigned char *p, struct block block)
{
    _mm256_storeu_si256((void *)p, block.a);
    _mm256_storeu_si256((void *)(p + 32), block.b);
}

/* The high bits of the bytes. */
static inline uint64_t block_mask(__m256i a, __m256i b)
{
    return (uint32_t)_mm256_movemask_epi8(a) | (uint64_t)(uint32_t)_mm256_movemask_epi8(b) << 32;
}

/* 0xff for the bytes in [low, low + 25]. */
static inline __m256i alphabet(__m256i v, char low)
{
    __m256i from = _mm256_sub_epi8(v, _mm256_set1_epi8(low));
    return _mm256_cmpeq_epi8(_mm256_min_epu8(from, _mm256_set1_epi8(25)), from);
}

static inline __m256i lower(__m256i v)
{
    return _mm256_or_si256(v, _mm256_and_si256(alphabet(v, 'A'), _mm256_set1_epi8(0x20)));
}

static inline struct block block_lower(struct block block)
{
    return (struct block){lower(block.a), lower(block.b)};
}

static inline uint64_t block_wide(struct block block)
{
    return block_mask(block.a, block.b);
}

static inline uint64_t block_equal(struct block block, unsigned char c)
{
    __m256i all = _mm256_set1_epi8((char)c);
    return block_mask(_mm256_cmpeq_epi8(block.a, all), _mm256_cmpeq_epi8(block.b, all));
}

/* Bytes above 0x7f look up 0, which they are not. */
static inline uint64_t block_listed(struct block block, const uint8_t list[16])
{
    __m256i table = _mm256_broadcastsi128_si256(_mm_load_si128((const void *)list));
    return block_mask(_mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, block.a), block.a),
                      _mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, block.b), block.b));
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
    __m256i space = _mm256_set1_epi8(0x20);
    return block_mask(alphabet(_mm256_or_si256(block.a, space), 'a'),
                      alphabet(_mm256_or_si256(block.b, space), 'a'));
}

struct body_classes {
    uint64_t letters, digits, underscore, joins_letters, joins_digits;
};

static inline __m256i classes_of(__m256i v)
{
    const __m256i low = _mm256_broadcastsi128_si256(_mm_load_si128((const void *)lookup_low_half));
    const __m256i high =
        _mm256_broadcastsi128_si256(_mm_load_si128((const void *)lookup_high_half));
    __m256i halves = _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(15));
    /* A byte above 0x7f looks up 0 in `low`. */
    return _mm256_and_si256(_mm256_shuffle_epi8(low, v), _mm256_shuffle_epi8(high, halves));
}

/* The bytes with any of `bits` of their class, 1 to 0x7f. */
static inline uint64_t having(__m256i a, __m256i b, char bits)
{
    __m256i wanted = _mm256_set1_epi8(bits), zero = _mm256_setzero_si256();
    return block_mask(_mm256_cmpgt_epi8(_mm256_and_si256(a, wanted), zero),
                      _mm256_cmpgt_epi8(_mm256_and_si256(b, wanted), zero));
}

static inline struct body_classes block_classes(struct block block)
{
    __m256i a = classes_of(block.a), b = classes_of(block.b);
    return (struct body_classes){
        .letters = having(a, b, LOOKUP_LETTER_46 | LOOKUP_LETTER_57),
        .digits = block_mask(_mm256_slli_epi16(a, 5), _mm256_slli_epi16(b, 5)),
        .underscore = block_mask(a, b),
        .joins_letters = having(a, b, LOOKUP_COLON | LOOKUP_QUOTE_STOP),
        .joins_digits = having(a, b, LOOKUP_QUOTE_STOP | LOOKUP_COMMA | LOOKUP_SEMICOLON),
    };
}

static inline __m256i halves_of(__m256i v, __m256i low, __m256i high)
{
    const __m256i half = _mm256_set1_epi8(15);
    return _mm256_and_si256(
        _mm256_shuffle_epi8(low, _mm256_and_si256(v, half)),
        _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(v, 4), half)));
}

static inline uint64_t block_members(struct block first, struct block second, struct block third,
                                     const struct kernels_set *set)
{
    const struct block blocks[3] = {first, second, third};
    const __m256i zero = _mm256_setzero_si256();
    __m256i any_a = zero, any_b = zero;

    TARGET_UNROLL
    for (int k = 0; k < 2; k++) {
        __m256i a = _mm256_set1_epi8(-1), b = a;
        TARGET_UNROLL
        for (int i = 0; i < 3; i++) {
            const __m128i *low = (const void *)set->low[k][i],
                          *high = (const void *)set->high[k][i];
            const __m256i lows = _mm256_broadcastsi128_si256(_mm_loadu_si128(low));
            const __m256i highs = _mm256_broadcastsi128_si256(_mm_loadu_si128(high));
            a = _mm256_and_si256(a, halves_of(blocks[i].a, lows, highs));
            b = _mm256_and_si256(b, halves_of(blocks[i].b, lows, highs));
        }
        any_a = _mm256_or_si256(any_a, a);
        any_b = _mm256_or_si256(any_b, b);
    }
    return ~block_mask(_mm256_cmpeq_epi8(any_a, zero), _mm256_cmpeq_epi8(any_b, zero));
}

/* Eight bits at a time. On English this costs less than taking the bits one by one. */
static inline uint32_t *body_flatten(uint64_t mask, uint32_t base, uint32_t *out)
{
    __m256i from = _mm256_set1_epi32((int)base);
    const __m256i eight = _mm256_set1_epi32(8);

    TARGET_UNROLL
    for (int i = 0; i < 8; i++) {
        unsigned byte = (unsigned)(mask >> 8 * i) & 0xff;
        __m128i bits = _mm_loadl_epi64((const void *)&lookup_bits[byte]);
        _mm256_storeu_si256((void *)out, _mm256_add_epi32(from, _mm256_cvtepu8_epi32(bits)));
        out += __builtin_popcount(byte);
        from = _mm256_add_epi32(from, eight);
    }
    return out;
}

#define BODY_NAME "avx2"
#define BODY_TABLE kernels_avx2
#include "base/kernels/body.h"

TARGET_END

#else
typedef int kernels_no_avx2; /* a file must declare something */
#endif
