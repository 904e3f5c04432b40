/* SPDX-License-Identifier: MIT
 *
 * kernels - the dispatch table, and which kernels this CPU can run.
 */
#include <string.h>

#include "base/cpu.h"
#include "text/kernels/indexes.h"
#include "text/kernels/kernels.h"
#include "text/text.h"

struct text_kernels text_kernels;

const struct text_kernels *text_kernels_available(size_t i)
{
#if defined(__x86_64__)
    if (cpu_has_avx512_vbmi2() && i-- == 0)
        return &text_kernels_avx512;
    if (cpu_has_avx2() && i-- == 0)
        return &text_kernels_avx2;
    if (cpu_has_sse42() && i-- == 0)
        return &text_kernels_sse42;
#elif defined(__aarch64__)
    if (i-- == 0)
        return &text_kernels_neon;
#endif
    return i == 0 ? &text_kernels_scalar : NULL;
}

int text_select_kernel(const char *forced)
{
    const struct text_kernels *kernels;

    for (size_t i = 0; (kernels = text_kernels_available(i)) != NULL; i++) {
        if (!forced || strcmp(forced, kernels->name) == 0) {
            text_kernels = *kernels;
            return 0;
        }
    }
    return -1;
}

const char *text_kernel_name(void)
{
    return text_kernels.name;
}

/* The j-th set bit of b, where it is bit n, stands at byte j: as many bits as are set below n. */
#define BIT(b, n)                                                                                  \
    (((b) >> (n)&1u) ? (uint64_t)(n) << (8 * __builtin_popcount((b) & ((1u << (n)) - 1))) : 0u)
#define ONE(b)                                                                                     \
    (BIT(b, 0) | BIT(b, 1) | BIT(b, 2) | BIT(b, 3) | BIT(b, 4) | BIT(b, 5) | BIT(b, 6) | BIT(b, 7))
#define FOUR(b) ONE(b), ONE((b) + 1u), ONE((b) + 2u), ONE((b) + 3u)
#define SIXTEEN(b) FOUR(b), FOUR((b) + 4u), FOUR((b) + 8u), FOUR((b) + 12u)
#define SIXTY_FOUR(b) SIXTEEN(b), SIXTEEN((b) + 16u), SIXTEEN((b) + 32u), SIXTEEN((b) + 48u)

const uint64_t text_kernel_indexes[256] = {SIXTY_FOUR(0u), SIXTY_FOUR(64u), SIXTY_FOUR(128u),
                                           SIXTY_FOUR(192u)};
