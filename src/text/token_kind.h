/* SPDX-License-Identifier: MIT
 *
 * token_kind - what a token is: one constant object a kind, in a file of its own. What
 * holds for a kind stands in its object; to add a kind is to write one.
 */
#ifndef TEXT_TOKEN_KIND_H
#define TEXT_TOKEN_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/mapreduce.h"

struct field_walk;
struct tokenizer;
struct tokenizer_state;

/* Both as tokenizer_border and tokenizer_border_last (tokenizer.h). */
typedef size_t token_kind_border(const struct tokenizer *tokenizer, const unsigned char *data,
                                 size_t size, size_t from);
typedef size_t token_kind_border_last(const struct tokenizer *tokenizer, const unsigned char *data,
                                      size_t size);

/* As tokenizer_condense and tokenizer_condense_end. */
typedef size_t token_kind_condense(const struct tokenizer *tokenizer, struct mr_condense *state,
                                   unsigned char *data, size_t size, size_t *kept);
typedef size_t token_kind_condense_end(const struct mr_condense *state, unsigned char *room);

struct token_kind {
    /* Emits the tokens of a split. Returns 0 to go on; anything else has ended the job. */
    int (*map)(struct tokenizer_state *state, const struct mr_split *split);
    /* Emits those of one line, in order, for n-grams. NULL: there are none of this kind. */
    int (*map_line)(struct tokenizer_state *state, const unsigned char *data, size_t size);
    /* Where a text can be cut for splits. */
    token_kind_border *border;
    token_kind_border_last *border_last;
    /* The same within a split, where only tokens matter: for windows, see tokens.h. NULL, both:
     * nothing else matters at borders. */
    token_kind_border *edge;
    token_kind_border_last *edge_last;
    /* Makes a key of a part of a line, as tokenizer_condense; NULL: all of it is wanted. */
    token_kind_condense *condense;
    token_kind_condense_end *condense_end;
    /* Finds the next field of a line or record; false: there is none. NULL: the kind has none. */
    bool (*next_field)(const struct tokenizer *tokenizer, struct field_walk *walk);
    /* The text of a field that is marked, as in struct field_walk; `out` has room for `size`.
     * Returns how many bytes it has. NULL: none is. */
    size_t (*field_text)(const unsigned char *data, size_t size, unsigned char *out);
    /* Where the record ends that the text begins with, behind its end; *unclosed is set to a quote
     * that is never closed, with which all that is left is the record. NULL: lines are records. */
    size_t (*record_end)(const struct tokenizer *tokenizer, const unsigned char *data, size_t size,
                         const unsigned char **unclosed);
    /* Borders follow from all that stands before: the text in which they are searched begins with
     * one, and a split as well. */
    bool in_order;
    bool words;   /* tokens are words: lists of them are read as in struct filter_list */
    bool spaced;  /* a space stands between the tokens of an n-gram */
    bool decodes; /* counts invalid bytes on the way */
    bool filled;  /* no token is empty: what normalization leaves nothing of is none */
    bool valued;  /* a token has a value; else it is 1 */
    bool strict;  /* the input can be wrong: the first line that is ends the job */
    bool located; /* it says where in its text a line is: chosen lines are mapped in their places */
};

extern const struct token_kind token_kind_unicode; /* UAX #29 segments with a letter or a number */
extern const struct token_kind token_kind_spaces;  /* runs of bytes but space \t \n \v \f \r */
extern const struct token_kind token_kind_letters; /* runs of A-Z a-z */
extern const struct token_kind token_kind_lines;   /* lines without their end */
extern const struct token_kind token_kind_chars;   /* code points of lines */
extern const struct token_kind token_kind_fields;  /* chosen fields of lines */
extern const struct token_kind token_kind_quoted;  /* the same, some in quotes or brackets */
extern const struct token_kind token_kind_csv;     /* chosen fields of records of CSV */
extern const struct token_kind token_kind_matches; /* matches of REs in lines */
extern const struct token_kind token_kind_merge;   /* KEY<TAB>COUNT lines: the value is the COUNT */
extern const struct token_kind token_kind_records; /* the same, and KEY lines, whose value is 1 */

#endif
