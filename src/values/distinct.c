/* SPDX-License-Identifier: MIT
 *
 * distinct - see distinct.h.
 */
#include "values/distinct.h"

#include <stdlib.h>
#include <string.h>

#include "values/short_word.h"

/* The tables begin with so many places: most keys have few texts. */
#define LEAST_SLOTS ((size_t)64)
#define LEAST_WORDS ((size_t)128)
/* Texts that are looked up together. */
#define BATCH 64
/* Bytes of an ordinary block. */
#define BLOCK ((size_t)64 << 10)
/* Places that are taken when a table is full. */
#define FULL(slots) ((slots) - (slots) / 4)
/* Bytes of the longest text that is in its slot. */
#define HELD_WHOLE 16

/* A text that is not short: its first and last eight bytes where these are all of it, else its hash
 * and the whole. */
struct distinct_slot {
    size_t size; /* 0: nothing is held here */
    uint64_t first;
    union {
        uint64_t last;
        const unsigned char *data;
    } rest;
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
        .words = calloc(LEAST_WORDS, sizeof *distinct->words),
        .word_count = LEAST_WORDS,
        .most = most,
    };
    return distinct->slots != NULL && distinct->words != NULL ? 0 : -1;
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
    free(distinct->words);
    *distinct = (struct distinct){.held = 0};
}

/* ---- Copies -------------------------------------------------------------------------------- */

/* Copies a text; NULL when memory is out. */
static const unsigned char *copy_text(struct distinct *distinct, const unsigned char *data,
                                      size_t size)
{
    struct distinct_block *block = distinct->blocks;

    if (block == NULL || block->size - block->used < size) {
        const size_t room = size > BLOCK ? size : BLOCK;
        block = malloc(sizeof *block + room);
        if (block == NULL)
            return NULL;
        *block = (struct distinct_block){.next = distinct->blocks, .size = room};
        distinct->blocks = block;
        distinct->copied += room;
    }
    unsigned char *copy = block->bytes + block->used;
    memcpy(copy, data, size);
    block->used += size;
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
        if (slot->size <= HELD_WHOLE)
            continue;
        copy = copy_text(distinct, slot->rest.data, slot->size);
        if (copy == NULL) {
            drop_blocks(old);
            return -1;
        }
        slot->rest.data = copy;
    }
    drop_blocks(old);
    return 0;
}

/* ---- The table of texts that are not short --------------------------------------------------- */

/* What holds a text, and its hash. */
static inline struct distinct_slot make_slot(const struct hash_seed *seed,
                                             const struct mr_bytes *text, uint64_t *hash)
{
    struct distinct_slot slot = {.size = text->size};

    if (text->size > HELD_WHOLE) {
        slot.first = *hash = hash_bytes(seed, text->data, text->size);
        slot.rest.data = text->data;
        return slot;
    }
    memcpy(&slot.first, text->data, sizeof slot.first);
    memcpy(&slot.rest.last, text->data + text->size - sizeof slot.rest.last, sizeof slot.rest.last);
    *hash = hash_4(seed, slot.first, slot.rest.last, slot.size, 0);
    return slot;
}

static inline uint64_t hash_of_slot(const struct hash_seed *seed, const struct distinct_slot *slot)
{
    return slot->size > HELD_WHOLE ? slot->first
                                   : hash_4(seed, slot->first, slot->rest.last, slot->size, 0);
}

static inline bool holds(const struct distinct_slot *slot, const struct distinct_slot *wanted)
{
    if (slot->size != wanted->size || slot->first != wanted->first)
        return false;
    return wanted->size > HELD_WHOLE ? memcmp(slot->rest.data, wanted->rest.data, wanted->size) == 0
                                     : slot->rest.last == wanted->rest.last;
}

/* Where the text is held, or where it can be. */
static inline struct distinct_slot *find(const struct distinct *distinct, uint64_t hash,
                                         const struct distinct_slot *wanted)
{
    const size_t mask = distinct->slot_count - 1;
    size_t at = (size_t)hash & mask;

    while (distinct->slots[at].size != 0 && !holds(&distinct->slots[at], wanted))
        at = (at + 1) & mask;
    return &distinct->slots[at];
}

/* Moves what is held, but for hashes past `last`, into a table with so many places. */
static int move_slots(struct distinct *distinct, size_t slot_count)
{
    struct distinct_slot *old = distinct->slots;
    const size_t old_count = distinct->slot_count, mask = slot_count - 1;

    distinct->slots = calloc(slot_count, sizeof *distinct->slots);
    if (distinct->slots == NULL) {
        distinct->slots = old;
        return -1;
    }
    distinct->slot_count = slot_count;
    distinct->held = 0;
    for (size_t i = 0; i < old_count; i++) {
        const uint64_t hash = old[i].size != 0 ? hash_of_slot(distinct->seed, &old[i]) : UINT64_MAX;
        size_t at = (size_t)hash & mask;
        if (old[i].size == 0 || hash > distinct->last)
            continue;
        while (distinct->slots[at].size != 0)
            at = (at + 1) & mask;
        distinct->slots[at] = old[i];
        distinct->held++;
    }
    free(old);
    return 0;
}

/* ---- The table of short texts ---------------------------------------------------------------- */

/* A place holds 0, or a word with this, which no word has. */
#define TAKEN (UINT64_C(1) << 63)

static inline uint64_t hash_of_word(const struct distinct *distinct, uint64_t word)
{
    return hash_2(distinct->seed, word, 0);
}

/* Whether it was not there; it is now. */
static inline bool put_word(const struct distinct *distinct, uint64_t hash, uint64_t word)
{
    const size_t mask = distinct->word_count - 1;
    size_t at = (size_t)hash & mask;
    uint64_t there;

    while (there = distinct->words[at], there != 0 && there != (word | TAKEN))
        at = (at + 1) & mask;
    distinct->words[at] = word | TAKEN;
    return there == 0;
}

/* As move_slots. */
static int move_words(struct distinct *distinct, size_t word_count)
{
    uint64_t *old = distinct->words;
    const size_t old_count = distinct->word_count;

    distinct->words = calloc(word_count, sizeof *distinct->words);
    if (distinct->words == NULL) {
        distinct->words = old;
        return -1;
    }
    distinct->word_count = word_count;
    distinct->words_held = 0;
    for (size_t i = 0; i < old_count; i++) {
        const uint64_t word = old[i] & ~TAKEN;
        const uint64_t hash = hash_of_word(distinct, word);
        if (old[i] != 0 && hash <= distinct->last)
            distinct->words_held += put_word(distinct, hash, word);
    }
    free(old);
    return 0;
}

/* ---- Giving up, and passes ------------------------------------------------------------------- */

static bool holds_too_much(const struct distinct *distinct)
{
    return distinct->held >= distinct->most ||
           distinct->words_held >= distinct->most * DISTINCT_SHORT_FOR_EACH ||
           (distinct->copied > DISTINCT_BYTES && distinct->held > 1);
}

/* Whether there is no room for one more text. */
static inline bool is_full(const struct distinct *distinct)
{
    return distinct->held >= FULL(distinct->slot_count) ||
           distinct->words_held >= FULL(distinct->word_count) || holds_too_much(distinct);
}

/* Makes room: a larger table, or fewer texts. */
static int make_room(struct distinct *distinct)
{
    while (holds_too_much(distinct) && distinct->last > distinct->from) {
        distinct->last = distinct->from + (distinct->last - distinct->from) / 2;
        if (move_slots(distinct, distinct->slot_count) != 0 ||
            move_words(distinct, distinct->word_count) != 0 ||
            (distinct->copies && copy_again(distinct) != 0))
            return -1;
    }
    if (distinct->held >= FULL(distinct->slot_count) &&
        move_slots(distinct, 2 * distinct->slot_count) != 0)
        return -1;
    if (distinct->words_held >= FULL(distinct->word_count) &&
        move_words(distinct, 4 * distinct->word_count) != 0)
        return -1;
    return 0;
}

static void empty(struct distinct *distinct)
{
    if (distinct->held > 0)
        memset(distinct->slots, 0, distinct->slot_count * sizeof *distinct->slots);
    if (distinct->words_held > 0)
        memset(distinct->words, 0, distinct->word_count * sizeof *distinct->words);
    distinct->held = distinct->words_held = 0;
    drop_blocks(distinct->blocks);
    distinct->blocks = NULL;
    distinct->copied = 0;
}

void distinct_begin(struct distinct *distinct, bool copies)
{
    /* What is left of a large table is not to be cleared for each key with few texts. */
    empty(distinct);
    distinct->slot_count = LEAST_SLOTS;
    distinct->word_count = LEAST_WORDS;
    distinct->copies = copies;
    distinct->from = 0;
    distinct->last = UINT64_MAX;
    distinct->found = 0;
}

/* Whether a hash is one of this pass. */
static inline bool is_wanted(const struct distinct *distinct, uint64_t hash)
{
    return hash - distinct->from <= distinct->last - distinct->from;
}

/* Adds BATCH words at the most. */
static int add_words(struct distinct *distinct, const uint64_t *words, size_t count)
{
    uint64_t wanted[BATCH], hashes[BATCH];
    size_t wants = 0;

    for (size_t i = 0; i < count; i++) {
        wanted[wants] = words[i];
        hashes[wants] = hash_of_word(distinct, words[i]);
        wants += is_wanted(distinct, hashes[wants]);
    }
    for (size_t i = 0; i < wants; i++)
        __builtin_prefetch(&distinct->words[hashes[i] & (distinct->word_count - 1)], 1);
    for (size_t i = 0; i < wants; i++) {
        if (is_full(distinct) && make_room(distinct) != 0)
            return -1;
        if (is_wanted(distinct, hashes[i]))
            distinct->words_held += put_word(distinct, hashes[i], wanted[i]);
    }
    return 0;
}

int distinct_add_words(struct distinct *distinct, const uint64_t *words, size_t count)
{
    int result = 0;

    for (size_t i = 0; result == 0 && i < count; i += BATCH)
        result = add_words(distinct, words + i, count - i < BATCH ? count - i : BATCH);
    return result;
}

/* Adds a text that is not short, and of this pass. */
static int add_slot(struct distinct *distinct, uint64_t hash, const struct distinct_slot *wanted)
{
    struct distinct_slot *slot = find(distinct, hash, wanted);

    if (slot->size != 0)
        return 0;
    *slot = *wanted;
    if (distinct->copies && wanted->size > HELD_WHOLE) {
        slot->rest.data = copy_text(distinct, wanted->rest.data, wanted->size);
        if (slot->rest.data == NULL) {
            slot->size = 0;
            return -1;
        }
    }
    distinct->held++;
    return 0;
}

/* Adds BATCH texts at the most. */
static int add_texts(struct distinct *distinct, const struct mr_bytes *texts, size_t count)
{
    struct distinct_slot wanted[BATCH];
    uint64_t hashes[BATCH], words[BATCH];
    size_t wants = 0, short_ones = 0;

    for (size_t i = 0; i < count; i++) {
        if (texts[i].size <= SHORT_WORD_MOST) {
            words[short_ones++] = short_word(texts[i].data, texts[i].size);
            continue;
        }
        wanted[wants] = make_slot(distinct->seed, &texts[i], &hashes[wants]);
        wants += is_wanted(distinct, hashes[wants]);
    }
    for (size_t i = 0; i < wants; i++)
        __builtin_prefetch(&distinct->slots[hashes[i] & (distinct->slot_count - 1)], 1);
    for (size_t i = 0; i < wants; i++) {
        if (is_full(distinct) && make_room(distinct) != 0)
            return -1;
        if (is_wanted(distinct, hashes[i]) && add_slot(distinct, hashes[i], &wanted[i]) != 0)
            return -1;
    }
    return add_words(distinct, words, short_ones);
}

int distinct_add(struct distinct *distinct, const struct mr_bytes *texts, size_t count)
{
    int result = 0;

    for (size_t i = 0; result == 0 && i < count; i += BATCH)
        result = add_texts(distinct, texts + i, count - i < BATCH ? count - i : BATCH);
    return result;
}

bool distinct_wants_more(struct distinct *distinct)
{
    const uint64_t width = distinct->last - distinct->from;

    distinct->found += distinct->held + distinct->words_held;
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
