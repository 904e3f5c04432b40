/* SPDX-License-Identifier: MIT
 *
 * spool - queues of blocks in memory and on disk; see spool.h.
 */
#include "command/spool.h"

#include "base/budget.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Blocks that memory is got for at a time. */
#define SLAB_BLOCKS 16

struct spool_slab {
    struct spool_slab *next;
    unsigned char *pages;
};

int spool_store_open(struct spool_store *store, const struct spool_options *options,
                     struct mr_error *error)
{
    *store = (struct spool_store){.options = *options, .most = options->memory / SPOOL_BLOCK};
    store->files = malloc(options->tmpdir_count * sizeof *store->files);
    int reason = store->files ? thread_mutex_open(&store->lock) : ENOMEM;
    if (reason != 0) {
        free(store->files);
        mr_error_set(error, MR_NOMEM, reason, "out of memory");
        return -1;
    }
    for (size_t i = 0; i < options->tmpdir_count; i++)
        store->files[i] = -1;
    return 0;
}

void spool_store_close(struct spool_store *store)
{
    while (store->slabs) {
        struct spool_slab *slab = store->slabs;
        store->slabs = slab->next;
        budget_unmap(slab->pages, SLAB_BLOCKS * SPOOL_BLOCK);
        free(slab);
    }
    spool_disk_close(store);
    free(store->files);
    free(store->places);
    thread_mutex_close(&store->lock);
}

/* ---- Memory; the store's lock is held ------------------------------------------------------- */

static void add_slab(struct spool_store *store)
{
    struct spool_slab *slab = malloc(sizeof *slab);
    unsigned char *pages = slab ? budget_map(SLAB_BLOCKS * SPOOL_BLOCK, false) : NULL;
    if (!pages) {
        free(slab);
        return;
    }
    *slab = (struct spool_slab){.next = store->slabs, .pages = pages};
    store->slabs = slab;
    for (size_t i = SLAB_BLOCKS; i > 0; i--) {
        struct spool_block *block = (struct spool_block *)(void *)(pages + (i - 1) * SPOOL_BLOCK);
        block->next = store->free;
        store->free = block;
    }
}

/* A block, whatever the limit is; NULL where the system has no memory. */
static struct spool_block *take_block(struct spool_store *store)
{
    if (!store->free)
        add_slab(store);
    struct spool_block *block = store->free;
    if (!block)
        return NULL;
    store->free = block->next;
    block->next = NULL;
    block->run = (struct spool_run){0};
    block->size = 0;
    atomic_fetch_add_explicit(&store->used, 1, memory_order_relaxed);
    return block;
}

/* Below this there is room again. */
static uint64_t mark_of(const struct spool_store *store)
{
    return store->most - store->most / 4;
}

/* Gives a block back. Whether `freed` is to be called, without the lock. */
static bool give_block(struct spool_store *store, struct spool_block *block)
{
    if (!block)
        return false;
    block->next = store->free;
    store->free = block;
    return atomic_fetch_sub_explicit(&store->used, 1, memory_order_relaxed) == mark_of(store) + 1;
}

static void tell_freed(struct spool_store *store, bool freed)
{
    if (freed && store->options.freed)
        store->options.freed(store->options.freed_context);
}

bool spool_store_full(const struct spool_store *store)
{
    return atomic_load_explicit(&store->used, memory_order_relaxed) >= store->most;
}

bool spool_store_crowded(const struct spool_store *store)
{
    return atomic_load_explicit(&store->used, memory_order_relaxed) > mark_of(store);
}

/* ---- A spool -------------------------------------------------------------------------------- */

void spool_open(struct spool *spool, struct spool_store *store, void (*fed)(void *context),
                void *fed_context)
{
    *spool = (struct spool){.store = store, .fed = fed, .fed_context = fed_context};
}

/* Gives back the blocks that wait in memory; the lock is held. */
static bool give_waiting(struct spool *spool)
{
    bool freed = false;
    while (spool->first) {
        struct spool_block *block = spool->first;
        spool->first = block->next;
        freed |= give_block(spool->store, block);
    }
    spool->last = NULL;
    return freed;
}

void spool_close(struct spool *spool)
{
    struct spool_store *store = spool->store;
    thread_lock(&store->lock);
    bool freed = give_waiting(spool);
    freed |= give_block(store, spool->open);
    freed |= give_block(store, spool->shown);
    freed |= give_block(store, spool->read);
    if (spool->placed)
        spool_place_give(store, spool->place);
    thread_unlock(&store->lock);
    tell_freed(store, freed);
}

bool spool_starving(const struct spool *spool)
{
    return atomic_load_explicit(&spool->starving, memory_order_relaxed);
}

/* ---- The writer ----------------------------------------------------------------------------- */

/* What is new can be read; the lock is held. Whether the reader waited for it. */
static bool feed(struct spool *spool)
{
    const bool starved = spool_starving(spool);
    atomic_store_explicit(&spool->starving, false, memory_order_relaxed);
    return starved && spool->fed;
}

/* Puts the open block behind all others, in memory; the lock is held. */
static void link_block(struct spool *spool)
{
    struct spool_block *block = spool->open;
    spool->open = NULL;
    if (spool->last)
        spool->last->next = block;
    else
        spool->first = block;
    spool->last = block;
}

/* Puts what the open block holds behind all others, on disk. The lock is held, and released while
 * that is written. The block is empty then. */
static int spill_block(struct spool *spool, struct mr_error *error)
{
    struct spool_store *store = spool->store;
    struct spool_block *block = spool->open;
    if (!spool->placed && spool_place_take(store, &spool->place, error) != 0)
        return -1;
    spool->placed = true;
    if (spool_place_take(store, &block->follower, error) != 0)
        return -1;
    const uint64_t place = spool->place;
    spool->place = block->follower;
    thread_unlock(&store->lock);
    const int result = spool_disk_write(store, place, block, error);
    block->size = 0;
    thread_lock(&store->lock);
    if (result != 0 || spool->dropped) {
        spool_place_give(store, place);
        return result;
    }
    struct spool_run *run = spool->last ? &spool->last->run : &spool->run;
    if (run->count == 0)
        run->first = place;
    run->count++;
    return 0;
}

/* Why an open block is passed on. */
enum pass {
    PASS_FULL,  /* it is filled again where it need not stay in memory */
    PASS_ASKED, /* it is about to be read */
    PASS_END,
};

/* Makes what the open block holds readable. */
static int pass(struct spool *spool, enum pass why, struct mr_error *error)
{
    struct spool_store *store = spool->store;
    bool fed = false, freed = false;
    int result = 0;
    thread_lock(&store->lock);
    if (spool->open->size == 0 || spool->dropped) {
        spool->open->size = 0;
    } else if (why == PASS_ASKED || spool_starving(spool) || !spool_store_full(store)) {
        link_block(spool);
        fed = feed(spool);
    } else {
        result = spill_block(spool, error);
        fed = feed(spool);
    }
    if (why == PASS_END && spool->open) {
        freed = give_block(store, spool->open);
        spool->open = NULL;
    }
    thread_unlock(&store->lock);
    tell_freed(store, freed);
    if (fed)
        spool->fed(spool->fed_context);
    return result;
}

/* Opens a block where none is. */
static int open_block(struct spool *spool, struct mr_error *error)
{
    struct spool_store *store = spool->store;
    if (spool->open)
        return 0;
    thread_lock(&store->lock);
    spool->open = take_block(store);
    thread_unlock(&store->lock);
    if (spool->open)
        return 0;
    mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    return -1;
}

unsigned char *spool_room(struct spool *spool, size_t least, size_t *room, struct mr_error *error)
{
    if (spool->open && SPOOL_ROOM - spool->open->size < least && pass(spool, PASS_FULL, error) != 0)
        return NULL;
    if (open_block(spool, error) != 0)
        return NULL;
    *room = SPOOL_ROOM - (size_t)spool->open->size;
    return spool->open->bytes + spool->open->size;
}

void spool_commit(struct spool *spool, size_t size)
{
    spool->open->size += size;
}

int spool_write(struct spool *spool, const void *bytes, size_t size, struct mr_error *error)
{
    const unsigned char *from = bytes;
    while (size > 0) {
        size_t room;
        unsigned char *to = spool_room(spool, 1, &room, error);
        if (!to)
            return -1;
        if (room > size)
            room = size;
        memcpy(to, from, room);
        spool_commit(spool, room);
        from += room;
        size -= room;
    }
    return 0;
}

int spool_pass(struct spool *spool, struct mr_error *error)
{
    return spool->open ? pass(spool, PASS_ASKED, error) : 0;
}

int spool_end(struct spool *spool, struct mr_error *error)
{
    struct spool_store *store = spool->store;
    if (spool->open && pass(spool, PASS_END, error) != 0)
        return -1;
    thread_lock(&store->lock);
    spool->ended = true;
    const bool fed = feed(spool);
    if (spool->placed)
        spool_place_give(store, spool->place);
    spool->placed = false;
    thread_unlock(&store->lock);
    if (fed)
        spool->fed(spool->fed_context);
    return 0;
}

/* ---- The reader ----------------------------------------------------------------------------- */

/* Reads the next block, which is on disk; the lock is held, and released meanwhile. */
static enum spool_found read_back(struct spool *spool, const unsigned char **bytes, size_t *size,
                                  struct mr_error *error)
{
    struct spool_store *store = spool->store;
    const uint64_t place = spool->run.first;
    if (!spool->read)
        spool->read = take_block(store);
    struct spool_block *block = spool->read;
    if (!block) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return SPOOL_FAILED;
    }
    thread_unlock(&store->lock);
    const int result = spool_disk_read(store, place, block, error);
    thread_lock(&store->lock);
    if (result != 0)
        return SPOOL_FAILED;
    spool_place_give(store, place);
    spool->run.first = block->follower;
    spool->run.count--;
    *bytes = block->bytes;
    *size = (size_t)block->size;
    return SPOOL_BYTES;
}

enum spool_found spool_read(struct spool *spool, const unsigned char **bytes, size_t *size,
                            struct mr_error *error)
{
    struct spool_store *store = spool->store;
    enum spool_found found = SPOOL_BYTES;
    thread_lock(&store->lock);
    bool freed = give_block(store, spool->shown);
    spool->shown = NULL;
    if (spool->run.count > 0) {
        found = read_back(spool, bytes, size, error);
    } else if (spool->first) {
        spool->shown = spool->first;
        spool->first = spool->shown->next;
        spool->run = spool->shown->run;
        if (!spool->first)
            spool->last = NULL;
        *bytes = spool->shown->bytes;
        *size = (size_t)spool->shown->size;
    } else {
        freed |= give_block(store, spool->read);
        spool->read = NULL;
        found = spool->ended ? SPOOL_ENDED : SPOOL_NOTHING;
        atomic_store_explicit(&spool->starving, !spool->ended, memory_order_relaxed);
    }
    thread_unlock(&store->lock);
    tell_freed(store, freed);
    return found;
}

/* Gives the places of a run back; of those behind one that cannot be read nothing is known. The
 * lock is held, and released now and then. */
static void give_run(struct spool_store *store, struct spool_run run)
{
    for (; run.count > 0; run.count--) {
        uint64_t follower;
        thread_unlock(&store->lock);
        const bool known = spool_disk_follow(store, run.first, &follower);
        thread_lock(&store->lock);
        if (!known)
            break;
        spool_place_give(store, run.first);
        run.first = follower;
    }
}

void spool_drop(struct spool *spool)
{
    struct spool_store *store = spool->store;
    struct spool_run run;
    thread_lock(&store->lock);
    spool->dropped = true; /* from here on the writer adds nothing */
    run = spool->run;
    spool->run.count = 0;
    bool freed = false;
    for (;;) {
        give_run(store, run);
        struct spool_block *block = spool->first;
        if (!block)
            break;
        run = block->run;
        spool->first = block->next;
        freed |= give_block(store, block);
    }
    spool->last = NULL;
    thread_unlock(&store->lock);
    tell_freed(store, freed);
}
