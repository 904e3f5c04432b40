/* SPDX-License-Identifier: MIT
 *
 * budget - a shared count of bytes, and pages from the system (see budget.h).
 */
#include "base/budget.h"

#include <sys/mman.h>

/* The size of a huge page on x86-64 and on most AArch64 systems. Elsewhere it is only a hint. */
#define HUGE_PAGE ((size_t)2 << 20)

void budget_open(struct budget *budget, uint64_t limit)
{
    budget->limit = limit;
    atomic_init(&budget->used, 0);
    atomic_init(&budget->most, 0);
}

/* Keeps the high mark after a taking: rarely does it move. */
static void mark(struct budget *budget, uint64_t used)
{
    uint64_t most = atomic_load_explicit(&budget->most, memory_order_relaxed);
    while (used > most &&
           !atomic_compare_exchange_weak_explicit(&budget->most, &most, used, memory_order_relaxed,
                                                  memory_order_relaxed)) {
    }
}

bool budget_take(struct budget *budget, uint64_t bytes, uint64_t reserve)
{
    uint64_t limit = budget->limit > reserve ? budget->limit - reserve : 0;
    uint64_t used = atomic_load_explicit(&budget->used, memory_order_relaxed);
    do {
        if (used > limit || bytes > limit - used)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&budget->used, &used, used + bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    mark(budget, used + bytes);
    return true;
}

void budget_charge(struct budget *budget, uint64_t bytes)
{
    mark(budget, atomic_fetch_add_explicit(&budget->used, bytes, memory_order_relaxed) + bytes);
}

void budget_give(struct budget *budget, uint64_t bytes)
{
    atomic_fetch_sub_explicit(&budget->used, bytes, memory_order_relaxed);
}

void *budget_map(size_t bytes, bool huge)
{
    size_t slack = bytes >= HUGE_PAGE ? HUGE_PAGE : 0;
    if (bytes > SIZE_MAX - slack)
        return NULL;
    unsigned char *pages =
        mmap(NULL, bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return NULL;
    if (slack == 0)
        return pages;

    /* Cut the mapping down to its aligned part. */
    size_t before = (size_t)(-(uintptr_t)pages & (HUGE_PAGE - 1));
    if (before > 0)
        munmap(pages, before);
    if (slack > before)
        munmap(pages + before + bytes, slack - before);
    pages += before;
    madvise(pages, bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    return pages;
}

void budget_unmap(void *pages, size_t bytes)
{
    if (pages)
        munmap(pages, bytes);
}

void budget_touch(void *pages, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
    madvise(pages, bytes, MADV_POPULATE_WRITE); /* a kernel before 5.14 refuses */
#else
    (void)pages;
    (void)bytes;
#endif
}

void budget_empty(void *pages, size_t bytes)
{
    madvise(pages, bytes, MADV_DONTNEED);
}
