/* SPDX-License-Identifier: MIT
 *
 * chain_load - the turns in which the pieces of a FILE are taken, decoded and cut.
 */
#ifndef ENGINE_CHAIN_LOAD_H
#define ENGINE_CHAIN_LOAD_H

#include "engine/input/chain.h"

/* Loads the next piece on the reader's thread, where the chain is not among those of which tickets
 * are issued. Returns 1, 0 where the chain has ended and is gone, or after an interruption; -1 with
 * *error filled. */
int chain_next(struct chain *chain, struct mr_split *split, struct mr_error *error);
/* As an input's load and release, of a piece. */
int chain_load(struct chain_piece *piece, struct mr_split *split, struct mr_error *error);
void chain_release(struct chain_piece *piece);

#endif
