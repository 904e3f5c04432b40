/* SPDX-License-Identifier: MIT
 *
 * room - bytes of a mapper's own that grow. MR_PAD readable bytes always follow.
 */
#ifndef TEXT_ROOM_H
#define TEXT_ROOM_H

#include <stdbool.h>
#include <stddef.h>

/* All zero has no bytes. */
struct room {
    unsigned char *data;
    size_t size;
};

/* Makes it at least `size` bytes; what they hold is lost unless `keep`. Returns 0, or -1 when
 * memory is out: then it has none, or with `keep` what it had. */
int room_grow(struct room *room, size_t size, bool keep);
void room_free(struct room *room);

#endif
