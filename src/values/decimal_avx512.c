/* SPDX-License-Identifier: MIT
 *
 * decimal_avx512 - eight numbers at a time, each in 64 bits of a register; see decimal_batch.h.
 *
 * The steps are those of decimal_plain_short, as in decimal_avx2.c. Registers have the texts in
 * their order.
 */
#if defined(__x86_64__)

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "base/target.h"
#include "values/decimal_batch.h"
#include "values/decimal_plain.h"

_Static_assert(sizeof(struct mr_bytes) == 16, "four texts are a register");

#define TARGET "avx512f,avx512bw,avx512dq,avx512vl"
TARGET_BEGIN

#define TEXTS 8

static inline __m512i all_bytes(char byte)
{
    return _mm512_set1_epi8(byte);
}

static inline __m128i load_two(const struct mr_bytes *texts)
{
    return _mm_set_epi64x((long long)decimal_load_8(texts[1].data),
                          (long long)decimal_load_8(texts[0].data));
}

static inline __m512i load_texts(const struct mr_bytes *texts)
{
    const __m256i low =
        _mm256_inserti128_si256(_mm256_castsi128_si256(load_two(texts)), load_two(texts + 2), 1);
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(load_two(texts + 4)),
                                                 load_two(texts + 6), 1);

    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/* Takes the point out of each word that has one, and sets the scales. Returns which words are
 * neither digits nor digits and a point. `less` are the sizes less 1. */
static inline __mmask8 take_points(__m512i *word, __m512i less, __m512i *scale)
{
    const __m512i one = _mm512_set1_epi64(1), high = all_bytes((char)0x80);
    /* (a + 0x76 | a) & 0x80 of each byte */
    const __m512i wrong =
        _mm512_ternarylogic_epi64(_mm512_add_epi8(*word, all_bytes(0x76)), *word, high, 0xa8);
    const __mmask8 marked = _mm512_test_epi64_mask(wrong, wrong);
    const __m512i point = _mm512_srli_epi64(wrong, 7);
    /* The bytes up to the point, and those before. */
    const __m512i upto = _mm512_sub_epi64(_mm512_slli_epi64(point, 8), one);
    const __m512i before = _mm512_sub_epi64(point, one);
    const __m512i moved = _mm512_slli_epi64(_mm512_and_si512(*word, before), 8);
    /* More than one mark, or a mark that is no point: (a ^ point) & upto & ~before. */
    const __m512i several = _mm512_and_si512(wrong, _mm512_sub_epi64(wrong, one));
    const __m512i other = _mm512_and_si512(_mm512_xor_si512(*word, all_bytes((char)DECIMAL_POINT)),
                                           _mm512_andnot_si512(before, upto));
    const __m512i bad = _mm512_or_si512(several, other);

    *scale = _mm512_maskz_sub_epi64(
        marked, _mm512_set1_epi64(8),
        _mm512_sad_epu8(_mm512_and_si512(upto, all_bytes(1)), _mm512_setzero_si512()));
    /* (a & ~upto) | moved */
    *word = _mm512_mask_or_epi64(*word, marked, _mm512_andnot_si512(upto, *word), moved);
    return marked & (_mm512_test_epi64_mask(bad, bad) | _mm512_testn_epi64_mask(less, less));
}

/* As decimal_eight_digits. */
static inline __m512i eight_digits(__m512i word)
{
    const __m512i pairs = _mm512_maddubs_epi16(word, _mm512_set1_epi16(0x010A));
    const __m512i fours = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00010064));

    return _mm512_add_epi64(_mm512_mul_epu32(fours, _mm512_set1_epi64(10000)),
                            _mm512_srli_epi64(fours, 32));
}

size_t decimal_batch_avx512(const struct mr_bytes *texts, size_t count,
                            const struct decimal_batch_form *form, uint64_t *words)
{
    const __m512i sizes = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
    const __m512i low = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
    const __m512i high = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
    const __m512i second = _mm512_set1_epi64((long long)form->second);
    const __m128i shift = _mm_cvtsi32_si128((int)form->shift);
    size_t i;

    for (i = 0; count - i >= TEXTS; i += TEXTS) {
        const __m512i size = _mm512_permutex2var_epi64(_mm512_loadu_si512(texts + i), sizes,
                                                       _mm512_loadu_si512(texts + i + TEXTS / 2));
        const __m512i less = _mm512_sub_epi64(size, _mm512_set1_epi64(1));
        /* A text that is missing has no bytes. */
        if (_mm512_test_epi64_mask(less, _mm512_set1_epi64(~7)) != 0)
            break;
        __m512i word = _mm512_xor_si512(load_texts(texts + i), all_bytes('0')), scale;
        word = _mm512_sllv_epi64(
            word, _mm512_sub_epi64(_mm512_set1_epi64(56), _mm512_slli_epi64(less, 3)));
        if (take_points(&word, less, &scale) != 0)
            break;
        const __m512i number = _mm512_or_si512(_mm512_sll_epi64(eight_digits(word), shift), scale);
        _mm512_storeu_si512(words + 2 * i, _mm512_permutex2var_epi64(number, low, second));
        _mm512_storeu_si512(words + 2 * i + TEXTS, _mm512_permutex2var_epi64(number, high, second));
    }
    return i + decimal_batch_avx2(texts + i, count - i, form, words + 2 * i);
}

TARGET_END

#else
typedef int decimal_no_avx512; /* a file must declare something */
#endif
