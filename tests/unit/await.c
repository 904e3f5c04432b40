/* SPDX-License-Identifier: MIT
 *
 * await - see await.h.
 */
#include "unit/await.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

pid_t await_thread(void)
{
    return (pid_t)syscall(SYS_gettid);
}

bool await_asleep(pid_t thread)
{
    char name[64], text[256];
    if (thread == 0)
        return false;
    snprintf(name, sizeof name, "/proc/self/task/%d/stat", (int)thread);
    FILE *file = fopen(name, "r");
    if (!file)
        return false;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    /* "NUMBER (NAME) STATE ...", and a name may hold anything. */
    const char *end = strrchr(text, ')');
    ck_assert_msg(end && end[1] == ' ', "%s: %s", name, text);
    return end[2] == 'S';
}
