/* SPDX-License-Identifier: MIT
 *
 * stream - reads what cannot be cut up beforehand into blocks that end at safe cuts.
 *
 * Used by the reader thread alone; splits of its blocks may be out at the same time.
 */
#ifndef INPUT_STREAM_H
#define INPUT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/mapreduce.h"
#include "input/blocks.h"
#include "input/source.h"

struct stream {
    const struct input_options *options;
    struct sources *sources;
    struct blocks *blocks;
    struct source *source;  /* what is being read */
    struct block *block;    /* being filled, or NULL */
    struct block *previous; /* handed out; its bytes from `cut` on begin the next block. Or NULL */
    size_t cut;
    unsigned char *context; /* of the block that comes next, or NULL */
    size_t context_size;
    uint64_t offset; /* of the block's first byte in the source */
    bool ended;      /* nothing more comes from the source */
    bool widened;    /* the pipe was told to hold more, if it may */
};

void stream_open(struct stream *stream, const struct input_options *options,
                 struct sources *sources, struct blocks *blocks);
/* Frees what an interruption left. */
void stream_close(struct stream *stream);

/* Begins with a source; the one before must have ended. */
void stream_begin(struct stream *stream, struct source *source);
/* Reads the first block, waiting until `deadline` (see thread_now) at most. Returns 1 when the
 * stream has ended within it, 0 when not, -1 with *error filled. */
int stream_probe(struct stream *stream, uint64_t deadline, struct mr_error *error);
/* Hands out the next block; returns 1, 0 at the end or after an interruption, -1 with *error
 * filled. */
int stream_next(struct stream *stream, struct mr_split *split, struct mr_error *error);

#endif
