/* SPDX-License-Identifier: MIT
 *
 * field_key - see field_key.h.
 */
#include "text/field_key.h"

unsigned char *field_key_room(struct tokenizer_state *state, struct field_key *key, size_t size)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const size_t joiner = key->chosen ? tokenizer->joiner_size : 0;

    if (room_grow(&state->joined, key->end + joiner + size, true) != 0) {
        (void)keys_no_memory(&state->keys);
        return NULL;
    }
    unsigned char *room = state->joined.data + key->end;
    if (joiner > 0)
        memcpy(room, tokenizer->joiner, joiner);
    key->end += joiner;
    return room + joiner;
}

int field_key_emit_made(struct tokenizer_state *state, struct field_key *key)
{
    const size_t size = key->end;

    if (state->tokenizer->case_fold)
        return tokens_put_one(state, state->joined.data, size);
    unsigned char *out = keys_room(&state->keys, size);
    if (!out)
        return -1;
    memcpy(out, state->joined.data, size);
    return keys_made(&state->keys, size, 1);
}
