/* SPDX-License-Identifier: MIT
 *
 * pairs - words made of letters of two bytes (Cyrillic, Greek, Armenian, much of Arabic), a block
 * at a time: the kernel, in plain C, of text beyond ASCII.
 */
#ifndef TEXT_PAIRS_H
#define TEXT_PAIRS_H

#include "engine/mapreduce.h"

/* Room that a call needs in the array of spans at least. */
#define PAIRS_MIN 32

/* On the terms of the kernel `words` (base/kernels/kernels.h), but data[size] need not be the end
 * of the text, and the position returned is where it is no longer simple: a segment boundary with
 * all words before it written and none after. It may be pos itself. */
size_t pairs_words(const unsigned char *data, size_t size, size_t pos, uint32_t *positions,
                   size_t max, size_t *count, unsigned char *folded);

#endif
