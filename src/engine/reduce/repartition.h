/* SPDX-License-Identifier: MIT
 *
 * repartition - a partition too large to be reduced at once becomes many, by further bits of the
 * hash.
 */
#ifndef ENGINE_REPARTITION_H
#define ENGINE_REPARTITION_H

#include "engine/shuffle/partition_writer.h"
#include "engine/shuffle/spill_policy.h"

/* Parts of a partition, taken out one after the other; meanwhile they may be spilled. */
struct repartition {
    struct repartition *outer; /* the one whose part this is made of */
    struct worker *worker;
    struct partitions parts;
    struct spill_scope scope;
    struct partition_writer writer;
    unsigned bits;  /* in which the hashes of a part's keys agree */
    uint64_t whole; /* memory that all parts together take to reduce */
    size_t next;    /* part */
};

/* Hash bits that a partition cannot be repartitioned by any more. */
#define REPARTITION_NEVER 64u

/* Bytes of memory that reducing one partition may take. */
uint64_t repartition_share(const struct worker *worker);
/* Whether a partition whose keys agree in the first `bits` of their hash should be repartitioned
 * first. */
bool repartition_needed(const struct worker *worker, const struct stream *stream, unsigned bits);

/* Makes the parts of such a stream, which it takes, within *innermost, and puts itself in its
 * place. Returns -1 when the job fails. */
int repartition_push(struct repartition **innermost, struct worker *worker, struct stream *stream,
                     unsigned bits);
/* Takes the next part of the innermost, with the bits in which its keys agree. Where it has no more
 * it is freed, and its outer one is the innermost: until there is none (false). */
bool repartition_next(struct repartition **innermost, struct stream *part, unsigned *bits);
/* Frees all with what they hold. */
void repartition_drop(struct repartition **innermost);

#endif
