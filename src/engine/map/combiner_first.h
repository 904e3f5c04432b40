/* SPDX-License-Identifier: MIT
 *
 * combiner_first - the loops over emitted pairs whose values are places (MR_FIRST).
 *
 * A mapper's places only grow, so that the one in its combiner is the first, and a key that is
 * found there costs no more than that; or adding a count. Both return -1 when the job fails.
 */
#ifndef ENGINE_COMBINER_FIRST_H
#define ENGINE_COMBINER_FIRST_H

#include "engine/map/emitter.h"

/* Pairs, in order; `values` are counts, or NULL where all are 1. */
int combiner_first_batch(struct mr_emitter *emitter, const unsigned char *base,
                         const struct mr_span *spans, size_t count, const void *values);
/* A key of 32 bytes or more; `value` likewise. */
int combiner_first_long(struct mr_emitter *emitter, const unsigned char *key, size_t size,
                        const void *value);

#endif
