/* SPDX-License-Identifier: MIT
 *
 * given - what callers give: structs that may grow, and whether a job makes sense.
 */
#ifndef ENGINE_GIVEN_H
#define ENGINE_GIVEN_H

#include "engine/mapreduce.h"

/* Copies a caller's struct of `size` bytes, which begins with its struct_size, as large as the
 * caller knows it, over *copy. A program built with a later header may set only members that are
 * there. Returns NULL, or what is wrong, of a struct of this name. */
const char *given_copy(void *copy, size_t size, const void *from);
/* Whether the library can fill a caller's struct in; NULL is nothing to be filled in. */
bool given_room(const void *into, size_t size);
/* Copies what the library has filled in to the caller's struct, whose struct_size stays. */
void given_fill(void *into, const void *from, size_t size);

/* Whether a job, which has an input and where its results go, can be done as it is described. */
enum mr_status given_check(const struct mr_job_spec *spec, struct mr_error *error);

#endif
