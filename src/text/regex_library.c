/* SPDX-License-Identifier: MIT
 *
 * regex_library - see regex_library.h.
 */
#include "text/regex_library.h"

#ifdef MRCOUNT_PCRE2

#include <stdbool.h>

#include "base/library.h"

/* Its name since the first release, under which all later ones are compatible. */
#define SONAME "libpcre2-8.so.0"

/* pcre2_compile is a macro for the name of the 8-bit function. */
#define NAME(name) LIBRARY_TEXT(pcre2_##name),

const struct regex_library *regex_library_open(const char **reason)
{
    static const char *const names[] = {REGEX_LIBRARY_CALLS(NAME)};
    static struct regex_library library;
    static bool found;

    if (!found)
        found = library_load(SONAME, names, sizeof names / sizeof *names, (void **)&library);
    if (found)
        return &library;
    *reason = "cannot load the library of PCRE2, " SONAME
              ": install it (Debian: apt-get install libpcre2-8-0)";
    return NULL;
}

#endif
