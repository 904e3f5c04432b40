/* SPDX-License-Identifier: MIT
 *
 * csv - fields of records as in RFC 4180, and as Python's csv module reads them.
 *
 * A field that begins with a quote goes on to the quote that closes it, and may hold delimiters and
 * line ends; "" within it is a quote. What stands between there and the next delimiter belongs to
 * the field as it is, and so does a quote in a field that does not begin with one. An empty line is
 * no record.
 */
#ifndef TEXT_CSV_H
#define TEXT_CSV_H

#include <stddef.h>

#include "engine/mapreduce.h"

struct tokenizer_state;

/* The bytes of a byte order mark that the text begins with: 3 or 0. */
size_t csv_mark(const unsigned char *data, size_t size);
/* Reports state->unclosed, which is in the split. Returns -1. */
int csv_report_unclosed(struct tokenizer_state *state, const struct mr_split *split);

#endif
