/* SPDX-License-Identifier: MIT
 *
 * sort64_avx512 - quicksort with AVX-512, down to as many words as eight registers hold.
 *
 * Words are partitioned eight at a time by a comparison and two compressions, and what is left of
 * a partition is sorted by a network: so no branch depends on what is compared, and it does not
 * matter how the words are spread. (Bramas, A novel hybrid quicksort algorithm vectorized using
 * AVX-512 on Intel Skylake, IJACSA 2017; the networks are Batcher's bitonic ones, AFIPS 1968.)
 */
#include "engine/order/sort64.h"

#include "base/cpu.h"

#if defined(__x86_64__)

#include "base/target.h"

#include <immintrin.h>
#include <string.h>

#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt"
TARGET_BEGIN

#define LANES 8u
#define FEW (8 * LANES)
/* Partitions of partitions until the words are too unevenly spread for this: as many as twice the
 * bits of any count. */
#define MOST_DEPTH 96u

/* The first `count` lanes, or all. */
static inline __mmask8 mask_of(size_t count)
{
    return (__mmask8)(count < LANES ? (1u << count) - 1 : 0xff);
}

/* ---- Networks ------------------------------------------------------------------------ */

/* In the lanes of `upper` the greater of a word and its partner, in the others the lesser. */
static inline __m512i step(__m512i words, __m512i partners, __mmask8 upper)
{
    return _mm512_mask_max_epu64(_mm512_min_epu64(words, partners), upper, words, partners);
}

static inline __m512i reverse(__m512i words)
{
    return _mm512_permutexvar_epi64(_mm512_setr_epi64(7, 6, 5, 4, 3, 2, 1, 0), words);
}

/* Sorts a register whose words rise and then fall, or fall and then rise. */
static inline __m512i merge_lanes(__m512i words)
{
    words = step(words, _mm512_shuffle_i64x2(words, words, 0x4e), 0xf0);
    words = step(words, _mm512_permutex_epi64(words, 0x4e), 0xcc);
    return step(words, _mm512_shuffle_epi32(words, 0x4e), 0xaa);
}

static inline __m512i sort_lanes(__m512i words)
{
    words = step(words, _mm512_shuffle_epi32(words, 0x4e), 0xaa);
    words = step(words, _mm512_permutex_epi64(words, 0x1b), 0xcc);
    words = step(words, _mm512_shuffle_epi32(words, 0x4e), 0xaa);
    words = step(words, reverse(words), 0xf0);
    words = step(words, _mm512_permutex_epi64(words, 0x4e), 0xcc);
    return step(words, _mm512_shuffle_epi32(words, 0x4e), 0xaa);
}

static inline __attribute__((always_inline)) void exchange(__m512i *low, __m512i *high)
{
    const __m512i less = _mm512_min_epu64(*low, *high);
    *high = _mm512_max_epu64(*low, *high);
    *low = less;
}

/* Makes of registers that are sorted each, two by two, pairs that are, and of these fours, and so
 * on. */
static inline __attribute__((always_inline)) void merge_all(__m512i *all, const unsigned registers)
{
    TARGET_UNROLL
    for (unsigned half = 1; half < registers; half *= 2) {
        TARGET_UNROLL
        for (unsigned start = 0; start < registers; start += 2 * half) {
            __m512i *const from = all + start;
            __m512i reversed[FEW / LANES / 2];
            TARGET_UNROLL
            for (unsigned i = 0; i < half; i++)
                reversed[i] = reverse(from[2 * half - 1 - i]);
            TARGET_UNROLL
            for (unsigned i = 0; i < half; i++) {
                exchange(&from[i], &reversed[i]);
                from[half + i] = reversed[i];
            }
            TARGET_UNROLL
            for (unsigned apart = half / 2; apart > 0; apart /= 2)
                TARGET_UNROLL
            for (unsigned i = 0; i < 2 * half; i++)
                if ((i & apart) == 0)
                    exchange(&from[i], &from[i + apart]);
            TARGET_UNROLL
            for (unsigned i = 0; i < 2 * half; i++)
                from[i] = merge_lanes(from[i]);
        }
    }
}

/* Sorts at most as many words as so many registers hold, and more than half of that. */
static inline __attribute__((always_inline)) void sort_registers(uint64_t *words, size_t count,
                                                                 const unsigned registers)
{
    const __m512i none = _mm512_set1_epi64(-1);
    __m512i all[FEW / LANES];
    TARGET_UNROLL
    for (unsigned i = 0; i < registers; i++) {
        const __mmask8 mask = mask_of(count > i * LANES ? count - i * LANES : 0);
        all[i] = sort_lanes(_mm512_mask_loadu_epi64(none, mask, words + i * LANES));
    }
    merge_all(all, registers);
    TARGET_UNROLL
    for (unsigned i = 0; i < registers; i++) {
        const __mmask8 mask = mask_of(count > i * LANES ? count - i * LANES : 0);
        _mm512_mask_storeu_epi64(words + i * LANES, mask, all[i]);
    }
}

static void sort_few(uint64_t *words, size_t count)
{
    if (count <= LANES)
        sort_registers(words, count, 1);
    else if (count <= 2 * LANES)
        sort_registers(words, count, 2);
    else if (count <= 4 * LANES)
        sort_registers(words, count, 4);
    else
        sort_registers(words, count, 8);
}

/* ---- Quicksort ----------------------------------------------------------------------- */

/* A word of about the middle rank of all. */
static inline uint64_t choose_pivot(const uint64_t *words, size_t count)
{
    uint64_t sample[LANES];
    for (size_t i = 0; i < LANES; i++)
        sample[i] = words[count / LANES * i + count / (2 * LANES)];
    _mm512_storeu_si512(sample, sort_lanes(_mm512_loadu_si512(sample)));
    return sample[LANES / 2];
}

/* Where a partition's words go, and how many have gone there. */
struct sides {
    uint64_t *lows, *highs;
    size_t low_count, high_count;
};

/* Puts the words of a register below the pivot on one side, the others on the other. */
static inline __attribute__((always_inline)) void part(struct sides *sides, __m512i words,
                                                       __mmask8 valid, __m512i pivot)
{
    const __mmask8 low = _mm512_mask_cmplt_epu64_mask(valid, words, pivot);
    const __mmask8 high = (__mmask8)(valid & ~low);
    const __m512i lows = _mm512_maskz_compress_epi64(low, words);
    const __m512i highs = _mm512_maskz_compress_epi64(high, words);
    _mm512_mask_storeu_epi64(sides->lows + sides->low_count, valid, lows);
    _mm512_mask_storeu_epi64(sides->highs + sides->high_count, valid, highs);
    sides->low_count += (size_t)__builtin_popcount(low);
    sides->high_count += (size_t)__builtin_popcount(high);
}

/* Moves the words below the pivot to the front, and returns how many there are. */
static inline size_t partition(uint64_t *words, uint64_t *spare, size_t count, uint64_t pivot)
{
    const __m512i by = _mm512_set1_epi64((long long)pivot);
    struct sides sides = {.lows = words, .highs = spare};
    size_t i = 0;
    /* What is written behind the lows has been read already. */
    for (; i + LANES <= count; i += LANES)
        part(&sides, _mm512_loadu_si512(words + i), 0xff, by);
    const __mmask8 last = mask_of(count - i);
    part(&sides, _mm512_maskz_loadu_epi64(last, words + i), last, by);
    memcpy(words + sides.low_count, spare, sides.high_count * sizeof *words);
    return sides.low_count;
}

static void sort_some(uint64_t *words, uint64_t *spare, uint16_t *places, size_t count,
                      unsigned depth)
{
    while (count > FEW) {
        const uint64_t pivot = choose_pivot(words, count);
        const size_t lows = depth < MOST_DEPTH ? partition(words, spare, count, pivot) : 0;
        if (lows == 0) { /* the like of which no sample of distinct words brings about */
            sort64_scalar(words, spare, places, count);
            return;
        }
        depth++;
        sort_some(words, spare, places, lows, depth);
        words += lows;
        count -= lows;
    }
    sort_few(words, count);
}

static void sort64_vectors(uint64_t *words, uint64_t *spare, uint16_t *places, size_t count)
{
    sort_some(words, spare, places, count, 0);
}

TARGET_END

sort64_words *sort64_select(void)
{
    return cpu_has_avx512() ? sort64_vectors : sort64_scalar;
}

#else

sort64_words *sort64_select(void)
{
    return sort64_scalar;
}

#endif
