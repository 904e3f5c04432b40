/* SPDX-License-Identifier: MIT
 *
 * ranges - making cuts and finding ranges (see ranges.h).
 */
#include "engine/ranges.h"

#include <stdlib.h>

/* Fewer cuts than this are searched as they are. */
#define WORTH_CELLS 8

int
cut_open(struct cut *cut, const struct sort_order *order, const unsigned char *at)
{
    struct record record;
    record_get(at, RECORD_SUM, 0, &record);
    cut->key = calloc(1, record.size + POOL_PAD);
    if (!cut->key)
        return -1;
    memcpy(cut->key, record.key, record.size);
    cut->size = record.size;
    cut->rank_word = sort_rank_word(order, record.number);
    cut->key_word = sort_key_word(order, cut->key, cut->size, 0);
    return 0;
}

void
cut_close(struct cut *cut)
{
    free(cut->key);
    cut->key = NULL;
}

/* The number of cuts before the first one with a rank word of at least `word`. */
static uint32_t
first_of_rank(const struct ranges *ranges, uint64_t word)
{
    size_t first = 0, count = ranges->count - 1;
    while (count > 0) {
        size_t half = count / 2;
        if (ranges->cuts[first + half].rank_word < word) {
            first += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return (uint32_t)first;
}

/* Divides the span of one rank's cuts into equal cells. */
static int
open_cells(struct ranges *ranges, struct cuts_of_rank *rank)
{
    const size_t cells = (size_t)1 << RANGES_CELLS_BITS;
    const struct cut *cuts = ranges->cuts;
    if (rank->last - rank->first < WORTH_CELLS)
        return 0;
    uint64_t span = cuts[rank->last - 1].key_word - cuts[rank->first].key_word;
    if (span < cells)
        return 0;
    rank->cells = malloc((cells + 2) * sizeof *rank->cells);
    if (!rank->cells)
        return -1;
    rank->least = cuts[rank->first].key_word;
    rank->shift = 64 - (unsigned)__builtin_clzll(span) - RANGES_CELLS_BITS;
    uint32_t cut = rank->first;
    for (size_t cell = 0; cell <= cells; cell++) {
        while (cut < rank->last && (cuts[cut].key_word - rank->least) >> rank->shift < cell)
            cut++;
        rank->cells[cell] = (uint16_t)cut;
    }
    rank->cells[cells + 1] = (uint16_t)rank->last;
    return 0;
}

/* What a record weighs: its key and what sorting and printing it takes besides. */
static uint64_t
weight(const struct sort_item *item)
{
    struct record record;
    record_get(item->record, RECORD_SUM, 0, &record);
    return record.size + 16;
}

/* Cuts where equal parts of the items' bytes lie on both sides. */
static int
open_cuts(struct ranges *ranges, const struct sort_item *items, size_t item_count)
{
    uint64_t all = 0, before = 0;
    for (size_t i = 0; i < item_count; i++)
        all += weight(&items[i]);
    size_t item = 0;
    for (size_t i = 1; i < ranges->count; i++) {
        while (item + 1 < item_count && before < all / ranges->count * i)
            before += weight(&items[item++]);
        if (cut_open(&ranges->cuts[i - 1], ranges->order, items[item].record) != 0)
            return -1;
    }
    return 0;
}

int
ranges_open(struct ranges *ranges, const struct sort_order *order, const struct sort_item *items,
            size_t item_count, size_t count)
{
    *ranges = (struct ranges){.order = order, .count = count};
    ranges->cuts = calloc(count, sizeof *ranges->cuts);
    if (!ranges->cuts)
        return -1;
    if (open_cuts(ranges, items, item_count) != 0)
        return -1;
    for (unsigned i = 0; i < RANGES_RANKS; i++) {
        struct cuts_of_rank *rank = &ranges->ranks[i];
        uint64_t word = sort_rank_word(order, i);
        rank->first = first_of_rank(ranges, word);
        rank->last = word == UINT64_MAX ? (uint32_t)(count - 1) : first_of_rank(ranges, word + 1);
        if (open_cells(ranges, rank) != 0)
            return -1;
    }
    return 0;
}

void
ranges_close(struct ranges *ranges)
{
    for (size_t i = 0; ranges->cuts && i + 1 < ranges->count; i++)
        cut_close(&ranges->cuts[i]);
    free(ranges->cuts);
    for (unsigned i = 0; i < RANGES_RANKS; i++)
        free(ranges->ranks[i].cells);
    *ranges = (struct ranges){0};
}

size_t
ranges_find(const struct ranges *ranges, uint64_t rank, const unsigned char *key, size_t size)
{
    uint64_t rank_word = sort_rank_word(ranges->order, rank);
    uint64_t key_word = sort_key_word(ranges->order, key, size, 0);
    size_t first = 0, last = ranges->count - 1;
    if (rank < RANGES_RANKS) {
        const struct cuts_of_rank *found = &ranges->ranks[rank];
        first = found->first;
        last = found->last;
        if (found->cells) {
            const size_t most = (size_t)1 << RANGES_CELLS_BITS;
            size_t cell = key_word < found->least
                              ? 0
                              : (size_t)((key_word - found->least) >> found->shift);
            cell = cell > most ? most : cell;
            /* A word below the first cell lies before all cuts, as any in it might. */
            last = found->cells[cell + 1];
            first = found->cells[cell];
        }
    }
    size_t count = last - first;
    while (count > 0) {
        size_t half = count / 2;
        if (cut_compare(&ranges->cuts[first + half], ranges->order, rank_word, key_word, key,
                        size) < 0) {
            count = half;
        } else {
            first += half + 1;
            count -= half + 1;
        }
    }
    return first;
}
