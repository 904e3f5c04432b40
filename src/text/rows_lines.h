/* SPDX-License-Identifier: MIT
 *
 * rows_lines - the row of a line or record, its key and its values, from the fields as a kind finds
 * one after the other. Private to text/.
 *
 * Fields that are wanted for nothing are counted only.
 */
#ifndef TEXT_ROWS_LINES_H
#define TEXT_ROWS_LINES_H

#include "text/rows_state.h"

/* The line at hand. */
struct rows_line {
    const unsigned char *begin; /* NULL: it is condensed */
    uint64_t field;             /* the last that has come */
    uint64_t next;              /* that is wanted; UINT64_MAX: none is any more */
    size_t range, want;         /* the first that are not left behind */
    const unsigned char *key;   /* in the text, or in state->joined */
    size_t size;
    bool chosen; /* some field was */
    bool made;   /* the key is not of the text, */
    bool joined; /* but of state->joined */
};

/* All that return int return 0 to go on; anything else has ended the job. */

/* A line begins. */
static inline void rows_lines_begin(struct rows_state *rows, struct rows_line *line,
                                    const unsigned char *begin)
{
    *line = (struct rows_line){.begin = begin, .next = rows->first};
    rows_state_clear(rows);
}

/* Whether the line's next field is wanted. */
static inline bool rows_lines_wants(struct rows_line *line)
{
    return ++line->field == line->next;
}

/* That field, which is wanted, has this text; `made`: it is room of the rows. */
int rows_lines_take(struct tokenizer_state *state, struct rows_line *line,
                    const unsigned char *data, size_t size, bool made);
/* The same for the field as a kind found it, with its quotes where it is marked. */
int rows_lines_take_marked(struct tokenizer_state *state, struct rows_line *line,
                           const unsigned char *data, size_t size);

/* The line ends. */
int rows_lines_end(struct tokenizer_state *state, const struct rows_line *line);

/* As tokens_map (tokens.h), of lines, but not of records that hold several; the second of one line,
 * with its end or without, or of one record, of any size. */
int rows_lines_map(struct tokenizer_state *state, const unsigned char *data, size_t size,
                   unsigned char *folded);
int rows_lines_map_long(struct tokenizer_state *state, const unsigned char *data, size_t size,
                        unsigned char *folded);
/* A line of which the wanted fields were kept. */
int rows_lines_condensed(struct tokenizer_state *state, const unsigned char *kept, size_t size);

#endif
