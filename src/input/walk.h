/* SPDX-License-Identifier: MIT
 *
 * walk - the FILEs, and in the place of one that is a directory the regular files below it, in byte
 * order of their names.
 *
 * Names come as they are found: a directory is read, and sorted, when its turn comes. Symbolic
 * links are followed where they are FILEs only; devices, FIFOs and sockets are read only as FILEs.
 */
#ifndef INPUT_WALK_H
#define INPUT_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/mapreduce.h"
#include "base/globs.h"

struct walk_options {
    const char *const *files; /* `count` of them; "-" is no file's name. They outlive the walk. */
    size_t count;
    bool implied;                   /* nobody named the FILE, which no rule leaves out */
    struct globs files_globs;       /* which files are left out; FILEs by a suffix of their names */
    struct globs directories_globs; /* and which directories, slashes at the end of a glob apart */
    /* Is told of what cannot be looked into, and why, by an errno value or in words, on the thread
     * of walk_next; NULL: nobody. */
    void (*fault)(void *context, const char *name, int errnum);
    void (*tell)(void *context, const char *name, const char *text);
    void *context; /* of both */
};

struct walk;

/* Begins; reads nothing yet. Returns 0, or -1 with *error filled. */
int walk_open(const struct walk_options *options, struct walk **walk, struct mr_error *error);
/* NULL is allowed. */
void walk_close(struct walk *walk);

/* These two are as struct mr_files has them; the context is the walk. Names live as long as it. */
int walk_next(void *context, const char **name, struct mr_error *error);
const char *walk_name_of(void *context, uint64_t number);

#endif
