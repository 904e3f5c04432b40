/* SPDX-License-Identifier: MIT
 *
 * lines - where lines begin, for all kinds of tokens that cross none.
 */
#ifndef TEXT_LINES_H
#define TEXT_LINES_H

#include <stddef.h>

#include "text/tokenizer_state.h"
/* A token_kind_border and a token_kind_border_last. */
size_t lines_border(const struct tokenizer *tokenizer, const unsigned char *data, size_t size,
                    size_t from);
size_t lines_border_last(const struct tokenizer *tokenizer, const unsigned char *data, size_t size);

/* Where the line [begin, end) of data ends without a CR, which where lines end in newlines belongs
 * to that. */
static inline size_t lines_without_return(const struct tokenizer *tokenizer,
                                          const unsigned char *data, size_t begin, size_t end)
{
    return end > begin && data[end - 1] == '\r' && tokenizer->end == '\n' ? end - 1 : end;
}

#endif
