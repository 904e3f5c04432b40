/* SPDX-License-Identifier: MIT
 *
 * letters - runs of A-Z a-z.
 */
#include "text/kernels/kernels.h"
#include "text/scan.h"

static int map_window(struct scan *scan, const unsigned char *data, size_t size,
                      unsigned char *folded)
{
    for (size_t pos = 0, count; pos < size;) {
        pos = kernels_selected.letters(data, size, pos, scan->spans, SCAN_SPANS, &count, folded);
        if (scan_tokens(scan, data, scan->spans, count, false) != 0)
            return -1;
    }
    return 0;
}

int letters_map(struct scan *scan, const unsigned char *data, size_t size)
{
    return scan_windows(scan, data, size, map_window, scan_one);
}

static bool is_letter(unsigned char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

size_t letters_edge(const unsigned char *data, size_t size, size_t from)
{
    while (from < size && is_letter(data[from]) && (from == 0 || is_letter(data[from - 1])))
        from++;
    return from;
}

size_t letters_edge_last(const unsigned char *data, size_t size)
{
    if (size == 0 || !is_letter(data[size - 1]))
        return size;
    while (--size > 0 && is_letter(data[size]) && is_letter(data[size - 1]))
        ;
    return size;
}

static bool continues_character(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* No border is inside a character, so that its bytes are not counted as invalid. */
static bool is_border(const unsigned char *data, size_t p)
{
    if (!is_letter(data[p]) && !continues_character(data[p]))
        return true;
    return p > 0 && data[p - 1] < 0x80 && !is_letter(data[p - 1]);
}

size_t letters_border(const unsigned char *data, size_t size, size_t from)
{
    while (from < size && !is_border(data, from))
        from++;
    return from;
}

size_t letters_border_last(const unsigned char *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[size - 1] < 0x80 && !is_letter(data[size - 1]))
        return size;
    while (--size > 0 && !is_border(data, size))
        ;
    return size;
}
