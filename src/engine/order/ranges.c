/* SPDX-License-Identifier: MIT
 *
 * ranges - making cuts and finding ranges (see ranges.h).
 */
#include "engine/order/ranges.h"

#include <stdlib.h>

/* Ranks below this one have a code for each of their keys' leading bytes, 58 bits of them; the
 * others, which few keys have, have one a rank, or a few ranks side by side where these are large:
 * where the highest bit of a rank is, and the 52 bits below that. */
#define RANKS 63u
#define RANK_BITS 6
#define RANK_FRACTION 52

static uint64_t code_of_rank(uint64_t rank)
{
    const unsigned above = (unsigned)__builtin_clzll(rank);
    const uint64_t fraction = rank << above << 1 >> (64 - RANK_FRACTION);
    return (uint64_t)(63 - above) << RANK_FRACTION | fraction;
}

static uint64_t code_of(const struct sort_order *order, const struct record *result)
{
    const uint64_t most = UINT64_MAX >> RANK_BITS, rank = result->number;
    uint64_t high = RANKS, low;
    if (order->ranked && rank >= RANKS) {
        low = code_of_rank(rank);
        if (!order->reverse)
            return most - low;
        return high << (64 - RANK_BITS) | low;
    }
    const uint64_t word = sort_key_word(order, result->key, result->size, 0);
    if (!order->ranked)
        return word;
    low = word >> RANK_BITS;
    high = order->reverse ? rank : RANKS - rank;
    return high << (64 - RANK_BITS) | low;
}

int ranges_cut_open(struct ranges_cut *cut, const struct sort_order *order, const unsigned char *at)
{
    struct record record;
    record_get(at, RECORD_SUM, 0, &record);
    if (record.size > RANGES_KEY)
        record.size = RANGES_KEY;
    cut->key = calloc(1, record.size + POOL_PAD);
    if (!cut->key)
        return -1;
    memcpy(cut->key, record.key, record.size);
    cut->size = record.size;
    cut->rank_word = sort_rank_word(order, record.number);
    cut->code = code_of(order, &record);
    return 0;
}

void ranges_cut_close(struct ranges_cut *cut)
{
    free(cut->key);
    cut->key = NULL;
}

int ranges_cut_compare(const struct ranges_cut *cut, const struct sort_order *order,
                       const struct record *result)
{
    uint64_t code = code_of(order, result), rank_word = sort_rank_word(order, result->number);
    if (code != cut->code)
        return code < cut->code ? -1 : 1;
    if (rank_word != cut->rank_word)
        return rank_word < cut->rank_word ? -1 : 1;
    if (cut->size == RANGES_KEY && result->size >= RANGES_KEY)
        return sort_compare_keys(order, result->key, RANGES_KEY, cut->key, RANGES_KEY);
    return sort_compare_keys(order, result->key, result->size, cut->key, cut->size);
}

/* What a record weighs: its key and what sorting and writing it takes besides. */
static uint64_t weight(const unsigned char *at)
{
    struct record record;
    record_get(at, RECORD_SUM, 0, &record);
    return record.size + 16;
}

/* Cuts where equal parts of the records' bytes lie on both sides. */
static int open_cuts(struct ranges *ranges, const unsigned char *const *records,
                     size_t record_count)
{
    uint64_t all = 0, before = 0;
    for (size_t i = 0; i < record_count; i++)
        all += weight(records[i]);
    size_t record = 0;
    for (size_t i = 1; i < ranges->count; i++) {
        while (record + 1 < record_count && before < all / ranges->count * i)
            before += weight(records[record++]);
        if (ranges_cut_open(&ranges->cuts[i - 1], ranges->order, records[record]) != 0)
            return -1;
        ranges->codes->words[i - 1] = ranges->cuts[i - 1].code;
    }
    return 0;
}

int ranges_open(struct ranges *ranges, const struct sort_order *order,
                const unsigned char *const *records, size_t record_count, size_t count,
                const struct ranges_prefix *prefix)
{
    *ranges = (struct ranges){.order = order, .count = count, .search = search_select()};
    if (prefix)
        ranges->prefix = *prefix;
    ranges->cuts = calloc(count, sizeof *ranges->cuts);
    ranges->codes = aligned_alloc(alignof(struct search), sizeof *ranges->codes);
    if (!ranges->cuts || !ranges->codes || open_cuts(ranges, records, record_count) != 0)
        return -1;
    search_open(ranges->codes, count - 1);
    return 0;
}

void ranges_forget_prefix(struct ranges *ranges)
{
    ranges->prefix.key = NULL;
}

void ranges_close(struct ranges *ranges)
{
    for (size_t i = 0; ranges->cuts && i + 1 < ranges->count; i++)
        ranges_cut_close(&ranges->cuts[i]);
    free(ranges->cuts);
    free(ranges->codes);
    *ranges = (struct ranges){0};
}

size_t ranges_shared(const struct ranges *ranges, size_t number)
{
    if (number == 0 || number + 1 >= ranges->count)
        return 0;
    const struct ranges_cut *one = &ranges->cuts[number - 1], *other = &ranges->cuts[number];
    const size_t most = one->size < other->size ? one->size : other->size;
    size_t shared = 0;
    if (one->rank_word != other->rank_word)
        return 0;
    while (shared < most && one->key[shared] == other->key[shared])
        shared++;
    return ranges->prefix.size + (ranges->prefix.payloads ? 0 : shared);
}

/* The first of the cuts before `end`, all of one code from some place on, that
 * lies behind the result. */
static size_t find_among(const struct ranges *ranges, const struct record *result, uint64_t code,
                         size_t end)
{
    size_t first = end, span = 1;
    while (first > 0 && ranges->codes->words[first - 1] == code) {
        first = first > span ? first - span : 0;
        span *= 2;
    }
    /* Those before `first` have lower codes or are its equals; among the rest the order decides. */
    while (first < end) {
        size_t half = first + (end - first) / 2;
        if (ranges_cut_compare(&ranges->cuts[half], ranges->order, result) < 0)
            end = half;
        else
            first = half + 1;
    }
    return first;
}

static void find(const struct ranges *ranges, const struct record *results, size_t count,
                 uint32_t *found)
{
    const uint64_t *const codes = ranges->codes->words;
    const size_t cuts = ranges->count - 1;
    uint64_t code[RANGES_BATCH];
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        code[i] = code_of(ranges->order, &results[i]);
    ranges->search(ranges->codes, code, count, found);
    for (size_t i = 0; i < count; i++) {
        size_t end = found[i] < cuts ? found[i] : cuts;
        if (end > 0 && codes[end - 1] == code[i])
            end = find_among(ranges, &results[i], code[i], end);
        found[i] = (uint32_t)end;
    }
}

/* Whether a result lies before all that begin with the prefix, or have that key (negative), among
 * them (0) or behind them. */
static int compare_prefix(const struct ranges *ranges, const struct record *result)
{
    const struct ranges_prefix *prefix = &ranges->prefix;
    const uint64_t rank = sort_rank_word(ranges->order, result->number);
    const uint64_t other = sort_rank_word(ranges->order, prefix->rank);
    if (rank != other)
        return rank < other ? -1 : 1;
    const size_t left = prefix->size - prefix->known, size = result->size - prefix->known;
    return sort_compare_keys(ranges->order, result->key + prefix->known,
                             prefix->payloads || size < left ? size : left,
                             prefix->key + prefix->known, left);
}

void ranges_find(const struct ranges *ranges, const struct record *results, size_t count,
                 uint32_t *found)
{
    const size_t begin = ranges->prefix.size;
    const bool payloads = ranges->prefix.payloads;
    if (begin == 0 && !payloads) {
        find(ranges, results, count, found);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const int place = compare_prefix(ranges, &results[i]);
        struct record rest = results[i];
        found[i] = place < 0 ? 0 : (uint32_t)ranges->count - 1;
        if (place != 0)
            continue;
        rest.key = payloads ? rest.value : rest.key + begin;
        rest.size = payloads ? rest.value_size : rest.size - begin;
        find(ranges, &rest, 1, &found[i]);
    }
}
