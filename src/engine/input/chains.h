/* SPDX-License-Identifier: MIT
 *
 * chains - all FILEs of an input that are decoded by workers, and tickets for their pieces.
 */
#ifndef ENGINE_CHAINS_H
#define ENGINE_CHAINS_H

#include "engine/input/chain.h"

int chains_open(struct chains *chains, struct mr_error *error);
/* All pieces must have come back. */
void chains_close(struct chains *chains);
/* Ends all waiting, now and later. On any thread. */
void chains_interrupt(struct chains *chains);

/* Puts a chain among those of which tickets are issued. */
void chains_add(struct chains *chains, struct chain *chain);

enum chains_issued {
    CHAINS_ENDED = 0,  /* there are no chains */
    CHAINS_TICKET = 1, /* *split is one */
    CHAINS_BUSY = 2,   /* not now */
};

/* Issues a ticket where there is one. Returns -1 with *error filled when memory is out. The
 * reader's, as the following ones. */
int chains_issue(struct chains *chains, struct mr_split *split, struct mr_error *error);
/* Waits until there may be a ticket, or fewer than `ranges` ranges are out. */
void chains_wait(struct chains *chains, size_t ranges);
/* So many bytes are held by decodings. */
uint64_t chains_held(struct chains *chains);

/* A range of a FILE without a chain has been handed out, or given back. */
void chains_note_range(struct chains *chains, int more);
/* Whether fewer ranges than that are out. */
bool chains_range_fits(struct chains *chains, size_t most);

#endif
