/* SPDX-License-Identifier: MIT
 *
 * lines - where lines begin, for all kinds of tokens that cross none.
 */
#ifndef TEXT_LINES_H
#define TEXT_LINES_H

#include <stddef.h>

struct tokenizer;

/* A token_kind_border and a token_kind_border_last. */
size_t lines_border(const struct tokenizer *tokenizer, const unsigned char *data, size_t size,
                    size_t from);
size_t lines_border_last(const struct tokenizer *tokenizer, const unsigned char *data, size_t size);

#endif
