/* SPDX-License-Identifier: MIT
 *
 * combiner_lookup - the loops over emitted pairs: each finds its key in the mapper's combiner, or
 * learns that it is not there.
 *
 * All return -1 when the job fails.
 */
#ifndef ENGINE_COMBINER_LOOKUP_H
#define ENGINE_COMBINER_LOOKUP_H

#include "engine/map/emitter.h"

enum value_op {
    VALUE_ONE,     /* sums, each value 1 */
    VALUE_SUM,     /* sums of given values */
    VALUE_COMBINE, /* the caller's combine, */
    VALUE_APART,   /* with values that lie apart from the table */
};

/* Pairs with values. */
int combiner_lookup_values(struct mr_emitter *emitter, const unsigned char *base,
                           const struct mr_span *spans, size_t count, const void *values);
/* Pairs of value 1, a key at a time. */
int combiner_lookup_units(struct mr_emitter *emitter, const unsigned char *base,
                          const struct mr_span *spans, size_t count);
/* The same with the loops of combiner_avx512.h, which are there. Some pairs are still on their way
 * afterwards. */
int combiner_lookup_avx512(struct mr_emitter *emitter, const unsigned char *base,
                           const struct mr_span *spans, size_t count);
/* Pairs of value 1 where W1 and W2 keys are bypassed. */
int combiner_lookup_bypassed(struct mr_emitter *emitter, const unsigned char *base,
                             const struct mr_span *spans, size_t count);
/* A key of 32 bytes or more. */
int combiner_lookup_long(struct mr_emitter *emitter, const unsigned char *key, size_t size,
                         const void *value, enum value_op op);
/* Brings the pairs that are still on their way to the table. */
int combiner_lookup_end(struct mr_emitter *emitter);

#endif
