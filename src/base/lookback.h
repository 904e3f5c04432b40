/* SPDX-License-Identifier: MIT
 *
 * lookback - what stands before a piece of text, for whoever must know a part of it.
 */
#ifndef BASE_LOOKBACK_H
#define BASE_LOOKBACK_H

#include <stddef.h>
#include <stdint.h>

struct lookback {
    /* Makes bytes readable that stand before the piece: `size` of them, which end `back` bytes
     * before it begins. *data is the first, until the next call. Returns how many there are, fewer
     * only where that is all, or -1 when memory is out. */
    long (*read)(struct lookback *lookback, uint64_t back, size_t size, const unsigned char **data);
    /* The piece itself; NULL where it is not there yet. */
    const unsigned char *piece;
    size_t piece_size;
    /* What was made of what stands before all that can be read; 0 bytes where nothing does. */
    const unsigned char *older;
    size_t older_size;
};

#endif
