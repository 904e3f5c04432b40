/* SPDX-License-Identifier: MIT
 *
 * chain - what a decoder reads a FILE by, and the look at how one begins (see chain.h).
 */
#include "engine/input/chain.h"

#include "base/io.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One read is of no more than this, so that an interruption is seen in time. */
#define READ_SIZE ((size_t)16 * 1024 * 1024)

/* ---- What a decoder calls -------------------------------------------------------------------- */

static long read_at(struct mr_encoded *encoded, uint64_t offset, void *room, size_t size)
{
    struct chain *chain = (struct chain *)encoded;
    struct source *source = chain->source;
    size_t read = 0;
    if (!encoded->regular || size > LONG_MAX || offset > (uint64_t)INT64_MAX - source->start)
        return -1;
    while (read < size) {
        const size_t want = size - read < READ_SIZE ? size - read : READ_SIZE;
        if (chain_is_interrupted(chain))
            return -1;
        ssize_t got = pread(source->fd, (unsigned char *)room + read, want,
                            (off_t)(source->start + offset + read));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            sources_fault(chain->chains->sources, source, errno);
            return -1;
        }
        if (got == 0)
            break;
        read += (size_t)got;
    }
    return (long)read;
}

static long read_regular(struct mr_encoded *encoded, void *room, size_t size)
{
    struct chain *chain = (struct chain *)encoded;
    long got = read_at(encoded, chain->at, room, size);
    if (got > 0)
        chain->at += (uint64_t)got;
    return got;
}

/* One read of what is no regular file; waits for it. */
static long read_some(struct chain *chain, void *room, size_t size)
{
    struct sources *sources = chain->chains->sources;
    if (chain->source->ended)
        return 0;
    if (!sources_wait(sources, chain->source, SOURCES_NO_DEADLINE))
        return -1;
    ssize_t got = io_read_some(chain->source->fd, room, size < READ_SIZE ? size : READ_SIZE);
    if (got < 0)
        sources_fault(sources, chain->source, errno);
    chain->source->ended = got <= 0;
    return (long)got;
}

static long read_stream(struct mr_encoded *encoded, void *room, size_t size)
{
    struct chain *chain = (struct chain *)encoded;
    const struct chain_head *head = chain->head;
    if (head && chain->head_at < head->size) {
        const size_t left = head->size - chain->head_at, got = left < size ? left : size;
        memcpy(room, head->bytes + chain->head_at, got);
        chain->head_at += got;
        return (long)got;
    }
    return size > 0 ? read_some(chain, room, size) : 0;
}

/* Half of the memory is for the tables. */
static bool hold(struct mr_encoded *encoded, uint64_t bytes)
{
    struct chain *chain = (struct chain *)encoded;
    struct chains *chains = chain->chains;
    if (bytes > chains->memory / 2)
        return false;
    thread_lock(&chains->lock);
    const uint64_t before = chain->held;
    chain->held = bytes;
    chains->held += bytes - before;
    thread_wake_all(&chains->moved);
    thread_unlock(&chains->lock);
    if (chains->budget && bytes > before)
        budget_charge(chains->budget, bytes - before);
    else if (chains->budget)
        budget_give(chains->budget, before - bytes);
    return true;
}

/* ---- Ending ---------------------------------------------------------------------------------- */

void chain_end_decoding(struct chain *chain)
{
    struct chains *chains = chain->chains;
    if (!chain->source)
        return;
    if (chain->decoding)
        chains->decoder->close(chain->decoding);
    chain->decoding = NULL;
    (void)chain->encoded.hold(&chain->encoded, 0);
    sources_release(chains->sources, chain->source);
    chain->source = NULL;
}

void chain_free(struct chain *chain)
{
    chain_end_decoding(chain);
    chain_cut_close(&chain->cut);
    thread_cond_close(&chain->turn);
    free(chain->head);
    free(chain);
}

void chain_drop(struct chain *chain)
{
    struct chains *chains = chain->chains;
    thread_lock(&chains->lock);
    const bool last = --chain->users == 0;
    thread_unlock(&chains->lock);
    if (last)
        chain_free(chain);
}

/* ---- Beginning ------------------------------------------------------------------------------- */

/* Reads how the FILE begins. Returns 1, 0 where the deadline has passed, -1 where reading failed,
 * which has been told, or after an interruption. */
static int read_head(struct chain *chain, uint64_t deadline, struct chain_head *head)
{
    while (head->size < MR_HEAD) {
        long got;
        if (deadline != SOURCES_NO_DEADLINE && !chain->source->regular && !chain->source->ended &&
            !sources_wait(chain->chains->sources, chain->source, deadline))
            return chain_is_interrupted(chain) ? -1 : 0;
        if (chain->source->regular)
            got = read_at(&chain->encoded, head->size, head->bytes + head->size,
                          MR_HEAD - head->size);
        else
            got = read_some(chain, head->bytes + head->size, MR_HEAD - head->size);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        head->size += (size_t)got;
        if (chain->source->regular)
            break;
    }
    return 1;
}

/* The FILE is not read on: there is only the source to be given back. */
static void abandon(struct chain *chain, bool release)
{
    if (!release)
        chain->source = NULL;
    chain_free(chain);
}

static struct chain *make(struct chains *chains, struct source *source)
{
    struct chain *chain = calloc(1, sizeof *chain);
    if (!chain)
        return NULL;
    const char *name = sources_name(chains->sources, source->number);
    chain->chains = chains;
    chain->source = source;
    chain->encoded = (struct mr_encoded){
        .name = name,
        .number = source->number,
        .regular = source->regular,
        .size = source->regular ? source->size - source->start : MR_UNKNOWN,
        .read = source->regular ? read_regular : read_stream,
        .read_at = read_at,
        .hold = hold,
    };
    chain->users = 1;
    if (thread_cond_open(&chain->turn) != 0) {
        free(chain);
        return NULL;
    }
    chain_cut_open(&chain->cut, chains->cuts, chains->piece_size, &chains->buffers);
    return chain;
}

enum chain_found chain_begin(struct chains *chains, struct source *source, uint64_t deadline,
                             struct chain_head *head, struct chain **opened, struct mr_error *error)
{
    struct mr_error why = {.status = MR_OK};
    struct chain *chain = make(chains, source);
    if (!chain) {
        sources_release(chains->sources, source);
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return CHAIN_FAILED;
    }
    const int read = read_head(chain, deadline, head);
    if (read <= 0) {
        abandon(chain, read < 0);
        return read < 0 ? CHAIN_NONE : CHAIN_LATER;
    }
    chain->encoded.head = head->bytes;
    chain->encoded.head_size = head->size;
    if (!source->regular) {
        chain->head = malloc(sizeof *chain->head);
        if (!chain->head) {
            abandon(chain, true);
            mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
            return CHAIN_FAILED;
        }
        *chain->head = *head;
    }
    int rc = chains->decoder->open(chains->decoder->context, &chain->encoded, &chain->decoding,
                                   &head->skip, &why);
    chain->encoded.head = NULL;
    chain->encoded.head_size = 0;
    if (rc != 0) {
        atomic_store(&source->faulted, true);
        abandon(chain, true);
        if (why.status == MR_OK)
            return CHAIN_NONE;
        if (error)
            *error = why;
        return CHAIN_FAILED;
    }
    if (!chain->decoding) {
        (void)hold(&chain->encoded, 0);
        abandon(chain, false);
        if (head->skip > head->size)
            head->skip = head->size;
        return CHAIN_PLAIN;
    }
    *opened = chain;
    return CHAIN_OPEN;
}

struct chain_piece *chain_new_piece(struct chain *chain)
{
    struct chains *chains = chain->chains;
    struct chain_piece *piece = chains->idle;
    if (piece) {
        chains->idle = piece->next;
        piece->next = NULL;
    } else {
        piece = calloc(1, sizeof *piece);
        if (!piece)
            return NULL;
        piece->handle = SOURCE_HANDLE_PIECE;
        buffer_open(&piece->bytes, &chains->buffers);
        buffer_open_behind(&piece->text, &chains->buffers, CHAIN_CUT_FRONT);
    }
    piece->chain = chain;
    piece->number = chain->issued++;
    piece->loaded = false;
    chain->users++;
    chains->out++;
    return piece;
}

void chain_free_piece(struct chain_piece *piece)
{
    buffer_close(&piece->bytes);
    buffer_close(&piece->text);
    free(piece->context);
    free(piece);
}

bool chain_pieces_full(struct chains *chains)
{
    while (atomic_load_explicit(&chains->buffers.used, memory_order_relaxed) > chains->limit) {
        struct chain_piece *piece = chains->idle;
        if (!piece)
            return true;
        chains->idle = piece->next;
        chain_free_piece(piece);
    }
    return false;
}
