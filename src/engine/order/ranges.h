/* SPDX-License-Identifier: MIT
 *
 * ranges - the final order cut into ranges, and which of them a result belongs to.
 *
 * Every result is looked up here. Rank and leading bytes of a key are packed into one word, its
 * code, whose order is the final one or coarser, and the codes of the cuts are searched (search.h).
 * Only a result whose code is that of a cut is compared with it in full.
 *
 * Keys may be longer than memory, cuts are not: a cut holds the beginning of a key, and lies before
 * all keys that begin so. Where all keys begin alike it holds what follows, and where they are one
 * key the beginning of a payload.
 */
#ifndef ENGINE_RANGES_H
#define ENGINE_RANGES_H

#include "engine/core/pool.h"
#include "engine/order/search.h"
#include "engine/order/sort.h"

/* Results looked up together, at most. */
#define RANGES_BATCH 32
/* Ranges at the most. */
#define RANGES_MOST (SEARCH_MOST + 1)
/* Bytes of a key in a cut at the most. */
#define RANGES_KEY 256u

/* A place in the order; `key` is followed by POOL_PAD readable bytes and owned by the cut. One of
 * RANGES_KEY bytes stands for all keys that begin so. */
struct ranges_cut {
    uint64_t code;
    uint64_t rank_word;
    unsigned char *key;
    size_t size;
};

/* What keys begin with, those of other ranks aside; `known` bytes of it every key has in any case.
 * Cuts hold what follows; or, where it is a whole key, what the `payloads` begin with. */
struct ranges_prefix {
    const unsigned char *key; /* the bytes, of which those behind `known` are looked at */
    size_t known;
    size_t size;
    uint64_t rank;
    bool payloads;
};

struct ranges {
    const struct sort_order *order;
    struct ranges_prefix prefix; /* of size 0, and not of payloads: there is none */
    struct ranges_cut *cuts;     /* cut i is where range i + 1 begins */
    size_t count;                /* of ranges: one more than cuts */
    struct search *codes;        /* of the cuts */
    search_count *search;
};

/* Makes a cut at a result record. Returns 0, or -1 when memory is out. */
int ranges_cut_open(struct ranges_cut *cut, const struct sort_order *order,
                    const unsigned char *record);
void ranges_cut_close(struct ranges_cut *cut);

/* Whether a result lies before a cut (negative), at it (0) or behind it; at it lies every one that
 * it stands for. */
int ranges_cut_compare(const struct ranges_cut *cut, const struct sort_order *order,
                       const struct record *result);

/* Cuts the order into `count` ranges that hold equal parts of the sorted records, of which no more
 * than RANGES_KEY bytes of the keys matter. Where there is a prefix, which may be NULL, the records
 * have as keys what cuts hold then. `order` must live as long, the prefix's bytes as long as ranges
 * are found. Returns 0, or -1 when memory is out; ranges_close is due in any case. */
int ranges_open(struct ranges *ranges, const struct sort_order *order,
                const unsigned char *const *records, size_t record_count, size_t count,
                const struct ranges_prefix *prefix);
/* No ranges are found any more. */
void ranges_forget_prefix(struct ranges *ranges);
void ranges_close(struct ranges *ranges);

/* How many bytes at the beginnings of the keys in a range are known to be the same, the ranks being
 * so: what the keys of its two cuts share. 0 where nothing is known. */
size_t ranges_shared(const struct ranges *ranges, size_t number);

/* The ranges that results, RANGES_BATCH at most, belong to. */
void ranges_find(const struct ranges *ranges, const struct record *results, size_t count,
                 uint32_t *found);

#endif
