/* SPDX-License-Identifier: MIT
 *
 * search - how many of some sorted words are no greater than a given one, for many of these side by
 * side.
 *
 * The words lie in three levels of eights, as in a B+ tree whose nodes are a cache line: one
 * comparison of vectors takes the place of three steps of a binary search. Without such vectors the
 * lowest level is searched in halves and without a branch (after Sanders and Winkel: Super Scalar
 * Sample Sort, 2004).
 */
#ifndef ENGINE_SEARCH_H
#define ENGINE_SEARCH_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

/* Words at the most. */
#define SEARCH_MOST 1023u
#define SEARCH_NODE 8u
#define SEARCH_TOPS 16u
#define SEARCH_MIDDLES (SEARCH_NODE * (SEARCH_TOPS + 1))

/* Behind the words there are so many of the largest value that each level is full, with a node more
 * for what is greater than all. */
struct search {
    alignas(64) uint64_t tops[SEARCH_TOPS]; /* the last of each eight middles */
    uint64_t middles[SEARCH_MIDDLES];       /* the last of each eight words */
    uint64_t words[SEARCH_NODE * (SEARCH_MIDDLES + 1)];
    size_t places; /* words to be searched in halves: a power of two less one */
};

/* Fills in all but the first `count` words, which the caller has set, sorted. */
void search_open(struct search *search, size_t count);

/* Sets found[i] to the number of words that are no greater than what[i]; where that is the largest
 * value, to that or more. */
typedef void search_count(const struct search *search, const uint64_t *what, size_t count,
                          uint32_t *found);

search_count search_scalar;
/* The fastest that this CPU has instructions for. */
search_count *search_select(void);

#endif
