/* SPDX-License-Identifier: MIT
 *
 * ranges - the final order cut into ranges, and which of them a result belongs to.
 *
 * Every result is looked up here, so the search is narrowed first: by a table of the small ranks, which
 * most keys have, to the cuts of that rank, and among these by equal cells of the keys' leading words.
 * What is left to compare is a cut or two.
 */
#ifndef ENGINE_RANGES_H
#define ENGINE_RANGES_H

#include "engine/pool.h"
#include "engine/sort.h"

#define RANGES_RANKS 64u /* ranks below this one are looked up */
#define RANGES_CELLS_BITS 10u

/* A place in the order; `key` is followed by POOL_PAD readable bytes and owned by the cut. */
struct cut {
    uint64_t rank_word;
    uint64_t key_word;
    unsigned char *key;
    size_t size;
};

/* The cuts of one rank: `first` to `last` - 1. */
struct cuts_of_rank {
    uint32_t first, last;
    unsigned shift;
    uint64_t least;  /* leading word of the first cut's key */
    uint16_t *cells; /* number of the first cut in each cell, and the end; NULL for few cuts */
};

struct ranges {
    const struct sort_order *order;
    struct cut *cuts; /* cut i is where range i + 1 begins */
    size_t count;     /* of ranges: one more than cuts */
    struct cuts_of_rank ranks[RANGES_RANKS];
};

/* Makes a cut at a result record. Returns 0, or -1 when memory is out. */
int cut_open(struct cut *cut, const struct sort_order *order, const unsigned char *record);
void cut_close(struct cut *cut);

/* Whether a result lies before a cut (negative), at it (0) or behind it. */
static inline int
cut_compare(const struct cut *cut, const struct sort_order *order, uint64_t rank_word,
            uint64_t key_word, const unsigned char *key, size_t size)
{
    if (rank_word != cut->rank_word)
        return rank_word < cut->rank_word ? -1 : 1;
    if (key_word != cut->key_word)
        return key_word < cut->key_word ? -1 : 1;
    return sort_compare_keys(order, key, size, cut->key, cut->size);
}

/* Cuts the order into `count` ranges, at most 65535, that hold equal parts of the sorted `items`.
 * `order` must live as long. Returns 0, or -1 when memory is out; ranges_close is due in any case. */
int ranges_open(struct ranges *ranges, const struct sort_order *order,
                const struct sort_item *items, size_t item_count, size_t count);
void ranges_close(struct ranges *ranges);

/* The range a result belongs to. */
size_t ranges_find(const struct ranges *ranges, uint64_t rank, const unsigned char *key,
                   size_t size);

#endif
