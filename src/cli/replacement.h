/* SPDX-License-Identifier: MIT
 *
 * replacement - a file that takes another's place, complete or not at all.
 *
 * It is made beside its target, without a name where the system can, so that nothing of it remains
 * however we end. It has the target's owner, mode, access control list and extended attributes from
 * the start, and takes the name when it is complete.
 */
#ifndef CLI_REPLACEMENT_H
#define CLI_REPLACEMENT_H

#include <stdbool.h>

#include "cli/target.h"

struct replacement {
    const char *path; /* of the target; the target's */
    const char *folder;
    bool existed;
    int fd;  /* the new file's; -1: the target cannot be replaced */
    int old; /* the target's, open for writing; -1 where there is none or it is in use */
    /* For a signal's handler: */
    char *volatile temporary; /* the new file's name, while it has one that is not the target's */
    volatile bool copying;    /* the old file's bytes are being written over */
};

/* What a target that exists may still be, where it cannot be replaced. */
enum replacement_way {
    REPLACEMENT_MADE,     /* replacement->fd is the new, empty file */
    REPLACEMENT_IN_PLACE, /* only replacement->old can be written: the target is a mount point, its
                           * folder may not be written, or what it has cannot be given to another */
    REPLACEMENT_NONE,     /* neither: errno says why */
};

/* Makes the new file of a TARGET_FILE or TARGET_NEW, which must outlive it. *folder becomes true
 * where the reason of a failure is the folder. */
enum replacement_way replacement_open(struct replacement *replacement, const struct target *target,
                                      bool *folder);

/* Puts the new file in the target's place; where that turns out to be impossible its bytes are
 * copied over those of the target. Returns 0 or -1 (errno). */
int replacement_finish(struct replacement *replacement);

/* Removes the new file's name, if it has one; of an old file that is being written over nothing is
 * left. For a signal's handler. */
void replacement_abandon(const struct replacement *replacement);

/* Frees; what is not finished is gone. */
void replacement_close(struct replacement *replacement);

#endif
