/* SPDX-License-Identifier: MIT
 *
 * literal - looks for some bytes in a text, by the two of them that are likely to be the rarest.
 * Private to text/.
 */
#ifndef TEXT_LITERAL_H
#define TEXT_LITERAL_H

#include <stddef.h>

#include "base/kernels/kernels.h"

/* What is looked for; constant after opening. */
struct literal {
    const unsigned char *bytes;
    size_t size;
    size_t first; /* where the pair's first byte is among them */
    struct kernels_pair pair;
};

/* `bytes`, one or more, must live as long. */
void literal_open(struct literal *literal, const unsigned char *bytes, size_t size);

/* The first place in [data, end) where the bytes stand, or `end`. On any thread. */
const unsigned char *literal_find(const struct literal *literal, const unsigned char *data,
                                  const unsigned char *end);

#endif
