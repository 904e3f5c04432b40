/* SPDX-License-Identifier: MIT
 *
 * rows_state - the rows of one mapper: batches of them, from where a kind found keys and fields to
 * the keys' last station. Private to text/.
 *
 * A batch is parsed and emitted when it is full, and when the split ends: until then keys and texts
 * stay where they are, in the split or in room that is the batch's.
 */
#ifndef TEXT_ROWS_STATE_H
#define TEXT_ROWS_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/rows.h"
#include "text/tokenizer_state.h"

/* Rows of a batch, at most: with their keys, texts and values they stay in a near cache. */
#define ROWS_BATCH 256
_Static_assert(ROWS_BATCH <= KEYS_SPANS, "keys take a batch as one");

/* A batch whose own texts take more waits for no other row. */
#define ROWS_HELD ((size_t)1 << 18)

/* A key that waits. */
struct rows_key {
    const unsigned char *data;
    size_t size;
    const unsigned char *line; /* where its line begins, or what of it stands on that line */
    bool made;                 /* it stands in no split */
};

/* Texts that are made for a batch. */
struct rows_chunk;

/* A value field of the FILE at hand. */
struct rows_want {
    uint64_t number; /* 0: of no line */
    size_t index;    /* in struct rows_options */
};

struct rows_state {
    const struct rows_options *options;
    void *state; /* of options->emit, once `opened` */
    bool opened;
    const struct mr_split *split; /* the one at hand, without its header */
    size_t most;                  /* rows of a batch */
    size_t count;                 /* that wait */
    struct rows_key *keys;
    struct mr_bytes *fields; /* of those, and of a row that is made at present */
    unsigned char *values;
    struct rows_chunk *chunks; /* the one in use first */
    size_t used;               /* bytes of that */
    size_t held;               /* of all */
    struct rows_want *wants;   /* by number */
    uint64_t first;            /* the first field of a line that is wanted for anything */
    uint64_t left_out;
    struct mr_span spans[ROWS_BATCH];
    uint64_t numbers[ROWS_BATCH]; /* of keys in the batch */
    uint64_t all[ROWS_BATCH];     /* 0, 1, ... */
};

/* Opens the rows of a mapper whose tokenizer has some. Returns 0, or -1 with *error filled. */
int rows_state_open(struct tokenizer_state *state, struct mr_error *error);
void rows_state_close(struct tokenizer_state *state);

/* Which fields values are of in the split at hand: `numbers` as of struct rows_options' fields, 0
 * where there is none. To be called when the fields of keys have been chosen. */
void rows_state_choose(struct tokenizer_state *state, const uint64_t *numbers);

/* A split begins, or ends: all functions below that return int return 0 to go on; anything else has
 * ended the job. */
void rows_state_begin(struct tokenizer_state *state, const struct mr_split *split);
int rows_state_flush(struct tokenizer_state *state);
/* The same where a line behind all of these is wrong for another reason, and there may be no
 * rows. */
static inline int rows_state_flush_first(struct tokenizer_state *state)
{
    return state->rows ? rows_state_flush(state) : 0;
}

/* Parses and emits at once as many rows as are set in rows->spans, of this base, and rows->fields;
 * no other may wait. */
int rows_state_emit(struct tokenizer_state *state, const unsigned char *base, size_t count);

/* Room for a text of up to `size` bytes, with MR_PAD behind it; NULL when the job has ended. What
 * has been put there stays with rows_state_keep. */
unsigned char *rows_state_room(struct tokenizer_state *state, size_t size);
static inline void rows_state_keep(struct rows_state *rows, size_t size)
{
    rows->used += size;
}

/* Where the texts of the row to come are put. */
static inline struct mr_bytes *rows_state_fields(struct rows_state *rows)
{
    return rows->fields + rows->count * rows->options->field_count;
}
/* No text has come yet. */
static inline void rows_state_clear(struct rows_state *rows)
{
    struct mr_bytes *fields = rows_state_fields(rows);

    for (size_t i = 0; i < rows->options->field_count; i++)
        fields[i] = (struct mr_bytes){NULL, 0};
}

/* The row is complete. */
static inline int rows_state_put(struct tokenizer_state *state, struct rows_key key)
{
    struct rows_state *rows = state->rows;

    rows->keys[rows->count++] = key;
    return rows->count == rows->most || rows->held > ROWS_HELD ? rows_state_flush(state) : 0;
}

#endif
