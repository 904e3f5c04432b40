/* SPDX-License-Identifier: MIT
 *
 * excerpt - the beginning of any bytes as text for a message.
 */
#ifndef BASE_EXCERPT_H
#define BASE_EXCERPT_H

#include <stddef.h>

#define EXCERPT_BYTES 40 /* of the bytes that are shown */
#define EXCERPT_ROOM (4 * EXCERPT_BYTES + 4)

/* Writes the first bytes, up to the end of a character, with control characters and what is no
 * UTF-8 as \033, and "..." where there are more; then a NUL. */
void excerpt_write(const void *bytes, size_t size, char out[EXCERPT_ROOM]);
/* The same for up to `most` bytes; `out` has room for 4 * most + 4. */
void excerpt_cut(const void *bytes, size_t size, size_t most, char *out);

#endif
