/* SPDX-License-Identifier: MIT
 *
 * budget - who may hold how much memory.
 *
 * One budget is shared by all jobs of an engine. Whoever wants a sizeable block takes its bytes
 * first and gives them back after freeing it. Takers work in units of many KiB, so that the one
 * shared counter is touched rarely.
 */
#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget {
    uint64_t limit;        /* bytes; constant */
    _Atomic uint64_t used; /* bytes taken and not given back; may pass limit by budget_charge */
    _Atomic uint64_t most; /* of `used`, since the budget was opened */
};

void budget_open(struct budget *budget, uint64_t limit);
/* Takes `bytes` where they fit under the limit with `reserve` bytes to spare; false, and nothing
 * taken, where they do not. */
bool budget_take(struct budget *budget, uint64_t bytes, uint64_t reserve);
/* Takes `bytes` in any case: for what a job cannot do without, such as one key longer than the
 * limit. Others then find the budget exhausted and spill. */
void budget_charge(struct budget *budget, uint64_t bytes);
void budget_give(struct budget *budget, uint64_t bytes);

/* Whole pages, zeroed, from the system; NULL when it has none. From 2 MiB on they are aligned so
 * that the kernel can back them by huge pages, which is advised where `huge` says so. The
 * budget is not involved. */
void *budget_map(size_t bytes, bool huge);
void budget_unmap(void *pages, size_t bytes);
/* Has the system clear whole pages that are about to be written, all at once: a third cheaper than
 * one by one as they are touched. */
void budget_touch(void *pages, size_t bytes);
/* Gives the memory of whole pages back, not their addresses: read again they are zeros. */
void budget_empty(void *pages, size_t bytes);

#endif
