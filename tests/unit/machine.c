/* SPDX-License-Identifier: MIT
 *
 * machine - see machine.h.
 */
#include "unit/machine.h"

#include <check.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/test_hooks.h"

static char root[64];
static char groups[96], tree[96], mounts[96], meminfo[96], statm[96];

void machine_put(const char *name, const char *format, ...)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *slash = path + strlen(root); (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    va_list arguments;
    va_start(arguments, format);
    ck_assert_int_ge(vfprintf(file, format, arguments), 0);
    va_end(arguments);
    ck_assert_int_eq(fclose(file), 0);
}

void machine_open(void)
{
    strcpy(root, "/tmp/test_machine.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(groups, sizeof groups, "%s/groups", root);
    snprintf(tree, sizeof tree, "%s/tree", root);
    snprintf(mounts, sizeof mounts, "%s/mounts", root);
    snprintf(meminfo, sizeof meminfo, "%s/meminfo", root);
    snprintf(statm, sizeof statm, "%s/statm", root);
    test_hooks = (struct test_hooks){
        .groups = groups, .trees = tree, .mounts = mounts, .meminfo = meminfo, .statm = statm};
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void machine_close(void)
{
    test_hooks = (struct test_hooks){0};
    ck_assert_int_eq(nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}
