/* SPDX-License-Identifier: MIT
 *
 * sort - by one word after another: the rank, then eight bytes of the key from where they differ.
 *
 * What a word has left when the bits that are the same everywhere are taken out goes, with the
 * record's number behind it, into one word again, so that sorting moves nothing but words. Records
 * that this leaves equal are few: they are compared in full, or sorted by their next word.
 */
#include "engine/order/sort.h"

/* Up to this many records insertion is fastest. */
#define FEW 20
/* In place of a depth: by rank. */
#define BY_RANK SIZE_MAX

struct sort_space sort_space_in(void *memory, size_t count)
{
    uint64_t *words = memory;
    return (struct sort_space){
        .words = words,
        .spare = words + count,
        .records = (void *)(words + 2 * count),
        .others = (void *)(words + 3 * count),
        .places = (void *)(words + 4 * count),
        .sort = sort64_select(),
    };
}

/* The room of the records from number `at` on. */
static struct sort_space space_from(const struct sort_space *space, size_t at)
{
    return (struct sort_space){
        .words = space->words + at,
        .spare = space->spare + at,
        .records = space->records + at,
        .others = space->others + at,
        .places = space->places + at,
        .sort = space->sort,
    };
}

/* ---- Comparing ----------------------------------------------------------------------- */

int sort_compare_keys(const struct sort_order *order, const unsigned char *a, size_t a_size,
                      const unsigned char *b, size_t b_size)
{
    int result = memcmp(a, b, a_size < b_size ? a_size : b_size);
    if (result == 0)
        result = a_size < b_size ? -1 : a_size > b_size;
    return order->reverse ? -result : result;
}

/* Compares records of one key by what else they have: so that the same results come in the same
 * way, whoever made them first. */
static __attribute__((noinline)) int compare_rest(const struct sort_order *order,
                                                  const unsigned char *a, const unsigned char *b)
{
    struct record one, other;
    record_get(a, RECORD_RESULT, 0, &one);
    record_get(b, RECORD_RESULT, 0, &other);
    const int result =
        sort_compare_keys(order, one.value, one.value_size, other.value, other.value_size);
    if (result != 0 || one.number == other.number)
        return result;
    return (one.number < other.number) != order->reverse ? -1 : 1;
}

/* Compares records whose ranks, where these matter, are equal. */
static int compare(const struct sort_order *order, const unsigned char *a, const unsigned char *b)
{
    size_t a_size, b_size;
    const unsigned char *a_key = record_key(a, &a_size), *b_key = record_key(b, &b_size);
    const int result = sort_compare_keys(order, a_key, a_size, b_key, b_size);
    return result != 0 ? result : compare_rest(order, a, b);
}

/* The word by which a record is compared at `depth`, the size of its key in *size. */
static inline uint64_t word_of(const struct sort_order *order, const unsigned char *at,
                               size_t depth, size_t *size)
{
    if (depth == BY_RANK) {
        struct record record;
        record_get(at, RECORD_SUM, 0, &record);
        *size = record.size;
        return sort_rank_word(order, record.number);
    }
    const unsigned char *key = record_key(at, size);
    return sort_key_word(order, key, *size, depth);
}

/* How many bytes from the start all keys share, when they share `depth` at least. */
static size_t common_prefix(const unsigned char *const *records, size_t count, size_t depth)
{
    size_t common;
    const unsigned char *first = record_key(records[0], &common);
    for (size_t i = 1; i < count && common > depth; i++) {
        size_t size;
        const unsigned char *key = record_key(records[i], &size);
        if (size < common)
            common = size;
        size_t at = depth;
        while (at < common && key[at] == first[at])
            at++;
        common = at;
    }
    return common;
}

/* ---- Few records --------------------------------------------------------------------- */

/* Sorts records, FEW at most, that are equal before `depth`. */
static void sort_few(const struct sort_order *order, const unsigned char **records, size_t count,
                     size_t depth)
{
    uint64_t words[FEW];
    for (size_t i = 0; i < count; i++) {
        const unsigned char *record = records[i];
        size_t size, j = i;
        const uint64_t word = word_of(order, record, depth, &size);
        for (; j > 0 && words[j - 1] >= word; j--) {
            if (words[j - 1] == word && compare(order, records[j - 1], record) <= 0)
                break;
            words[j] = words[j - 1];
            records[j] = records[j - 1];
        }
        words[j] = word;
        records[j] = record;
    }
}

/* Sorts records whose ranks are equal. */
static void merge_by_key(const struct sort_order *order, const unsigned char **records,
                         const unsigned char **spare, size_t count)
{
    if (count <= FEW) {
        sort_few(order, records, count, 0);
        return;
    }
    size_t half = count / 2;
    merge_by_key(order, records, spare, half);
    merge_by_key(order, records + half, spare, count - half);
    memcpy(spare, records, half * sizeof *records);
    size_t left = 0, right = half, at = 0;
    while (left < half && right < count)
        records[at++] =
            compare(order, spare[left], records[right]) <= 0 ? spare[left++] : records[right++];
    memcpy(records + at, spare + left, (half - left) * sizeof *records);
}

/* ---- Many records -------------------------------------------------------------------- */

/* The eight times seven lower bits of each byte, at the top. */
static inline uint64_t squeeze(uint64_t word)
{
    word = (word & UINT64_C(0x007f007f007f007f)) | (word & UINT64_C(0x7f007f007f007f00)) >> 1;
    word = (word & UINT64_C(0x00003fff00003fff)) | (word & UINT64_C(0x3fff00003fff0000)) >> 2;
    word = (word & UINT64_C(0x000000000fffffff)) | (word & UINT64_C(0x0fffffff00000000)) >> 4;
    return word << 8;
}

/* The bits in which words differ. */
static uint64_t varying_of(const uint64_t *words, size_t count)
{
    uint64_t varying = 0;
    for (size_t i = 1; i < count; i++)
        varying |= words[i] ^ words[0];
    return varying;
}

/* Whether bytes of seven bits are all that varies. */
static bool is_text(uint64_t varying)
{
    return (varying & UINT64_C(0x8080808080808080)) == 0;
}

/* Moves words up to the first bit that varies, squeezed where they are text, and *varying with
 * them. Returns by how many bits. */
static unsigned move_up(uint64_t *words, size_t count, uint64_t *varying, bool text)
{
    if (text)
        *varying = squeeze(*varying);
    const unsigned same = *varying != 0 ? (unsigned)__builtin_clzll(*varying) : 0;
    for (size_t i = 0; text && i < count; i++)
        words[i] = squeeze(words[i]) << same;
    for (size_t i = 0; !text && i < count; i++)
        words[i] <<= same;
    *varying <<= same;
    return same;
}

/* Fewer bits of a key are not worth the time. */
#define FEWEST_KEY_BITS 8

/* Puts the words of keys behind those of ranks, which have been moved up, as far as there is room
 * above the `low` lowest bits. */
static void add_keys(uint64_t *ranks, uint64_t varying, uint64_t *keys, size_t count, unsigned low)
{
    const unsigned bits = varying != 0 ? 64 - (unsigned)__builtin_ctzll(varying) : 0;
    if (bits + FEWEST_KEY_BITS + low > 64)
        return;
    uint64_t differing = varying_of(keys, count);
    (void)move_up(keys, count, &differing, is_text(differing));
    const uint64_t room = UINT64_MAX >> bits;
    for (size_t i = 0; i < count; i++)
        ranks[i] = (ranks[i] & ~room) | keys[i] >> bits;
}

/* Sorts records by their words, which belong to `depth`, and leaves words that are equal above
 * `*number_bits` where these words are as far as they were looked at. Returns the depth up to which
 * such records are equal. `keys`: words of keys, where the words are ranks, or NULL; changed. */
static size_t sort_by_words(const struct sort_space *space, size_t count, size_t depth,
                            uint64_t *keys, unsigned *number_bits)
{
    uint64_t *const words = space->words;
    const unsigned low = 64 - (unsigned)__builtin_clzll((uint64_t)count - 1);
    *number_bits = low;
    uint64_t varying = varying_of(words, count);
    const bool text = depth != BY_RANK && is_text(varying);
    const unsigned same = move_up(words, count, &varying, text);
    const uint64_t high = UINT64_MAX << low;
    if (keys)
        add_keys(words, varying, keys, count, low);
    for (size_t i = 0; i < count; i++)
        words[i] = (words[i] & high) | i;
    if (varying != 0 || keys) {
        space->sort(words, space->spare, space->places, count);
        for (size_t i = 0; i < count; i++)
            space->others[i] = space->records[words[i] & ~high];
        memcpy(space->records, space->others, count * sizeof *space->records);
    }
    const bool whole = (varying & ~high) == 0;
    if (depth == BY_RANK)
        return whole ? 0 : BY_RANK;
    return depth + (whole ? 8 : (same + 64 - low) / (text ? 7 : 8));
}

/* Takes the words of records that are equal before *depth, or from where they differ further on.
 * Returns false where a key ends before: it looks like one that goes on with zeros. */
static bool take_words(const struct sort_order *order, const struct sort_space *space, size_t count,
                       size_t *depth)
{
    for (;;) {
        size_t shortest = SIZE_MAX, size;
        uint64_t varying = 0;
        for (size_t i = 0; i < count; i++) {
            space->words[i] = word_of(order, space->records[i], *depth, &size);
            varying |= space->words[i] ^ space->words[0];
            shortest = size < shortest ? size : shortest;
        }
        if (*depth == BY_RANK)
            return true;
        if (shortest < *depth)
            return false;
        if (varying != 0)
            return true;
        const size_t common = common_prefix(space->records, count, *depth);
        if (common < *depth + sizeof(uint64_t))
            return false;
        *depth = common;
    }
}

/* Sorts records that are equal before `depth`; `taken`: their words are there, and where these are
 * ranks, words of their keys are in `spare`. */
static void sort_from(const struct sort_order *order, struct sort_space space, size_t count,
                      size_t depth, bool taken)
{
    while (count > 1) {
        if (!taken && count <= FEW) {
            sort_few(order, space.records, count, depth);
            return;
        }
        if (!taken && !take_words(order, &space, count, &depth)) {
            merge_by_key(order, space.records, space.others, count);
            return;
        }
        uint64_t *const keys = taken && depth == BY_RANK ? space.spare : NULL;
        unsigned low;
        depth = sort_by_words(&space, count, depth, keys, &low);
        /* The largest group of equals is left to the next round, so that the stack does not grow
         * with the words that keys share. */
        const uint64_t *const words = space.words;
        size_t largest = 0, most = 0;
        for (size_t start = 0, end; start + 1 < count; start = end) {
            end = start + 1;
            if ((words[start] ^ words[end]) >> low != 0)
                continue;
            do
                end++;
            while (end < count && (words[start] ^ words[end]) >> low == 0);
            size_t group = start, size = end - start;
            if (size > FEW && size > most) {
                group = largest;
                size = most;
                largest = start;
                most = end - start;
            }
            if (size > FEW)
                sort_from(order, space_from(&space, group), size, depth, false);
            else if (size > 1)
                sort_few(order, space.records + group, size, depth);
        }
        space = space_from(&space, largest);
        count = most;
        taken = false;
    }
}

/* ---- Ranges -------------------------------------------------------------------------- */

size_t sort_list(const struct sort_order *order, const struct chunk *chunks,
                 const struct sort_space *space, struct sort_known *known)
{
    size_t count = 0;
    uint64_t first_rank = 0;
    bool one_rank = true;
    for (const struct chunk *chunk = chunks; chunk; chunk = chunk->next) {
        const unsigned char *at = chunk->data, *end = at + chunk->used;
        if (chunk->next) {
            __builtin_prefetch(chunk->next);
            __builtin_prefetch(chunk->next->data + 64);
        }
        while (at < end) {
            struct record record;
            space->records[count] = at;
            at = record_get(at, RECORD_RESULT, 0, &record);
            const uint64_t word = sort_key_word(order, record.key, record.size, known->shared);
            space->words[count] = order->many_ranks ? sort_rank_word(order, record.number) : word;
            space->spare[count] = word;
            if (count++ == 0)
                first_rank = record.number;
            one_rank &= record.number == first_rank;
        }
    }
    known->one_rank = one_rank;
    return count;
}

void sort_records(const struct sort_order *order, const struct sort_space *space, size_t count,
                  const struct sort_known *known)
{
    const bool by_key = !order->many_ranks && (!order->ranked || known->one_rank);
    sort_from(order, *space, count, by_key ? known->shared : BY_RANK, by_key || order->many_ranks);
}
