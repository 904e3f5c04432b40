/* SPDX-License-Identifier: MIT
 *
 * round_robin - a ring under a lock (see round_robin.h).
 */
#include "engine/schedule/round_robin.h"

int round_robin_open(struct round_robin *jobs)
{
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

void round_robin_add(struct round_robin *jobs, struct round_robin_place *place)
{
    struct round_robin_place *first = jobs->first;
    place->next = first ? first : place;
    place->previous = first ? first->previous : place;
    place->previous->next = place;
    place->next->previous = place;
    jobs->first = first ? first : place;
}

void round_robin_remove(struct round_robin *jobs, struct round_robin_place *place)
{
    if (!place->next)
        return;
    if (jobs->first == place)
        jobs->first = place->next == place ? NULL : place->next;
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

size_t round_robin_count(const struct round_robin *jobs)
{
    size_t count = 0;
    const struct round_robin_place *place = jobs->first;
    if (place)
        do
            count++;
        while ((place = place->next) != jobs->first);
    return count;
}
