/* SPDX-License-Identifier: MIT
 *
 * cut_context - what a split must know of the text before it, where all of that is in memory.
 */
#ifndef ENGINE_CUT_CONTEXT_H
#define ENGINE_CUT_CONTEXT_H

#include <stddef.h>

#include "engine/mapreduce.h"

/* A text that is cut at `size`, and the context that it has itself. */
struct cut_context_text {
    const unsigned char *data;
    size_t size;
    const unsigned char *context;
    size_t context_size;
};

/* Makes the context of what follows the text, by the cuts' context_of: *context, which free() ends;
 * nothing where they have none. Returns 0, or as context_of with *error filled. */
int cut_context_make(const struct mr_cuts *cuts, const struct cut_context_text *text,
                     unsigned char **context, size_t *size, struct mr_error *error);

#endif
