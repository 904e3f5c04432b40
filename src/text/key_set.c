/* SPDX-License-Identifier: MIT
 *
 * key_set - see key_set.h. A hash table with open addressing. While it is small it is at most half
 * full, which makes most probes of keys that it has not end at once; then three quarters.
 */
#include "text/key_set.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS ((size_t)16)
#define FIRST_ROOM ((size_t)256)
/* Slots that stay in a near cache. */
#define SMALL_SLOTS ((size_t)1 << 15)

/* A slot: where its key stands in the low bits, and the top of its hash above them. */
#define PLACE_BITS 40
#define PLACE_MASK ((UINT64_C(1) << PLACE_BITS) - 1)

/* The most bytes of a size before its key. */
#define SIZE_BYTES ((size_t)10)

void key_set_open(struct key_set *set, uint64_t limit)
{
    *set = (struct key_set){.limit = limit < PLACE_MASK ? limit : PLACE_MASK};
    hash_seed_draw(&set->seed);
}

void key_set_close(struct key_set *set)
{
    free(set->bytes);
    free(set->slots);
}

uint64_t key_set_memory(const struct key_set *set)
{
    return set->room + (set->slots ? (set->mask + 1) * sizeof *set->slots : 0);
}

static inline uint64_t key_hash(const struct key_set *set, const unsigned char *key, size_t size,
                                bool padded)
{
    uint64_t words[2] = {0, 0};

    if (size >= 16)
        return hash_bytes(&set->seed, key, size);
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
    return hash_2(&set->seed, words[0], words[1] ^ (uint64_t)size << 56);
}

/* The size of the key at *at, which moves behind it, to the key's bytes. */
static inline size_t read_size(const unsigned char **at)
{
    size_t size = *(*at)++;

    if (size >= 0x80) {
        size &= 0x7f;
        for (unsigned shift = 7;; shift += 7) {
            const unsigned char byte = *(*at)++;
            size |= (size_t)(byte & 0x7f) << shift;
            if (byte < 0x80)
                break;
        }
    }
    return size;
}

/* Writes a size; returns in how many bytes. */
static size_t write_size(unsigned char *to, size_t size)
{
    size_t count = 0;

    for (; size >= 0x80; size >>= 7)
        to[count++] = (unsigned char)(size | 0x80);
    to[count++] = (unsigned char)size;
    return count;
}

/* The slot that has the key, or the free one where it belongs. */
static inline uint64_t *find(const struct key_set *set, const unsigned char *key, size_t size,
                             uint64_t hash)
{
    for (size_t i = (size_t)hash & set->mask;; i = (i + 1) & set->mask) {
        uint64_t *slot = &set->slots[i];
        if (*slot == 0)
            return slot;
        if ((*slot ^ hash) >> PLACE_BITS != 0)
            continue;
        const unsigned char *at = set->bytes + (*slot & PLACE_MASK) - 1;
        if (read_size(&at) == size && memcmp(at, key, size) == 0)
            return slot;
    }
}

static uint64_t make_slot(size_t place, uint64_t hash)
{
    return (hash & ~PLACE_MASK) | (place + 1);
}

/* Leaves no more than `room` bytes for keys, which hold what there is. */
static void shrink(struct key_set *set, size_t room)
{
    unsigned char *bytes = room > 0 ? realloc(set->bytes, room) : NULL;

    if (!bytes)
        return;
    set->bytes = bytes;
    set->room = room;
}

/* Makes twice as many slots. The old ones go first, as all can be had from the keys. `needed` bytes
 * of the room for keys are in use. */
static enum key_set_status grow_slots(struct key_set *set, size_t needed)
{
    const size_t slots = set->slots ? 2 * (set->mask + 1) : FIRST_SLOTS;

    if (slots > set->limit / sizeof *set->slots)
        return KEY_SET_FULL;
    if (set->room > set->limit - slots * sizeof *set->slots)
        shrink(set, needed);
    if (set->room > set->limit - slots * sizeof *set->slots)
        return KEY_SET_FULL;
    free(set->slots);
    set->slots = calloc(slots, sizeof *set->slots);
    if (!set->slots)
        return KEY_SET_NO_MEMORY;
    set->mask = slots - 1;
    for (const unsigned char *at = set->bytes; at < set->bytes + set->used;) {
        const size_t place = (size_t)(at - set->bytes), size = read_size(&at);
        const uint64_t hash = key_hash(set, at, size, false);
        *find(set, at, size, hash) = make_slot(place, hash);
        at += size;
    }
    return KEY_SET_OK;
}

enum key_set_status key_set_room(struct key_set *set, size_t size, unsigned char **key)
{
    const uint64_t left = set->limit - (key_set_memory(set) - set->room);
    const size_t want = set->used + SIZE_BYTES + size;

    *key = NULL;
    if (size > SIZE_MAX / 4 || want > left)
        return KEY_SET_FULL;
    if (want > set->room) {
        size_t room = set->room + set->room / 2 + FIRST_ROOM;
        if (room > left)
            room = (size_t)left;
        if (room < want)
            room = want;
        unsigned char *bytes = realloc(set->bytes, room);
        if (!bytes)
            return KEY_SET_NO_MEMORY;
        set->bytes = bytes;
        set->room = room;
    }
    *key = set->bytes + set->used + SIZE_BYTES;
    return KEY_SET_OK;
}

enum key_set_status key_set_add(struct key_set *set, size_t size)
{
    const uint64_t hash = key_hash(set, set->bytes + set->used + SIZE_BYTES, size, false);
    const size_t slots = set->slots ? set->mask + 1 : 0;

    if (set->count >= (slots <= SMALL_SLOTS ? slots / 2 : slots / 4 * 3)) {
        enum key_set_status status = grow_slots(set, set->used + SIZE_BYTES + size);
        if (status != KEY_SET_OK)
            return status;
    }
    const unsigned char *key = set->bytes + set->used + SIZE_BYTES;
    uint64_t *slot = find(set, key, size, hash);
    if (*slot != 0)
        return KEY_SET_OK;
    *slot = make_slot(set->used, hash);
    set->used += write_size(set->bytes + set->used, size);
    memmove(set->bytes + set->used, key, size);
    set->used += size;
    set->count++;
    if (size > set->longest)
        set->longest = size;
    return KEY_SET_OK;
}

void key_set_trim(struct key_set *set)
{
    shrink(set, set->used);
}

bool key_set_has(const struct key_set *set, const unsigned char *key, size_t size, bool padded)
{
    return set->count > 0 && size <= set->longest &&
           *find(set, key, size, key_hash(set, key, size, padded)) != 0;
}
