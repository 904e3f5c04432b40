/* SPDX-License-Identifier: MIT
 *
 * rows_plain - rows of one key field, in loops of their own: where fields end at blanks or at one
 * byte, and all are spans of the text as they stand there. Private to text/.
 *
 * Rows go to the engine from where they are found, past the batch of rows_state, so that no more is
 * done for each than to write down where its key and its values are.
 */
#ifndef TEXT_ROWS_PLAIN_H
#define TEXT_ROWS_PLAIN_H

#include "text/rows_state.h"

/* Whether the rows of the split at hand are. */
bool rows_plain_is(const struct tokenizer_state *state);
/* Maps whole lines. Returns 0 to go on; anything else has ended the job. */
int rows_plain_map(struct tokenizer_state *state, const unsigned char *data, size_t size);

#endif
