/* SPDX-License-Identifier: MIT
 *
 * load - key by key, and by vectors (see load.h).
 */
#include "engine/map/load.h"

#include "base/cpu.h"
#include "base/target.h"

void load_scalar(const struct hash_seed *seed, const unsigned char *base,
                 const struct mr_span *spans, size_t count, struct load *load)
{
    for (size_t i = 0; i < count; i++) {
        const size_t size = spans[i].end - spans[i].begin;
        uint64_t words[KEY_W2_WORDS];
        if (size > KEY_W2_MOST)
            continue;
        load->hashes[i] = key_grouping_load(KEY_W2, seed, words, base + spans[i].begin, size);
        load->words[0][i] = words[0];
        load->words[1][i] = words[1];
    }
}

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt"
TARGET_BEGIN

#include "engine/map/lanes.h"

_Static_assert(LOAD_ROOM >= LOAD_BATCH + LANES, "vectors are stored whole");

static inline __attribute__((always_inline)) void
load_lanes(const struct hash_seed *seed, __m512i keeps, const unsigned char *base,
           const struct mr_span *spans, size_t at, struct load *load)
{
    const struct lanes lanes = lanes_load(base, spans);
    const __m512i keep = lanes_keep(lanes.size, keeps);
    /* Where the first word is full the size tells the second one's bytes, else the first one's. */
    const __mmask8 full = _mm512_cmpgt_epu64_mask(lanes.size, lanes_all(KEY_W1_MOST));
    const __m512i first = _mm512_mask_and_epi64(lanes.first, (__mmask8)~full, lanes.first, keep);
    const __m512i second =
        lanes_last_word(lanes.second, _mm512_maskz_mov_epi64(full, keep), lanes.size);
    _mm512_storeu_si512(load->words[0] + at, first);
    _mm512_storeu_si512(load->words[1] + at, second);
    _mm512_storeu_si512(load->hashes + at, lanes_hash_2(seed, first, second));
}

static void load_vectors(const struct hash_seed *seed, const unsigned char *base,
                         const struct mr_span *spans, size_t count, struct load *load)
{
    const __m512i keeps = lanes_keeps();
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        load_lanes(seed, keeps, base, spans + i, i, load);
    if (i < count) {
        struct mr_span last[LANES];
        for (size_t lane = 0; lane < LANES; lane++)
            last[lane] = spans[lane < count - i ? i + lane : i];
        load_lanes(seed, keeps, base, last, i, load);
    }
}

TARGET_END

load_keys *load_select(void)
{
    return cpu_has_avx512() ? load_vectors : load_scalar;
}

#else

load_keys *load_select(void)
{
    return load_scalar;
}

#endif
