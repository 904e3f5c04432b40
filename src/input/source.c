/* SPDX-License-Identifier: MIT
 *
 * source - the bytes of a FILE in a buffer (see source.h).
 */
#include "input/source.h"

#include <stdlib.h>
#include <string.h>

void source_close(struct source *source)
{
    free(source->bytes);
    source->bytes = NULL;
    source->begin = source->end = source->room = 0;
}

const unsigned char *source_bytes(const struct source *source, size_t *size)
{
    *size = source->end - source->begin;
    return source->bytes != NULL ? source->bytes + source->begin : (const unsigned char *)"";
}

/* Makes room for `size` bytes from `begin` on. */
static int source_widen(struct source *source, size_t size)
{
    unsigned char *bytes;

    if (source->room - source->begin >= size)
        return 0;
    if (source->begin > 0) {
        memmove(source->bytes, source->bytes + source->begin, source->end - source->begin);
        source->end -= source->begin;
        source->begin = 0;
    }
    if (source->room >= size)
        return 0;
    if (size < source->room + source->room / 2)
        size = source->room + source->room / 2;
    bytes = realloc(source->bytes, size);
    if (bytes == NULL)
        return -1;
    source->bytes = bytes;
    source->room = size;
    return 0;
}

int source_fill(struct source *source, size_t size)
{
    while (!source->ended && source->end - source->begin < size) {
        const size_t there = source->end - source->begin;
        const size_t more = size - there > SOURCE_SIZE ? size - there : SOURCE_SIZE;

        if (source_widen(source, there + more) != 0)
            return -1;
        const long got = source->encoded->read(source->encoded, source->bytes + source->end, more);
        if (got > 0)
            source->end += (size_t)got;
        source->failed = got < 0;
        source->ended = got <= 0;
    }
    return 0;
}

void source_use(struct source *source, size_t size)
{
    source->begin += size;
    source->offset += size;
    if (source->begin == source->end)
        source->begin = source->end = 0;
}
