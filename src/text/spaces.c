/* SPDX-License-Identifier: MIT
 *
 * spaces - words between spaces, bytes kept as they are.
 */
#include "text/kernels/kernels.h"
#include "text/scan.h"

static int map_window(struct scan *scan, const unsigned char *data, size_t size,
                      unsigned char *folded)
{
    bool wide = false;

    for (size_t pos = 0, count; pos < size;) {
        pos = kernels_selected.spaces(data, size, pos, scan->spans, SCAN_SPANS, &count, folded,
                                      &wide, scan->text->extra);
        if (scan_tokens(scan, data, scan->spans, count, wide) != 0)
            return -1;
    }
    return 0;
}

int spaces_map(struct scan *scan, const unsigned char *data, size_t size)
{
    return scan_windows(scan, data, size, map_window, scan_one);
}

static bool is_space(const struct text *text, unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == text->extra;
}

size_t spaces_border(const struct text *text, const unsigned char *data, size_t size, size_t from)
{
    while (from < size && !is_space(text, data[from]) &&
           !(from > 0 && is_space(text, data[from - 1])))
        from++;
    return from;
}

size_t spaces_border_last(const struct text *text, const unsigned char *data, size_t size)
{
    if (size == 0)
        return 0;
    if (is_space(text, data[size - 1]))
        return size;
    for (size--; size > 0; size--) {
        if (is_space(text, data[size]) || is_space(text, data[size - 1]))
            return size;
    }
    return 0;
}
