/* SPDX-License-Identifier: MIT
 *
 * line_count - see line_count.h.
 */
#include "base/line_count.h"

#include <string.h>

#include "base/target.h"

/* As many bytes as the vectors have that every 64-bit machine has; without vectors the compiler
 * takes words. */
typedef unsigned char vector __attribute__((vector_size(16)));

/* Vectors of a block, counted side by side, and blocks whose counts a byte can hold. */
#define TOGETHER 4
#define BLOCKS 255

/* Counts so many blocks. */
static uint64_t count_blocks(const unsigned char *data, size_t blocks, vector wanted)
{
    vector counts[TOGETHER] = {{0}};
    uint64_t count = 0;

    for (size_t i = 0; i < blocks; i++) {
        TARGET_UNROLL
        for (size_t j = 0; j < TOGETHER; j++) {
            vector bytes;
            memcpy(&bytes, data + (i * TOGETHER + j) * sizeof bytes, sizeof bytes);
            counts[j] -= (vector)(bytes == wanted); /* true is -1 */
        }
    }
    for (size_t j = 0; j < TOGETHER; j++)
        for (size_t i = 0; i < sizeof *counts; i++)
            count += counts[j][i];
    return count;
}

uint64_t line_count(const unsigned char *data, size_t size, unsigned char end)
{
    const size_t block = TOGETHER * sizeof(vector);
    const vector wanted = (vector){0} + end;
    uint64_t count = 0;

    while (size >= block) {
        const size_t all = size / block, blocks = all < BLOCKS ? all : BLOCKS;
        count += count_blocks(data, blocks, wanted);
        data += blocks * block;
        size -= blocks * block;
    }
    for (size_t i = 0; i < size; i++)
        count += data[i] == end;
    return count;
}
