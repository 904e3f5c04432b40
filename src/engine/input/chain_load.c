/* SPDX-License-Identifier: MIT
 *
 * chain_load - the turns in which pieces are taken and cut (see chain_load.h).
 */
#include "engine/input/chain_load.h"

#include <errno.h>
#include <stdlib.h>

/* Buffers larger than so many pieces go back. */
#define KEEP_PIECES 3

/* Notes what has come of a callback: `rc` and `why`. Returns -1 where the job fails. */
static int note(struct chain *chain, int rc, const struct mr_error *why, struct mr_error *error)
{
    if (rc >= 0)
        return 0;
    if (why->status != MR_OK) {
        if (error)
            *error = *why;
        return -1;
    }
    atomic_store(&chain->source->faulted, true);
    return 0;
}

/* Takes the piece when it is its turn. Returns 1, 0 where there is nothing to be taken but what is
 * left to be cut, which is so where *flush, or -1 with *error filled. */
static int take(struct chain_piece *piece, struct mr_piece *made, bool *flush,
                struct mr_error *error)
{
    struct chain *chain = piece->chain;
    struct chains *chains = chain->chains;
    struct mr_error why = {.status = MR_OK};
    thread_lock(&chains->lock);
    while (chain->taken != piece->number && !chain->ended && !chains->interrupted)
        thread_wait(&chain->turn, &chains->lock);
    const bool none = chain->ended || chains->interrupted;
    *flush = chain->ended && chain->flush;
    if (*flush)
        chain->flush = false;
    thread_unlock(&chains->lock);
    if (none)
        return 0;

    int rc = chains->decoder->take(chain->decoding, &chain->encoded, made, &why);
    const int failed = note(chain, rc, &why, error);
    thread_lock(&chains->lock);
    chain->taken++;
    chain->in_text = piece->bytes.used == 0;
    if (rc <= 0) {
        chain->ended = true;
        chain->last = piece->number;
    }
    thread_wake_all(&chain->turn);
    thread_unlock(&chains->lock);
    return failed ? -1 : 1;
}

/* Fills in the split from what has been cut off for it. */
static void fill_in(struct mr_split *split, struct chain_piece *piece,
                    const struct chain_cut_text *text, uint64_t length)
{
    piece->context = text->context;
    split->data = text->data;
    split->size = text->size;
    split->offset = text->offset;
    split->length = length;
    split->grown = (int64_t)(text->length - length);
    split->context = text->condensed ? text->condensed : text->context;
    split->context_size = text->condensed ? text->condensed_size : text->context_size;
}

/* Cuts the piece when it is its turn. `rc` is what decoding it came to. */
static int cut(struct chain_piece *piece, const struct mr_piece *made, int rc, bool flush,
               struct mr_split *split, struct mr_error *error)
{
    struct chain *chain = piece->chain;
    struct chains *chains = chain->chains;
    struct chain_cut_text text = {.data = NULL};
    thread_lock(&chains->lock);
    while (!flush && chain->cuts != piece->number && !chain->finished && !chains->interrupted)
        thread_wait(&chain->turn, &chains->lock);
    const bool dropped = chain->finished || chains->interrupted;
    const bool last = flush || rc <= 0 || (chain->ended && chain->last == piece->number);
    thread_unlock(&chains->lock);
    if (!dropped)
        rc = chain_cut_next(&chain->cut, &piece->text, last, atomic_load(&chain->source->faulted),
                            &text, error);
    fill_in(split, piece, &text, made->length);
    thread_lock(&chains->lock);
    if (!dropped) {
        chain->cuts = flush ? chain->cuts : chain->cuts + 1;
        chain->left = chain_cut_left(&chain->cut);
        if (last) {
            chain->ended = true;
            chain->flush = chain->left > 0;
            chain->finished = !chain->flush;
        }
        if (rc < 0)
            chain->finished = true;
    }
    thread_wake_all(&chain->turn);
    thread_unlock(&chains->lock);
    return dropped ? 0 : rc;
}

/* A piece is loaded no more: the last one of a chain that has ended ends the decoding. */
static void leave(struct chain *chain)
{
    struct chains *chains = chain->chains;
    thread_lock(&chains->lock);
    chain->inside--;
    const bool end = chain->finished && chain->inside == 0;
    thread_unlock(&chains->lock);
    if (end)
        chain_end_decoding(chain);
    thread_lock(&chains->lock);
    thread_wake_all(&chains->moved);
    thread_unlock(&chains->lock);
}

int chain_load(struct chain_piece *piece, struct mr_split *split, struct mr_error *error)
{
    struct chain *chain = piece->chain;
    struct chains *chains = chain->chains;
    struct mr_error why = {.status = MR_OK};
    struct mr_piece made = {
        .bytes = &piece->bytes,
        .text = &piece->text,
        .wanted = chains->piece_size,
    };
    bool flush = false;
    if (piece->loaded)
        return 0;
    piece->loaded = true;
    thread_lock(&chains->lock);
    if (chain->finished) {
        thread_unlock(&chains->lock);
        return 0;
    }
    chain->inside++;
    thread_unlock(&chains->lock);

    int rc = take(piece, &made, &flush, error);
    if (rc == 1) {
        if (piece->bytes.used > 0 && chains->decoder->decode) {
            rc = chains->decoder->decode(chain->decoding, &made, &why);
            if (note(chain, rc, &why, error) != 0)
                rc = -2;
        }
        if (rc != -2)
            rc = cut(piece, &made, rc, false, split, error);
    } else if (flush) {
        rc = cut(piece, &made, 1, true, split, error);
    }
    leave(chain);
    return rc < 0 ? -1 : 0;
}

void chain_release(struct chain_piece *piece)
{
    struct chain *chain = piece->chain;
    struct chains *chains = chain->chains;
    const size_t keep = KEEP_PIECES * chains->piece_size;
    free(piece->context);
    piece->context = NULL;
    buffer_trim(&piece->bytes, keep);
    buffer_trim(&piece->text, keep);
    thread_lock(&chains->lock);
    piece->next = chains->idle;
    chains->idle = piece;
    chains->out--;
    const bool last = --chain->users == 0;
    thread_wake_all(&chains->moved);
    thread_unlock(&chains->lock);
    if (last)
        chain_free(chain);
}

/* ---- On the reader's thread ------------------------------------------------------------------ */

/* Waits until there is room for one more piece; false after an interruption. Returns one, NULL when
 * memory is out. */
static bool take_piece(struct chain *chain, struct chain_piece **piece)
{
    struct chains *chains = chain->chains;
    thread_lock(&chains->lock);
    while (!chains->interrupted && chains->out > 0 && chain_pieces_full(chains))
        thread_wait(&chains->moved, &chains->lock);
    const bool interrupted = chains->interrupted;
    *piece = interrupted ? NULL : chain_new_piece(chain);
    thread_unlock(&chains->lock);
    return !interrupted;
}

int chain_next(struct chain *chain, struct mr_split *split, struct mr_error *error)
{
    for (;;) {
        struct chain_piece *piece;
        if (chain->finished) {
            chain_drop(chain);
            return 0;
        }
        if (!take_piece(chain, &piece))
            return 0;
        if (!piece) {
            mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
            return -1;
        }
        *split = (struct mr_split){.handle = piece, .number = chain->encoded.number};
        if (chain_load(piece, split, error) != 0) {
            chain_release(piece);
            return -1;
        }
        split->length += chain->skipped;
        split->grown -= (int64_t)chain->skipped;
        if (split->size > 0 || split->context || chain->finished) {
            chain->skipped = 0;
            return 1;
        }
        chain->skipped = split->length;
        chain_release(piece);
    }
}
