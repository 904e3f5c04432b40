/* SPDX-License-Identifier: MIT
 *
 * kernels - the dispatch table, and which kernels this CPU can run.
 */
#include <string.h>

#include "base/cpu.h"
#include "base/kernels/kernels.h"

struct kernels kernels_selected;

const struct kernels *kernels_available(size_t i)
{
#if defined(__x86_64__)
    if (cpu_has_avx512_vbmi2() && i-- == 0)
        return &kernels_avx512;
    if (cpu_has_avx2() && i-- == 0)
        return &kernels_avx2;
    if (cpu_has_sse42() && i-- == 0)
        return &kernels_sse42;
#elif defined(__aarch64__)
    if (i-- == 0)
        return &kernels_neon;
#endif
    return i == 0 ? &kernels_scalar : NULL;
}

int kernels_select(const char *forced)
{
    const struct kernels *kernels;

    for (size_t i = 0; (kernels = kernels_available(i)) != NULL; i++) {
        if (!forced || strcmp(forced, kernels->name) == 0) {
            kernels_selected = *kernels;
            return 0;
        }
    }
    return -1;
}

const char *kernels_name(void)
{
    return kernels_selected.name;
}
