/* SPDX-License-Identifier: MIT
 *
 * words_border - where a text can be cut in two that are segmented apart by UAX #29 with the same
 * words (words.h) and the same count of invalid bytes, whatever stands before and after what is in
 * view. That follows from the characters on the two sides of a cut alone.
 *
 * data[0] may be in the middle of a character; that and a character that data[size - 1] leaves
 * unfinished have no cut before them. So more bytes in view never take a cut away, and from 4 bytes
 * behind data[0] to 4 before data[size] none is added.
 */
#ifndef TEXT_WORDS_BORDER_H
#define TEXT_WORDS_BORDER_H

#include <stddef.h>

/* The smallest cut in [from, size), or size when there is none. */
size_t words_border(const unsigned char *data, size_t size, size_t from);
/* The largest cut in (0, size), or 0 when there is none. */
size_t words_border_last(const unsigned char *data, size_t size);

#endif
