/* SPDX-License-Identifier: MIT
 *
 * lines - see lines.h.
 */
#include "engine/input/lines.h"

#include <string.h>

/* As struct mr_cuts has it: behind the first newline from data[from - 1] on that has something
 * behind it. */
static size_t first(const void *context, const unsigned char *data, size_t size, size_t from)
{
    (void)context;
    if (from >= size)
        return size;
    if (from == 0)
        from = 1;
    const unsigned char *end = memchr(data + from - 1, '\n', size - from);
    return end ? (size_t)(end - data) + 1 : size;
}

static size_t last(const void *context, const unsigned char *data, size_t size)
{
    (void)context;
    const unsigned char *end = size > 0 ? memrchr(data, '\n', size) : NULL;
    return end ? (size_t)(end - data) + 1 : 0;
}

const struct mr_cuts lines_cuts = {
    .struct_size = sizeof(struct mr_cuts),
    .first = first,
    .last = last,
};
