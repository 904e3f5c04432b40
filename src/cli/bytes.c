/* SPDX-License-Identifier: MIT
 *
 * bytes - see bytes.h.
 */
#include "cli/bytes.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

unsigned char *bytes_reserve(struct bytes *bytes, size_t more)
{
    size_t room;

    if (__builtin_add_overflow(bytes->size, more, &room)) {
        errno = ENOMEM;
        return NULL;
    }
    if (room > bytes->room) {
        if (room < SIZE_MAX / 2)
            room += room / 2; /* so that bytes are moved seldom */
        unsigned char *data = realloc(bytes->data, room);
        if (data == NULL)
            return NULL;
        bytes->data = data;
        bytes->room = room;
    }
    return bytes->data + bytes->size;
}
