/* SPDX-License-Identifier: MIT
 *
 * globs - which names are left out, by --include and --exclude of grep or by its --exclude-dir.
 */
#ifndef BASE_GLOBS_H
#define BASE_GLOBS_H

#include <stdbool.h>
#include <stddef.h>

struct globs_row {
    const char *glob; /* as of fnmatch, on bytes; `*` and `?` match a dot and a slash, too */
    bool include;     /* names that match are wanted, else they are not */
};

struct globs {
    struct globs_row *rows; /* `count` of them, in the order given */
    size_t count;
};

/* Whether a name is left out. The last row that matches says it; where none does, it is left out if
 * the first row is one of `include`. With `suffix` also what follows any slash in it may match. */
bool globs_leave_out(const struct globs *globs, const char *name, bool suffix);

#endif
