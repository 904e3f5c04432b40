/* SPDX-License-Identifier: MIT
 *
 * block_stream - reads what cannot be cut up beforehand into blocks that end at safe cuts.
 *
 * Used by the reader thread alone; splits of its blocks may be out at the same time.
 */
#ifndef ENGINE_BLOCK_STREAM_H
#define ENGINE_BLOCK_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/input/blocks.h"
#include "engine/input/sources.h"
#include "engine/mapreduce.h"

struct block_stream {
    const struct mr_cuts *cuts;
    struct sources *sources;
    struct blocks *blocks;
    struct source *source;  /* what is being read */
    struct block *block;    /* being filled, or NULL */
    struct block *previous; /* handed out; its bytes from `cut` on begin the next block. Or NULL */
    size_t cut;
    unsigned char *context; /* of the block that comes next, or NULL */
    size_t context_size;
    const unsigned char *ahead; /* read before, in no block yet */
    size_t ahead_size;
    uint64_t offset; /* of the block's first byte in the source */
    bool ended;      /* nothing more comes from the source */
    bool widened;    /* the pipe was told to hold more, if it may */
};

void block_stream_open(struct block_stream *stream, const struct mr_cuts *cuts,
                       struct sources *sources, struct blocks *blocks);
/* Frees what an interruption left. */
void block_stream_close(struct block_stream *stream);

/* Begins with a source, of which `ahead`, which must stay, has been read already; the one before
 * must have ended. */
void block_stream_begin(struct block_stream *stream, struct source *source,
                        const unsigned char *ahead, size_t ahead_size);
/* Reads the first block, waiting until `deadline` (see thread_now) at most. Returns 1 when the
 * stream has ended within it, 0 when not, -1 with *error filled. */
int block_stream_probe(struct block_stream *stream, uint64_t deadline, struct mr_error *error);
/* Hands out the next block; returns 1, 0 at the end or after an interruption, -1 with *error
 * filled. */
int block_stream_next(struct block_stream *stream, struct mr_split *split, struct mr_error *error);

#endif
