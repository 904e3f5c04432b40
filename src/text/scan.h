/* SPDX-License-Identifier: MIT
 *
 * scan - what the kinds of tokens share: the compiled rule, a mapper's state, and the way of a
 * token from where it was found to the engine. Private to text/.
 *
 * A kind finds tokens in a window of the split and hands them to scan_tokens with their spans;
 * from there they go on, in order, through folding, n-grams and the filter, each only where asked
 * for. A kind that makes its keys itself builds them in the key buffer (scan_key_room). All
 * functions that return int return 0 to go on; anything else has ended the job.
 */
#ifndef TEXT_SCAN_H
#define TEXT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/mapreduce.h"
#include "text/filter.h"
#include "text/merge.h"
#include "text/ngrams.h"
#include "text/text.h"
#include "text/words.h"

/* Spans a batch has at most. */
#define SCAN_SPANS WORDS_BATCH
/* The fold buffer shall stay in a near cache. */
#define SCAN_FOLD_WINDOW ((size_t)1 << 16)
/* Spans are of 32 bits. */
#define SCAN_WINDOW ((size_t)1 << 31)
/* A longer window than that holds one token, too long for spans. */
#define SCAN_LONGEST ((size_t)UINT32_MAX - MR_PAD)

struct text {
    enum text_kind kind;
    bool fold, unescape, unbundle, zero_terminated, count_invalid, have_delimiter;
    unsigned char delimiter;
    unsigned char end;   /* of lines */
    unsigned char extra; /* divides words as a space does: NUL where that is the line end, or ' ' */
    unsigned ngram_min, ngram_max;
    struct range *ranges;
    size_t range_count;
    struct filter *filter; /* NULL: every key passes */
    size_t fold_window, window, longest; /* the constants above; tests make them small */

    /* written by text_mapper_close only, which is called one at a time */
    struct text_stats stats;
    struct merge merge;
};

/* Grows; MR_PAD readable bytes always follow its room. */
struct scan_bytes {
    unsigned char *data;
    size_t room;
};

struct scan {
    const struct text *text;
    struct mr_emitter *emitter; /* of the split at hand */
    uint64_t tokens, invalid;

    struct scan_bytes folded; /* the window at hand with A-Z made small */
    struct scan_bytes keys;   /* keys that stand in no split */
    size_t keys_used, keys_count;
    struct scan_bytes joined; /* fields of one line before they are folded */
    struct ngrams ngrams;
    struct merge merge;

    struct mr_span spans[SCAN_SPANS];
    struct mr_span key_spans[SCAN_SPANS];
    struct mr_span passed[SCAN_SPANS]; /* by the filter */
    uint32_t positions[SCAN_SPANS];
    uint64_t values[SCAN_SPANS];
    uint64_t passed_values[SCAN_SPANS];
    uint64_t characters[0x800]; /* how often each code point of one or two bytes came */
    struct words words;
};

/* Gives `bytes` room for `size`; its content is lost unless `keep`. */
int scan_room(struct scan *scan, struct scan_bytes *bytes, size_t size, bool keep);
/* Reports that memory is out; returns -1. */
int scan_no_memory(struct scan *scan);

/* Maps some bytes; under folding, `folded` is room for as many and MR_PAD. Returns -1 where the job
 * is over. */
typedef int scan_map(struct scan *scan, const unsigned char *data, size_t size,
                     unsigned char *folded);
/* Maps a text in windows that end where no token can span: each by `few`, or, where it has grown
 * too long for spans as there was no such place, by `one`. */
int scan_windows(struct scan *scan, const unsigned char *data, size_t size, scan_map *few,
                 scan_map *one);
/* A scan_map of bytes that are one token. */
int scan_one(struct scan *scan, const unsigned char *data, size_t size, unsigned char *folded);

/* Tokens found at `spans` of `base`, SCAN_SPANS at most. Under folding, scan->folded holds the
 * same bytes with ASCII folded, and wide says whether any of them is above 0x7f. Changes spans. */
int scan_tokens(struct scan *scan, const unsigned char *base, struct mr_span *spans,
                  size_t count, bool wide);
/* One token of any size. */
int scan_token(struct scan *scan, const unsigned char *token, size_t size);
/* The same, folded already, and on to the n-grams. 16 bytes are read. */
int scan_chain(struct scan *scan, const unsigned char *token, size_t size);
/* Tokens that are folded already. */
int scan_folded_tokens(struct scan *scan, const unsigned char *base,
                         const struct mr_span *spans, size_t count);

/* Where a key of up to `size` bytes can be built; NULL when the job has ended. */
unsigned char *scan_key_room(struct scan *scan, size_t size);
/* The key built there has `size` bytes and, where the kind has values, this value. */
int scan_key_done(struct scan *scan, size_t size, uint64_t value);
/* Emits the keys built so far. To be called before the end of a split. */
int scan_key_flush(struct scan *scan);

/* Emits final keys through the filter; values may be NULL. SCAN_SPANS at most. */
int scan_emit(struct scan *scan, const unsigned char *base, const struct mr_span *spans,
                size_t count, const uint64_t *values);
/* One final key of any size. */
int scan_emit_one(struct scan *scan, const unsigned char *key, size_t size, uint64_t value);

/* The bytes of data that are no part of well-formed UTF-8. */
uint64_t scan_count_invalid(const unsigned char *data, size_t size);

/* ---- The kinds: maps of a whole split or line, and borders of the tokens themselves ---------- */

int spaces_map(struct scan *scan, const unsigned char *data, size_t size);
size_t spaces_border(const struct text *text, const unsigned char *data, size_t size, size_t from);
size_t spaces_border_last(const struct text *text, const unsigned char *data, size_t size);

int letters_map(struct scan *scan, const unsigned char *data, size_t size);
size_t letters_border(const unsigned char *data, size_t size, size_t from);
size_t letters_border_last(const unsigned char *data, size_t size);
/* The same for cuts within a split, which may also be inside a character of other scripts. */
size_t letters_edge(const unsigned char *data, size_t size, size_t from);
size_t letters_edge_last(const unsigned char *data, size_t size);

int lines_map(struct scan *scan, const unsigned char *data, size_t size);
size_t lines_border(const struct text *text, const unsigned char *data, size_t size, size_t from);
size_t lines_border_last(const struct text *text, const unsigned char *data, size_t size);

int chars_map(struct scan *scan, const unsigned char *data, size_t size);
/* The characters of one line, one after the other, to the n-grams. */
int chars_map_line(struct scan *scan, const unsigned char *data, size_t size);
size_t chars_border(const unsigned char *data, size_t size, size_t from);
size_t chars_border_last(const unsigned char *data, size_t size);

int fields_map(struct scan *scan, const unsigned char *data, size_t size);

int merge_map(struct scan *scan, const struct mr_split *split);

#endif
