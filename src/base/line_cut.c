/* SPDX-License-Identifier: MIT
 *
 * line_cut - see line_cut.h.
 */
#include "base/line_cut.h"

#include <string.h>

size_t line_cut_first(const void *end, const unsigned char *data, size_t size, size_t from)
{
    if (from >= size)
        return size;
    if (from == 0)
        from = 1;
    const unsigned char *found = memchr(data + from - 1, *(const unsigned char *)end, size - from);
    return found ? (size_t)(found - data) + 1 : size;
}

size_t line_cut_last(const void *end, const unsigned char *data, size_t size)
{
    const unsigned char *found = size > 0 ? memrchr(data, *(const unsigned char *)end, size) : NULL;
    return found ? (size_t)(found - data) + 1 : 0;
}
