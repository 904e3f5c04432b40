/* SPDX-License-Identifier: MIT
 *
 * line_number - which line of a file an offset is in, for messages.
 */
#ifndef INPUT_LINE_NUMBER_H
#define INPUT_LINE_NUMBER_H

#include <stdint.h>

/* The number, from 1, of the line that holds the byte at `offset` of a regular file. Returns 0 where
 * that cannot be told: the file is none, or is not what it was. */
uint64_t line_number_at(const char *file, uint64_t offset, char line_end);

#endif
