/* SPDX-License-Identifier: MIT
 *
 * invalid_tally - in which FILEs more than one byte in 100 is invalid.
 *
 * Of each FILE one number is kept, by how many of its invalid bytes, a hundredfold, outweigh all.
 */
#ifndef TEXT_INVALID_TALLY_H
#define TEXT_INVALID_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/thread.h"

/* What the mappers of a tokenizer share. */
struct invalid_tally {
    struct thread_mutex lock; /* of: */
    int64_t **pages;          /* by numbers of FILEs; NULL where none of a page was met */
    size_t count;             /* of these */
};

/* A mapper's own: of the FILE at hand. All zero at first. */
struct invalid_share {
    uint64_t number;
    int64_t balance;
    bool begun;
};

/* Returns 0, or an errno value. */
int invalid_tally_open(struct invalid_tally *tally);
void invalid_tally_close(struct invalid_tally *tally);

/* So many bytes of the FILE have been met, and so many of these were invalid. Returns 0, or -1 when
 * memory is out. */
int invalid_tally_add(struct invalid_tally *tally, struct invalid_share *share, uint64_t number,
                      uint64_t bytes, uint64_t invalid);
/* The mapper ends. */
void invalid_tally_join(struct invalid_tally *tally, const struct invalid_share *share);

/* Whether there is such a FILE from *number on; then *number is the first one. When all mappers
 * have ended. */
bool invalid_tally_next(const struct invalid_tally *tally, uint64_t *number);

#endif
