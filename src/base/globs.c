/* SPDX-License-Identifier: MIT
 *
 * globs - which names are left out; see globs.h.
 */
#include "base/globs.h"

#include <fnmatch.h>
#include <string.h>

static bool globs_match(const char *glob, const char *name, bool suffix)
{
    if (fnmatch(glob, name, 0) == 0)
        return true;
    if (!suffix)
        return false;
    for (const char *at = strchr(name, '/'); at != NULL; at = strchr(at, '/')) {
        at += strspn(at, "/");
        if (*at != '\0' && fnmatch(glob, at, 0) == 0)
            return true;
    }
    return false;
}

bool globs_leave_out(const struct globs *globs, const char *name, bool suffix)
{
    for (size_t i = globs->count; i-- > 0;)
        if (globs_match(globs->rows[i].glob, name, suffix))
            return !globs->rows[i].include;
    return globs->count > 0 && globs->rows[0].include;
}
