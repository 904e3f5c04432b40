/* SPDX-License-Identifier: MIT
 *
 * groups_packs - values of one key that a mapper meets, emitted together, for groups*.c.
 *
 * A mapper keeps some keys and what it meets of their values, and emits these as one value, a pack,
 * when there are enough: then a row costs the engine a small part of a pair. Keys that come too
 * rarely take each other's places, and where that is what most do, values pass by for a while.
 *
 * A pack is the byte GROUPS_PACK, how many values it holds, in a byte, and these, each with its
 * size in front of it. A value that is emitted alone is not packed, unless it begins with that byte
 * itself.
 */
#ifndef VALUES_GROUPS_PACKS_H
#define VALUES_GROUPS_PACKS_H

#include <stdbool.h>

#include "base/hash.h"
#include "engine/mapreduce.h"

#define GROUPS_PACK 255
#define GROUPS_PACK_MOST 255 /* values in a pack */

/* Of a mapper. */
struct groups_packs;

/* NULL when memory is out. */
struct groups_packs *groups_packs_open(void);
/* NULL is allowed. What has not been flushed is lost. */
void groups_packs_close(struct groups_packs *packs);

/* Rows on their way to the engine. */
struct groups_pairs {
    const unsigned char *base;
    struct mr_span *keys; /* of it */
    struct mr_bytes *values;
    size_t count;
};

/* Takes rows whose keys are kept, and leaves the others, which the caller emits, in front of their
 * arrays. Packs that are full are emitted. Returns 0, ENOMEM, or -1 when the job has failed. */
int groups_packs_take(struct groups_packs *packs, const struct hash_seed *seed,
                      struct mr_emitter *emitter, struct groups_pairs *pairs);
/* Whether a pack has been emitted. */
bool groups_packs_made(const struct groups_packs *packs);
/* Emits what is still held. Returns -1 when the job has failed. */
int groups_packs_flush(struct groups_packs *packs, struct mr_emitter *emitter);

/* Whether a value of the engine is a pack. */
static inline bool groups_packs_is(const struct mr_bytes *value)
{
    return value->size > 0 && value->data[0] == GROUPS_PACK;
}

/* How many values it holds. */
static inline size_t groups_packs_count(const struct mr_bytes *value)
{
    return groups_packs_is(value) ? value->data[1] : 1;
}

/* Takes a pack apart into `values`, GROUPS_PACK_MOST at the most, which lie in it. Returns how many
 * they are. */
size_t groups_packs_open_one(const struct mr_bytes *pack, struct mr_bytes *values);

#endif
