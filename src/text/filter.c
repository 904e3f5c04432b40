/* SPDX-License-Identifier: MIT
 *
 * filter - see filter.h. The list is kept as a hash set with open addressing, at most half full,
 * whose seed is drawn for each run: whoever writes the list and the text cannot make probes long.
 */
#include "text/filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "text/case_fold.h"
#include "base/utf8.h"

struct entry {
    uint64_t hash;
    size_t at; /* in bytes, plus one: 0 is a free slot */
    size_t size;
};

struct filter {
    uint64_t min, max;
    struct hash_seed seed;
    unsigned char *bytes; /* of the keys, one behind the other */
    struct entry *slots;
    size_t mask;
    size_t longest; /* key on the list */
    bool listing;
};

/* `padded` says that 16 bytes can be read at the key, whatever its size: that saves a copy. */
static inline uint64_t key_hash(const struct filter *filter, const unsigned char *key, size_t size,
                                bool padded)
{
    uint64_t words[2] = {0, 0};

    if (size >= 16)
        return hash_bytes(&filter->seed, key, size);
    if (!padded) {
        memcpy(words, key, size);
    } else {
        static const unsigned char mask[32] = {
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        };
        uint64_t masks[2];
        memcpy(words, key, 16);
        memcpy(masks, mask + 16 - size, 16);
        words[0] &= masks[0];
        words[1] &= masks[1];
    }
    return hash_2(&filter->seed, words[0], words[1] ^ (uint64_t)size << 56);
}

static struct entry *find(const struct filter *filter, const unsigned char *key, size_t size,
                          uint64_t hash)
{
    size_t i = (size_t)hash & filter->mask;

    for (;; i = (i + 1) & filter->mask) {
        struct entry *entry = &filter->slots[i];
        if (entry->at == 0 ||
            (entry->hash == hash && entry->size == size &&
             (size == 0 || memcmp(filter->bytes + entry->at - 1, key, size) == 0)))
            return entry;
    }
}

/* Whether the key has min to max code points. */
static bool fits(const struct filter *filter, const unsigned char *key, size_t size)
{
    uint64_t count = 0;
    uint32_t code;

    if (size < filter->min) /* no character has less than a byte */
        return false;
    if (filter->max == UINT64_MAX && filter->min <= 1)
        return true;
    if (size / 4 > filter->max)
        return false;
    for (size_t i = 0; i < size; count++) {
        size_t length = key[i] < 0x80 ? 1 : utf8_decode(key + i, size - i, &code);
        i += length > 0 ? length : 1;
    }
    return count >= filter->min && count <= filter->max;
}

/* Whether an entry ends at the byte. No word holds a line end of any system, also under an `end`
 * that is another: there it would make one entry, of no use, of all. */
static bool ends_entry(const struct filter_list *list, unsigned char c)
{
    return c == list->end || (list->words && (c == '\n' || c == '\r'));
}

static bool is_blank(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next entry of the list from *at on, which moves behind it. */
static const unsigned char *next_entry(const struct filter_list *list, size_t *at, size_t *size)
{
    const unsigned char *begin = list->bytes + *at, *stop = begin, *end = list->bytes + list->size;

    while (stop < end && !ends_entry(list, *stop))
        stop++;
    *at = (size_t)(stop - list->bytes) + 1;
    while (list->words && begin < stop && is_blank(*begin))
        begin++;
    while (list->words && begin < stop && is_blank(stop[-1]))
        stop--;
    *size = (size_t)(stop - begin);
    return begin;
}

static int read_list(struct filter *filter, const struct filter_list *list)
{
    static const unsigned char mark[] = {0xEF, 0xBB, 0xBF}; /* of UTF-8 */
    size_t lines = 1, slots = 16, used = 0, at = 0;

    for (size_t i = 0; i < list->size; i++)
        lines += ends_entry(list, list->bytes[i]);
    while (slots < 2 * lines)
        slots *= 2;
    if (list->case_fold && list->size > (SIZE_MAX - CASE_FOLD_SLACK) / CASE_FOLD_GROWTH)
        return -1;
    filter->bytes = malloc(list->case_fold ? CASE_FOLD_ROOM(list->size) : list->size + 1);
    filter->slots = calloc(slots, sizeof *filter->slots);
    if (!filter->bytes || !filter->slots)
        return -1;
    filter->mask = slots - 1;
    filter->listing = true;
    if (list->words && list->size >= sizeof mark && memcmp(list->bytes, mark, sizeof mark) == 0)
        at = sizeof mark;
    while (at < list->size) {
        size_t length;
        const unsigned char *line = next_entry(list, &at, &length);
        unsigned char *key = filter->bytes + used;
        if (list->case_fold)
            length = case_fold_bytes(line, length, key);
        else
            memcpy(key, line, length);
        uint64_t hash = key_hash(filter, key, length, false);
        struct entry *entry = find(filter, key, length, hash);
        if (entry->at != 0)
            continue;
        *entry = (struct entry){hash, used + 1, length};
        used += length;
        if (length > filter->longest)
            filter->longest = length;
    }
    return 0;
}

struct filter *filter_open(uint64_t min, uint64_t max, const struct filter_list *list)
{
    struct filter *filter = calloc(1, sizeof *filter);

    if (!filter)
        return NULL;
    filter->min = min;
    filter->max = max;
    hash_seed_draw(&filter->seed);
    if (list && read_list(filter, list) != 0) {
        filter_close(filter);
        return NULL;
    }
    return filter;
}

void filter_close(struct filter *filter)
{
    if (!filter)
        return;
    free(filter->bytes);
    free(filter->slots);
    free(filter);
}

static inline bool lets(const struct filter *filter, const unsigned char *key, size_t size,
                        bool padded)
{
    if (!fits(filter, key, size))
        return false;
    return !filter->listing || size > filter->longest ||
           find(filter, key, size, key_hash(filter, key, size, padded))->at == 0;
}

bool filter_lets(const struct filter *filter, const unsigned char *key, size_t size)
{
    return lets(filter, key, size, false);
}

size_t filter_pass(const struct filter *filter, const unsigned char *base,
                   const struct mr_span *spans, const uint64_t *values, size_t count,
                   struct mr_span *passed, uint64_t *passed_values)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        bool pass = lets(filter, base + spans[i].begin, spans[i].end - spans[i].begin, true);
        passed[n] = spans[i];
        if (values)
            passed_values[n] = values[i];
        n += pass; /* an unpredictable branch otherwise */
    }
    return n;
}
