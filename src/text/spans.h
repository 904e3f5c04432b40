/* SPDX-License-Identifier: MIT
 *
 * spans - spans of the engine as the list of positions that kernels write, and back.
 */
#ifndef TEXT_SPANS_H
#define TEXT_SPANS_H

#include <stdalign.h>
#include <stddef.h>

#include "base/kernels/kernels.h"
#include "engine/mapreduce.h"

_Static_assert(sizeof(struct mr_span) == 2 * sizeof(uint32_t) &&
                   offsetof(struct mr_span, end) == sizeof(uint32_t) &&
                   alignof(struct mr_span) == alignof(uint32_t),
               "a span is two positions, its begin and its end");
_Static_assert(MR_PAD >= KERNELS_PAD, "what follows a split is enough for kernels");

static inline uint32_t *spans_positions(struct mr_span *spans)
{
    return (void *)spans;
}

static inline struct mr_span *spans_of(uint32_t *positions)
{
    return (void *)positions;
}

#endif
