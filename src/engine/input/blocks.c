/* SPDX-License-Identifier: MIT
 *
 * blocks - the bounded set of stream buffers (see blocks.h).
 */
#include "engine/input/blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int blocks_open(struct blocks *blocks, size_t block_size, uint64_t limit, struct mr_error *error)
{
    memset(blocks, 0, sizeof *blocks);
    blocks->block_size = block_size;
    blocks->limit = limit;
    int rc = thread_mutex_open(&blocks->lock);
    if (rc == 0) {
        rc = thread_cond_open(&blocks->released);
        if (rc == 0)
            return 0;
        thread_mutex_close(&blocks->lock);
    }
    mr_error_set(error, MR_NOMEM, rc, "cannot make a lock");
    return -1;
}

static void free_block(struct block *block)
{
    free(block->context);
    free(block->data);
    free(block);
}

/* Frees an idle block where there is one. Under the lock. */
static bool shrink(struct blocks *blocks)
{
    struct block *block = blocks->idle;
    if (!block)
        return false;
    blocks->idle = block->next;
    blocks->bytes -= block->capacity;
    free_block(block);
    return true;
}

void blocks_close(struct blocks *blocks)
{
    while (shrink(blocks))
        continue;
    thread_cond_close(&blocks->released);
    thread_mutex_close(&blocks->lock);
}

static int out_of_memory(struct mr_error *error, size_t capacity)
{
    mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory: no room to read %zu bytes at once",
                 capacity);
    return -1;
}

/* Waits until `more` bytes fit under the limit, or nobody else is left who would give some back.
 * Under the lock; false after an interruption. */
static bool wait_for_room(struct blocks *blocks, size_t more)
{
    while (!blocks->interrupted && (blocks->limit < more || blocks->bytes > blocks->limit - more)) {
        if (shrink(blocks))
            continue;
        if (blocks->lent == 0)
            break;
        thread_wait(&blocks->released, &blocks->lock);
    }
    return !blocks->interrupted;
}

int blocks_grow(struct blocks *blocks, struct block *block, size_t capacity, struct mr_error *error)
{
    size_t more = capacity - block->capacity;
    if (capacity > SIZE_MAX / 2)
        return out_of_memory(error, capacity);
    thread_lock(&blocks->lock);
    bool room = wait_for_room(blocks, more);
    if (room)
        blocks->bytes += more;
    thread_unlock(&blocks->lock);
    if (!room)
        return 0;

    unsigned char *data = realloc(block->data, capacity + MR_PAD);
    if (!data) {
        thread_lock(&blocks->lock);
        blocks->bytes -= more;
        thread_unlock(&blocks->lock);
        return out_of_memory(error, capacity);
    }
    block->data = data;
    block->capacity = capacity;
    return 1;
}

int blocks_take(struct blocks *blocks, size_t capacity, struct block **taken,
                struct mr_error *error)
{
    struct block *block = NULL;
    bool interrupted;
    thread_lock(&blocks->lock);
    while (!blocks->idle && blocks->lent > 0 && !blocks->interrupted &&
           (blocks->limit < capacity || blocks->bytes > blocks->limit - capacity))
        thread_wait(&blocks->released, &blocks->lock);
    interrupted = blocks->interrupted;
    if (blocks->idle && !interrupted) {
        block = blocks->idle;
        blocks->idle = block->next;
    }
    thread_unlock(&blocks->lock);
    if (interrupted)
        return 0;

    if (!block) {
        block = calloc(1, sizeof *block);
        if (!block)
            return out_of_memory(error, capacity);
        block->handle = SOURCE_HANDLE_BLOCK;
    }
    block->used = 0;
    block->next = NULL;
    if (block->capacity < capacity) {
        int rc = blocks_grow(blocks, block, capacity, error);
        if (rc != 1) {
            blocks_drop(blocks, block);
            return rc;
        }
    }
    *taken = block;
    return 1;
}

/* Nobody needs the block's bytes any more. Under the lock. One that grew for a long token does not
 * stay: its memory goes back. */
static void put_back(struct blocks *blocks, struct block *block)
{
    free(block->context);
    block->context = NULL;
    block->context_size = 0;
    if (block->capacity > blocks->block_size || block->capacity == 0) {
        blocks->bytes -= block->capacity;
        free_block(block);
    } else {
        block->next = blocks->idle;
        blocks->idle = block;
    }
}

void blocks_lend(struct blocks *blocks, struct block *block, bool keep)
{
    thread_lock(&blocks->lock);
    block->lent = true;
    block->kept = keep;
    blocks->lent++;
    thread_unlock(&blocks->lock);
}

void blocks_release(struct blocks *blocks, struct block *block)
{
    thread_lock(&blocks->lock);
    blocks->lent--;
    block->lent = false;
    if (!block->kept)
        put_back(blocks, block);
    thread_wake_one(&blocks->released);
    thread_unlock(&blocks->lock);
}

void blocks_drop(struct blocks *blocks, struct block *block)
{
    thread_lock(&blocks->lock);
    block->kept = false;
    if (!block->lent)
        put_back(blocks, block);
    thread_unlock(&blocks->lock);
}

void blocks_interrupt(struct blocks *blocks)
{
    thread_lock(&blocks->lock);
    blocks->interrupted = true;
    thread_wake_all(&blocks->released);
    thread_unlock(&blocks->lock);
}
