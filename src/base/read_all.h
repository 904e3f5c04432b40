/* SPDX-License-Identifier: MIT
 *
 * read_all - a whole file in memory, for the short ones that a run is told by: lists and words.
 */
#ifndef BASE_READ_ALL_H
#define BASE_READ_ALL_H

#include <stddef.h>

/* Reads all that is left into *data, which the caller frees; one NUL byte that *size does not
 * count follows it. Returns 0, or -1 with the reason in errno; then nothing needs freeing. */
int read_all(int fd, unsigned char **data, size_t *size);

#endif
