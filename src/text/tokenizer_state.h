/* SPDX-License-Identifier: MIT
 *
 * tokenizer_state - what the kinds of tokens work on: the compiled tokenizer, which all mappers
 * share and read only, and the state that each mapper has of its own. Private to text/.
 */
#ifndef TEXT_TOKENIZER_STATE_H
#define TEXT_TOKENIZER_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/range.h"
#include "text/case_fold.h"
#include "text/filter.h"
#include "text/first_fault.h"
#include "text/invalid_tally.h"
#include "text/keys.h"
#include "text/ngrams.h"
#include "text/patterns_state.h"
#include "text/room.h"
#include "text/token_kind.h"
#include "text/tokenizer_stats.h"
#include "text/words.h"

struct rows_state;

struct tokenizer {
    const struct token_kind *kind;
    case_fold_function *fold; /* what case_fold does */
    bool case_fold, unescape, unbundle, zero_terminated, count_invalid;
    unsigned char *delimiter;    /* of fields, */
    size_t delimiter_size;       /* 0: blanks */
    const unsigned char *joiner; /* stands between the fields of a key: the delimiter, or a space */
    size_t joiner_size;
    unsigned char end;   /* of lines */
    unsigned char extra; /* divides words as a space does: NUL where that is the line end, or ' ' */
    bool ordered;        /* keys go on in the order of the text */
    unsigned ngram_min, ngram_max;
    unsigned value_words; /* 0: values are counts, or of rows */
    struct range *ranges;
    size_t range_count;
    enum normalize_form form;            /* of keys */
    struct filter *filter;               /* NULL: every key passes */
    struct patterns *patterns;           /* NULL: none */
    bool chooses_lines;                  /* by those */
    size_t fold_window, window, longest; /* the constants of tokens.h */

    /* NULL, all: tokens have no values. */
    const struct rows_options *rows;
    uint64_t *row_fields;        /* the fields of values, as far as no header is needed; else 0 */
    int *row_groups;             /* of matches: groups likewise, those of one RE side by side, -1 */
    struct range *kept_ranges;   /* all fields that are wanted of a line that is condensed, */
    size_t kept_count;           /* be there values or not */
    struct header *header;       /* NULL: lines have no header */
    struct invalid_tally *tally; /* NULL: nobody wants it */
    struct first_fault *faults;  /* strict kinds, patterns, and where there is a header */
    /* written by tokenizer_mapper_close only, which is called one at a time */
    struct tokenizer_stats stats;
    uint64_t rows_left_out;
    /* of mappers that are not closed; only closing takes one out */
    _Atomic(struct tokenizer_state *) open;
};

struct tokenizer_state {
    const struct tokenizer *tokenizer;
    struct tokenizer_state *next; /* of those that are open */
    uint64_t invalid;             /* bytes met by kinds that decode, but for what `words` counts */
    struct invalid_share share;   /* of the tokenizer's tally */

    struct room folded;         /* the window at hand with A-Z made small */
    struct room joined;         /* fields of one line before they are folded */
    const struct range *ranges; /* of fields, in the split at hand */
    size_t range_count;
    uint64_t last_field;           /* none behind it is chosen */
    uint64_t lines_skipped, lines; /* in the split at hand: in its header, and up to where it has
                                    * been mapped by kinds that count them */
    const unsigned char *unclosed; /* a quote there that is never closed, or NULL */
    struct room chosen;   /* those that have passed and wait for their map, `copied` bytes, */
    size_t copied;        /* of which the first */
    uint64_t copied_from; /* stood here */
    struct patterns_state *patterns; /* NULL: there are none */
    struct rows_state *rows;         /* NULL: tokens have no values */
    struct ngrams ngrams;

    struct mr_span spans[KEYS_SPANS];
    uint32_t positions[KEYS_SPANS];
    uint64_t values[KEYS_SPANS];
    uint64_t characters[0x800]; /* how often each code point of one or two bytes came */
    struct words words;
    struct keys keys;
};

/* What a mapper opens and closes, but for its statistics. NULL when memory is out. */
struct tokenizer_state *tokenizer_state_open(const struct tokenizer *tokenizer);
/* Which fields are wanted, ranges as in struct tokenizer_options, which stay the caller's. */
void tokenizer_state_choose(struct tokenizer_state *state, const struct range *ranges,
                            size_t count);
void tokenizer_state_close(struct tokenizer_state *state);

#endif
