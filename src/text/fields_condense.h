/* SPDX-License-Identifier: MIT
 *
 * fields_condense - the key of a line that is too long to be held, from the chosen fields alone.
 */
#ifndef TEXT_FIELDS_CONDENSE_H
#define TEXT_FIELDS_CONDENSE_H

#include <stddef.h>

#include "engine/mapreduce.h"

struct tokenizer;
struct tokenizer_state;

/* As tokenizer_condense and tokenizer_condense_end (tokenizer.h). */
size_t fields_condense(const struct tokenizer *tokenizer, struct mr_condense *state,
                       unsigned char *data, size_t size, size_t *kept);
size_t fields_condense_end(const struct mr_condense *state, unsigned char *room);
/* Emits the key of such a line. Returns non-zero when the job has ended. */
int fields_condensed(struct tokenizer_state *state, const unsigned char *context, size_t size);

#endif
