/* SPDX-License-Identifier: MIT
 *
 * keys - a mapper's last station: keys as they are counted, normalized where that is wanted, and
 * through the filter to the engine.
 *
 * Keys that stand in the text come as spans; keys that a kind makes itself are built here, one
 * behind the other, and go on in batches. All functions that return int return 0 to go on; anything
 * else has ended the job.
 */
#ifndef TEXT_KEYS_H
#define TEXT_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/total.h"
#include "engine/mapreduce.h"
#include "text/filter.h"
#include "text/normalize.h"
#include "text/room.h"
#include "text/rows.h"

/* Spans a batch has at most: with their text, some 14 KiB, they stay in any first-level cache while
 * the keys are looked up. */
#define KEYS_SPANS 1024

/* What becomes of keys. */
struct keys_rules {
    const struct filter *filter; /* NULL: every key passes */
    enum normalize_form form;
    bool case_fold;                  /* keys come folded, as normalize.h wants them */
    bool filled;                     /* what normalization leaves nothing of is no key */
    size_t longest;                  /* a key that ends beyond that is too long for spans */
    bool valued;                     /* keys that are made have values */
    bool overlapping;                /* spans of one batch may */
    bool ordered;                    /* no key overtakes one that came before it */
    const struct rows_options *rows; /* values are numbers of rows; NULL: they are counts */
    unsigned value_words;            /* that go on in one of as many words; 0: as they are */
};

struct keys {
    struct keys_rules rules;

    struct mr_emitter *emitter; /* of the split at hand; NULL where nothing is emitted */
    struct mr_error *error;     /* where its map says why it fails; NULL likewise */
    struct total tokens;
    bool met; /* a key that the filter lists */

    struct room made; /* keys that stand in no split */
    size_t used, count;

    struct mr_span made_spans[KEYS_SPANS];
    uint64_t made_values[KEYS_SPANS];
    struct mr_span passed[KEYS_SPANS]; /* by the filter */
    uint64_t passed_values[KEYS_SPANS];

    /* Of a batch, the keys that are in the form, and the others when they have been brought to it.
     */
    struct normalize normalize;
    struct keys_part {
        size_t count;
        struct mr_span spans[KEYS_SPANS];
        uint64_t values[KEYS_SPANS];
    } plain, normal;
    struct room normal_text;
    size_t normal_used;

    /* Room for the values of a batch, as many as it has spans, where keys have those of rows or of
     * several words; those of the rows at hand; the word of the counts at hand. */
    unsigned char *gathered;
    const unsigned char *row_values;
    uint64_t word;
    void *row_state; /* of rows->emit */
};

void keys_open(struct keys *keys, const struct keys_rules *rules);
void keys_close(struct keys *keys);

/* Reports that memory is out, where there is whom to tell; returns -1. */
int keys_no_memory(struct keys *keys);

/* Emits keys; values may be NULL. KEYS_SPANS at most; MR_PAD bytes can be read behind the last. */
int keys_emit(struct keys *keys, const unsigned char *base, const struct mr_span *spans,
              size_t count, const uint64_t *values);
/* One key of any size. */
int keys_emit_one(struct keys *keys, const unsigned char *key, size_t size, uint64_t value);

/* To be called once before keys of rows or with values of several words are emitted. The value of a
 * row is its number, which says where in row_values it has its own; those must stay until
 * keys_flush. Returns -1 when memory is out. */
int keys_gather(struct keys *keys);

/* Whether the filter lists a token, once that is in its form: 1, 0, or -1 when the job has ended.
 * 16 bytes are read. */
int keys_listed(struct keys *keys, const unsigned char *token, size_t size);

/* Where a key of up to `size` bytes can be built; NULL when the job has ended. */
unsigned char *keys_room(struct keys *keys, size_t size);
/* The key built there has `size` bytes and, where keys have values, this one. */
int keys_made(struct keys *keys, size_t size, uint64_t value);
/* Emits the keys built so far. To be called before the end of a split. */
int keys_flush(struct keys *keys);

#endif
