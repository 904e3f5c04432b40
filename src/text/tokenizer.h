/* SPDX-License-Identifier: MIT
 *
 * tokenizer - what a token is: compiles the options of the map, and maps splits by them.
 *
 * A tokenizer is compiled once by tokenizer_open, is read-only afterwards and is shared by all
 * mappers; what a mapper needs of its own (buffers, counters) is in a state that
 * tokenizer_mapper_open makes. Nothing here prints. Tokens go to the engine in batches of spans.
 *
 * Lines end in '\n', or in NUL with zero_terminated: then NUL divides words too, as no word may
 * span two lines.
 */
#ifndef TEXT_TOKENIZER_H
#define TEXT_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/range.h"
#include "engine/mapreduce.h"
#include "text/normalize_form.h"
#include "text/patterns.h"
#include "text/rows.h"
#include "text/token_kind.h"
#include "text/tokenizer_stats.h"

struct tokenizer_options {
    const struct token_kind *kind;
    bool case_fold;           /* full case folding of keys */
    enum normalize_form form; /* that keys are brought to; NFKC_Casefold folds case as well */
    bool unescape;            /* merge: \t, \n, \r, \\ in keys, and lines end in '\n' */
    bool unbundle;        /* the same: lines of one field left out, then keys and counts in turn */
    bool zero_terminated; /* lines end in NUL */
    bool count_invalid;   /* count invalid UTF-8 bytes also where the kind needs no decoding */
    bool ordered;         /* keys are emitted in the order of the text */
    bool tally_invalid;   /* find FILEs with many, where the kind reads characters */
    unsigned ngram_min;   /* 0: no n-grams; only with kinds that have some */
    unsigned ngram_max;
    const unsigned char *delimiter; /* fields end at each such text, which is copied: of several */
    size_t delimiter_size;      /* bytes it holds no line end. 0: fields are runs of non-blanks */
    const struct range *ranges; /* of fields: ascending, apart from each other; copied */
    size_t range_count;
    bool header; /* the first line or record of each FILE names its fields, and is no text */
    const char *const *names; /* fields that are wanted by name; must outlive the tokenizer */
    size_t name_count;
    uint64_t min_length;        /* of keys, in code points; 0: no limit */
    uint64_t max_length;        /* UINT64_MAX: no limit */
    bool stop_words;            /* there is a list of keys to leave out, see tokenizer_stop_words */
    uint64_t stop_words_memory; /* bytes that it may take */
    struct patterns *patterns;  /* REs of tokens, of lines to look at, or NULL; the tokenizer's */
    /* Tokens have values: see rows.h. NULL: they do not. It and all it points to must outlive the
     * tokenizer. */
    const struct rows_options *rows;
    /* Of a kind with counts: a value is as many words, the count in the one that has the split's
     * number, which must be lower, and 0 in the others. 0: it is the count. */
    unsigned value_words;
};

struct tokenizer;

/* Returns 0 and sets *tokenizer, or -1 with *error filled: MR_NOMEM, or MR_INVALID, also where a
 * value is wanted of a group that no RE has. Either way it has taken the patterns. */
int tokenizer_open(const struct tokenizer_options *options, struct tokenizer **tokenizer,
                   struct mr_error *error);
/* Frees it; NULL is allowed. */
void tokenizer_close(struct tokenizer *tokenizer);

/* The list of keys to leave out, and of tokens of which one keeps an n-gram out: one a line, as its
 * file has it (see struct filter_list for what is part of an entry), in pieces of any size; a piece
 * of no bytes ends it. To be called before the tokenizer is used. Returns 0, or -1 with *error
 * filled: MR_NOMEM, or MR_INVALID where the list would take more than it may. */
int tokenizer_stop_words(struct tokenizer *tokenizer, const void *bytes, size_t size,
                         struct mr_error *error);
/* Whether there was a list, and something to count, and nothing of all that was met is on it.
 * Complete once every mapper is closed. */
bool tokenizer_lists_in_vain(const struct tokenizer *tokenizer);
/* Whether there is a FILE from *number on, as splits have it, of which more than one byte in 100
 * is invalid; then *number is the first one. Complete once every mapper is closed. */
bool tokenizer_finds_invalid(const struct tokenizer *tokenizer, uint64_t *number);
/* How many rows were left out by skip_invalid. Complete once every mapper is closed. */
uint64_t tokenizer_rows_left_out(const struct tokenizer *tokenizer);
/* Whether splits must come in the order of FILEs and of their bytes: it says what line is wrong. */
bool tokenizer_needs_order(const struct tokenizer *tokenizer);
/* Bytes that the list takes. */
uint64_t tokenizer_memory(const struct tokenizer *tokenizer);

/* Whether FILEs must be cut by tokenizer_border_from, and splits have their bytes when they are
 * handed out. */
bool tokenizer_reads_in_order(const struct tokenizer *tokenizer);
/* The largest safe cut in (0, size] of data that begins at one, `offset` bytes into its FILE. */
size_t tokenizer_border_from(const void *tokenizer, const unsigned char *data, size_t size,
                             uint64_t offset);

/* To be called for the input of the job before that is submitted: mapping may depend on the order
 * of its splits, which must come in the order of the input, those of one number in a row. Takes the
 * input; returns the job's, which must have been released before tokenizer_close. */
struct mr_input *tokenizer_follow_input(struct tokenizer *tokenizer, struct mr_input *input);

/* The hooks of struct mr_job_spec; `tokenizer` is a struct tokenizer. tokenizer_mapper_end is
 * called where rows have an end. tokenizer_mapper_close adds the mapper's statistics to the
 * tokenizer's. */
int tokenizer_mapper_open(void *tokenizer, void **state, struct mr_error *error);
int tokenizer_map(void *tokenizer, void *state, const struct mr_split *split,
                  struct mr_emitter *emitter, struct mr_error *error);
int tokenizer_mapper_end(void *tokenizer, void *state, struct mr_emitter *emitter,
                         struct mr_error *error);
void tokenizer_mapper_close(void *tokenizer, void *state);

/* Smallest safe cut p in [from, size], size meaning none was found: what stands before p and what
 * stands from p on give the same tokens mapped apart as mapped together, whatever stands before
 * data[0] and after data[size]. data[0] may be in the middle of anything, even of a character. */
size_t tokenizer_border(const void *tokenizer, const unsigned char *data, size_t size, size_t from);
/* The largest safe cut in (0, size], or 0 where there is none. */
size_t tokenizer_border_last(const void *tokenizer, const unsigned char *data, size_t size);

/* Whether what stands before a cut matters for what comes behind it, n-grams for one: then a split
 * needs its context, as struct mr_split has it, unless it begins where the text does. */
bool tokenizer_looks_back(const struct tokenizer *tokenizer);
/* Makes the context of a split, which the caller frees; NULL where it is empty. Returns 0, or -1
 * with *error filled. */
int tokenizer_context(const void *tokenizer, struct mr_lookback *lookback, unsigned char **context,
                      size_t *size, struct mr_error *error);

/* Whether of a line that is too long to be held a part is enough: then its key can be had by the
 * two below, and what they leave is the context of a split, behind whose bytes the line stands. */
bool tokenizer_condenses(const struct tokenizer *tokenizer);
/* Goes on with such a line: moves what must be kept of [data, data + size) to the front, *kept
 * bytes. Returns where the next line begins in data, 0 where this one goes on behind it. */
size_t tokenizer_condense(const void *tokenizer, struct mr_condense *state, unsigned char *data,
                          size_t size, size_t *kept);
/* Ends it: puts what belongs behind all that was kept into `room`, which has MR_CONDENSE_END bytes,
 * and returns how much that is. */
size_t tokenizer_condense_end(const void *tokenizer, const struct mr_condense *state,
                              unsigned char *room);

/* The sum of all counts that the mappers have emitted: once none of them maps any more, be they
 * closed or not. */
struct total tokenizer_total(const struct tokenizer *tokenizer);
/* Complete once every mapper is closed. */
void tokenizer_statistics(const struct tokenizer *tokenizer, struct tokenizer_stats *stats);

/* Where the input of a strict kind has a line that is wrong, or one that cannot be matched. */
struct tokenizer_fault {
    uint64_t number;    /* of the input, from its split */
    uint64_t line;      /* in it, counted from 1 */
    const char *reason; /* "no TAB", ...; the tokenizer's */
};

/* Whether that is why the job failed: then *fault holds the first such line of the input, whatever
 * the mappers were doing. To be called when the job has ended. */
bool tokenizer_first_fault(const struct tokenizer *tokenizer, struct tokenizer_fault *fault);

#endif
