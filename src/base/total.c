/* SPDX-License-Identifier: MIT
 *
 * total - see total.h.
 */
#include "base/total.h"

#include <stdbool.h>
#include <string.h>

void total_format(const struct total *total, char out[TOTAL_ROOM])
{
    /* By 32 bits, the highest first: what is left of one goes before the next. */
    uint32_t limbs[4] = {(uint32_t)(total->high >> 32), (uint32_t)total->high,
                         (uint32_t)(total->low >> 32), (uint32_t)total->low};
    char digits[TOTAL_ROOM];
    char *p = digits + sizeof digits - 1;
    bool left = true;

    *p = '\0';
    while (left) {
        uint64_t rest = 0;
        left = false;
        for (unsigned i = 0; i < 4; i++) {
            rest = rest << 32 | limbs[i];
            limbs[i] = (uint32_t)(rest / 10);
            rest %= 10;
            left |= limbs[i] != 0;
        }
        *--p = (char)('0' + rest);
    }
    strcpy(out, p);
}
