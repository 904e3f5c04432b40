/* SPDX-License-Identifier: MIT
 *
 * buffer - bytes that grow (see buffer.h). realloc moves the pages of large ones
 * instead of copying them.
 */
#include "engine/core/buffer.h"

#include <stdlib.h>

void buffer_open(struct mr_buffer *buffer, struct budget *budget)
{
    *buffer = (struct mr_buffer){.budget = budget};
}

void buffer_open_behind(struct mr_buffer *buffer, struct budget *budget, size_t front)
{
    *buffer = (struct mr_buffer){.budget = budget, .front = front};
}

void buffer_close(struct mr_buffer *buffer)
{
    if (!buffer->data)
        return;
    free(buffer->data - buffer->front);
    budget_give(buffer->budget, buffer->size + buffer->front);
    buffer->data = NULL;
    buffer->used = buffer->size = 0;
}

void buffer_trim(struct mr_buffer *buffer, size_t keep)
{
    if (buffer->size > keep)
        buffer_close(buffer);
    buffer->used = 0;
}

unsigned char *mr_buffer_reserve(struct mr_buffer *buffer, size_t more)
{
    if (more > SIZE_MAX / 4 || buffer->used > SIZE_MAX / 4)
        return NULL;
    size_t want = buffer->used + more + MR_PAD;
    if (want > buffer->size) {
        /* Half as much again each time keeps the copying linear; a first reservation is exact. */
        size_t size = buffer->size == 0 ? want : buffer->size + buffer->size / 2;
        if (size < want)
            size = want;
        unsigned char *const old = buffer->data;
        const size_t front = buffer->front, charged = size - buffer->size + (old ? 0 : front);
        unsigned char *data = realloc(old ? old - front : NULL, front + size);
        if (!data)
            return NULL;
        budget_charge(buffer->budget, charged);
        buffer->data = data;
        buffer->data += front;
        buffer->size = size;
    }
    return buffer->data + buffer->used;
}

void mr_buffer_commit(struct mr_buffer *buffer, size_t size)
{
    buffer->used += size;
}

unsigned char *mr_buffer_data(struct mr_buffer *buffer, size_t *size)
{
    *size = buffer->used;
    return buffer->data;
}

void mr_buffer_clear(struct mr_buffer *buffer)
{
    buffer->used = 0;
}
