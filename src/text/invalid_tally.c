/* SPDX-License-Identifier: MIT
 *
 * invalid_tally - see invalid_tally.h.
 */
#include "text/invalid_tally.h"

#include <stdlib.h>

/* FILEs of a page: 4 KiB. */
#define PAGE_FILES ((uint64_t)512)

/* Bytes of which one may be invalid. */
#define BEARABLE 100

int invalid_tally_open(struct invalid_tally *tally)
{
    tally->pages = NULL;
    tally->count = 0;
    return thread_mutex_open(&tally->lock);
}

void invalid_tally_close(struct invalid_tally *tally)
{
    for (size_t i = 0; i < tally->count; i++)
        free(tally->pages[i]);
    free(tally->pages);
    thread_mutex_close(&tally->lock);
}

/* Makes the page of a FILE if there is none; under the lock. Returns 0, or -1: memory is out. */
static int tally_make_page(struct invalid_tally *tally, uint64_t number)
{
    const size_t page = (size_t)(number / PAGE_FILES);

    if (page >= tally->count) {
        size_t count = 2 * tally->count + 16;
        count = count > page ? count : page + 1;
        int64_t **more = realloc(tally->pages, count * sizeof *more);
        if (!more)
            return -1;
        for (size_t i = tally->count; i < count; i++)
            more[i] = NULL;
        tally->pages = more;
        tally->count = count;
    }
    if (!tally->pages[page])
        tally->pages[page] = calloc(PAGE_FILES, sizeof *tally->pages[page]);
    return tally->pages[page] ? 0 : -1;
}

/* Adds what the mapper has of its FILE; under the lock. */
static void tally_put(struct invalid_tally *tally, const struct invalid_share *share)
{
    if (share->begun)
        tally->pages[share->number / PAGE_FILES][share->number % PAGE_FILES] += share->balance;
}

int invalid_tally_add(struct invalid_tally *tally, struct invalid_share *share, uint64_t number,
                      uint64_t bytes, uint64_t invalid)
{
    if (!share->begun || share->number != number) {
        thread_lock(&tally->lock);
        tally_put(tally, share);
        share->begun = tally_make_page(tally, number) == 0;
        thread_unlock(&tally->lock);
        share->number = number;
        share->balance = 0;
        if (!share->begun)
            return -1;
    }
    share->balance += (int64_t)(invalid * BEARABLE) - (int64_t)bytes;
    return 0;
}

void invalid_tally_join(struct invalid_tally *tally, const struct invalid_share *share)
{
    thread_lock(&tally->lock);
    tally_put(tally, share);
    thread_unlock(&tally->lock);
}

bool invalid_tally_next(const struct invalid_tally *tally, uint64_t *number)
{
    for (; *number / PAGE_FILES < tally->count; ++*number) {
        const int64_t *page = tally->pages[*number / PAGE_FILES];
        if (page && page[*number % PAGE_FILES] > 0)
            return true;
        if (!page)
            *number |= PAGE_FILES - 1;
    }
    return false;
}
