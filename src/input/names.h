/* SPDX-License-Identifier: MIT
 *
 * names - the names of files in the order they are given out, each held once. One thread adds to
 * them, any looks one up.
 */
#ifndef INPUT_NAMES_H
#define INPUT_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/thread.h"

struct names_chunk;

struct names {
    struct names_chunk *chunks; /* the strings: who adds has them to itself */
    size_t used;                /* of the first chunk */
    struct thread_mutex lock;   /* of what follows */
    const char ***pages;        /* pointers to them, by number */
    uint64_t count;
};

/* Returns 0 or an errno value. */
int names_open(struct names *names);
void names_close(struct names *names);

/* Room for a string of `size` bytes, NUL included, that stays where it is until names_close; NULL
 * when memory is out. */
char *names_room(struct names *names, size_t size);
/* Gives the name the next number, from 0 on; it must live as long. Returns 0, or -1 when memory is
 * out. */
int names_add(struct names *names, const char *name);
/* The name of that number; NULL where there is none. Any thread. */
const char *names_of(struct names *names, uint64_t number);

#endif
