/* SPDX-License-Identifier: MIT
 *
 * sequence - the splits of a job in the order of the input, whichever mapper has them.
 *
 * Splits are mapped side by side, so which of two bad lines is met first is chance. Who waits here
 * with one until all splits before its own are done with is the first; and by then the lines of
 * those are known. Waiting ends: an earlier split was handed out earlier, so another mapper has it.
 */
#ifndef TEXT_SEQUENCE_H
#define TEXT_SEQUENCE_H

#include <stdint.h>

#include "base/thread.h"
#include "engine/mapreduce.h"

/* What the handle of a split points to. */
struct sequence_split {
    struct sequence_split *next; /* the one handed out after it */
    void *handle;                /* the input's own */
    uint64_t number;             /* of its FILE */
    uint64_t lines;              /* in it; the mapper's until it is released */
    bool released;               /* under the lock */
};

struct sequence {
    struct mr_input *input; /* as it was, and what it is made of; constant */
    struct mr_reader reader;
    struct thread_mutex lock;
    struct thread_cond moved; /* `first` is another */
    /* Under lock: */
    struct sequence_split *first, *last; /* handed out and not known to be done with */
    uint64_t number, lines; /* of the FILE of the split before `first`: lines in it up to there */
};

/* Returns 0, or -1 with *error filled. */
int sequence_open(struct sequence *sequence, struct mr_error *error);
/* Every split must have been released. */
void sequence_close(struct sequence *sequence);

/* Puts itself between an input, which it takes, and who reads it: handles of splits are struct
 * sequence_split. Returns what is to be read in its place, to be released before sequence_close. */
struct mr_input *sequence_follow(struct sequence *sequence, struct mr_input *input);
/* Notes how many lines the split has, whose map ends with that. */
void sequence_count(const struct mr_split *split, uint64_t lines);
/* Waits until all splits before this one have been released. Returns how many lines its FILE has
 * before it, as counted by sequence_count. */
uint64_t sequence_wait(struct sequence *sequence, const struct mr_split *split);

#endif
