/* SPDX-License-Identifier: MIT
 *
 * chain - FILEs whose bytes are not their text: taken, decoded and cut, piece by piece.
 *
 * The reader issues tickets, which are pieces without anything in them. Who loads one takes the
 * FILE's next piece from the decoder when those before it have been taken, decodes it while others
 * are decoded, and cuts it when those before it have been cut. A worker waits only for workers that
 * are at work on an earlier piece of the same FILE, never for memory, nor for a pipe: so waiting
 * ends. How much memory there is bounds what the reader issues: where the limit is passed, it is
 * one ticket at a time, of the FILE that holds most.
 */
#ifndef ENGINE_CHAIN_H
#define ENGINE_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/budget.h"
#include "base/thread.h"
#include "engine/input/chain_cut.h"
#include "engine/input/sources.h"
#include "engine/mapreduce.h"

/* A ticket, and what has been loaded for it. */
struct chain_piece {
    enum source_handle handle;
    struct chain *chain;
    uint64_t number; /* in the chain */
    struct mr_buffer bytes, text;
    unsigned char *context; /* of the split, or NULL */
    bool loaded;
    struct chain_piece *next; /* among the idle; under the lock */
};

/* What the chains of an input share. */
struct chains {
    /* Constant. */
    const struct mr_decoder *decoder;
    const struct mr_cuts *cuts;
    struct sources *sources;
    unsigned threads;
    size_t piece_size; /* text that a piece should have */
    uint64_t limit;    /* bytes that all pieces should hold together */
    uint64_t memory;   /* the engine's, and who counts it, or NULL */
    struct budget *budget;
    struct budget buffers; /* what pieces hold */
    struct thread_mutex lock;
    struct thread_cond moved; /* there may be something to issue, or less is out */
    /* Under the lock: */
    struct chain *first; /* that have not ended, the one to be issued next first */
    size_t count;        /* of these */
    struct chain_piece *idle;
    uint64_t held; /* by decodings */
    size_t out;    /* pieces */
    size_t ranges; /* of other FILEs, see chains_note_range */
    bool interrupted;
};

/* Bytes of a FILE, read to look at it. */
struct chain_head {
    unsigned char bytes[MR_HEAD];
    size_t size, skip;
};

/* A FILE. */
struct chain {
    struct mr_encoded encoded; /* the first member: callbacks get back to the chain by it */
    struct chains *chains;
    struct source *source;
    void *decoding;
    uint64_t at;             /* where `read` stands, of a regular file; of who takes, as `head` */
    struct chain_head *head; /* what was read of another kind of file, and not given out; or NULL */
    size_t head_at;
    struct chain_cut cut; /* of who cuts */
    uint64_t skipped;     /* the reader's: length of pieces that came out empty */
    struct thread_cond turn;
    /* Under the lock of the chains: */
    struct chain *next;
    uint64_t issued, taken, cuts; /* pieces, of all those before the first that has not been */
    uint64_t last;                /* number of the last piece, once `ended` */
    uint64_t held;
    size_t left;   /* bytes behind the last cut */
    size_t inside; /* pieces being loaded */
    size_t users;  /* pieces out, and the list or the reader */
    bool ended;    /* nothing more is to be taken */
    bool in_text;  /* the last piece taken was text already */
    bool flush;    /* all has been taken and cut, and there is something left */
    bool finished; /* all has been cut, or what follows is dropped */
    bool listed;
};

/* What chain_begin found. */
enum chain_found {
    CHAIN_FAILED = -1, /* the job fails: *error is filled */
    CHAIN_NONE = 0,    /* the FILE cannot be read, which has been told; the source was released. Or
                        * there was an interruption */
    CHAIN_PLAIN = 1,   /* its bytes are its text, and the source is still the caller's */
    CHAIN_OPEN = 2,    /* it is decoded, by *chain, which has the source */
    CHAIN_LATER = 3,   /* the deadline has passed: *head holds what came, and is to be given again
                        * with the source, which is still the caller's */
};

/* Looks at how a FILE begins, waiting until `deadline` at most (see sources_wait). *head holds what
 * has been read of it before: nothing at first; of a plain one it holds what has been read, and
 * what of that is no text. The reader's. */
enum chain_found chain_begin(struct chains *chains, struct source *source, uint64_t deadline,
                             struct chain_head *head, struct chain **chain, struct mr_error *error);

/* A piece without anything in it. Under the lock; NULL when memory is out. */
struct chain_piece *chain_new_piece(struct chain *chain);
/* Frees one that is in no list. */
void chain_free_piece(struct chain_piece *piece);
/* Whether pieces hold more than they should, though none is idle. Under the lock. */
bool chain_pieces_full(struct chains *chains);
/* Ends the decoding and the source: nobody is in a callback. Not under the lock. */
void chain_end_decoding(struct chain *chain);
/* Frees a chain without users, or that nobody else has known. */
void chain_free(struct chain *chain);
/* One user less: the last one frees it. */
void chain_drop(struct chain *chain);

static inline bool chain_is_interrupted(const struct chain *chain)
{
    return atomic_load(&chain->chains->sources->interrupted);
}

#endif
