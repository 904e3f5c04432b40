/* SPDX-License-Identifier: MIT
 *
 * distinct - see distinct.h.
 */
#include "values/distinct.h"

#include <stdlib.h>
#include <string.h>

/* The table begins with so many places: most keys have few texts. */
#define LEAST_SLOTS ((size_t)64)
/* Bytes of an ordinary block. */
#define BLOCK ((size_t)64 << 10)
/* A table is full where eight parts of its places less one are taken. */
#define FULL(slots) ((slots) - (slots) / 8)

struct distinct_slot {
    uint64_t hash;
    const unsigned char *data; /* NULL: nothing is held here */
    size_t size;
};

struct distinct_block {
    struct distinct_block *next;
    size_t used, size;
    unsigned char bytes[];
};

int distinct_open(struct distinct *distinct, const struct hash_seed *seed, size_t most)
{
    *distinct = (struct distinct){
        .seed = seed,
        .slots = calloc(LEAST_SLOTS, sizeof *distinct->slots),
        .slot_count = LEAST_SLOTS,
        .most = most,
    };
    return distinct->slots != NULL ? 0 : -1;
}

static void drop_blocks(struct distinct_block *block)
{
    while (block != NULL) {
        struct distinct_block *next = block->next;
        free(block);
        block = next;
    }
}

void distinct_close(struct distinct *distinct)
{
    drop_blocks(distinct->blocks);
    free(distinct->slots);
    *distinct = (struct distinct){.held = 0};
}

/* ---- The table ----------------------------------------------------------------------------- */

static uint64_t word_at(const unsigned char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return word;
}

/* No two texts of the same size and up to 16 bytes have the same two words. */
static inline uint64_t hash_of(const struct hash_seed *seed, const unsigned char *at, size_t size)
{
    uint64_t first = 0, last = 0;

    if (size > 16)
        return hash_bytes(seed, at, size);
    if (size >= 8) {
        first = word_at(at);
        last = word_at(at + size - 8);
    } else if (size >= 4) {
        uint32_t low, high;
        memcpy(&low, at, sizeof low);
        memcpy(&high, at + size - sizeof high, sizeof high);
        first = low | (uint64_t)high << 32;
    } else if (size > 0) {
        first = at[0] | (uint64_t)at[size / 2] << 8 | (uint64_t)at[size - 1] << 16;
    }
    return hash_4(seed, first, last, size, 0);
}

/* Where the text is held, or where it can be. */
static inline struct distinct_slot *find(const struct distinct *distinct, uint64_t hash,
                                         const unsigned char *data, size_t size)
{
    const size_t mask = distinct->slot_count - 1;
    size_t at = (size_t)hash & mask;

    for (;; at = (at + 1) & mask) {
        struct distinct_slot *slot = &distinct->slots[at];
        if (slot->data == NULL ||
            (slot->hash == hash && slot->size == size && memcmp(slot->data, data, size) == 0))
            return slot;
    }
}

static void put_back(struct distinct *distinct, const struct distinct_slot *held)
{
    const size_t mask = distinct->slot_count - 1;
    size_t at = (size_t)held->hash & mask;

    while (distinct->slots[at].data != NULL)
        at = (at + 1) & mask;
    distinct->slots[at] = *held;
    distinct->held++;
}

/* ---- Copies -------------------------------------------------------------------------------- */

/* Copies a text; NULL when memory is out. */
static const unsigned char *copy_text(struct distinct *distinct, const unsigned char *data,
                                      size_t size)
{
    struct distinct_block *block = distinct->blocks;

    if (block == NULL || block->size - block->used < size + 1) {
        const size_t room = size + 1 > BLOCK ? size + 1 : BLOCK;
        block = malloc(sizeof *block + room);
        if (block == NULL)
            return NULL;
        *block = (struct distinct_block){.next = distinct->blocks, .size = room};
        distinct->blocks = block;
        distinct->copied += room;
    }
    unsigned char *copy = block->bytes + block->used;
    memcpy(copy, data, size);
    block->used += size + 1; /* so that no empty one lies outside of the block */
    return copy;
}

/* Copies what is held into blocks of its own, without what is held no more. */
static int copy_again(struct distinct *distinct)
{
    struct distinct_block *old = distinct->blocks;

    distinct->blocks = NULL;
    distinct->copied = 0;
    for (size_t i = 0; i < distinct->slot_count; i++) {
        struct distinct_slot *slot = &distinct->slots[i];
        const unsigned char *copy;
        if (slot->data == NULL)
            continue;
        copy = copy_text(distinct, slot->data, slot->size);
        if (copy == NULL) {
            drop_blocks(old);
            return -1;
        }
        slot->data = copy;
    }
    drop_blocks(old);
    return 0;
}

/* ---- Growing and giving up ----------------------------------------------------------------- */

/* Moves what is held, but for hashes past `last`, into a table with so many places. */
static int move_all(struct distinct *distinct, size_t slot_count)
{
    struct distinct_slot *old = distinct->slots;
    const size_t old_count = distinct->slot_count;

    distinct->slots = calloc(slot_count, sizeof *distinct->slots);
    if (distinct->slots == NULL) {
        distinct->slots = old;
        return -1;
    }
    distinct->slot_count = slot_count;
    distinct->held = 0;
    for (size_t i = 0; i < old_count; i++)
        if (old[i].data != NULL && old[i].hash <= distinct->last)
            put_back(distinct, &old[i]);
    free(old);
    return 0;
}

static bool holds_too_much(const struct distinct *distinct)
{
    return distinct->held >= distinct->most ||
           (distinct->copied > DISTINCT_BYTES && distinct->held > 1);
}

/* Makes room for one more text: a larger table, or fewer texts. */
static int make_room(struct distinct *distinct)
{
    while (holds_too_much(distinct) && distinct->last > distinct->from) {
        distinct->last = distinct->from + (distinct->last - distinct->from) / 2;
        if (move_all(distinct, distinct->slot_count) != 0 ||
            (distinct->copies && copy_again(distinct) != 0))
            return -1;
    }
    if (distinct->held < FULL(distinct->slot_count))
        return 0;
    return move_all(distinct, 2 * distinct->slot_count);
}

/* ---- Passes -------------------------------------------------------------------------------- */

static void empty(struct distinct *distinct)
{
    if (distinct->held > 0)
        memset(distinct->slots, 0, distinct->slot_count * sizeof *distinct->slots);
    distinct->held = 0;
    drop_blocks(distinct->blocks);
    distinct->blocks = NULL;
    distinct->copied = 0;
}

void distinct_begin(struct distinct *distinct, bool copies)
{
    /* What is left of a large table is not to be cleared for each key with few texts. */
    empty(distinct);
    distinct->slot_count = LEAST_SLOTS;
    distinct->copies = copies;
    distinct->from = 0;
    distinct->last = UINT64_MAX;
    distinct->found = 0;
}

int distinct_add(struct distinct *distinct, const struct mr_bytes *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const unsigned char *data = texts[i].data;
        const size_t size = texts[i].size;
        const uint64_t hash = hash_of(distinct->seed, data, size);
        if (hash < distinct->from || hash > distinct->last)
            continue;
        struct distinct_slot *slot = find(distinct, hash, data, size);
        if (slot->data != NULL)
            continue;
        if (distinct->held >= FULL(distinct->slot_count) || holds_too_much(distinct)) {
            if (make_room(distinct) != 0)
                return -1;
            if (hash > distinct->last)
                continue;
            slot = find(distinct, hash, data, size);
        }
        if (distinct->copies)
            data = copy_text(distinct, data, size);
        if (data == NULL)
            return -1;
        *slot = (struct distinct_slot){hash, data, size};
        distinct->held++;
    }
    return 0;
}

bool distinct_wants_more(struct distinct *distinct)
{
    const uint64_t width = distinct->last - distinct->from;

    distinct->found += distinct->held;
    empty(distinct);
    if (distinct->last == UINT64_MAX)
        return false;
    distinct->from = distinct->last + 1;
    distinct->last = UINT64_MAX - distinct->from > width ? distinct->from + width : UINT64_MAX;
    return true;
}

uint64_t distinct_count(const struct distinct *distinct)
{
    return distinct->found;
}
