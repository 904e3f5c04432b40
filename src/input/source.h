/* SPDX-License-Identifier: MIT
 *
 * source - the bytes of a FILE that is being decoded, in a buffer: read ahead as far as a format
 * must look, and used up bit by bit. Private to input/.
 */
#ifndef INPUT_SOURCE_H
#define INPUT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/mapreduce.h"

/* Bytes read at a time: as with the engine's blocks, larger ones read no faster. */
#define SOURCE_SIZE ((size_t)128 << 10)

struct source {
    struct mr_encoded *encoded; /* only valid within the call it came with */
    unsigned char *bytes;       /* `room` of them, of which [begin, end) are not used yet */
    size_t begin, end, room;
    uint64_t offset; /* of bytes[begin] in the FILE */
    bool ended;      /* nothing comes behind `end`: */
    bool failed;     /* since reading failed, which has been told */
};

void source_close(struct source *source);
/* What has been read and not used, *size bytes. */
const unsigned char *source_bytes(const struct source *source, size_t *size);
/* Reads until `size` bytes are there that have not been used, or all there are. Returns 0, or -1
 * when memory is out. */
int source_fill(struct source *source, size_t size);
/* Counts `size` bytes as used, of those that are there. */
void source_use(struct source *source, size_t size);

#endif
