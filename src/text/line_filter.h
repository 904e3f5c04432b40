/* SPDX-License-Identifier: MIT
 *
 * line_filter - maps only the lines that match all REs that are wanted and none that is not.
 * Private to text/.
 */
#ifndef TEXT_LINE_FILTER_H
#define TEXT_LINE_FILTER_H

#include "text/tokenizer_state.h"

/* As token_kind's map, for what is left of the split; state->patterns has begun with it. */
int line_filter_map(struct tokenizer_state *state, const struct mr_split *split);

#endif
