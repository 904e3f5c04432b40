/* SPDX-License-Identifier: MIT
 *
 * chains - all of an input, and tickets for their pieces (see chains.h).
 */
#include "engine/input/chains.h"

#include <errno.h>
#include <stdlib.h>

/* Pieces out a worker: one that it has, and a ticket that it finds when it is done with that. */
#define OUT_A_WORKER 2

int chains_open(struct chains *chains, struct mr_error *error)
{
    budget_open(&chains->buffers, UINT64_MAX);
    int rc = thread_mutex_open(&chains->lock);
    if (rc == 0) {
        rc = thread_cond_open(&chains->moved);
        if (rc == 0)
            return 0;
        thread_mutex_close(&chains->lock);
    }
    mr_error_set(error, MR_NOMEM, rc, "cannot make a lock");
    return -1;
}

void chains_close(struct chains *chains)
{
    while (chains->first) {
        struct chain *chain = chains->first;
        chains->first = chain->next;
        chain_drop(chain);
    }
    while (chains->idle) {
        struct chain_piece *piece = chains->idle;
        chains->idle = piece->next;
        chain_free_piece(piece);
    }
    thread_cond_close(&chains->moved);
    thread_mutex_close(&chains->lock);
}

void chains_interrupt(struct chains *chains)
{
    thread_lock(&chains->lock);
    chains->interrupted = true;
    for (struct chain *chain = chains->first; chain; chain = chain->next)
        thread_wake_all(&chain->turn);
    thread_wake_all(&chains->moved);
    thread_unlock(&chains->lock);
}

void chains_add(struct chains *chains, struct chain *chain)
{
    struct chain **end = &chains->first;
    thread_lock(&chains->lock);
    while (*end)
        end = &(*end)->next;
    *end = chain;
    chain->listed = true;
    chains->count++;
    thread_unlock(&chains->lock);
}

/* ---- Tickets --------------------------------------------------------------------------------- */

/* Whether a ticket of it is to be issued now. Under the lock. */
static bool is_ready(const struct chain *chain)
{
    const struct chains *chains = chain->chains;
    const uint64_t waiting = chain->issued - chain->cuts;
    if (chain->finished)
        return false;
    if (chain->ended)
        return chain->flush && chain->inside == 0;
    if (!chains->decoder->decode || chain->encoded.in_order || chain->in_text)
        return waiting == 0;
    return waiting <= chains->threads;
}

/* Of a chain that holds most where memory is short. Under the lock. */
static bool holds_most(const struct chain *chain)
{
    for (const struct chain *other = chain->chains->first; other; other = other->next)
        if (!other->finished && other->left > chain->left)
            return false;
    return true;
}

/* Whether a ticket of a chain may be issued now. Under the lock. */
static bool may_issue(const struct chain *chain, bool full)
{
    const struct chains *chains = chain->chains;
    const size_t most = full ? 1 : OUT_A_WORKER * (size_t)chains->threads;
    return is_ready(chain) && chains->out < most && (!full || holds_most(chain));
}

/* Takes the chain out of the list. Under the lock. */
static void unlist(struct chain **place)
{
    struct chain *chain = *place;
    *place = chain->next;
    chain->next = NULL;
    chain->listed = false;
    chain->chains->count--;
}

/* The chain of which a ticket is to be issued next, moved to the end; NULL where there is none.
 * Under the lock. Chains that have ended are dropped: *ended is their list. */
static struct chain *choose(struct chains *chains, struct chain **ended)
{
    const bool full = chain_pieces_full(chains);
    struct chain **place = &chains->first, *chosen = NULL;
    while (*place) {
        struct chain *chain = *place;
        if (chain->finished) {
            unlist(place);
            chain->next = *ended;
            *ended = chain;
        } else if (!chosen && may_issue(chain, full)) {
            chosen = chain;
            *place = chain->next;
        } else {
            place = &chain->next;
        }
    }
    if (chosen) {
        *place = chosen;
        chosen->next = NULL;
    }
    return chosen;
}

int chains_issue(struct chains *chains, struct mr_split *split, struct mr_error *error)
{
    struct chain *ended = NULL;
    struct chain_piece *piece = NULL;
    thread_lock(&chains->lock);
    struct chain *chain = choose(chains, &ended);
    if (chain)
        piece = chain_new_piece(chain);
    const bool none = !chains->first;
    thread_unlock(&chains->lock);
    while (ended) {
        struct chain *next = ended->next;
        chain_drop(ended);
        ended = next;
    }
    if (chain && !piece) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return -1;
    }
    if (!piece)
        return none ? CHAINS_ENDED : CHAINS_BUSY;
    *split = (struct mr_split){.handle = piece, .number = chain->encoded.number};
    return CHAINS_TICKET;
}

void chains_wait(struct chains *chains, size_t ranges)
{
    thread_lock(&chains->lock);
    for (;;) {
        const bool full = chain_pieces_full(chains);
        bool some = chains->interrupted || chains->ranges < ranges;
        for (struct chain *chain = chains->first; chain && !some; chain = chain->next)
            some = chain->finished || may_issue(chain, full);
        if (some)
            break;
        thread_wait(&chains->moved, &chains->lock);
    }
    thread_unlock(&chains->lock);
}

uint64_t chains_held(struct chains *chains)
{
    thread_lock(&chains->lock);
    const uint64_t held = chains->held;
    thread_unlock(&chains->lock);
    return held;
}

void chains_note_range(struct chains *chains, int more)
{
    thread_lock(&chains->lock);
    chains->ranges += (size_t)more;
    if (more < 0)
        thread_wake_all(&chains->moved);
    thread_unlock(&chains->lock);
}

bool chains_range_fits(struct chains *chains, size_t most)
{
    thread_lock(&chains->lock);
    const bool fits = chains->ranges < most;
    thread_unlock(&chains->lock);
    return fits;
}
