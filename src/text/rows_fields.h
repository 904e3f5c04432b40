/* SPDX-License-Identifier: MIT
 *
 * rows_fields - which fields of lines, or groups of matches, the values of rows are of. Private to
 * text/.
 */
#ifndef TEXT_ROWS_FIELDS_H
#define TEXT_ROWS_FIELDS_H

#include "text/tokenizer_state.h"

/* Has a tokenizer, whose ranges, header and patterns are there, know them; `rows` may be NULL.
 * Returns 0, or -1 with *error filled. */
int rows_fields_open(struct tokenizer *tokenizer, const struct rows_options *rows,
                     struct mr_error *error);
void rows_fields_close(struct tokenizer *tokenizer);

#endif
