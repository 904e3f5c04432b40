/* SPDX-License-Identifier: MIT
 *
 * room - see room.h.
 */
#include "text/room.h"

#include <stdint.h>
#include <stdlib.h>

#include "engine/mapreduce.h"

#define FIRST_SIZE ((size_t)4096)

int room_grow(struct room *room, size_t size, bool keep)
{
    size_t want = room->size > 0 ? room->size : FIRST_SIZE;

    if (room->data != NULL && size <= room->size)
        return 0;
    while (want < size && want <= SIZE_MAX / 4)
        want *= 2;
    if (!keep)
        room_free(room);
    unsigned char *data = want < size ? NULL : realloc(room->data, want + MR_PAD);
    if (data == NULL)
        return -1;
    *room = (struct room){data, want};
    return 0;
}

void room_free(struct room *room)
{
    free(room->data);
    *room = (struct room){NULL, 0};
}
