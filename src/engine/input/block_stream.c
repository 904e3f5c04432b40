/* SPDX-License-Identifier: MIT
 *
 * block_stream - fills blocks and cuts them at the last safe place (see block_stream.h).
 *
 * What stands behind the cut is copied to the front of the next block. A block without any safe cut
 * is doubled until there is one: all copying and searching stays linear in the input.
 */
#include "engine/input/block_stream.h"

#include "base/io.h"
#include "base/thread.h"
#include "engine/input/cut_context.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* The first block of a stream starts at this size, enough for most of what is piped by hand. */
#define FIRST_SIZE ((size_t)64 * 1024)
/* One read is of no more than this, so that an interruption is seen in time. */
#define READ_SIZE ((size_t)16 * 1024 * 1024)
/* What an unprivileged process may usually make a pipe hold; Linux starts with 64 KiB. */
#define PIPE_SIZE (1 << 20)

void block_stream_open(struct block_stream *stream, const struct mr_cuts *cuts,
                       struct sources *sources, struct blocks *blocks)
{
    *stream = (struct block_stream){.cuts = cuts, .sources = sources, .blocks = blocks};
}

void block_stream_close(struct block_stream *stream)
{
    if (stream->block)
        blocks_drop(stream->blocks, stream->block);
    if (stream->previous)
        blocks_drop(stream->blocks, stream->previous);
    free(stream->context);
}

void block_stream_begin(struct block_stream *stream, struct source *source,
                        const unsigned char *ahead, size_t ahead_size)
{
    assert(!stream->block && !stream->previous);
    stream->source = source;
    stream->ahead = ahead;
    stream->ahead_size = ahead_size;
    stream->offset = 0;
    stream->ended = false;
    stream->widened = false;
}

/* Reads into the block until it is full or the stream has ended; false where sources_wait ended it
 * before that. A failure ends the stream. */
static bool fill(struct block_stream *stream, uint64_t deadline)
{
    struct block *block = stream->block;
    while (!stream->ended && block->used < block->capacity) {
        size_t want = block->capacity - block->used;
        if (stream->ahead_size > 0) {
            const size_t more = stream->ahead_size < want ? stream->ahead_size : want;
            memcpy(block->data + block->used, stream->ahead, more);
            block->used += more;
            stream->ahead += more;
            stream->ahead_size -= more;
            continue;
        }
        if (stream->source->ended) {
            stream->ended = true;
            break;
        }
        if (!sources_wait(stream->sources, stream->source, deadline))
            return false;
        ssize_t got = io_read_some(stream->source->fd, block->data + block->used,
                                   want < READ_SIZE ? want : READ_SIZE);
        if (got < 0)
            sources_fault(stream->sources, stream->source, errno);
        if (got <= 0)
            stream->ended = true;
        else
            block->used += (size_t)got;
    }
    return true;
}

/* Takes the block to fill next and moves to it what the previous one left. Returns as
 * blocks_take. */
static int start_block(struct block_stream *stream, struct mr_error *error)
{
    struct block *previous = stream->previous;
    size_t left = previous ? previous->used - stream->cut : 0;
    size_t capacity = stream->blocks->block_size;
    if (stream->offset == 0 && capacity > FIRST_SIZE)
        capacity = FIRST_SIZE;
    if (left > SIZE_MAX / 4)
        capacity = left;
    else if (capacity / 2 < left)
        capacity = left * 2;
    int rc = blocks_take(stream->blocks, capacity, &stream->block, error);
    if (rc != 1) {
        stream->block = NULL;
        return rc;
    }
    stream->block->context = stream->context;
    stream->block->context_size = stream->context_size;
    stream->context = NULL;
    stream->context_size = 0;
    if (previous) {
        if (left > 0)
            memcpy(stream->block->data, previous->data + stream->cut, left);
        stream->block->used = left;
        blocks_drop(stream->blocks, previous);
        stream->previous = NULL;
    }
    return 1;
}

int block_stream_probe(struct block_stream *stream, uint64_t deadline, struct mr_error *error)
{
    int rc = start_block(stream, error);
    if (rc == 1 && (!fill(stream, deadline) || !stream->ended))
        rc = 0;
    return rc;
}

/* Makes the context of the next block, which begins at `cut` in this one. */
static int make_context(struct block_stream *stream, size_t cut, struct mr_error *error)
{
    const struct block *block = stream->block;
    const struct cut_context_text text = {block->data, cut, block->context, block->context_size};

    return cut_context_make(stream->cuts, &text, &stream->context, &stream->context_size, error);
}

/* Hands the block out up to `cut`. Returns 1, or -1 with *error filled. */
static int hand_out(struct block_stream *stream, size_t cut, struct mr_split *split,
                    struct mr_error *error)
{
    struct block *block = stream->block;
    bool keep = cut < block->used;
    /* There must be bytes there, and nobody should see uninitialised ones. */
    memset(block->data + block->used, 0, MR_PAD);
    if (!stream->ended && make_context(stream, cut, error) != 0)
        return -1;
    *split = (struct mr_split){
        .data = block->data,
        .size = cut,
        .length = cut,
        .offset = stream->offset,
        .number = stream->source->number,
        .handle = block,
        .context = block->context,
        .context_size = block->context_size,
    };
    stream->offset += cut;
    stream->cut = cut;
    stream->previous = keep ? block : NULL;
    stream->block = NULL;
    blocks_lend(stream->blocks, block, keep);
    return 1;
}

/* A pipe that brings more than a block is worth making larger; that may be refused. */
static void widen(struct block_stream *stream)
{
    if (!stream->widened)
        (void)fcntl(stream->source->fd, F_SETPIPE_SZ, PIPE_SIZE);
    stream->widened = true;
}

_Static_assert(MR_CONDENSE_END <= MR_PAD, "the end has room behind the capacity");

/* Goes on with a block that is full and has no cut, where what stands before the next one need not
 * be held whole: hands out what is kept of that as the context of a split without bytes. Returns 1,
 * 0 after an interruption, -1 with *error filled. */
static int condense(struct block_stream *stream, struct mr_split *split, struct mr_error *error)
{
    const struct mr_cuts *cuts = stream->cuts;
    struct block *block = stream->block;
    struct mr_condense state = {.words = {0}};
    uint64_t length = 0;
    size_t kept = 0, cut = 0;

    while (cut == 0) {
        size_t begin = kept, size = block->used - begin, more;
        cut = cuts->condense(cuts->context, &state, block->data + begin, size, &more);
        kept += more;
        length += cut > 0 ? cut : size;
        if (cut > 0 || stream->ended) {
            cut = cut > 0 ? begin + cut : block->used;
            break;
        }
        block->used = kept;
        /* With as much to read each time as is kept, all is linear. */
        int rc = block->capacity / 2 >= kept
                     ? 1
                     : blocks_grow(stream->blocks, block, 2 * block->capacity, error);
        if (rc != 1)
            return rc;
        if (!fill(stream, SOURCES_NO_DEADLINE))
            return 0;
    }
    bool keep = cut < block->used;
    if (keep) { /* what comes next makes room for the end */
        memmove(block->data + cut + MR_CONDENSE_END, block->data + cut, block->used - cut);
        cut += MR_CONDENSE_END;
        block->used += MR_CONDENSE_END;
    }
    kept += cuts->condense_end(cuts->context, &state, block->data + kept);
    *split = (struct mr_split){
        .data = block->data,
        .length = length,
        .offset = stream->offset,
        .number = stream->source->number,
        .handle = block,
        .context = block->data,
        .context_size = kept,
    };
    stream->offset += length;
    stream->cut = cut;
    stream->previous = keep ? block : NULL;
    stream->block = NULL;
    blocks_lend(stream->blocks, block, keep);
    return 1;
}

/* The last cut in a block, 0 where there is none. */
static size_t last_cut(const struct block_stream *stream, const struct block *block)
{
    const struct mr_cuts *cuts = stream->cuts;

    if (cuts->last_from)
        return cuts->last_from(cuts->context, block->data, block->used, stream->offset);
    return cuts->last(cuts->context, block->data, block->used);
}

int block_stream_next(struct block_stream *stream, struct mr_split *split, struct mr_error *error)
{
    const struct mr_cuts *cuts = stream->cuts;
    if (!stream->block) {
        if (stream->ended && !stream->previous)
            return 0;
        int rc = start_block(stream, error);
        if (rc != 1)
            return rc;
    }
    for (;;) {
        struct block *block = stream->block;
        if (!fill(stream, SOURCES_NO_DEADLINE))
            return 0;
        if (stream->ended) {
            size_t end = block->used;
            /* Of a FILE whose reading broke off the last item may be anything. */
            if (cuts->last_from && atomic_load(&stream->source->faulted))
                end = last_cut(stream, block);
            if (end == 0) {
                blocks_drop(stream->blocks, block);
                stream->block = NULL;
                return 0;
            }
            return hand_out(stream, end, split, error);
        }
        widen(stream);
        size_t capacity = stream->blocks->block_size;
        if (block->capacity >= capacity) {
            size_t cut = last_cut(stream, block);
            if (cut > 0)
                return hand_out(stream, cut, split, error);
            if (cuts->condense)
                return condense(stream, split, error);
            capacity = block->capacity > SIZE_MAX / 2 ? SIZE_MAX : block->capacity * 2;
        }
        int rc = blocks_grow(stream->blocks, block, capacity, error);
        if (rc != 1)
            return rc;
    }
}
