/* SPDX-License-Identifier: MIT
 *
 * split_queue - a bounded queue of items of one size, for many producers and many consumers.
 *
 * Items are copied in and out in order. A full queue holds its producers back: that is what bounds
 * the memory of input read ahead. Once held back they are woken when it has drained to half, not at
 * every pop: a wake-up costs as much as some items' work.
 */
#ifndef ENGINE_SPLIT_QUEUE_H
#define ENGINE_SPLIT_QUEUE_H

#include "base/thread.h"

#include <stddef.h>

struct split_queue {
    struct thread_mutex lock;    /* of all below */
    struct thread_cond not_full; /* for producers: half empty, or ended */
    struct thread_cond not_empty;
    unsigned char *items; /* a ring */
    size_t item_size;
    size_t capacity;
    size_t first;
    size_t count;
    bool ended;
};

enum split_queue_result { SPLIT_QUEUE_GOT, SPLIT_QUEUE_EMPTY, SPLIT_QUEUE_ENDED };

/* Makes a queue of at most `capacity` items of `item_size` bytes. Returns 0 or an errno value. */
int split_queue_open(struct split_queue *queue, size_t capacity, size_t item_size);
/* Nobody may use the queue any more; items in it are forgotten. */
void split_queue_close(struct split_queue *queue);
/* Copies an item in, waiting while the queue is full. Returns false, and leaves the item to the
 * caller, once the queue has been ended. */
bool split_queue_push(struct split_queue *queue, const void *item);
/* Copies the oldest item out, waiting while there is none: SPLIT_QUEUE_GOT, or SPLIT_QUEUE_ENDED
 * once the queue has been ended and is empty. */
enum split_queue_result split_queue_pop(struct split_queue *queue, void *item);
/* The same without waiting: SPLIT_QUEUE_EMPTY where split_queue_pop would wait. */
enum split_queue_result split_queue_try_pop(struct split_queue *queue, void *item);
/* No more items will come: wakes all who wait. What is in the queue can still be popped. May be
 * called more than once. */
void split_queue_end(struct split_queue *queue);

#endif
