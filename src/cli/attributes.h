/* SPDX-License-Identifier: MIT
 *
 * attributes - what a file has besides its bytes: owner, mode, access control list, extended
 * attributes, and whether something is mounted on it.
 */
#ifndef CLI_ATTRIBUTES_H
#define CLI_ATTRIBUTES_H

#include <stdbool.h>
#include <sys/stat.h>

/* Gives the new file `fd`, which nobody else can have opened, all that the file `path` has, whose
 * status is `was`; at no moment are its rights wider than that file's. Returns 0, or -1 (errno)
 * where one of them cannot be given. */
int attributes_copy(const char *path, const struct stat *was, int fd);

/* Sees to it that a file without a name, just made in a folder with mode 0666, has the rights of
 * any new file there. Returns 0 or -1 (errno). */
int attributes_default(int fd, const char *folder);

/* Whether the file is a mount point, which cannot be replaced. */
bool attributes_is_mounted(const char *path);

#endif
