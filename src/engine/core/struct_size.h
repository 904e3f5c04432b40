/* SPDX-License-Identifier: MIT
 *
 * struct_size - structs of callers that may grow, and say so by their first member.
 */
#ifndef ENGINE_STRUCT_SIZE_H
#define ENGINE_STRUCT_SIZE_H

#include <stdbool.h>
#include <stddef.h>

/* Copies a caller's struct of `size` bytes, which begins with its struct_size, as large as the
 * caller knows it, over *copy. A program built with a later header may set only members that are
 * there. Returns NULL, or what is wrong, of a struct of this name. */
const char *struct_size_copy(void *copy, size_t size, const void *from);
/* Whether the library can fill a caller's struct in; NULL is nothing to be filled in. */
bool struct_size_room(const void *into, size_t size);
/* Copies what the library has filled in to the caller's struct, whose struct_size stays. */
void struct_size_fill(void *into, const void *from, size_t size);

#endif
