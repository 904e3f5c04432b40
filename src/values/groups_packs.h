/* SPDX-License-Identifier: MIT
 *
 * groups_packs - values of one key that a mapper meets, emitted together, for groups*.c.
 *
 * A mapper keeps some keys and what it meets of their values, and emits these as one value, a pack,
 * when there are enough: then a row costs the engine a small part of a pair. Keys that come too
 * rarely take each other's places, and where that is what most do, values pass by for a while.
 *
 * A pack is the byte GROUPS_PACK, how many values it holds, in a byte, and a byte that is the width
 * of these, or 0. Where it is a width, each value is that many bytes of its word (see
 * short_word.h), and after the last one as many follow as let a whole word be read there; else each
 * has its size in front of it. A value that is emitted alone is not packed, unless it begins with
 * that first byte itself.
 */
#ifndef VALUES_GROUPS_PACKS_H
#define VALUES_GROUPS_PACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "engine/mapreduce.h"
#include "values/short_word.h"

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
    size_t size;             /* of it */
    struct mr_span *keys;    /* of it */
    struct mr_bytes *values; /* each with SHORT_WORD_PAD bytes that can be read, or none */
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

/* Whether the values of a pack have a width. */
static inline bool groups_packs_has_width(const struct mr_bytes *pack)
{
    return pack->data[2] > 0;
}

/* The word of a value in a pack that has a width. */
uint64_t groups_packs_word(const struct mr_bytes *pack, size_t which);
/* Sets the words of the values in a pack, GROUPS_PACK_MOST at the most. Returns how many they are;
 * 0 where they have no width. */
size_t groups_packs_words(const struct mr_bytes *pack, uint64_t *words);
/* Takes any pack apart into `values`, GROUPS_PACK_MOST at the most, which lie in it. Returns how
 * many they are. */
size_t groups_packs_open_one(const struct mr_bytes *pack, struct mr_bytes *values);

#endif
