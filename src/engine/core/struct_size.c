/* SPDX-License-Identifier: MIT
 *
 * struct_size - see struct_size.h.
 */
#include "engine/core/struct_size.h"

#include <string.h>

static size_t size_of(const void *from)
{
    size_t size;
    memcpy(&size, from, sizeof size);
    return size;
}

/* This is the first version: no struct has been smaller. */
bool struct_size_room(const void *into, size_t size)
{
    return !into || size_of(into) >= size;
}

const char *struct_size_copy(void *copy, size_t size, const void *from)
{
    const size_t given = size_of(from);
    if (given < size)
        return "its struct_size is not set to its sizeof";
    const unsigned char *rest = from;
    for (size_t i = size; i < given; i++)
        if (rest[i] != 0)
            return "it has members set that only a later version of the library knows";
    memcpy(copy, from, size);
    memcpy(copy, &size, sizeof size);
    return NULL;
}

void struct_size_fill(void *into, const void *from, size_t size)
{
    const size_t given = size_of(into);
    memcpy(into, from, size);
    memcpy(into, &given, sizeof given);
}
