/* SPDX-License-Identifier: MIT
 *
 * tally.h - for tests of the text room: what keys a text gives, by the engine and by references.
 */
#ifndef TESTS_TALLY_H
#define TESTS_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "text/tokenizer.h"

struct tally_item {
    unsigned char *key;
    size_t size;
    uint64_t count;
};

struct tally {
    struct tally_item *items;
    size_t count, room;
    struct tokenizer_stats stats;
    enum mr_status status;
    struct mr_error error;
    struct tokenizer_fault fault; /* its reason is NULL: none */
    char reason[ROWS_REASON];     /* what that points to */
    uint64_t left_out;            /* rows */
    /* While it counts: */
    const struct tokenizer_options *options;
    struct tokenizer *text;
};

/* How a text is brought to the engine. */
enum tally_cut {
    TALLY_WHOLE,
    TALLY_BORDERS,   /* cut at every border that tokenizer_border reports */
    TALLY_LAST,      /* cut as a pipe is: at the last border in each few bytes */
    TALLY_CONDENSED, /* where the kind condenses: each line as if it were too long to be held */
};

/* The list, where options have one. */
extern const char *tally_stop_words;

/* Threads that count; 0, as at first: the calling one. */
extern unsigned tally_threads;

/* Options that change nothing. */
struct tokenizer_options tally_options(const struct token_kind *kind);

void tally_open(struct tally *tally);
void tally_close(struct tally *tally);
/* For references. Keys may come again. */
void tally_add(struct tally *tally, const void *key, size_t size, uint64_t count);

/* Counts `data` by the engine. Where `limit` is not 0, windows are at most so long, and longer
 * tokens count as too long for spans. Of rows without an emit of their own values are of whole
 * words, and a count is the sum of the first ones. */
void tally_count(struct tally *tally, const struct tokenizer_options *options, const void *data,
                 size_t size, enum tally_cut cut, size_t limit);

/* Fails the test unless both hold the same keys with the same counts. Sorts both. */
void tally_compare(struct tally *got, struct tally *want);

/* Counts in every way of cutting and with several limits, and compares each time. */
void tally_check(const struct tokenizer_options *options, const void *data, size_t size,
                 struct tally *want);
/* The same of a string, in which these keys come, each once for each time; NULL ends them. */
void tally_check_keys(const struct tokenizer_options *options, const char *text,
                      const char *const *keys);

#endif
