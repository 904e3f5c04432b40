/* SPDX-License-Identifier: MIT
 *
 * groups_packs - see groups_packs.h.
 */
#include "values/groups_packs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/copy.h"
#include "values/groups_number.h"

/* Keys that a mapper keeps, each in the one place that its hash says, a quarter of a MiB in all. */
#define PLACES ((size_t)1 << 10)
/* Bytes of the longest key and value that are kept. */
#define KEY_MOST 16
#define VALUE_MOST 62
/* Bytes of a pack. */
#define PACK_BYTES 216
/* Another key takes a place when it has come that much more often than the one that is there. */
#define CREDIT_MOST 8
/* Rows that are looked up before it is judged whether that pays, which it does where half of them
 * are kept, and rows that pass by then where it does not. */
#define TRIED 8192
#define PASSED (16 * TRIED)

struct place {
    uint64_t first, last; /* of the key, its bytes: with its size, they say which it is */
    unsigned char key_size, count, credit;
    unsigned short used;
    unsigned char key[KEY_MOST];
    unsigned char bytes[PACK_BYTES]; /* a pack */
};

struct groups_packs {
    size_t tried, kept, passed; /* rows */
    bool made;                  /* a pack */
    struct place places[PLACES];
};

struct groups_packs *groups_packs_open(void)
{
    return calloc(1, sizeof(struct groups_packs));
}

void groups_packs_close(struct groups_packs *packs)
{
    free(packs);
}

/* ---- Keys ---------------------------------------------------------------------------------- */

/* Sets the words of a key of KEY_MOST bytes at the most; no other of its size has both. */
static inline void key_words(const unsigned char *key, size_t size, uint64_t *first, uint64_t *last)
{
    *first = *last = 0;
    if (size >= 8) {
        memcpy(first, key, 8);
        memcpy(last, key + size - 8, 8);
    } else if (size >= 4) {
        uint32_t low, high;
        memcpy(&low, key, sizeof low);
        memcpy(&high, key + size - sizeof high, sizeof high);
        *first = low | (uint64_t)high << 32;
    } else if (size > 0) {
        *first = key[0] | (uint64_t)key[size / 2] << 8 | (uint64_t)key[size - 1] << 16;
    }
}

/* ---- Packs --------------------------------------------------------------------------------- */

static int emit_place(struct groups_packs *packs, struct place *place, struct mr_emitter *emitter)
{
    const unsigned char *value = place->bytes;
    size_t size = place->used;

    if (place->count == 0)
        return 0;
    if (place->count == 1 && (size == 3 || value[3] != GROUPS_PACK)) {
        /* Behind the head of a pack and its size. */
        value += 3;
        size -= 3;
    } else {
        place->bytes[0] = GROUPS_PACK;
        place->bytes[1] = place->count;
        packs->made = true;
    }
    place->count = 0;
    place->used = 2;
    return mr_emit_bytes(emitter, place->key, place->key_size, value, size) == MR_OK ? 0 : -1;
}

/* Adds a value to a place of its key. */
static inline int add(struct groups_packs *packs, struct place *place, const struct mr_bytes *value,
                      struct mr_emitter *emitter)
{
    if ((place->used + value->size + 1 > PACK_BYTES || place->count == GROUPS_PACK_MOST) &&
        emit_place(packs, place, emitter) != 0)
        return -1;
    place->bytes[place->used] = (unsigned char)value->size;
    copy_bytes(place->bytes + place->used + 1, value->data, value->size);
    place->used = (unsigned short)(place->used + 1 + value->size);
    place->count++;
    return 0;
}

/* Emits a value that would be taken for a pack as one of its own. */
static int emit_alone(struct mr_emitter *emitter, const unsigned char *key, size_t key_size,
                      const struct mr_bytes *value)
{
    unsigned char *pack =
        value->size < SIZE_MAX / 2 ? malloc(2 + GROUPS_NUMBER_MOST + value->size) : NULL;

    if (pack == NULL)
        return ENOMEM;
    pack[0] = GROUPS_PACK;
    pack[1] = 1;
    unsigned char *at = groups_put_number(pack + 2, value->size);
    memcpy(at, value->data, value->size);
    const enum mr_status status =
        mr_emit_bytes(emitter, key, key_size, pack, (size_t)(at - pack) + value->size);
    free(pack);
    return status == MR_OK ? 0 : -1;
}

/* The place of a key; NULL where that of another, which stays there, is its. */
static inline struct place *find(struct groups_packs *packs, const struct hash_seed *seed,
                                 const unsigned char *key, size_t size, struct mr_emitter *emitter,
                                 int *status)
{
    uint64_t first, last;

    key_words(key, size, &first, &last);
    struct place *place = &packs->places[hash_2(seed, first ^ (uint64_t)size << 56, last) % PLACES];
    if (place->first == first && place->last == last && place->key_size == size &&
        place->used > 0) {
        if (place->credit < CREDIT_MOST)
            place->credit++;
        packs->kept++;
        return place;
    }
    if (place->credit > 1) {
        place->credit--;
        return NULL;
    }
    *status = emit_place(packs, place, emitter);
    place->first = first;
    place->last = last;
    place->key_size = (unsigned char)size;
    copy_bytes(place->key, key, size);
    place->credit = 1;
    place->used = 2;
    place->count = 0;
    return place;
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

int groups_packs_take(struct groups_packs *packs, const struct hash_seed *seed,
                      struct mr_emitter *emitter, struct groups_pairs *pairs)
{
    const bool passes = packs->passed > 0;
    size_t left = 0;
    int status = 0;

    packs->passed -= pairs->count < packs->passed ? pairs->count : packs->passed;
    for (size_t i = 0; status == 0 && i < pairs->count; i++) {
        const struct mr_bytes *value = &pairs->values[i];
        const unsigned char *key = pairs->base + pairs->keys[i].begin;
        const size_t size = pairs->keys[i].end - pairs->keys[i].begin;
        struct place *place = NULL;
        if (!passes && size <= KEY_MOST && value->size <= VALUE_MOST) {
            place = find(packs, seed, key, size, emitter, &status);
            if (place != NULL && status == 0)
                status = add(packs, place, value, emitter);
        }
        if (place != NULL)
            continue;
        if (groups_packs_is(value)) {
            packs->made = true;
            status = emit_alone(emitter, key, size, value);
            continue;
        }
        pairs->keys[left] = pairs->keys[i];
        pairs->values[left++] = *value;
    }
    if (!passes)
        packs->tried += pairs->count;
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
    for (size_t i = 0; i < PLACES; i++) {
        if (emit_place(packs, &packs->places[i], emitter) != 0)
            return -1;
        packs->places[i].used = packs->places[i].credit = 0;
    }
    return 0;
}

size_t groups_packs_open_one(const struct mr_bytes *pack, struct mr_bytes *values)
{
    const size_t count = pack->data[1];
    const unsigned char *at = pack->data + 2;

    for (size_t i = 0; i < count; i++) {
        uint64_t size;
        at = groups_get_number(at, &size);
        values[i] = (struct mr_bytes){at, (size_t)size};
        at += size;
    }
    return count;
}
