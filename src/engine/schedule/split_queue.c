/* SPDX-License-Identifier: MIT
 *
 * split_queue - a ring under a lock with two conditions (see split_queue.h).
 */
#include "engine/schedule/split_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int split_queue_open(struct split_queue *queue, size_t capacity, size_t item_size)
{
    *queue = (struct split_queue){.item_size = item_size, .capacity = capacity};
    queue->items = calloc(capacity, item_size);
    if (!queue->items)
        return ENOMEM;
    int error = thread_mutex_open(&queue->lock);
    if (error != 0)
        goto no_lock;
    error = thread_cond_open(&queue->not_full);
    if (error != 0)
        goto no_full;
    error = thread_cond_open(&queue->not_empty);
    if (error == 0)
        return 0;
    thread_cond_close(&queue->not_full);
no_full:
    thread_mutex_close(&queue->lock);
no_lock:
    free(queue->items);
    return error;
}

void split_queue_close(struct split_queue *queue)
{
    thread_cond_close(&queue->not_empty);
    thread_cond_close(&queue->not_full);
    thread_mutex_close(&queue->lock);
    free(queue->items);
}

bool split_queue_push(struct split_queue *queue, const void *item)
{
    thread_lock(&queue->lock);
    if (queue->count == queue->capacity)
        while (queue->count > queue->capacity / 2 && !queue->ended)
            thread_wait(&queue->not_full, &queue->lock);
    bool pushed = !queue->ended;
    if (pushed) {
        size_t place = (queue->first + queue->count) % queue->capacity;
        memcpy(queue->items + place * queue->item_size, item, queue->item_size);
        queue->count++;
        thread_wake_one(&queue->not_empty);
    }
    thread_unlock(&queue->lock);
    return pushed;
}

/* The lock is held. */
static enum split_queue_result take_first(struct split_queue *queue, void *item)
{
    if (queue->count == 0)
        return queue->ended ? SPLIT_QUEUE_ENDED : SPLIT_QUEUE_EMPTY;
    memcpy(item, queue->items + queue->first * queue->item_size, queue->item_size);
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    if (queue->count <= queue->capacity / 2)
        thread_wake_one(&queue->not_full);
    return SPLIT_QUEUE_GOT;
}

enum split_queue_result split_queue_pop(struct split_queue *queue, void *item)
{
    thread_lock(&queue->lock);
    enum split_queue_result result;
    while ((result = take_first(queue, item)) == SPLIT_QUEUE_EMPTY)
        thread_wait(&queue->not_empty, &queue->lock);
    thread_unlock(&queue->lock);
    return result;
}

enum split_queue_result split_queue_try_pop(struct split_queue *queue, void *item)
{
    thread_lock(&queue->lock);
    enum split_queue_result result = take_first(queue, item);
    thread_unlock(&queue->lock);
    return result;
}

void split_queue_end(struct split_queue *queue)
{
    thread_lock(&queue->lock);
    queue->ended = true;
    thread_wake_all(&queue->not_full);
    thread_wake_all(&queue->not_empty);
    thread_unlock(&queue->lock);
}
