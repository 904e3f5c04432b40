/* SPDX-License-Identifier: MIT
 *
 * sort - distribution by the leading word of rank or key, again and again until places are single.
 *
 * Items are compared by one 64-bit word at a time: the rank, then eight bytes of the key after
 * another. Sorting by a word is a counting sort by its highest bits that are not the same in all
 * items. Text leaves most bits of a byte alone: of small letters five vary, and gathering those
 * spreads the items so thin that insertion ends the work. Keys that share a word go on at the first
 * byte in which they differ.
 */
#include "engine/sort.h"

#include <stdlib.h>

/* Up to this many items insertion is fastest. */
#define FEW 20
/* Places of one distribution at the most: their counts fill a sixth of the first-level cache. */
#define MOST_PLACES_BITS 13
/* Runs of bits that a digit is made of at the most: two bytes of letters,
 * and what else there is. */
#define PIECES 3

/* The place of a word: runs of its bits side by side, the order of words kept. Each run is moved
 * down and masked where it then lies; a piece not used is 0. */
struct digit {
    struct piece {
        unsigned down;
        uint64_t mask;
    } pieces[PIECES];
    unsigned bits;
};

static inline size_t digit_of(struct digit digit, uint64_t word)
{
    _Static_assert(PIECES == 3, "each is named here, so that all stay in registers");
    const struct piece *piece = digit.pieces;
    return (size_t)((word >> piece[0].down & piece[0].mask) |
                    (word >> piece[1].down & piece[1].mask) |
                    (word >> piece[2].down & piece[2].mask));
}

/* Takes the highest bits of *varying, some `wanted` of them, for a digit. */
static void digit_take(struct digit *digit, uint64_t *varying, unsigned wanted)
{
    unsigned taken[PIECES] = {0};
    size_t count = 0;
    *digit = (struct digit){0};
    for (; count < PIECES && *varying != 0 && digit->bits < wanted; count++) {
        unsigned above = (unsigned)__builtin_clzll(*varying), top = 64 - above;
        uint64_t below = ~(*varying << above);
        unsigned run = below == 0 ? MOST_PLACES_BITS : (unsigned)__builtin_clzll(below);
        if (run > wanted - digit->bits)
            run = wanted - digit->bits;
        struct piece *piece = &digit->pieces[count];
        piece->down = top - run;
        piece->mask = (UINT64_C(1) << run) - 1;
        *varying &= ~(piece->mask << piece->down);
        taken[count] = run;
        digit->bits += run;
    }
    for (unsigned up = 0; count > 0; up += taken[count]) {
        struct piece *piece = &digit->pieces[--count];
        piece->down -= up;
        piece->mask <<= up;
    }
}

/* Sorts the items of `from`, few, into `to`, which may be the same. */
static void insert_by_word(struct sort_item *to, const struct sort_item *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sort_item item = from[i];
        size_t j = i;
        for (; j > 0 && to[j - 1].key > item.key; j--)
            to[j] = to[j - 1];
        to[j] = item;
    }
}

/* Sorts by item.key alone. */
static void sort_by_word(struct sort_item *items, const struct sort_space *space, size_t count)
{
    if (count <= FEW) {
        insert_by_word(items, items, count);
        return;
    }
    uint64_t varying = 0;
    for (size_t i = 1; i < count; i++)
        varying |= items[i].key ^ items[0].key;
    if (varying == 0)
        return;
    unsigned bits = 3;
    while (bits < MOST_PLACES_BITS && ((size_t)4 << bits) < count)
        bits++;
    struct digit digit;
    digit_take(&digit, &varying, bits);

    uint32_t starts[((size_t)1 << MOST_PLACES_BITS) + 1];
    struct sort_item *spare = space->items;
    uint16_t *place_of = space->places;
    const size_t places = (size_t)1 << digit.bits;
    memset(starts, 0, (places + 1) * sizeof *starts);
    for (size_t i = 0; i < count; i++) {
        size_t place = digit_of(digit, items[i].key);
        place_of[i] = (uint16_t)place;
        starts[place + 1]++;
    }
    for (size_t place = 1; place <= places; place++)
        starts[place] += starts[place - 1];
    for (size_t i = 0; i < count; i++)
        spare[starts[place_of[i]]++] = items[i];
    /* starts[p] is now where place p ends. */
    size_t start = 0;
    for (size_t place = 0; place < places; place++) {
        const size_t end = starts[place], size = end - start;
        if (varying != 0 && size > 1 && size <= FEW) {
            insert_by_word(items + start, spare + start, size);
        } else {
            for (size_t i = start; i < end; i++)
                items[i] = spare[i];
            if (varying != 0 && size > FEW) {
                const struct sort_space rest = {spare + start, place_of};
                sort_by_word(items + start, &rest, size);
            }
        }
        start = end;
    }
}

int sort_compare_keys(const struct sort_order *order, const unsigned char *a, size_t a_size,
                      const unsigned char *b, size_t b_size)
{
    int result = memcmp(a, b, a_size < b_size ? a_size : b_size);
    if (result == 0)
        result = a_size < b_size ? -1 : a_size > b_size;
    return order->reverse ? -result : result;
}

static int compare_items(const struct sort_order *order, const struct sort_item *a,
                         const struct sort_item *b)
{
    size_t a_size, b_size;
    const unsigned char *a_key = record_key(a->record, &a_size);
    const unsigned char *b_key = record_key(b->record, &b_size);
    return sort_compare_keys(order, a_key, a_size, b_key, b_size);
}

static void insert_by_key(const struct sort_order *order, struct sort_item *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct sort_item item = items[i];
        size_t j = i;
        for (; j > 0 && compare_items(order, &items[j - 1], &item) > 0; j--)
            items[j] = items[j - 1];
        items[j] = item;
    }
}

static void merge_by_key(const struct sort_order *order, struct sort_item *items,
                         struct sort_item *spare, size_t count)
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

/* Sets the items' words to those of their keys from `depth` on. */
static void take_key_words(const struct sort_order *order, struct sort_item *items, size_t count,
                           size_t depth)
{
    for (size_t i = 0; i < count; i++) {
        size_t size;
        const unsigned char *key = record_key(items[i].record, &size);
        items[i].key = sort_key_word(order, key, size, depth);
    }
}

/* How many bytes from the start all keys share, when they share `depth` at least. */
static size_t common_prefix(const struct sort_item *items, size_t count, size_t depth)
{
    size_t common;
    const unsigned char *first = record_key(items[0].record, &common);
    for (size_t i = 1; i < count && common > depth; i++) {
        size_t size;
        const unsigned char *key = record_key(items[i].record, &size);
        if (size < common)
            common = size;
        size_t at = depth;
        while (at < common && key[at] == first[at])
            at++;
        common = at;
    }
    return common;
}

/* Sorts items whose words are those of their keys from `depth` on, before which the keys agree. */
static void sort_by_key(const struct sort_order *order, struct sort_item *items,
                        const struct sort_space *space, size_t count, size_t depth)
{
    sort_by_word(items, space, count);
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
        if (common < depth + 8) {
            merge_by_key(order, items + start, space->items, end - start);
            continue;
        }
        take_key_words(order, items + start, end - start, common);
        sort_by_key(order, items + start, space, end - start, common);
    }
}

size_t sort_list(const struct sort_order *order, const struct chunk *chunks,
                 struct sort_item *items, bool *one_rank)
{
    size_t count = 0;
    uint64_t first_rank = 0;
    *one_rank = true;
    for (const struct chunk *chunk = chunks; chunk; chunk = chunk->next) {
        const unsigned char *at = chunk->data, *end = at + chunk->used;
        if (chunk->next) {
            __builtin_prefetch(chunk->next);
            __builtin_prefetch(chunk->next->data + 64);
        }
        while (at < end) {
            struct record record;
            items[count].record = at;
            at = record_get(at, RECORD_RESULT, 0, &record);
            items[count].key = sort_key_word(order, record.key, record.size, 0);
            if (count++ == 0)
                first_rank = record.number;
            *one_rank &= record.number == first_rank;
        }
    }
    return count;
}

void sort_items(const struct sort_order *order, struct sort_item *items,
                const struct sort_space *space, size_t count, bool one_rank)
{
    if (!order->ranked || one_rank) {
        sort_by_key(order, items, space, count, 0);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct record record;
        record_get(items[i].record, RECORD_SUM, 0, &record);
        items[i].key = sort_rank_word(order, record.number);
    }
    sort_by_word(items, space, count);
    for (size_t start = 0, end; start < count; start = end) {
        for (end = start + 1; end < count && items[end].key == items[start].key;)
            end++;
        if (end - start > 1) {
            take_key_words(order, items + start, end - start, 0);
            sort_by_key(order, items + start, space, end - start, 0);
        }
    }
}
