/* SPDX-License-Identifier: MIT
 *
 * library - loads libraries (see library.h).
 */
#include "base/library.h"

#include <dlfcn.h>

bool library_load(const char *file, const char *const *names, size_t count, void **calls)
{
    void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    bool found = handle != NULL;

    for (size_t i = 0; found && i < count; i++)
        found = (calls[i] = dlsym(handle, names[i])) != NULL;
    return found;
}
