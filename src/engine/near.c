/* SPDX-License-Identifier: MIT
 *
 * near - the loops with AVX-512 (see near.h).
 *
 * Keys are loaded and hashed eight side by side, then one after the other compared and counted.
 * What counts is how few instructions a key takes and that no branch is a toss-up, of a key's class
 * as little as of where it lies: gathers in place of eight loads took longer, and so did comparing
 * in vectors.
 */
#include "engine/near.h"

#if defined(__x86_64__)

#include "base/cpu.h"
#include "base/target.h"

#include <immintrin.h>

#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt"
TARGET_BEGIN

#include "engine/lanes.h"

/* table_sum_stride of the two, which are powers of two. */
#define TINY_STRIDE_BITS 1
#define SHORT_STRIDE_BITS 2
#define TINY_STRIDE (1u << TINY_STRIDE_BITS)
#define SHORT_STRIDE (1u << SHORT_STRIDE_BITS)

/* Keys taken so far. */
struct taken {
    size_t tinies, shorts, longer;
};

/* Lists the keys of LANES spans, those in `valid`, `number` being the first one's. Vectors are
 * stored whole, behind at most as many keys as were taken before: so there is room for all of the
 * last. */
static inline __attribute__((always_inline))
void take_lanes(__m512i keeps, const unsigned char *base, const struct mr_span *spans,
                __mmask8 valid, size_t number, struct taken *taken, struct near_keys *keys)
{
    const struct lanes lanes = lanes_load(base, spans);
    const __m512i keep = lanes_keep(lanes.size, keeps);
    const __mmask8 tiny = _mm512_mask_cmple_epu64_mask(valid, lanes.size, lanes_all(KEY_TINY));
    const __mmask8 brief = _mm512_mask_cmple_epu64_mask(valid, lanes.size, lanes_all(KEY_SHORT));
    const __mmask8 longer = (__mmask8)(valid & ~brief), shorts = (__mmask8)(brief & ~tiny);
    _mm512_storeu_si512(keys->tiny_words + taken->tinies,
                        _mm512_maskz_compress_epi64(
                            tiny, lanes_last_word(lanes.first, keep, lanes.size)));
    _mm512_storeu_si512(keys->short_words[0] + taken->shorts,
                        _mm512_maskz_compress_epi64(shorts, lanes.first));
    _mm512_storeu_si512(keys->short_words[1] + taken->shorts,
                        _mm512_maskz_compress_epi64(
                            shorts, lanes_last_word(lanes.second, keep, lanes.size)));
    taken->tinies += (size_t)__builtin_popcount(tiny);
    taken->shorts += (size_t)__builtin_popcount(shorts);
    const __m256i numbers = _mm256_add_epi32(_mm256_set1_epi32((int)number),
                                             _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    _mm256_storeu_si256((void *)(keys->longer_ones + taken->longer),
                        _mm256_maskz_compress_epi32(longer, numbers));
    taken->longer += (size_t)__builtin_popcount(longer);
}

/* Of a tiny key's word the bytes that are the first word of a short key; the last is the second. */
#define TINY_BYTES (UINT64_MAX >> 8)

static void place_tinies(const struct near *near, struct near_keys *keys)
{
    const __m512i bytes = lanes_all(TINY_BYTES);
    const __m512i down = lanes_all((uint64_t)__builtin_clzll(near->tiny_mask));
    const bool pass = near->tiny_mask == NEAR_PASS;
    for (size_t i = 0; i < keys->tinies; i += LANES) {
        const __m512i word = _mm512_loadu_si512(keys->tiny_words + i);
        const __m512i places =
            pass ? lanes_hash_2(near->seed, _mm512_and_si512(word, bytes),
                                _mm512_andnot_si512(bytes, word))
                 : _mm512_slli_epi64(_mm512_srlv_epi64(lanes_hash_1(near->seed, word), down),
                                     TINY_STRIDE_BITS);
        _mm512_storeu_si512(keys->tiny_places + i, places);
    }
}

static void place_shorts(const struct near *near, struct near_keys *keys)
{
    const __m512i mask = lanes_all(table_home(TABLE_SHORT, UINT64_MAX, near->short_mask));
    const bool pass = near->short_mask == NEAR_PASS;
    for (size_t i = 0; i < keys->shorts; i += LANES) {
        const __m512i hash =
            lanes_hash_2(near->seed, _mm512_loadu_si512(keys->short_words[0] + i),
                         _mm512_loadu_si512(keys->short_words[1] + i));
        const __m512i slot = _mm512_slli_epi64(_mm512_and_si512(hash, mask), SHORT_STRIDE_BITS);
        _mm512_storeu_si512(keys->short_places + i, pass ? hash : slot);
    }
}

static void place(const struct near *near, struct near_keys *keys)
{
    place_tinies(near, keys);
    place_shorts(near, keys);
    keys->near = *near;
}

static void take(const struct near *near, const unsigned char *base, const struct mr_span *spans,
                 size_t count, struct near_keys *keys)
{
    const __m512i keeps = lanes_keeps();
    struct taken taken = {0, 0, 0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        take_lanes(keeps, base, spans + i, 0xff, i, &taken, keys);
    if (i < count) {
        struct mr_span last[LANES];
        for (size_t lane = 0; lane < LANES; lane++)
            last[lane] = spans[lane < count - i ? i + lane : i];
        take_lanes(keeps, base, last, (__mmask8)((1u << (count - i)) - 1), i, &taken, keys);
    }
    keys->tinies = taken.tinies;
    keys->shorts = taken.shorts;
    keys->longer = taken.longer;
    place(near, keys);
}

/* Asks for a place, by its number of words from `slots`, an address; it may be any. */
static inline void ask_for(uintptr_t slots, uint64_t place)
{
    __builtin_prefetch((const void *)(slots + place * sizeof(uint64_t)), 1);
}

/* Counts those that are in the slots of their places; returns the end of the rows of the others.
 * Where `far`, asks for the places of the next ones, one for each key counted: many at once would
 * wait for each other, with nothing to do meanwhile. Where there are fewer of those, what was left
 * of other batches is asked for, which costs next to nothing. */
static inline __attribute__((always_inline))
uint64_t *count_tinies(const struct near_keys *keys, const struct near_keys *next, const bool far,
                       uint64_t *row)
{
    uint64_t *const slots = keys->near.tiny_slots;
    const size_t count = keys->tinies;
    TARGET_UNROLL
    for (size_t i = 0; i < count; i++) {
        const uint64_t word = keys->tiny_words[i];
        uint64_t *slot = slots + keys->tiny_places[i];
        if (far)
            ask_for((uintptr_t)slots, next->tiny_places[i]);
        const bool here = slot[0] == word;
        slot[KEY_TINY_WORDS] += here;
        row[1] = word;
        row += here ? 0 : NEAR_TINY_ROW;
    }
    for (size_t i = count; far && i < next->tinies; i++)
        ask_for((uintptr_t)slots, next->tiny_places[i]);
    return row;
}

/* The same of short keys and pairs of slots, which are always asked for. */
static uint64_t *count_shorts(const struct near_keys *keys, const struct near_keys *next,
                              uint64_t *row)
{
    uint64_t *const slots = keys->near.short_slots;
    const size_t count = keys->shorts, next_count = next->shorts;
    TARGET_UNROLL
    for (size_t i = 0; i < count; i++) {
        const uint64_t low = keys->short_words[0][i], high = keys->short_words[1][i];
        uint64_t *slot = slots + keys->short_places[i];
        const uint64_t *other = slot + SHORT_STRIDE;
        ask_for((uintptr_t)slots, next->short_places[i]);
        const bool in_first = ((slot[0] ^ low) | (slot[1] ^ high)) == 0;
        const bool in_second = ((other[0] ^ low) | (other[1] ^ high)) == 0;
        const bool here = in_first | in_second;
        slot[in_second ? SHORT_STRIDE + KEY_SHORT_WORDS : KEY_SHORT_WORDS] += here;
        row[1] = low;
        row[2] = high;
        row += here ? 0 : NEAR_SHORT_ROW;
    }
    for (size_t i = count; i < next_count; i++)
        ask_for((uintptr_t)slots, next->short_places[i]);
    return row;
}

static size_t count_all_tinies(const struct near_keys *keys, const struct near_keys *next,
                               uint64_t *rows)
{
    const struct near *near = &keys->near;
    const bool far = near->tiny_mask >= NEAR_TINY_SLOTS - 1;
    uint64_t *end = far ? count_tinies(keys, next, true, rows)
                        : count_tinies(keys, next, false, rows);
    for (uint64_t *row = rows; row < end; row += NEAR_TINY_ROW) {
        row[0] = hash_1(near->seed, row[1]);
        if (far)
            ask_for((uintptr_t)near->tiny_slots,
                    (table_home(TABLE_TINY, row[0], near->tiny_mask) + 1) * TINY_STRIDE);
    }
    return (size_t)(end - rows) / NEAR_TINY_ROW;
}

static size_t count_all_shorts(const struct near_keys *keys, const struct near_keys *next,
                               uint64_t *rows)
{
    const struct near *near = &keys->near;
    const bool far = near->short_mask >= NEAR_SHORT_SLOTS;
    uint64_t *end = count_shorts(keys, next, rows);
    for (uint64_t *row = rows; row < end; row += NEAR_SHORT_ROW) {
        row[0] = hash_2(near->seed, row[1], row[2]);
        if (far)
            ask_for((uintptr_t)near->short_slots,
                    ((row[0] + 2) & near->short_mask) * SHORT_STRIDE);
    }
    return (size_t)(end - rows) / NEAR_SHORT_ROW;
}

static void count(const struct near_keys *keys, const struct near_keys *next,
                  struct near_rest *rest)
{
    const struct near *near = &keys->near;
    rest->tinies =
        near->tiny_mask == NEAR_PASS ? 0 : count_all_tinies(keys, next, rest->tiny_rows);
    rest->shorts =
        near->short_mask == NEAR_PASS ? 0 : count_all_shorts(keys, next, rest->short_rows);
}

TARGET_END

const struct near_loops *near_fastest(void)
{
    static const struct near_loops vectors = {.take = take, .place = place, .count = count};
    return cpu_has_avx512() ? &vectors : NULL;
}

#else

const struct near_loops *near_fastest(void)
{
    return NULL;
}

#endif
