/* SPDX-License-Identifier: MIT
 *
 * selection - the numbers at some places of an order, without sorting and in little memory.
 *
 * Numbers come as their codes (see decimal.h), all of them once a pass, in any order, for as many
 * passes as are needed: one where they are few, else the first finds between which codes all are,
 * and each that follows narrows this down to a bucket in 2048, until what is left in it can be
 * held. What a selection holds does not depend on how many numbers there are.
 *
 * A sample tells between which codes a number that is sought is likely to be. Then the first pass
 * divides what is between these, and counts what is below; where it was wrong, the number is sought
 * on the side where it must be (after R. Floyd and R. Rivest, "Expected time bounds for selection",
 * 1975).
 */
#ifndef VALUES_SELECTION_H
#define VALUES_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/mapreduce.h"
#include "values/decimal.h"

/* Words of a sample, and how many numbers there are at least for one to pay. */
#define SELECTION_SAMPLE 2048
#define SELECTION_SAMPLED (8 * SELECTION_SAMPLE)

/* Codes that are held at the most, and parts into which more are divided. */
#define SELECTION_HELD 2048

/* What is known of one of the numbers. */
struct selection_search {
    enum selection_state {
        SELECTION_BOUNDS, /* the least and the greatest word are sought */
        SELECTION_GUESS,  /* the same as next, between bounds that may be wrong */
        SELECTION_DIVIDE, /* codes are counted by parts */
        SELECTION_HOLD,   /* they are held */
        SELECTION_FEWEST, /* `code` is known but for its decimals: the least code is sought, from
                           * `least` on, that is of the same number */
        SELECTION_DONE,
    } state;
    /* Its code begins with these `depth` bytes; the next 8, as a word, are from `low` to `high`. */
    size_t depth;
    unsigned char shared[DECIMAL_CODE_ROOM];
    uint64_t low, high;
    uint64_t count; /* codes of which that is true, or all, in a guess, */
    uint64_t place; /* and which of them it is */
    size_t leader;  /* the first of those of which just the same is known: it looks for all */
    /* Of a leader: */
    unsigned shift; /* of a word behind `low`, to be the number of a part */
    uint64_t below; /* in a guess: words that are less than `low` */
    size_t held;
    bool whole; /* all that are held end within the 8 bytes, and only these are kept */
    union selection_room *room;
    unsigned char code[DECIMAL_CODE_ROOM], least[DECIMAL_CODE_ROOM]; /* zeros behind them */
};

/* All zero before selection_open. */
struct selection {
    size_t count;
    struct selection_search *searches;
};

/* Makes one of that many places, at least one. Returns -1 when memory is out; to be closed in any
 * case. */
int selection_open(struct selection *selection, size_t count);
void selection_close(struct selection *selection);

/* Begins with `total` numbers, at least one; places[] is where each of the wanted ones is in their
 * order, from 0, none before the last one. */
void selection_begin(struct selection *selection, uint64_t total, const uint64_t *places);
/* Before the first pass of many numbers: words of SELECTION_SAMPLE codes, taken evenly from all of
 * them, let most selections do with two passes. Their order is lost. */
void selection_guess(struct selection *selection, uint64_t *words);
/* Codes of this pass. Returns -1 when memory is out. */
int selection_add(struct selection *selection, const struct mr_bytes *codes, size_t count);
/* The same of codes that are whole in their words. */
int selection_add_words(struct selection *selection, const uint64_t *words, size_t count);
/* Ends a pass: whether another is wanted. */
bool selection_wants_more(struct selection *selection);
/* Once none is wanted: the number at a place, of equal ones that with the fewest decimals. */
void selection_number(const struct selection *selection, size_t which, struct decimal *number);

#endif
