/* SPDX-License-Identifier: MIT
 *
 * buffer - the growable bytes of mapreduce.h, from the inside.
 */
#ifndef ENGINE_BUFFER_H
#define ENGINE_BUFFER_H

#include "base/budget.h"
#include "engine/mapreduce.h"

struct mr_buffer {
    unsigned char *data;
    size_t used;
    size_t size;  /* of data, padding included */
    size_t front; /* bytes of room that stand before data, for who joins something to it */
    struct budget *budget;
};

void buffer_open(struct mr_buffer *buffer, struct budget *budget);
/* The same with so many bytes of room before the data, which are there once there are data. */
void buffer_open_behind(struct mr_buffer *buffer, struct budget *budget, size_t front);
void buffer_close(struct mr_buffer *buffer);
/* Gives memory beyond `keep` bytes back; what the buffer held is gone then. */
void buffer_trim(struct mr_buffer *buffer, size_t keep);

#endif
