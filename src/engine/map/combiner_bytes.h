/* SPDX-License-Identifier: MIT
 *
 * combiner_bytes - emitting values of any size, which pass the combiner: no two are combined.
 *
 * All return -1 when the job fails.
 */
#ifndef ENGINE_COMBINER_BYTES_H
#define ENGINE_COMBINER_BYTES_H

#include "engine/map/emitter.h"

/* Writes one pair to its partition. The key is as record_copy_key wants it. */
int combiner_bytes_put(struct mr_emitter *emitter, const unsigned char *key, size_t size,
                       const struct mr_bytes *value);
/* The same for a batch, whose `values` are as many struct mr_bytes. */
int combiner_bytes_batch(struct mr_emitter *emitter, const unsigned char *base,
                         const struct mr_span *spans, size_t count, const void *values);

#endif
