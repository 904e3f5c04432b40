/* SPDX-License-Identifier: MIT
 *
 * line_count - see line_count.h.
 */
#include "base/line_count.h"

#include <string.h>

/* As many bytes as the vectors have that every 64-bit machine has; without vectors the compiler
 * takes words. */
typedef unsigned char vector __attribute__((vector_size(16)));

/* Blocks whose counts a byte can hold. */
#define BLOCKS 255

uint64_t line_count(const unsigned char *data, size_t size, unsigned char end)
{
    const vector wanted = (vector){0} + end;
    uint64_t count = 0;

    while (size >= sizeof(vector)) {
        const size_t all = size / sizeof(vector), blocks = all < BLOCKS ? all : BLOCKS;
        vector counts = {0};
        for (size_t i = 0; i < blocks; i++) {
            vector block;
            memcpy(&block, data + i * sizeof block, sizeof block);
            counts -= (vector)(block == wanted); /* true is -1 */
        }
        for (size_t i = 0; i < sizeof counts; i++)
            count += counts[i];
        data += blocks * sizeof(vector);
        size -= blocks * sizeof(vector);
    }
    for (size_t i = 0; i < size; i++)
        count += data[i] == end;
    return count;
}
