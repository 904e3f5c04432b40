/* SPDX-License-Identifier: MIT
 *
 * number - numbers and lists of them as arguments, read strictly: digits and nothing else.
 */
#ifndef CLI_NUMBER_H
#define CLI_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include "base/range.h"

/* Reads a whole decimal number from least to most. Returns 0, EINVAL where it is none, or ERANGE
 * where it is less, more or past 2^64-1; *value is set on success only. */
int number_parse(const char *s, uint64_t least, uint64_t most, uint64_t *value);

/* Reads "N" or "N-M", each from least to most, M not less than N. Returns as number_parse. */
int number_parse_span(const char *s, uint64_t least, uint64_t most, uint64_t *first,
                      uint64_t *last);

/* Reads a LIST as cut -f does: N, N-, N-M, -M, divided by commas or blanks. *ranges, which the
 * caller frees, comes out ascending, with none touching another. Returns NULL, or what is wrong: a
 * static text to follow a colon; that is number_no_memory where memory is out. */
extern const char number_no_memory[];
const char *number_parse_list(const char *s, struct range **ranges, size_t *count);

#endif
