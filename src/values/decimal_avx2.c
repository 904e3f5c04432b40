/* SPDX-License-Identifier: MIT
 *
 * decimal_avx2 - four numbers at a time, each in 64 bits of a register; see decimal_batch.h.
 *
 * The steps are those of decimal_plain_short. Registers have the texts in the order 0 2 1 3, which
 * is what unpacking their addresses and sizes gives.
 */
#if defined(__x86_64__)

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "base/target.h"
#include "values/decimal_batch.h"
#include "values/decimal_plain.h"

_Static_assert(sizeof(struct mr_bytes) == 16, "two texts are a register");

#define TARGET "avx2"
TARGET_BEGIN

static inline __m256i load_eight(const struct mr_bytes *texts)
{
    const __m128i even = _mm_set_epi64x((long long)decimal_load_8(texts[2].data),
                                        (long long)decimal_load_8(texts[0].data));
    const __m128i odd = _mm_set_epi64x((long long)decimal_load_8(texts[3].data),
                                       (long long)decimal_load_8(texts[1].data));

    return _mm256_inserti128_si256(_mm256_castsi128_si256(even), odd, 1);
}

/* Takes the point out of each word that has one, and sets the scales. Returns what is not 0 where a
 * word is neither digits nor digits and a point. `less` are the sizes less 1. */
static inline __m256i take_points(__m256i *word, __m256i less, __m256i *scale)
{
    const __m256i zero = _mm256_setzero_si256(), one = _mm256_set1_epi64x(1);
    const __m256i wrong =
        _mm256_and_si256(_mm256_or_si256(_mm256_add_epi8(*word, _mm256_set1_epi8(0x76)), *word),
                         _mm256_set1_epi8((char)0x80));
    const __m256i none = _mm256_cmpeq_epi64(wrong, zero);
    const __m256i point = _mm256_srli_epi64(wrong, 7);
    /* The bytes up to the point, or all. */
    const __m256i upto = _mm256_sub_epi64(_mm256_slli_epi64(point, 8), one);
    const __m256i before = _mm256_sub_epi64(point, one);
    const __m256i byte = _mm256_andnot_si256(before, upto);
    const __m256i moved = _mm256_or_si256(_mm256_andnot_si256(upto, *word),
                                          _mm256_slli_epi64(_mm256_and_si256(*word, before), 8));
    /* More than one mark, a mark that is no point, or nothing but a point. */
    const __m256i several = _mm256_and_si256(wrong, _mm256_sub_epi64(wrong, one));
    const __m256i other =
        _mm256_and_si256(_mm256_xor_si256(*word, _mm256_set1_epi8((char)DECIMAL_POINT)), byte);
    const __m256i alone = _mm256_cmpeq_epi64(less, zero);
    const __m256i bad = _mm256_or_si256(_mm256_or_si256(several, other), alone);

    *scale = _mm256_sub_epi64(_mm256_set1_epi64x(8),
                              _mm256_sad_epu8(_mm256_and_si256(upto, _mm256_set1_epi8(1)), zero));
    *word = _mm256_blendv_epi8(moved, *word, none);
    return _mm256_andnot_si256(none, bad);
}

/* As decimal_eight_digits. */
static inline __m256i eight_digits(__m256i word)
{
    const __m256i pairs = _mm256_maddubs_epi16(word, _mm256_set1_epi16(0x010A));
    const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00010064));

    return _mm256_add_epi64(_mm256_mul_epu32(fours, _mm256_set1_epi64x(10000)),
                            _mm256_srli_epi64(fours, 32));
}

size_t decimal_batch_avx2(const struct mr_bytes *texts, size_t count,
                          const struct decimal_batch_form *form, uint64_t *words)
{
    const __m256i second = _mm256_set1_epi64x((long long)form->second);
    const __m128i shift = _mm_cvtsi32_si128((int)form->shift);
    size_t i;

    for (i = 0; count - i >= DECIMAL_BATCH_TOGETHER; i += DECIMAL_BATCH_TOGETHER) {
        const __m256i size =
            _mm256_unpackhi_epi64(_mm256_loadu_si256((const void *)(texts + i)),
                                  _mm256_loadu_si256((const void *)(texts + i + 2)));
        const __m256i less = _mm256_sub_epi64(size, _mm256_set1_epi64x(1));
        /* A text that is missing has no bytes. */
        if (!_mm256_testz_si256(less, _mm256_set1_epi64x(~7)))
            break;
        __m256i word = _mm256_xor_si256(load_eight(texts + i), _mm256_set1_epi8('0')), scale;
        word = _mm256_sllv_epi64(
            word, _mm256_sub_epi64(_mm256_set1_epi64x(56), _mm256_slli_epi64(less, 3)));
        const __m256i bad = take_points(&word, less, &scale);
        if (!_mm256_testz_si256(bad, bad))
            break;
        const __m256i number = _mm256_or_si256(_mm256_sll_epi64(eight_digits(word), shift), scale);
        _mm256_storeu_si256((void *)(words + 2 * i), _mm256_unpacklo_epi64(number, second));
        _mm256_storeu_si256((void *)(words + 2 * i + 4), _mm256_unpackhi_epi64(number, second));
    }
    return i;
}

TARGET_END

#else
typedef int decimal_no_avx2; /* a file must declare something */
#endif
