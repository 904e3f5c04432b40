/* SPDX-License-Identifier: MIT
 *
 * line_cut - where a text may be cut so that no line spans two pieces: behind the byte that ends
 * lines.
 *
 * The two are as struct mr_cuts has its `first` and `last`; `end` points to that byte.
 */
#ifndef BASE_LINE_CUT_H
#define BASE_LINE_CUT_H

#include <stddef.h>

/* The first cut in [from, size) but 0, size where there is none. */
size_t line_cut_first(const void *end, const unsigned char *data, size_t size, size_t from);
/* The last cut in (0, size], 0 where there is none. */
size_t line_cut_last(const void *end, const unsigned char *data, size_t size);

#endif
