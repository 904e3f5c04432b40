/* SPDX-License-Identifier: MIT
 *
 * distinct - counts the different ones of many texts in bounded memory.
 *
 * Texts come all of them once a pass, in any order. What is met is held in a table by hash; where
 * that would grow past its limit, only texts with the lower half of the hashes go on to be held,
 * and the others wait for a later pass. So there are as many passes as the different texts need
 * tables. Short texts have a table of their own, of words (see short_word.h).
 */
#ifndef VALUES_DISTINCT_H
#define VALUES_DISTINCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "engine/mapreduce.h"

/* Texts that are held at the most, of those that are not short, and of those that are for each of
 * them; and bytes of copies that are begun with. */
#define DISTINCT_HELD ((size_t)3 << 15)
#define DISTINCT_SHORT_FOR_EACH 4
#define DISTINCT_BYTES ((size_t)4 << 20)

/* All zero before distinct_open. */
struct distinct {
    const struct hash_seed *seed;
    struct distinct_slot *slots; /* a table by hash, the places of which are a power of two */
    size_t slot_count, held;
    uint64_t *words; /* another, of short texts */
    size_t word_count, words_held;
    size_t most;                   /* texts that may be held in the first */
    struct distinct_block *blocks; /* of copies */
    size_t copied;                 /* bytes of these */
    bool copies;                   /* texts are copied */
    uint64_t from, last;           /* hashes that are held in this pass */
    uint64_t found;                /* in the passes before */
};

/* The seed must outlive it. `most`, at least 16, is how many texts are held, DISTINCT_HELD but for
 * tests. Returns -1 when memory is out; to be closed in any case. */
int distinct_open(struct distinct *distinct, const struct hash_seed *seed, size_t most);
void distinct_close(struct distinct *distinct);

/* Begins. With `copies` texts need not stay once they have been added; without, they must stay
 * until the end. */
void distinct_begin(struct distinct *distinct, bool copies);
/* Texts of this pass. Returns -1 when memory is out. */
int distinct_add(struct distinct *distinct, const struct mr_bytes *texts, size_t count);
/* The same of short ones, of which these are the words. */
int distinct_add_words(struct distinct *distinct, const uint64_t *words, size_t count);
/* Ends a pass: whether another is wanted. */
bool distinct_wants_more(struct distinct *distinct);
/* Once none is wanted: how many different texts there were. */
uint64_t distinct_count(const struct distinct *distinct);

#endif
