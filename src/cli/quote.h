/* SPDX-License-Identifier: MIT
 *
 * quote - text from elsewhere made safe to show.
 */
#ifndef CLI_QUOTE_H
#define CLI_QUOTE_H

#include <stddef.h>

/* The size that holds either result for a text of n bytes, its NUL included. */
#define QUOTE_ROOM(n) ((n)*8 + 16)

/* A file name as a shell would read it back: as it is where no character is special, in single
 * quotes where one is, with $'\033' for what is no printable UTF-8. `out` has QUOTE_ROOM bytes. */
void quote_name(const char *name, char *out);

/* A text with control characters and bytes that are no UTF-8 as \033, newlines too, and the rest as
 * it is. `out` has QUOTE_ROOM bytes. */
void quote_escape(const char *text, char *out);

/* How many bytes the printable character at `s` has, 0 where there is none: a control character,
 * one that changes the direction of the line, a byte that is no UTF-8, or the end. */
size_t quote_printable(const char *s);

#endif
