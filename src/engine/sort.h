/* SPDX-License-Identifier: MIT
 *
 * sort - puts the result records of one range in order, in memory.
 */
#ifndef ENGINE_SORT_H
#define ENGINE_SORT_H

#include "engine/pool.h"
#include "engine/record.h"

/* The order: by rank where `ranked`, then by key; all of it turned round where `reverse`. */
struct sort_order {
    bool ranked;
    bool reverse;
};

/* A record being sorted. */
struct sort_item {
    uint64_t key;                /* what it is compared by at present */
    const unsigned char *record; /* of RECORD_RESULT */
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

/* Compares two keys as memcmp, a prefix first, turned round where the order is. */
int sort_compare_keys(const struct sort_order *order, const unsigned char *a, size_t a_size,
                      const unsigned char *b, size_t b_size);

/* Room to sort in: as many items again, and a number for each. */
struct sort_space {
    struct sort_item *items;
    uint16_t *places;
};

/* Bytes that `count` items and the room to sort them take. */
static inline size_t sort_bytes(size_t count)
{
    return count * (2 * sizeof(struct sort_item) + sizeof(uint16_t));
}

/* That room, behind the items. */
static inline struct sort_space sort_space_behind(struct sort_item *items, size_t count)
{
    return (struct sort_space){items + count, (void *)(items + 2 * count)};
}

/* Lists the records of `chunks`, with the words of their keys, and says whether all have one rank.
 * Returns how many there are. */
size_t sort_list(const struct sort_order *order, const struct chunk *chunks,
                 struct sort_item *items, bool *one_rank);

/* Sorts items that sort_list listed. */
void sort_items(const struct sort_order *order, struct sort_item *items,
                const struct sort_space *space, size_t count, bool one_rank);

#endif
