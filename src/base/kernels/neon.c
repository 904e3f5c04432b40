/* SPDX-License-Identifier: MIT
 *
 * neon - kernels for 64-bit ARM: four registers a block, positions by a table of the bits of each
 * byte.
 */
#if defined(__aarch64__)

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#include "base/target.h"
#include "base/kernels/kernels.h"
#include "base/kernels/lookup.h"

struct block {
    uint8x16_t v[4];
};

static inline struct block block_load(const unsigned char *p)
{
    return (struct block){{vld1q_u8(p), vld1q_u8(p + 16), vld1q_u8(p + 32), vld1q_u8(p + 48)}};
}

static inline void block_store(unsigned char *p, struct block block)
{
    TARGET_UNROLL
    for (int i = 0; i < 4; i++)
        vst1q_u8(p + 16 * i, block.v[i]);
}

/* One bit a byte; the bytes are 0 or 0xff. Each takes its bit's weight, and three rounds of adding
 * neighbours bring eight bytes into one. */
static inline uint64_t block_mask(struct block block)
{
    static const uint8_t weight[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t weights = vld1q_u8(weight);
    uint8x16_t a = vpaddq_u8(vandq_u8(block.v[0], weights), vandq_u8(block.v[1], weights));
    uint8x16_t b = vpaddq_u8(vandq_u8(block.v[2], weights), vandq_u8(block.v[3], weights));
    uint8x16_t sums = vpaddq_u8(a, b);
    sums = vpaddq_u8(sums, sums);
    return vgetq_lane_u64(vreinterpretq_u64_u8(sums), 0);
}

static inline uint8x16_t alphabet(uint8x16_t v, uint8_t low)
{
    return vcltq_u8(vsubq_u8(v, vdupq_n_u8(low)), vdupq_n_u8(26));
}

static inline struct block block_lower(struct block block)
{
    TARGET_UNROLL
    for (int i = 0; i < 4; i++) {
        uint8x16_t capitals = alphabet(block.v[i], 'A');
        block.v[i] = vorrq_u8(block.v[i], vandq_u8(capitals, vdupq_n_u8(0x20)));
    }
    return block;
}

static inline uint64_t block_wide(struct block block)
{
    TARGET_UNROLL
    for (int i = 0; i < 4; i++)
        block.v[i] = vcgeq_u8(block.v[i], vdupq_n_u8(0x80));
    return block_mask(block);
}

static inline uint64_t block_equal(struct block block, unsigned char c)
{
    TARGET_UNROLL
    for (int i = 0; i < 4; i++)
        block.v[i] = vceqq_u8(block.v[i], vdupq_n_u8(c));
    return block_mask(block);
}

static inline uint64_t block_spaces(struct block block)
{
    TARGET_UNROLL
    for (int i = 0; i < 4; i++) {
        uint8x16_t controls = vcltq_u8(vsubq_u8(block.v[i], vdupq_n_u8('\t')), vdupq_n_u8(5));
        block.v[i] = vorrq_u8(controls, vceqq_u8(block.v[i], vdupq_n_u8(' ')));
    }
    return block_mask(block);
}

static inline uint64_t block_blanks(struct block block)
{
    TARGET_UNROLL
    for (int i = 0; i < 4; i++) {
        uint8x16_t controls = vcltq_u8(vsubq_u8(block.v[i], vdupq_n_u8('\t')), vdupq_n_u8(2));
        block.v[i] = vorrq_u8(controls, vceqq_u8(block.v[i], vdupq_n_u8(' ')));
    }
    return block_mask(block);
}

static inline uint64_t block_letters(struct block block)
{
    TARGET_UNROLL
    for (int i = 0; i < 4; i++)
        block.v[i] = alphabet(vorrq_u8(block.v[i], vdupq_n_u8(0x20)), 'a');
    return block_mask(block);
}

struct body_classes {
    uint64_t letters, digits, underscore, joins_letters, joins_digits;
};

static inline uint64_t having(struct block class, uint8_t bits)
{
    TARGET_UNROLL
    for (int i = 0; i < 4; i++)
        class.v[i] = vtstq_u8(class.v[i], vdupq_n_u8(bits));
    return block_mask(class);
}

static inline struct body_classes block_classes(struct block block)
{
    const uint8x16_t low = vld1q_u8(lookup_low_half), high = vld1q_u8(lookup_high_half);

    TARGET_UNROLL
    for (int i = 0; i < 4; i++) {
        /* A byte above 0x7f looks up 0 in `high`. */
        block.v[i] = vandq_u8(vqtbl1q_u8(low, vandq_u8(block.v[i], vdupq_n_u8(15))),
                              vqtbl1q_u8(high, vshrq_n_u8(block.v[i], 4)));
    }
    return (struct body_classes){
        .letters = having(block, LOOKUP_LETTER_46 | LOOKUP_LETTER_57),
        .digits = having(block, LOOKUP_HALF_DIGIT),
        .underscore = having(block, LOOKUP_HALF_UNDERSCORE),
        .joins_letters = having(block, LOOKUP_COLON | LOOKUP_QUOTE_STOP),
        .joins_digits = having(block, LOOKUP_QUOTE_STOP | LOOKUP_COMMA | LOOKUP_SEMICOLON),
    };
}

static inline uint64_t block_members(struct block first, struct block second, struct block third,
                                     const struct kernels_set *set)
{
    const struct block blocks[3] = {first, second, third};
    struct block any;

    TARGET_UNROLL
    for (int j = 0; j < 4; j++) {
        uint8x16_t hit[2] = {vdupq_n_u8(0xff), vdupq_n_u8(0xff)};
        TARGET_UNROLL
        for (int k = 0; k < 2; k++) {
            TARGET_UNROLL
            for (int i = 0; i < 3; i++) {
                const uint8x16_t low = vld1q_u8(set->low[k][i]), high = vld1q_u8(set->high[k][i]);
                const uint8x16_t v = blocks[i].v[j];
                hit[k] = vandq_u8(hit[k], vqtbl1q_u8(low, vandq_u8(v, vdupq_n_u8(15))));
                hit[k] = vandq_u8(hit[k], vqtbl1q_u8(high, vshrq_n_u8(v, 4)));
            }
        }
        const uint8x16_t both = vorrq_u8(hit[0], hit[1]);
        any.v[j] = vtstq_u8(both, both);
    }
    return block_mask(any);
}

static inline uint32_t *body_flatten(uint64_t mask, uint32_t base, uint32_t *out)
{
    uint32x4_t from = vdupq_n_u32(base);
    const uint32x4_t eight = vdupq_n_u32(8);

    TARGET_UNROLL
    for (int i = 0; i < 8; i++) {
        unsigned byte = (unsigned)(mask >> 8 * i) & 0xff;
        uint16x8_t bits = vmovl_u8(vcreate_u8(lookup_bits[byte]));
        vst1q_u32(out, vaddw_u16(from, vget_low_u16(bits)));
        vst1q_u32(out + 4, vaddw_u16(from, vget_high_u16(bits)));
        out += __builtin_popcount(byte);
        from = vaddq_u32(from, eight);
    }
    return out;
}

#define BODY_NAME "neon"
#define BODY_TABLE kernels_neon
#include "base/kernels/body.h"

#else
typedef int kernels_no_neon; /* a file must declare something */
#endif
