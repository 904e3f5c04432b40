/* SPDX-License-Identifier: MIT
 *
 * field_key - the key of a line from the fields that are chosen, as a kind finds one after the
 * other. Private to text/.
 *
 * Where the chosen fields stand side by side in the text as they stand in the key, that is a span
 * of the text. Else it is put together in state->joined.
 */
#ifndef TEXT_FIELD_KEY_H
#define TEXT_FIELD_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/kernels/kernels.h"
#include "text/tokens.h"

/* The line at hand. */
struct field_key {
    const unsigned char *data; /* the window */
    struct kernels_output output;
    bool joining; /* keys are put together */
    bool made;    /* this one is, at least */
    bool chosen;  /* some field was */
    uint64_t field;
    size_t range;      /* the first that is not left behind */
    size_t begin, end; /* of the key, in the window; or 0 and what state->joined has */
    size_t count;      /* spans waiting */
};

/* All return 0 to go on; anything else has ended the job. */

/* Emits what waits. To be called before the end of a window. */
static inline int field_key_flush(struct tokenizer_state *state, struct field_key *key)
{
    size_t count = key->count;

    key->count = 0;
    return tokens_put(state, key->data, state->spans, count, key->output.wide);
}

/* Whether the line's next field is chosen. */
static inline bool field_key_wants(const struct tokenizer_state *state, struct field_key *key)
{
    uint64_t field = ++key->field;

    while (key->range < state->range_count && state->ranges[key->range].last < field)
        key->range++;
    return key->range < state->range_count && state->ranges[key->range].first <= field;
}

/* Whether no field behind those that have come is chosen. */
static inline bool field_key_done(const struct tokenizer_state *state, const struct field_key *key)
{
    return key->field >= state->last_field;
}

/* Room in state->joined for a wanted field of up to `size` bytes; NULL where the job has ended.
 * What has been put there counts with field_key_joined. */
unsigned char *field_key_room(struct tokenizer_state *state, struct field_key *key, size_t size);
static inline void field_key_joined(struct field_key *key, size_t size)
{
    key->end += size;
    key->chosen = key->made = true;
}

/* The wanted field is [begin, end) of the window. */
static inline int field_key_put(struct tokenizer_state *state, struct field_key *key, size_t begin,
                                size_t end)
{
    if (key->joining) {
        unsigned char *room = field_key_room(state, key, end - begin);
        if (!room)
            return -1;
        memcpy(room, key->data + begin, end - begin);
        field_key_joined(key, end - begin);
        return 0;
    }
    if (!key->chosen)
        key->begin = begin;
    key->end = end;
    key->chosen = true;
    return 0;
}

/* The same for a field that is marked, as in struct field_walk. */
int field_key_put_text(struct tokenizer_state *state, struct field_key *key, size_t begin,
                       size_t end);

/* The line has one more field, [begin, end). */
static inline int field_key_add(struct tokenizer_state *state, struct field_key *key, size_t begin,
                                size_t end)
{
    return field_key_wants(state, key) ? field_key_put(state, key, begin, end) : 0;
}

/* Emits a key that was put together. */
int field_key_emit_made(struct tokenizer_state *state, struct field_key *key);

/* The line ends. */
static inline int field_key_end(struct tokenizer_state *state, struct field_key *key)
{
    int status = 0;

    if (key->made) {
        status = field_key_emit_made(state, key);
    } else if (key->chosen) {
        state->spans[key->count++] = (struct mr_span){(uint32_t)key->begin, (uint32_t)key->end};
        if (key->count == KEYS_SPANS)
            status = field_key_flush(state, key);
    }
    key->chosen = key->made = false;
    key->field = key->range = 0;
    key->begin = key->end = 0;
    return status;
}

/* A tokens_map of one line without its end, or record, of any size. */
int field_key_long(struct tokenizer_state *state, const unsigned char *data, size_t size,
                   unsigned char *folded);

#endif
