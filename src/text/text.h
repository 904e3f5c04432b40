/* SPDX-License-Identifier: MIT
 *
 * text - what a token is: compiles the options of the map into a rule, and maps splits by it.
 *
 * A rule is compiled once by text_open, is read-only afterwards and is shared by all mappers; what
 * a mapper needs of its own (buffers, counters) is in a state that text_mapper_open makes. Nothing
 * here prints. Tokens go to the engine in batches of spans.
 *
 * Lines end in '\n', or in NUL with zero_terminated: then NUL divides words too, as no word may
 * span two lines.
 */
#ifndef TEXT_TEXT_H
#define TEXT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/range.h"
#include "engine/mapreduce.h"

enum text_kind {
    TEXT_WORDS_UNICODE, /* UAX #29 segments that hold a letter or a number */
    TEXT_WORDS_SPACE,   /* runs of bytes other than space \t \n \v \f \r */
    TEXT_WORDS_LETTERS, /* runs of A-Z a-z */
    TEXT_LINES,         /* lines without their end */
    TEXT_CHARS,         /* code points of lines */
    TEXT_FIELDS,        /* chosen fields of lines */
    TEXT_MERGE,         /* KEY<TAB>COUNT lines: the value is the COUNT */
};

struct text_options {
    enum text_kind kind;
    bool fold;            /* full case folding of keys */
    bool unescape;        /* TEXT_MERGE: \t, \n, \r, \\ in keys, and lines end in '\n' */
    bool unbundle;        /* the same: lines of one field left out, then keys and counts in turn */
    bool zero_terminated; /* lines end in NUL */
    bool count_invalid;   /* count invalid UTF-8 bytes also where the kind needs no decoding */
    unsigned ngram_min;   /* 0: no n-grams; only with the words kinds and TEXT_CHARS */
    unsigned ngram_max;
    bool have_delimiter; /* TEXT_FIELDS: fields end at each `delimiter`; else they are runs of */
    unsigned char delimiter;    /* non-blanks */
    const struct range *ranges; /* TEXT_FIELDS: ascending, not touching each other; copied */
    size_t range_count;
    uint64_t min_length;    /* of keys, in code points; 0: no limit */
    uint64_t max_length;    /* UINT64_MAX: no limit */
    const void *stop_words; /* keys to leave out, one a line, as the file has them; copied. NULL: */
    size_t stop_words_size; /* none */
};

struct text;

/* Compiles a rule. Returns 0 and sets *text, or -1 with *error filled (MR_NOMEM or MR_INVALID). */
int text_open(const struct text_options *options, struct text **text, struct mr_error *error);
/* Frees it; NULL is allowed. */
void text_close(struct text *text);

/* The hooks of struct mr_job_spec; `text` is a struct text. text_mapper_close adds the mapper's
 * statistics to the rule's. */
int text_mapper_open(void *text, void **state, struct mr_error *error);
int text_map(void *text, void *state, const struct mr_split *split, struct mr_emitter *emitter);
void text_mapper_close(void *text, void *state);

/* Smallest safe cut p in [from, size], size meaning none was found: what stands before p and what
 * stands from p on give the same tokens mapped apart as mapped together, whatever stands before
 * data[0] and after data[size]. data[0] may be in the middle of anything, even of a character. */
size_t text_border(const void *text, const unsigned char *data, size_t size, size_t from);
/* The largest safe cut in (0, size], or 0 where there is none. */
size_t text_border_last(const void *text, const unsigned char *data, size_t size);

struct text_stats {
    uint64_t tokens;        /* pairs emitted; with TEXT_MERGE the sum of the counts, modulo 2^64 */
    uint64_t invalid_bytes; /* bytes that are part of no well-formed UTF-8 character; counted for
                             * TEXT_WORDS_UNICODE and TEXT_CHARS, else only with count_invalid */
};

/* Complete once every mapper is closed. */
void text_statistics(const struct text *text, struct text_stats *stats);

/* Where TEXT_MERGE met a line that is no KEY<TAB>COUNT. */
struct text_fault {
    uint64_t number;    /* of the input, from its split */
    uint64_t offset;    /* of the line in the input */
    uint64_t line;      /* counted from 1; 0 where it is not known: count the lines before offset */
    const char *reason; /* "no TAB", ... */
};

/* What ends the lines of the input. */
char text_line_end(const struct text *text);

/* Whether that is why the job failed, then *fault holds the first such line that was met. To be
 * called when the job has ended. */
bool text_merge_fault(const struct text *text, struct text_fault *fault);

/* Chooses the kernels: the best this CPU has for NULL, else those of the given name. Returns 0, or
 * -1 for a name that is unknown or not available here. To be called once, before any thread. */
int text_select_kernel(const char *forced);
/* "avx512", "avx2", "sse4.2", "neon" or "scalar". */
const char *text_kernel_name(void);

#endif
