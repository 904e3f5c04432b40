/* SPDX-License-Identifier: MIT
 *
 * counted - see counted.h.
 */
#include "text/counted.h"

#include "text/case_fold.h"

const char counted_none[] = "no count after the last TAB";
const char counted_no_number[] = "what follows the last TAB is no count";
const char counted_too_large[] = "the count is past 18446744073709551615";

int counted_flush(struct tokenizer_state *state, struct counted *counted, const unsigned char *base)
{
    int status =
        keys_emit(&state->keys, counted->base, state->spans, counted->count, state->values);

    counted->count = 0;
    counted->base = base;
    return status;
}

int counted_put_made(struct tokenizer_state *state, const unsigned char *key, size_t size,
                     uint64_t count)
{
    /* Without folding such keys are few and go on one by one, past the batch of the others. */
    if (!state->tokenizer->case_fold)
        return keys_emit_one(&state->keys, key, size, count);
    if (size > (SIZE_MAX - CASE_FOLD_SLACK) / CASE_FOLD_GROWTH)
        return keys_no_memory(&state->keys);
    unsigned char *out = keys_room(&state->keys, CASE_FOLD_ROOM(size));
    return out ? keys_made(&state->keys, state->tokenizer->fold(key, size, out), count) : -1;
}
