/* SPDX-License-Identifier: MIT
 *
 * buffer - bytes that grow, from malloc while small and as pages that are moved, not copied, when large.
 */
#include "engine/buffer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* From this size on a buffer is pages of its own. */
#define MAP_FROM ((size_t)128 << 10)

void
buffer_open(struct mr_buffer *buffer, struct budget *budget)
{
    *buffer = (struct mr_buffer){.budget = budget};
}

void
buffer_close(struct mr_buffer *buffer)
{
    if (!buffer->data)
        return;
    if (buffer->size >= MAP_FROM)
        munmap(buffer->data, buffer->size);
    else
        free(buffer->data);
    budget_give(buffer->budget, buffer->size);
    buffer->data = NULL;
    buffer->used = buffer->size = 0;
}

void
buffer_trim(struct mr_buffer *buffer, size_t keep)
{
    if (buffer->size > keep)
        buffer_close(buffer);
    buffer->used = 0;
}

/* Gives `buffer` `size` bytes, keeping the used ones. */
static bool
resize(struct mr_buffer *buffer, size_t size)
{
    unsigned char *data;
    if (size < MAP_FROM) {
        data = realloc(buffer->data, size);
    } else if (buffer->size >= MAP_FROM) {
        data = mremap(buffer->data, buffer->size, size, MREMAP_MAYMOVE);
        if (data == MAP_FAILED)
            data = NULL;
    } else {
        data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (data == MAP_FAILED) {
            data = NULL;
        } else {
            if (buffer->used > 0)
                memcpy(data, buffer->data, buffer->used);
            free(buffer->data);
        }
    }
    if (!data)
        return false;
    budget_give(buffer->budget, buffer->size);
    budget_force(buffer->budget, size);
    buffer->data = data;
    buffer->size = size;
    return true;
}

unsigned char *
mr_buffer_reserve(struct mr_buffer *buffer, size_t more)
{
    if (more > SIZE_MAX / 4 || buffer->used > SIZE_MAX / 4)
        return NULL;
    size_t want = buffer->used + more + MR_PAD;
    if (want > buffer->size) {
        /* Half as much again each time keeps the copying linear; a first reservation is exact. */
        size_t size = buffer->size == 0 ? want : buffer->size + buffer->size / 2;
        if (size < want)
            size = want;
        size = size < MAP_FROM ? (size + 63) & ~(size_t)63 : (size + 4095) & ~(size_t)4095;
        if (!resize(buffer, size))
            return NULL;
    }
    return buffer->data + buffer->used;
}

void
mr_buffer_commit(struct mr_buffer *buffer, size_t size)
{
    buffer->used += size;
}

unsigned char *
mr_buffer_data(struct mr_buffer *buffer, size_t *size)
{
    *size = buffer->used;
    return buffer->data;
}

void
mr_buffer_clear(struct mr_buffer *buffer)
{
    buffer->used = 0;
}
