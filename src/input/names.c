/* SPDX-License-Identifier: MIT
 *
 * names - the names of files; see names.h.
 */
#include "input/names.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE ((size_t)1 << 16)
/* Pointers a page. The list of pages grows by as many at a time. */
#define PAGE_NAMES ((size_t)1 << 10)

struct names_chunk {
    struct names_chunk *next;
    size_t size;
    char bytes[];
};

int names_open(struct names *names)
{
    *names = (struct names){.chunks = NULL};
    return thread_mutex_open(&names->lock);
}

void names_close(struct names *names)
{
    while (names->chunks != NULL) {
        struct names_chunk *next = names->chunks->next;
        free(names->chunks);
        names->chunks = next;
    }
    for (uint64_t i = 0; i < names->count; i += PAGE_NAMES)
        free((void *)names->pages[i / PAGE_NAMES]);
    free((void *)names->pages);
    thread_mutex_close(&names->lock);
}

char *names_room(struct names *names, size_t size)
{
    struct names_chunk *chunk = names->chunks;

    if (chunk == NULL || chunk->size - names->used < size) {
        const size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
        chunk = malloc(sizeof *chunk + room);
        if (chunk == NULL)
            return NULL;
        chunk->next = names->chunks;
        chunk->size = room;
        names->chunks = chunk;
        names->used = 0;
    }
    names->used += size;
    return chunk->bytes + names->used - size;
}

/* Makes room for the pointer of number `count`, which begins a page. */
static int names_add_page(struct names *names)
{
    const size_t page = names->count / PAGE_NAMES;
    const char **added = malloc(PAGE_NAMES * sizeof *added);

    if (added == NULL)
        return -1;
    if (page % PAGE_NAMES == 0) {
        const char ***more = realloc((void *)names->pages, (page + PAGE_NAMES) * sizeof *more);
        if (more == NULL) {
            free((void *)added);
            return -1;
        }
        names->pages = more;
    }
    names->pages[page] = added;
    return 0;
}

int names_add(struct names *names, const char *name)
{
    int status = 0;

    thread_lock(&names->lock);
    if (names->count % PAGE_NAMES == 0)
        status = names_add_page(names);
    if (status == 0) {
        names->pages[names->count / PAGE_NAMES][names->count % PAGE_NAMES] = name;
        names->count++;
    }
    thread_unlock(&names->lock);
    return status;
}

const char *names_of(struct names *names, uint64_t number)
{
    const char *name = NULL;

    thread_lock(&names->lock);
    if (number < names->count)
        name = names->pages[number / PAGE_NAMES][number % PAGE_NAMES];
    thread_unlock(&names->lock);
    return name;
}
