/* SPDX-License-Identifier: MIT
 *
 * groups_packs - see groups_packs.h.
 */
#include "values/groups_packs.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/copy.h"
#include "values/groups_number.h"

/* Keys that a mapper keeps, each in one of the WAYS places that its hash says, a quarter of a MiB
 * in all. */
#define PLACES ((size_t)1 << 10)
#define WAYS 2
/* Bytes of the longest key and value that are kept. */
#define KEY_MOST 15
#define VALUE_MOST 62
#define NO_KEY 255 /* for the size of one, where a place has none */
/* By how much the size of a key is shifted to be the last byte of a word. */
#define SIZE_SHIFT (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 56 : 0)
/* Bytes in front of a pack's values, and of it. */
#define HEAD 3
#define PACK_BYTES 232
/* Another key takes a place when it has come that much more often than the one that is there. */
#define CREDIT_MOST 8
/* Rows that are looked up before it is judged whether that pays, which it does where half of them
 * are kept, and rows that pass by then where it does not. */
#define TRIED 8192
#define PASSED (16 * TRIED)

/* What is known of a key; its pack is elsewhere, so that these lie close together. */
struct place {
    unsigned char key[KEY_MOST + 1]; /* zeros behind it, and its size in the last byte */
    unsigned char *pack;             /* of PACK_BYTES */
    unsigned short used;             /* bytes of it */
    unsigned char count;             /* of the values that have sizes */
    unsigned char width;             /* of values; 0: it is not known, or they have sizes */
    bool sized; /* values that are not short have been met: all packs of the key are so */
    unsigned char credit;
};

_Static_assert(sizeof(struct place) == 32, "without a gap");

struct groups_packs {
    alignas(64) struct place places[PLACES];
    size_t tried, kept, passed; /* rows */
    bool made;                  /* a pack */
    unsigned char bytes[PLACES][PACK_BYTES];
};

/* A place without values of the key that it is for. */
static void empty_place(struct place *place)
{
    place->width = place->count = 0;
    place->used = HEAD;
    place->sized = false;
}

/* No key has a place. */
static void forget(struct groups_packs *packs)
{
    for (size_t i = 0; i < PLACES; i++) {
        packs->places[i].key[KEY_MOST] = NO_KEY;
        packs->places[i].credit = 0;
        empty_place(&packs->places[i]);
    }
}

struct groups_packs *groups_packs_open(void)
{
    struct groups_packs *packs = aligned_alloc(alignof(struct groups_packs), sizeof *packs);

    if (packs == NULL)
        return NULL;
    memset(packs, 0, sizeof *packs);
    for (size_t i = 0; i < PLACES; i++)
        packs->places[i].pack = packs->bytes[i];
    forget(packs);
    return packs;
}

void groups_packs_close(struct groups_packs *packs)
{
    free(packs);
}

/* ---- Packs --------------------------------------------------------------------------------- */

static int emit_place(struct groups_packs *packs, struct place *place, struct mr_emitter *emitter)
{
    const unsigned char *value = place->pack;
    const size_t width = place->width;
    size_t count = place->count, size = place->used;

    if (size == HEAD)
        return 0;
    if (width > 0) {
        count = (size - HEAD) / width;
        size += SHORT_WORD_PAD - width;
    }
    if (count == 1 && (value[HEAD] == 0 || value[HEAD + 1] != GROUPS_PACK)) {
        size = value[HEAD];
        value += HEAD + 1;
    } else {
        place->pack[0] = GROUPS_PACK;
        place->pack[1] = (unsigned char)count;
        place->pack[2] = place->width;
        packs->made = true;
    }
    place->count = 0;
    place->used = HEAD;
    return mr_emit_bytes(emitter, place->key, place->key[KEY_MOST], value, size) == MR_OK ? 0 : -1;
}

/* The word of a value from the bytes that a pack has of it. */
static inline uint64_t get_word(const unsigned char *at, unsigned width)
{
    return decimal_code_load(at) & UINT64_MAX << 8 * (SHORT_WORD_PAD - width);
}

/* Makes the values of a pack as wide as that. */
static void widen(struct place *place, unsigned width)
{
    unsigned char old[PACK_BYTES];
    size_t to = HEAD;

    memcpy(old, place->pack, sizeof old);
    for (size_t from = HEAD; from < place->used; from += place->width, to += width)
        decimal_code_store(place->pack + to, get_word(old + from, place->width));
    place->used = (unsigned short)to;
    place->width = (unsigned char)width;
}

/* Whether another value of the width fits a place. */
static inline bool has_room(const struct place *place)
{
    return place->used + SHORT_WORD_PAD <= PACK_BYTES;
}

/* Puts a short value behind those of its place, for which there is room and it is not too wide. */
static inline void put_short(struct place *place, const struct mr_bytes *value)
{
    decimal_code_store(place->pack + place->used, short_word_padded(value->data, value->size));
    place->used = (unsigned short)(place->used + place->width);
}

/* Adds a short value to a place whose values have, or will have, a width. */
static int add_short(struct groups_packs *packs, struct place *place, const struct mr_bytes *value,
                     struct mr_emitter *emitter)
{
    const unsigned width = (unsigned)value->size + 1;

    if (place->width == 0)
        place->width = (unsigned char)width;
    const size_t count = (size_t)(place->used - HEAD) / place->width;
    if ((!has_room(place) || HEAD + count * width + SHORT_WORD_PAD > PACK_BYTES) &&
        emit_place(packs, place, emitter) != 0)
        return -1;
    if (width > place->width)
        widen(place, width);
    put_short(place, value);
    return 0;
}

/* Adds any value. */
static int add_sized(struct groups_packs *packs, struct place *place, const struct mr_bytes *value,
                     struct mr_emitter *emitter)
{
    if ((place->width > 0 || place->used + value->size + 1 > PACK_BYTES ||
         place->count == GROUPS_PACK_MOST) &&
        emit_place(packs, place, emitter) != 0)
        return -1;
    place->width = 0;
    place->sized = true;
    place->pack[place->used] = (unsigned char)value->size;
    copy_bytes(place->pack + place->used + 1, value->data, value->size);
    place->used = (unsigned short)(place->used + 1 + value->size);
    place->count++;
    return 0;
}

/* Apart from the way that most values go. */
static __attribute__((noinline)) int add_slowly(struct groups_packs *packs, struct place *place,
                                                const struct mr_bytes *value,
                                                struct mr_emitter *emitter)
{
    return value->size > SHORT_WORD_MOST || place->sized ? add_sized(packs, place, value, emitter)
                                                         : add_short(packs, place, value, emitter);
}

/* Emits a value that would be taken for a pack as one of its own. */
static int emit_alone(struct mr_emitter *emitter, const unsigned char *key, size_t key_size,
                      const struct mr_bytes *value)
{
    unsigned char *pack =
        value->size < SIZE_MAX / 2 ? malloc(HEAD + GROUPS_NUMBER_MOST + value->size) : NULL;

    if (pack == NULL)
        return ENOMEM;
    pack[0] = GROUPS_PACK;
    pack[1] = 1;
    pack[2] = 0;
    unsigned char *at = groups_put_number(pack + HEAD, value->size);
    memcpy(at, value->data, value->size);
    const enum mr_status status =
        mr_emit_bytes(emitter, key, key_size, pack, (size_t)(at - pack) + value->size);
    free(pack);
    return status == MR_OK ? 0 : -1;
}

/* ---- Keys ---------------------------------------------------------------------------------- */

/* The bytes of a key, as they are in a place. */
struct key {
    uint64_t first, last;
};

_Static_assert(sizeof(struct key) == KEY_MOST + 1, "a key and its size");

/* Loads a key of KEY_MOST bytes at the most; `left` bytes can be read. */
static inline struct key load_key(const unsigned char *bytes, size_t size, size_t left)
{
    static const unsigned char masks[2 * KEY_MOST + 1] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    };
    unsigned char padded[sizeof(struct key)] = {0};
    struct key key, mask;

    if (left < sizeof key)
        bytes = memcpy(padded, bytes, size);
    memcpy(&key, bytes, sizeof key);
    memcpy(&mask, masks + KEY_MOST - size, sizeof mask);
    key.first &= mask.first;
    key.last &= mask.last;
    key.last |= (uint64_t)size << SIZE_SHIFT;
    return key;
}

static inline bool has_key(const struct place *place, const struct key *key)
{
    struct key own;

    memcpy(&own, place->key, sizeof own);
    return own.first == key->first && own.last == key->last;
}

/* Puts another key where one is that comes less often. Returns the place; NULL where none is, or
 * the job has failed, as *status says. */
static __attribute__((noinline)) struct place *replace(struct groups_packs *packs,
                                                       struct place *ways, const struct key *key,
                                                       struct mr_emitter *emitter, int *status)
{
    struct place *place = ways;

    for (size_t i = 1; i < WAYS; i++)
        if (ways[i].credit < place->credit)
            place = &ways[i];
    if (place->credit > 1) {
        place->credit--;
        return NULL;
    }
    *status = emit_place(packs, place, emitter);
    memcpy(place->key, key, sizeof *key);
    place->credit = 1;
    empty_place(place);
    return *status == 0 ? place : NULL;
}

/* The place of a key, as replace. */
static inline struct place *find(struct groups_packs *packs, const struct hash_seed *seed,
                                 const struct key *key, struct mr_emitter *emitter, int *status)
{
    const uint64_t hash = hash_2(seed, key->first, key->last);
    struct place *place = &packs->places[hash % (PLACES / WAYS) * WAYS];

    for (size_t i = 0; i < WAYS; i++)
        if (has_key(&place[i], key)) {
            if (place[i].credit < CREDIT_MOST)
                place[i].credit++;
            packs->kept++;
            return &place[i];
        }
    return replace(packs, place, key, emitter, status);
}

/* Judges whether keeping keys pays. */
static int review(struct groups_packs *packs, struct mr_emitter *emitter)
{
    const bool pays = packs->kept >= packs->tried / 2;

    packs->tried = packs->kept = 0;
    if (pays)
        return 0;
    packs->passed = PASSED;
    return groups_packs_flush(packs, emitter);
}

/* ---- Rows ---------------------------------------------------------------------------------- */

/* Adds a value where its key is kept: *kept says. As groups_packs_take. */
static inline int take(struct groups_packs *packs, const struct hash_seed *seed,
                       struct mr_emitter *emitter, const struct key *key,
                       const struct mr_bytes *value, bool *kept)
{
    int status = 0;
    struct place *place = find(packs, seed, key, emitter, &status);

    *kept = place != NULL;
    if (place == NULL)
        return status;
    if (value->size >= place->width || !has_room(place))
        return add_slowly(packs, place, value, emitter);
    put_short(place, value);
    return 0;
}

int groups_packs_take(struct groups_packs *packs, const struct hash_seed *seed,
                      struct mr_emitter *emitter, struct groups_pairs *pairs)
{
    const bool passes = packs->passed > 0;
    const size_t count = pairs->count;
    size_t left = 0;
    int status = 0;

    packs->passed -= count < packs->passed ? count : packs->passed;
    for (size_t i = 0; status == 0 && i < count; i++) {
        const struct mr_span key = pairs->keys[i];
        const struct mr_bytes value = pairs->values[i];
        const size_t size = key.end - key.begin;
        bool kept = false;
        if (!passes && size <= KEY_MOST && value.size <= VALUE_MOST) {
            const struct key found =
                load_key(pairs->base + key.begin, size, pairs->size - key.begin);
            status = take(packs, seed, emitter, &found, &value, &kept);
        }
        if (kept || status != 0)
            continue;
        if (groups_packs_is(&value)) {
            packs->made = true;
            status = emit_alone(emitter, pairs->base + key.begin, size, &value);
            continue;
        }
        pairs->keys[left] = key;
        pairs->values[left++] = value;
    }
    packs->tried += passes ? 0 : count;
    pairs->count = left;
    if (status == 0 && packs->tried >= TRIED)
        status = review(packs, emitter);
    return status;
}

bool groups_packs_made(const struct groups_packs *packs)
{
    return packs->made;
}

int groups_packs_flush(struct groups_packs *packs, struct mr_emitter *emitter)
{
    for (size_t i = 0; i < PLACES; i++)
        if (emit_place(packs, &packs->places[i], emitter) != 0)
            return -1;
    forget(packs);
    return 0;
}

/* ---- What is in a pack --------------------------------------------------------------------- */

uint64_t groups_packs_word(const struct mr_bytes *pack, size_t which)
{
    const unsigned width = pack->data[2];

    return get_word(pack->data + HEAD + which * width, width);
}

size_t groups_packs_words(const struct mr_bytes *pack, uint64_t *words)
{
    const size_t count = pack->data[1];
    const unsigned width = pack->data[2];
    const unsigned char *at = pack->data + HEAD;

    if (width == 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        words[i] = get_word(at + i * width, width);
    return count;
}

size_t groups_packs_open_one(const struct mr_bytes *pack, struct mr_bytes *values)
{
    const size_t count = pack->data[1];
    const unsigned width = pack->data[2];
    const unsigned char *at = pack->data + HEAD;

    for (size_t i = 0; i < count; i++) {
        uint64_t size;
        const unsigned char *bytes = groups_get_number(at, &size);
        values[i] = (struct mr_bytes){bytes, (size_t)size};
        at = width > 0 ? at + width : bytes + size;
    }
    return count;
}
