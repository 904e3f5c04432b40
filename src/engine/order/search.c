/* SPDX-License-Identifier: MIT
 *
 * search - by halves, and by vectors (see search.h).
 */
#include "engine/order/search.h"

#include "base/cpu.h"
#include "base/target.h"

void search_open(struct search *search, size_t count)
{
    const size_t all = sizeof search->words / sizeof *search->words;
    for (size_t i = count; i < all; i++)
        search->words[i] = UINT64_MAX;
    for (size_t i = 0; i < SEARCH_MIDDLES; i++)
        search->middles[i] = search->words[i * SEARCH_NODE + SEARCH_NODE - 1];
    for (size_t i = 0; i < SEARCH_TOPS; i++)
        search->tops[i] = search->middles[i * SEARCH_NODE + SEARCH_NODE - 1];
    search->places = 0;
    while (search->places < count)
        search->places = search->places * 2 + 1;
}

void search_scalar(const struct search *search, const uint64_t *what, size_t count, uint32_t *found)
{
    const uint64_t *const words = search->words;
    for (size_t i = 0; i < count; i++)
        found[i] = 0;
    for (size_t step = (search->places + 1) / 2; step > 0; step /= 2)
        for (size_t i = 0; i < count; i++) {
            uint32_t next = found[i] + (uint32_t)step;
            found[i] = words[next - 1] <= what[i] ? next : found[i];
        }
}

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET "avx512f,avx512bw,avx512vl,avx512dq,bmi,popcnt"

TARGET_BEGIN

/* How many of a node's words are no greater. */
static inline size_t count_node(const uint64_t *node, __m512i what)
{
    const __mmask8 mask = _mm512_cmple_epu64_mask(_mm512_load_si512(node), what);
    return (size_t)__builtin_popcount(mask);
}

static void search_vectors(const struct search *search, const uint64_t *what, size_t count,
                           uint32_t *found)
{
    for (size_t i = 0; i < count; i++) {
        const __m512i all = _mm512_set1_epi64((long long)what[i]);
        size_t node = count_node(search->tops, all) + count_node(search->tops + SEARCH_NODE, all);
        node = node * SEARCH_NODE + count_node(search->middles + node * SEARCH_NODE, all);
        node = node * SEARCH_NODE + count_node(search->words + node * SEARCH_NODE, all);
        found[i] = (uint32_t)node;
    }
}

TARGET_END

search_count *search_select(void)
{
    return cpu_has_avx512() ? search_vectors : search_scalar;
}

#else

search_count *search_select(void)
{
    return search_scalar;
}

#endif
