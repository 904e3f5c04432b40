/* SPDX-License-Identifier: MIT
 *
 * regex_library - see regex_library.h.
 */
#include "text/regex_library.h"

#ifdef MRCOUNT_PCRE2

#include <dlfcn.h>
#include <stdbool.h>

/* Its name since the first release, under which all later ones are compatible. */
#define SONAME "libpcre2-8.so.0"

#define TEXT_OF(name) #name
#define EXPANDED(name) TEXT_OF(name)
/* pcre2_compile is a macro for the name of the 8-bit function. */
#define FIND(name)                                                                                 \
    found = found && (*(void **)&library.name = dlsym(handle, EXPANDED(pcre2_##name))) != NULL;

const struct regex_library *regex_library_open(const char **reason)
{
    static struct regex_library library;
    static bool found;

    if (found)
        return &library;
    /* Never unloaded: code that it has compiled may be in use to the end. */
    void *handle = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);
    found = handle != NULL;
    REGEX_LIBRARY_CALLS(FIND)
    if (found)
        return &library;
    *reason = "cannot load the library of PCRE2, " SONAME
              ": install it (Debian: apt-get install libpcre2-8-0)";
    return NULL;
}

#endif
