/* SPDX-License-Identifier: MIT
 *
 * sort - puts the result records of one range in order, in memory.
 */
#ifndef ENGINE_SORT_H
#define ENGINE_SORT_H

#include "engine/core/pool.h"
#include "engine/core/record.h"
#include "engine/order/sort64.h"

/* The order: by rank where `ranked`, then by key, then by payload as by key, and last of all by a
 * rank that did not matter; all of it reversed where `reverse` says so. */
struct sort_order {
    bool ranked;
    bool reverse;
    bool many_ranks; /* so that records are sorted by them first, with what there is room for of
                        their keys, and not each group of one rank by itself */
};

/* The word by which ranks are compared, ascending: the highest rank first unless reversed. */
static inline uint64_t sort_rank_word(const struct sort_order *order, uint64_t rank)
{
    return !order->ranked ? 0 : order->reverse ? rank : ~rank;
}

/* The word by which the eight bytes of a key from `depth` on are compared, ascending. Where the key
 * is shorter, zeros stand for the rest. Reads 8 bytes. */
static inline uint64_t sort_key_word(const struct sort_order *order, const unsigned char *key,
                                     size_t size, size_t depth)
{
    uint64_t flip = order->reverse ? UINT64_MAX : 0;
    if (depth >= size)
        return flip;
    uint64_t word = key_word(key + depth);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    size_t left = size - depth;
    if (left < 8)
        word &= ~(UINT64_MAX >> (8 * left));
    return word ^ flip;
}

/* Compares two keys as memcmp, a prefix first, reversed where the order is. */
int sort_compare_keys(const struct sort_order *order, const unsigned char *a, size_t a_size,
                      const unsigned char *b, size_t b_size);

/* Room to sort `count` records in. */
struct sort_space {
    const unsigned char **records; /* of RECORD_RESULT: as listed, then as sorted */
    const unsigned char **others;  /* room for as many */
    uint64_t *words, *spare;       /* and two words and a number for each */
    uint16_t *places;
    sort64_words *sort;
};

/* Bytes that takes. */
static inline size_t sort_bytes(size_t count)
{
    return count * (4 * sizeof(uint64_t) + sizeof(uint16_t));
}

/* Makes it in as many bytes of memory. */
struct sort_space sort_space_in(void *memory, size_t count);

/* What is known of records before they are sorted. */
struct sort_known {
    bool one_rank; /* all have the same rank, */
    size_t shared; /* and this many bytes at the beginnings of their keys */
};

/* Lists the records of `chunks`; returns how many there are. Where all have one rank, sets `known`
 * accordingly, keeping what is known already; else nothing is known. */
size_t sort_list(const struct sort_order *order, const struct chunk *chunks,
                 const struct sort_space *space, struct sort_known *known);

/* Sorts records that sort_list listed. */
void sort_records(const struct sort_order *order, const struct sort_space *space, size_t count,
                  const struct sort_known *known);

#endif
