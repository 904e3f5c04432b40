/* SPDX-License-Identifier: MIT
 *
 * chain_cut - cuts the text of a FILE that is decoded piece by piece, in the order of the pieces.
 *
 * What stands behind the last cut of a piece goes in front of the next one. The costs of joining
 * and searching stay linear however long an item is: the shorter of two texts is moved, and a text
 * without a cut is searched again only when it has doubled.
 */
#ifndef ENGINE_CHAIN_CUT_H
#define ENGINE_CHAIN_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/core/buffer.h"
#include "engine/mapreduce.h"

/* Room before the text of a piece, for what most pieces leave behind their last cut. */
#define CHAIN_CUT_FRONT ((size_t)4096)

/* Used by one thread at a time. */
struct chain_cut {
    const struct mr_cuts *cuts;
    size_t piece_size; /* a text of so many bytes without a cut is condensed, where that can be */
    struct mr_buffer rest;  /* what stands behind the last cut, or what was kept of that */
    size_t rest_front;      /* so many bytes of it stand in the room before the buffer's data */
    size_t search_at;       /* a shorter text has been found to have no cut */
    unsigned char *context; /* of what comes next, or NULL */
    size_t context_size;
    uint64_t offset; /* of the first byte of the rest in the FILE's text */
    bool condensing;
    struct mr_condense state; /* while condensing, */
    uint64_t condensed;       /* and bytes of text looked at so far */
};

/* What is cut off. */
struct chain_cut_text {
    const unsigned char *data; /* MR_PAD bytes follow */
    size_t size;               /* 0: nothing, or all of it was condensed */
    uint64_t offset;
    uint64_t length;                /* bytes of text that it stands for */
    const unsigned char *condensed; /* the context of a text that was, else NULL */
    size_t condensed_size;
    unsigned char *context; /* of free(), or NULL */
    size_t context_size;
};

/* `buffers` counts what is held. */
void chain_cut_open(struct chain_cut *cut, const struct mr_cuts *cuts, size_t piece_size,
                    struct budget *buffers);
void chain_cut_close(struct chain_cut *cut);
/* Cuts the next text, which has CHAIN_CUT_FRONT bytes of room before it; it holds what *out points
 * to afterwards. With `last` nothing follows, so that all is cut off, but for what follows a
 * condensed item: then chain_cut_left says so. `broken`: the FILE broke off with it. Returns 0, or
 * -1 with *error filled. */
int chain_cut_next(struct chain_cut *cut, struct mr_buffer *text, bool last, bool broken,
                   struct chain_cut_text *out, struct mr_error *error);
/* Bytes that have not been cut off. */
size_t chain_cut_left(const struct chain_cut *cut);

#endif
