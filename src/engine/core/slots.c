/* SPDX-License-Identifier: MIT
 *
 * slots - pages or malloc (see slots.h).
 */
#include "engine/core/slots.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 4096
#define LINE 64
_Static_assert(LINE % ALIGNED_TO == 0 && PAGE % ALIGNED_TO == 0, "slots are aligned");

/* A page that is read first and written later is faulted in twice, the second time with an
 * interrupt to all other CPUs: on a corpus of many keys that was a fifth of the time. So pages of
 * slots are written before. */
void slots_touch(void *slots, size_t from, size_t to)
{
    for (size_t at = from; at < to; at += PAGE)
        *(volatile unsigned char *)((unsigned char *)slots + at) = 0;
}

void *slots_take_untouched(struct budget *budget, size_t bytes, bool must)
{
    if (must)
        budget_charge(budget, bytes);
    else if (!budget_take(budget, bytes, 0))
        return NULL;
    void *slots = bytes >= SLOTS_MAP_FROM ? budget_map(bytes, true)
                                          : aligned_alloc(LINE, (bytes + LINE - 1) / LINE * LINE);
    if (!slots) {
        budget_give(budget, bytes);
        return NULL;
    }
    return bytes < SLOTS_MAP_FROM ? memset(slots, 0, bytes) : slots;
}

void *slots_take(struct budget *budget, size_t bytes, bool must)
{
    void *slots = slots_take_untouched(budget, bytes, must);
    if (slots && bytes >= SLOTS_MAP_FROM)
        slots_touch(slots, 0, bytes);
    return slots;
}

void slots_give(struct budget *budget, void *slots, size_t bytes)
{
    if (!slots)
        return;
    if (bytes >= SLOTS_MAP_FROM)
        budget_unmap(slots, bytes);
    else
        free(slots);
    budget_give(budget, bytes);
}
