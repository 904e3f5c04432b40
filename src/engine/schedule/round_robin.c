/* SPDX-License-Identifier: MIT
 *
 * round_robin - a ring under a lock (see round_robin.h).
 */
#include "engine/schedule/round_robin.h"

int round_robin_open(struct round_robin *jobs, uint64_t memory)
{
    admission_open(&jobs->admission, memory);
    int error = thread_mutex_open(&jobs->lock);
    if (error != 0)
        return error;
    error = thread_cond_open(&jobs->work);
    if (error != 0)
        goto no_work;
    error = thread_cond_open(&jobs->none_open);
    if (error == 0)
        return 0;
    thread_cond_close(&jobs->work);
no_work:
    thread_mutex_close(&jobs->lock);
    return error;
}

void round_robin_close(struct round_robin *jobs)
{
    thread_cond_close(&jobs->none_open);
    thread_cond_close(&jobs->work);
    thread_mutex_close(&jobs->lock);
}

void round_robin_wake_locked(struct round_robin *jobs)
{
    if (jobs->idle > 0)
        thread_wake_all(&jobs->work);
}

void round_robin_wake(struct round_robin *jobs)
{
    thread_lock(&jobs->lock);
    round_robin_wake_locked(jobs);
    thread_unlock(&jobs->lock);
}

static void append(struct round_robin_place **ring, struct round_robin_place *place)
{
    struct round_robin_place *first = *ring;
    place->next = first ? first : place;
    place->previous = first ? first->previous : place;
    place->previous->next = place;
    place->next->previous = place;
    *ring = first ? first : place;
}

void round_robin_add(struct round_robin *jobs, struct round_robin_place *place)
{
    append(&jobs->first, place);
}

void round_robin_hold_back(struct round_robin *jobs, struct round_robin_place *place)
{
    append(&jobs->waiting, place);
}

void round_robin_set_alone(struct round_robin *jobs, struct round_robin_place *place)
{
    append(&jobs->alone, place);
}

void round_robin_remove(struct round_robin *jobs, struct round_robin_place *place)
{
    struct round_robin_place *next = place->next == place ? NULL : place->next;
    if (!place->next)
        return;
    if (jobs->first == place)
        jobs->first = next;
    if (jobs->waiting == place)
        jobs->waiting = next;
    if (jobs->alone == place)
        jobs->alone = next;
    place->previous->next = place->next;
    place->next->previous = place->previous;
    place->next = place->previous = NULL;
}

void round_robin_begun(struct round_robin *jobs)
{
    jobs->open++;
}

void round_robin_closed(struct round_robin *jobs)
{
    if (--jobs->open == 0)
        thread_wake_all(&jobs->none_open);
}

size_t round_robin_count(const struct round_robin_place *ring)
{
    size_t count = 0;
    const struct round_robin_place *place = ring;
    if (place)
        do
            count++;
        while ((place = place->next) != ring);
    return count;
}

bool round_robin_shared(const struct round_robin *jobs)
{
    return jobs->waiting || (jobs->first && jobs->first->next != jobs->first);
}
