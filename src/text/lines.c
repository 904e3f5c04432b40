/* SPDX-License-Identifier: MIT
 *
 * lines - whole lines, without their end. A last line with no end is one too.
 */
#include <string.h>

#include "text/kernels/kernels.h"
#include "text/scan.h"

/* The lines of a window that is short enough for spans. */
static int map_window(struct scan *scan, const unsigned char *data, size_t size,
                      unsigned char *folded)
{
    const struct text *text = scan->text;
    bool wide = false;
    uint32_t begin = 0;

    for (size_t pos = 0, count; pos < size;) {
        pos = kernels_selected.marks(data, size, pos, scan->positions, SCAN_SPANS, &count, folded,
                                     &wide, text->end, text->end);
        for (size_t i = 0; i < count; i++) {
            scan->spans[i] = (struct mr_span){begin, scan->positions[i]};
            begin = scan->positions[i] + 1;
        }
        if (scan_tokens(scan, data, scan->spans, count, wide) != 0)
            return -1;
    }
    if (begin == size)
        return 0;
    scan->spans[0] = (struct mr_span){begin, (uint32_t)size};
    return scan_tokens(scan, data, scan->spans, 1, wide);
}

static int map_long_line(struct scan *scan, const unsigned char *data, size_t size,
                         unsigned char *folded)
{
    return scan_one(scan, data, size - (data[size - 1] == scan->text->end), folded);
}

int lines_map(struct scan *scan, const unsigned char *data, size_t size)
{
    return scan_windows(scan, data, size, map_window, map_long_line);
}

size_t lines_border(const struct text *text, const unsigned char *data, size_t size, size_t from)
{
    if (from >= size)
        return size;
    if (from == 0)
        from = 1;
    const unsigned char *end = memchr(data + from - 1, text->end, size - from);
    return end ? (size_t)(end - data) + 1 : size;
}

size_t lines_border_last(const struct text *text, const unsigned char *data, size_t size)
{
    const unsigned char *end = size > 0 ? memrchr(data, text->end, size) : NULL;
    return end ? (size_t)(end - data) + 1 : 0;
}
