/* SPDX-License-Identifier: MIT
 *
 * sort - distribution by the leading word of rank or key, again and again until places are single.
 *
 * Items are compared by one 64-bit word at a time: the rank, then eight bytes of the key after another.
 * Sorting by a word is a counting sort over its span in the items at hand, which spreads them so thin
 * that insertion ends the work; keys that share a word go on at the first byte in which they differ.
 */
#include "engine/sort.h"

#include <stdlib.h>

/* Up to this many items insertion is fastest. */
#define FEW 20
/* Places of one distribution at the most: their counts fill a quarter of the first-level cache. */
#define MOST_PLACES_BITS 11

static void
insert_by_word(struct sort_item *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct sort_item item = items[i];
        size_t j = i;
        for (; j > 0 && items[j - 1].key > item.key; j--)
            items[j] = items[j - 1];
        items[j] = item;
    }
}

/* Sorts by item.key alone. */
static void
sort_by_word(struct sort_item *items, struct sort_item *spare, size_t count)
{
    if (count <= FEW) {
        insert_by_word(items, count);
        return;
    }
    uint64_t least = UINT64_MAX, most = 0;
    for (size_t i = 0; i < count; i++) {
        least = items[i].key < least ? items[i].key : least;
        most = items[i].key > most ? items[i].key : most;
    }
    if (least == most)
        return;
    unsigned bits = 3;
    while (bits < MOST_PLACES_BITS && ((size_t)4 << bits) < count)
        bits++;
    unsigned span = 64 - (unsigned)__builtin_clzll(most - least);
    unsigned shift = span > bits ? span - bits : 0;

    uint32_t starts[((size_t)1 << MOST_PLACES_BITS) + 1];
    size_t places = (size_t)((most - least) >> shift) + 1;
    for (size_t place = 0; place <= places; place++)
        starts[place] = 0;
    for (size_t i = 0; i < count; i++)
        starts[((items[i].key - least) >> shift) + 1]++;
    for (size_t place = 1; place <= places; place++)
        starts[place] += starts[place - 1];
    for (size_t i = 0; i < count; i++)
        spare[starts[(items[i].key - least) >> shift]++] = items[i];
    for (size_t i = 0; i < count; i++)
        items[i] = spare[i];
    if (shift == 0)
        return;
    /* starts[p] is now where place p ends. */
    size_t start = 0;
    for (size_t place = 0; place < places; place++) {
        size_t end = starts[place];
        if (end - start > 1)
            sort_by_word(items + start, spare, end - start);
        start = end;
    }
}

int
sort_compare_keys(const struct sort_order *order, const unsigned char *a, size_t a_size,
                  const unsigned char *b, size_t b_size)
{
    int result = memcmp(a, b, a_size < b_size ? a_size : b_size);
    if (result == 0)
        result = a_size < b_size ? -1 : a_size > b_size;
    return order->reverse ? -result : result;
}

static const unsigned char *
item_key(const struct sort_item *item, size_t *size)
{
    struct record record;
    record_get(item->record, RECORD_SUM, 0, &record);
    *size = record.size;
    return record.key;
}

static int
compare_items(const struct sort_order *order, const struct sort_item *a, const struct sort_item *b)
{
    size_t a_size, b_size;
    const unsigned char *a_key = item_key(a, &a_size), *b_key = item_key(b, &b_size);
    return sort_compare_keys(order, a_key, a_size, b_key, b_size);
}

static void
insert_by_key(const struct sort_order *order, struct sort_item *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct sort_item item = items[i];
        size_t j = i;
        for (; j > 0 && compare_items(order, &items[j - 1], &item) > 0; j--)
            items[j] = items[j - 1];
        items[j] = item;
    }
}

static void
merge_by_key(const struct sort_order *order, struct sort_item *items, struct sort_item *spare,
             size_t count)
{
    if (count <= FEW) {
        insert_by_key(order, items, count);
        return;
    }
    size_t half = count / 2;
    merge_by_key(order, items, spare, half);
    merge_by_key(order, items + half, spare, count - half);
    memcpy(spare, items, half * sizeof *items);
    size_t left = 0, right = half, at = 0;
    while (left < half && right < count)
        items[at++] = compare_items(order, &spare[left], &items[right]) <= 0 ? spare[left++]
                                                                            : items[right++];
    memcpy(items + at, spare + left, (half - left) * sizeof *items);
}

/* How many bytes from the start all keys share, when they share `depth` at least. */
static size_t
common_prefix(const struct sort_item *items, size_t count, size_t depth)
{
    size_t common;
    const unsigned char *first = item_key(&items[0], &common);
    for (size_t i = 1; i < count && common > depth; i++) {
        size_t size;
        const unsigned char *key = item_key(&items[i], &size);
        if (size < common)
            common = size;
        size_t at = depth;
        while (at < common && key[at] == first[at])
            at++;
        common = at;
    }
    return common;
}

/* Sorts by the keys from `depth` on, which is where they may begin to differ. */
static void
sort_by_key(const struct sort_order *order, struct sort_item *items, struct sort_item *spare,
            size_t count, size_t depth)
{
    for (size_t i = 0; i < count; i++) {
        size_t size;
        const unsigned char *key = item_key(&items[i], &size);
        items[i].key = sort_key_word(order, key, size, depth);
    }
    sort_by_word(items, spare, count);
    for (size_t start = 0, end; start < count; start = end) {
        for (end = start + 1; end < count && items[end].key == items[start].key;)
            end++;
        if (end - start == 1)
            continue;
        if (end - start <= FEW) {
            insert_by_key(order, items + start, end - start);
            continue;
        }
        size_t common = common_prefix(items + start, end - start, depth);
        /* A key that ends within this word looks like one with zeros there: compare in full. */
        if (common < depth + 8)
            merge_by_key(order, items + start, spare, end - start);
        else
            sort_by_key(order, items + start, spare, end - start, common);
    }
}

void
sort_items(const struct sort_order *order, struct sort_item *items, struct sort_item *spare,
           size_t count)
{
    if (!order->ranked) {
        sort_by_key(order, items, spare, count, 0);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct record record;
        record_get(items[i].record, RECORD_SUM, 0, &record);
        items[i].key = sort_rank_word(order, record.number);
    }
    sort_by_word(items, spare, count);
    for (size_t start = 0, end; start < count; start = end) {
        for (end = start + 1; end < count && items[end].key == items[start].key;)
            end++;
        if (end - start > 1)
            sort_by_key(order, items + start, spare, end - start, 0);
    }
}
