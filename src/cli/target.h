/* SPDX-License-Identifier: MIT
 *
 * target - what a name to write to stands for.
 *
 * A name may stand for a descriptor that is open in this process: standard output or standard error
 * by any of its names (/dev/stdout, /proc/self/fd/1, the file's own), or N by /dev/fd/N. Such a
 * file is others' as well, and opening it anew would begin at its start.
 */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include <sys/stat.h>

enum target_kind {
    TARGET_DESCRIPTOR, /* open already: `fd` */
    TARGET_DIRECT,     /* a device, a FIFO: what is written goes somewhere at once */
    TARGET_FILE,       /* a regular file */
    TARGET_NEW,        /* there is none; its folder exists */
};

struct target {
    enum target_kind kind;
    int fd;          /* TARGET_DESCRIPTOR: a descriptor for writing; else -1 */
    char *path;      /* TARGET_FILE, TARGET_NEW: where the file is or will be, links resolved */
    char *folder;    /* and the folder of that */
    struct stat was; /* all but TARGET_NEW */
};

/* Finds out what `file` is. Returns 0, or -1 (errno): target->folder then names the folder, where
 * that is the reason, else it is NULL. To be freed in any case. */
int target_find(const char *file, struct target *target);
void target_free(struct target *target);

#endif
