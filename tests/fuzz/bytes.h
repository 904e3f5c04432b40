/* SPDX-License-Identifier: MIT
 *
 * bytes - what harnesses gather, in memory that grows; they end where there is none.
 */
#ifndef FUZZ_BYTES_H
#define FUZZ_BYTES_H

#include <stdlib.h>
#include <string.h>

struct bytes {
    unsigned char *data;
    size_t size, room;
};

static inline void append(struct bytes *bytes, const void *data, size_t size)
{
    if (bytes->size + size > bytes->room) {
        bytes->room = (bytes->size + size) * 2 + 64;
        bytes->data = realloc(bytes->data, bytes->room);
        if (!bytes->data)
            abort();
    }
    if (size > 0)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

#endif
