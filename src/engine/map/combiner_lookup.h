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
    VALUE_ADD,     /* values of two words that are mostly added */
    VALUE_WORDS,   /* the caller's combine, of values of a few whole words, */
    VALUE_COMBINE, /* of others that lie in the slots, */
    VALUE_APART,   /* and of those that lie apart from the table */
    VALUE_FIRST,   /* places, perhaps with counts: of combiner_lookup_long only */
};

/* Pairs with values. */
int combiner_lookup_values(struct mr_emitter *emitter, const unsigned char *base,
                           const struct mr_span *spans, size_t count, const void *values);
/* Pairs of value 1, a key at a time. */
int combiner_lookup_units(struct mr_emitter *emitter, const unsigned char *base,
                          const struct mr_span *spans, size_t count);
/* Both with the loops of combiner_avx512.h, which are there: pairs of value 1, `values` being NULL,
 * or with values of VALUE_ADD. Some pairs are still on their way afterwards. */
int combiner_lookup_avx512(struct mr_emitter *emitter, const unsigned char *base,
                           const struct mr_span *spans, size_t count, const void *values);
/* Pairs of which W1 and W2 keys are bypassed: of value 1, and with values. */
int combiner_lookup_bypassed_units(struct mr_emitter *emitter, const unsigned char *base,
                                   const struct mr_span *spans, size_t count);
int combiner_lookup_bypassed_values(struct mr_emitter *emitter, const unsigned char *base,
                                    const struct mr_span *spans, size_t count, const void *values);
/* A key of 32 bytes or more. */
int combiner_lookup_long(struct mr_emitter *emitter, const unsigned char *key, size_t size,
                         const void *value, enum value_op op);
/* How values of the job are combined. */
enum value_op combiner_lookup_op(const struct mr_emitter *emitter);
/* Brings the pairs that are still on their way to the table. */
int combiner_lookup_end(struct mr_emitter *emitter);

#endif
