/* SPDX-License-Identifier: MIT
 *
 * counted - keys that stand in a text with their counts: reads the counts, and brings the keys on
 * their way. Private to text/.
 */
#ifndef TEXT_COUNTED_H
#define TEXT_COUNTED_H

#include <stddef.h>
#include <stdint.h>

#include "text/tokenizer_state.h"

/* Reasons why bytes are no count. */
extern const char counted_none[];
extern const char counted_no_number[];
extern const char counted_too_large[];

/* Reads the decimal number that [p, end) is. Returns which of these is wrong with it, or NULL. */
static inline const char *counted_read(const unsigned char *p, const unsigned char *end,
                                       uint64_t *count)
{
    uint64_t value = 0;

    if (p == end)
        return counted_none;
    for (; p < end; p++) {
        unsigned digit = (unsigned)*p - '0';
        if (digit > 9)
            return counted_no_number;
        if (value > (UINT64_MAX - digit) / 10)
            return counted_too_large;
        value = value * 10 + digit;
    }
    *count = value;
    return NULL;
}

/* The keys at hand: those that go on as they stand in the text are gathered for one batch. */
struct counted {
    const unsigned char *base; /* of the batch */
    size_t count;              /* keys in it */
};

/* The functions return 0 to go on; anything else has ended the job. */

/* Emits the batch and begins another at `base`. */
int counted_flush(struct tokenizer_state *state, struct counted *counted,
                  const unsigned char *base);
/* A key that was made, and stands in no text; folded, where keys are. */
int counted_put_made(struct tokenizer_state *state, const unsigned char *key, size_t size,
                     uint64_t count);
/* A key of the text, at or behind counted->base, and its count. */
static inline int counted_put(struct tokenizer_state *state, struct counted *counted,
                              const unsigned char *key, size_t size, uint64_t count)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const unsigned char *end = key + size;

    if (tokenizer->case_fold)
        return counted_put_made(state, key, size, count);
    if ((counted->count == KEYS_SPANS || (size_t)(end - counted->base) > tokenizer->longest) &&
        counted_flush(state, counted, key) != 0)
        return -1;
    if (size > tokenizer->longest)
        return tokenizer->ordered && counted_flush(state, counted, end) != 0
                   ? -1
                   : keys_emit_one(&state->keys, key, size, count);
    state->values[counted->count] = count;
    state->spans[counted->count++] =
        (struct mr_span){(uint32_t)(key - counted->base), (uint32_t)(end - counted->base)};
    return 0;
}

#endif
