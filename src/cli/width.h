/* SPDX-License-Identifier: MIT
 *
 * width - how many columns of a terminal text takes.
 *
 * Characters count one by one, so that of a sequence that some terminals draw as one, as emoji with
 * joiners, all parts count.
 */
#ifndef CLI_WIDTH_H
#define CLI_WIDTH_H

#include <stddef.h>
#include <stdint.h>

/* Of a code point up to U+10FFFF: 2 for what is wide, 0 for marks and what has no shape, else 1. Of
 * a control character, which a terminal obeys, 1 as well. */
unsigned width_of(uint32_t code);

/* Of text in UTF-8; an invalid byte is 1. */
size_t width_text(const unsigned char *text, size_t size);

#endif
