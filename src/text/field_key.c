/* SPDX-License-Identifier: MIT
 *
 * field_key - see field_key.h.
 */
#include "text/field_key.h"

#include "text/field_walk.h"

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

int field_key_put_text(struct tokenizer_state *state, struct field_key *key, size_t begin,
                       size_t end)
{
    const struct token_kind *kind = state->tokenizer->kind;
    unsigned char *room = field_key_room(state, key, end - begin);

    if (!room)
        return -1;
    field_key_joined(key, kind->field_text(key->data + begin, end - begin, room));
    return 0;
}

int field_key_long(struct tokenizer_state *state, const unsigned char *data, size_t size,
                   unsigned char *folded)
{
    const struct token_kind *kind = state->tokenizer->kind;
    struct field_walk walk = {.data = data, .size = size};
    struct field_key key = {.data = data, .joining = true};

    (void)folded;
    while (kind->next_field(state->tokenizer, &walk)) {
        if (walk.unclosed) {
            state->unclosed = data + walk.begin;
            return -1;
        }
        if (!field_key_wants(state, &key))
            continue;
        int status = walk.marked ? field_key_put_text(state, &key, walk.begin, walk.end)
                                 : field_key_put(state, &key, walk.begin, walk.end);
        if (status != 0)
            return status;
    }
    return field_key_end(state, &key);
}

int field_key_emit_made(struct tokenizer_state *state, struct field_key *key)
{
    const size_t size = key->end;

    if (state->tokenizer->ordered && key->count > 0 && field_key_flush(state, key) != 0)
        return -1;
    if (state->tokenizer->case_fold)
        return tokens_put_one(state, state->joined.data, size);
    unsigned char *out = keys_room(&state->keys, size);
    if (!out)
        return -1;
    memcpy(out, state->joined.data, size);
    return keys_made(&state->keys, size, 1);
}
