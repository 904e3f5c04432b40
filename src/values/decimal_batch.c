/* SPDX-License-Identifier: MIT
 *
 * decimal_batch - which is taken, and numbers one by one; see decimal_batch.h.
 */
#include "values/decimal_batch.h"

#include "base/cpu.h"
#include "values/decimal_plain.h"

size_t decimal_batch_scalar(const struct mr_bytes *texts, size_t count,
                            const struct decimal_batch_form *form, uint64_t *words)
{
    size_t i;

    for (i = 0; i < count; i++) {
        uint64_t digits;
        unsigned scale;
        if (texts[i].data == NULL ||
            !decimal_plain_short(texts[i].data, texts[i].size, &digits, &scale))
            break;
        words[2 * i] = digits << form->shift | scale;
        words[2 * i + 1] = form->second;
    }
    return i;
}

decimal_batch *decimal_batch_select(void)
{
#if defined(__x86_64__)
    if (cpu_has_avx512())
        return decimal_batch_avx512;
    if (cpu_has_avx2())
        return decimal_batch_avx2;
#endif
    return decimal_batch_scalar;
}
