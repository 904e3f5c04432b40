/* SPDX-License-Identifier: MIT
 *
 * width - how many columns text takes; see width.h.
 */
#include "cli/width.h"

#include "base/utf8.h"
#include "cli/width_tables.h"

unsigned width_of(uint32_t code)
{
    size_t low = 0, high = WIDTH_RUNS; /* of the run: in [low, high) */

    if (code < 0x80)
        return 1;
    while (high - low > 1) {
        const size_t middle = (low + high) / 2;
        if (width_runs[middle] >> 2 <= code)
            low = middle;
        else
            high = middle;
    }
    return width_runs[low] & 3;
}

size_t width_text(const unsigned char *text, size_t size)
{
    size_t width = 0;

    for (size_t i = 0; i < size;) {
        uint32_t code;
        const size_t length = utf8_decode(text + i, size - i, &code);
        width += length > 0 ? width_of(code) : 1;
        i += length > 0 ? length : 1;
    }
    return width;
}
