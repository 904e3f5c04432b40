/* SPDX-License-Identifier: MIT
 *
 * fields_reference - keys of fields, found by reading one byte after the other: what the kinds with
 * quotes are tested against.
 */
#ifndef TESTS_FIELDS_REFERENCE_H
#define TESTS_FIELDS_REFERENCE_H

#include <stddef.h>
#include <stdint.h>

#include "text/tokenizer.h"

/* Takes a key, before it is folded. */
typedef void fields_reference_put(void *context, const unsigned char *key, size_t size);

/* The keys of CSV, as Python's csv module reads it, by options->ranges. Returns the line on which a
 * quote opens that is never closed, counted from 1, or 0. */
uint64_t fields_reference_csv(const struct tokenizer_options *options, const unsigned char *text,
                              size_t size, fields_reference_put *put, void *context);
/* The keys of lines with fields in quotes or in brackets. */
void fields_reference_quoted(const struct tokenizer_options *options, const unsigned char *text,
                             size_t size, fields_reference_put *put, void *context);

#endif
