/* SPDX-License-Identifier: MIT
 *
 * sse42 - kernels for SSE4.2: four registers a block, positions by a table of the bits of each
 * byte.
 */
#if defined(__x86_64__)

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "base/target.h"
#include "base/kernels/kernels.h"
#include "base/kernels/lookup.h"

#define TARGET "sse4.2,popcnt"
TARGET_BEGIN

struct block {
    __m128i v[4];
};

static inline struct block block_load(const unsigned char *p)
{
    struct block block;
    TARGET_UNROLL
    for (int i = 0; i < 4; i++)
        block.v[i] = _mm_loadu_si128((const void *)(p + 16 * i));
    return block;
}

static inline void block_store(unsigned char *p, struct block block)
{
    TARGET_UNROLL
    for (int i = 0; i < 4; i++)
        _mm_storeu_si128((void *)(p + 16 * i), block.v[i]);
}

/* The high bits of the bytes. */
static inline uint64_t block_wide(struct block block)
{
    uint64_t mask = 0;
    TARGET_UNROLL
    for (int i = 0; i < 4; i++)
        mask |= (uint64_t)(unsigned)_mm_movemask_epi8(block.v[i]) << 16 * i;
    return mask;
}

/* 0xff for the bytes in [low, low + 25]. */
static inline __m128i alphabet(__m128i v, char low)
{
    __m128i from = _mm_sub_epi8(v, _mm_set1_epi8(low));
    return _mm_cmpeq_epi8(_mm_min_epu8(from, _mm_set1_epi8(25)), from);
}

static inline struct block block_lower(struct block block)
{
    TARGET_UNROLL
    for (int i = 0; i < 4; i++) {
        __m128i capitals = alphabet(block.v[i], 'A');
        block.v[i] = _mm_or_si128(block.v[i], _mm_and_si128(capitals, _mm_set1_epi8(0x20)));
    }
    return block;
}

static inline uint64_t block_equal(struct block block, unsigned char c)
{
    TARGET_UNROLL
    for (int i = 0; i < 4; i++)
        block.v[i] = _mm_cmpeq_epi8(block.v[i], _mm_set1_epi8((char)c));
    return block_wide(block);
}

/* Bytes above 0x7f look up 0, which they are not. */
static inline uint64_t block_listed(struct block block, const uint8_t list[16])
{
    const __m128i table = _mm_load_si128((const void *)list);
    TARGET_UNROLL
    for (int i = 0; i < 4; i++)
        block.v[i] = _mm_cmpeq_epi8(_mm_shuffle_epi8(table, block.v[i]), block.v[i]);
    return block_wide(block);
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
    TARGET_UNROLL
    for (int i = 0; i < 4; i++)
        block.v[i] = alphabet(_mm_or_si128(block.v[i], _mm_set1_epi8(0x20)), 'a');
    return block_wide(block);
}

struct body_classes {
    uint64_t letters, digits, underscore, joins_letters, joins_digits;
};

/* The bytes with any of `bits` of their class, 1 to 0x7f. */
static inline uint64_t having(struct block class, char bits)
{
    TARGET_UNROLL
    for (int i = 0; i < 4; i++) {
        __m128i held = _mm_and_si128(class.v[i], _mm_set1_epi8(bits));
        class.v[i] = _mm_cmpgt_epi8(held, _mm_setzero_si128());
    }
    return block_wide(class);
}

static inline struct body_classes block_classes(struct block block)
{
    const __m128i low = _mm_load_si128((const void *)lookup_low_half);
    const __m128i high = _mm_load_si128((const void *)lookup_high_half);

    TARGET_UNROLL
    for (int i = 0; i < 4; i++) {
        __m128i halves = _mm_and_si128(_mm_srli_epi16(block.v[i], 4), _mm_set1_epi8(15));
        /* A byte above 0x7f looks up 0 in `low`. */
        block.v[i] =
            _mm_and_si128(_mm_shuffle_epi8(low, block.v[i]), _mm_shuffle_epi8(high, halves));
    }
    return (struct body_classes){
        .letters = having(block, LOOKUP_LETTER_46 | LOOKUP_LETTER_57),
        .digits = having(block, LOOKUP_HALF_DIGIT),
        .underscore = block_wide(block),
        .joins_letters = having(block, LOOKUP_COLON | LOOKUP_QUOTE_STOP),
        .joins_digits = having(block, LOOKUP_QUOTE_STOP | LOOKUP_COMMA | LOOKUP_SEMICOLON),
    };
}

static inline uint64_t block_members(struct block first, struct block second, struct block third,
                                     const struct kernels_set *set)
{
    const struct block blocks[3] = {first, second, third};
    const __m128i half = _mm_set1_epi8(15);
    struct block none;

    TARGET_UNROLL
    for (int j = 0; j < 4; j++) {
        __m128i hit[2] = {_mm_set1_epi8(-1), _mm_set1_epi8(-1)};
        TARGET_UNROLL
        for (int k = 0; k < 2; k++) {
            TARGET_UNROLL
            for (int i = 0; i < 3; i++) {
                const __m128i low = _mm_loadu_si128((const void *)set->low[k][i]);
                const __m128i high = _mm_loadu_si128((const void *)set->high[k][i]);
                const __m128i v = blocks[i].v[j], upper = _mm_and_si128(_mm_srli_epi16(v, 4), half);
                hit[k] = _mm_and_si128(hit[k], _mm_shuffle_epi8(low, _mm_and_si128(v, half)));
                hit[k] = _mm_and_si128(hit[k], _mm_shuffle_epi8(high, upper));
            }
        }
        none.v[j] = _mm_cmpeq_epi8(_mm_or_si128(hit[0], hit[1]), _mm_setzero_si128());
    }
    return ~block_wide(none);
}

static inline uint32_t *body_flatten(uint64_t mask, uint32_t base, uint32_t *out)
{
    __m128i from = _mm_set1_epi32((int)base);
    const __m128i eight = _mm_set1_epi32(8);

    TARGET_UNROLL
    for (int i = 0; i < 8; i++) {
        unsigned byte = (unsigned)(mask >> 8 * i) & 0xff;
        __m128i bits = _mm_loadl_epi64((const void *)&lookup_bits[byte]);
        _mm_storeu_si128((void *)out, _mm_add_epi32(from, _mm_cvtepu8_epi32(bits)));
        _mm_storeu_si128((void *)(out + 4),
                         _mm_add_epi32(from, _mm_cvtepu8_epi32(_mm_srli_epi64(bits, 32))));
        out += __builtin_popcount(byte);
        from = _mm_add_epi32(from, eight);
    }
    return out;
}

#define BODY_NAME "sse4.2"
#define BODY_TABLE kernels_sse42
#include "base/kernels/body.h"

TARGET_END

#else
typedef int kernels_no_sse42; /* a file must declare something */
#endif
