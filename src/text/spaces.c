/* SPDX-License-Identifier: MIT
 *
 * spaces - words between spaces, bytes kept as they are.
 */
#include "text/kernels/kernels.h"
#include "text/scan.h"

int spaces_map(struct scan *scan, const unsigned char *data, size_t size)
{
    const struct text *text = scan->text;

    while (size > 0) {
        size_t window = scan_window(scan, data, size), count;
        unsigned char *folded = NULL;
        bool wide = false;
        if (window > text->longest) {
            /* No space in all of the first part, so no border: one token. */
            if (scan_token(scan, data, window) != 0)
                return -1;
            data += window;
            size -= window;
            continue;
        }
        if (text->fold) {
            if (scan_room(scan, &scan->folded, window + MR_PAD, false) != 0)
                return -1;
            folded = scan->folded.data;
        }
        for (size_t pos = 0; pos < window;) {
            pos = text_kernels.spaces(data, window, pos, scan->spans, SCAN_SPANS, &count,
                                      folded, &wide, text->extra);
            if (scan_tokens(scan, data, scan->spans, count, wide) != 0)
                return -1;
        }
        data += window;
        size -= window;
    }
    return 0;
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
