/* SPDX-License-Identifier: MIT
 *
 * attributes - what a file has besides its bytes; see attributes.h.
 *
 * An access control list is the extended attribute system.posix_acl_access; where there is one, the
 * group's bits of the mode are the list's mask (acl(5)).
 */
#include "cli/attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ATTRIBUTES_ACL "system.posix_acl_access"
#define ATTRIBUTES_DEFAULT_ACL "system.posix_acl_default"
#define ATTRIBUTES_RIGHTS 0777

/* These belong to the bytes, and end when they are written. */
static bool attributes_of_bytes(const char *name)
{
    return strcmp(name, "security.capability") == 0 || strcmp(name, "security.ima") == 0 ||
           strcmp(name, "security.evm") == 0;
}

/* The names of a file's extended attributes, one behind the other, each with its NUL; *size is 0
 * where the file system has none. The caller frees them; NULL (errno) on failure. */
static char *attributes_list(const char *path, int fd, size_t *size)
{
    for (size_t room = 256;; room *= 2) {
        char *names = malloc(room);
        if (names == NULL)
            return NULL;
        ssize_t got = path != NULL ? listxattr(path, names, room) : flistxattr(fd, names, room);
        if (got < 0 && errno == ENOTSUP)
            got = 0;
        if (got >= 0) {
            *size = (size_t)got;
            return names;
        }
        free(names);
        if (errno != ERANGE || room > (1 << 20))
            return NULL;
    }
}

/* The value of one of them, which the caller frees; NULL (errno) on failure. */
static void *attributes_get(const char *path, int fd, const char *name, size_t *size)
{
    for (size_t room = 256;; room *= 2) {
        void *value = malloc(room);
        if (value == NULL)
            return NULL;
        ssize_t got =
            path != NULL ? getxattr(path, name, value, room) : fgetxattr(fd, name, value, room);
        if (got >= 0) {
            *size = (size_t)got;
            return value;
        }
        free(value);
        if (errno != ERANGE || room > (1 << 20))
            return NULL;
    }
}

/* Gives one attribute of `path` to the new file, which may have it by itself. */
static int attributes_copy_one(const char *path, int fd, const char *name)
{
    size_t size = 0;
    size_t there_size = 0;
    void *value = attributes_get(path, -1, name, &size);

    if (value == NULL)
        return errno == ENODATA ? 0 : -1;
    void *there = attributes_get(NULL, fd, name, &there_size);
    int status = there != NULL && size == there_size && memcmp(value, there, size) == 0
                     ? 0
                     : fsetxattr(fd, name, value, size, 0);
    int saved = errno;
    free(value);
    free(there);
    errno = saved;
    return status;
}

static bool attributes_has(const char *names, size_t size, const char *name)
{
    for (const char *p = names; p < names + size; p += strlen(p) + 1)
        if (strcmp(p, name) == 0)
            return true;
    return false;
}

/* The list of rights that a folder gave the new file is not the old one's. */
static int attributes_drop_acl(int fd)
{
    if (fremovexattr(fd, ATTRIBUTES_ACL) == 0 || errno == ENODATA || errno == ENOTSUP)
        return 0;
    return -1;
}

int attributes_copy(const char *path, const struct stat *was, int fd)
{
    struct stat now;
    size_t size = 0;

    if (fstat(fd, &now) != 0)
        return -1;
    if ((now.st_uid != was->st_uid || now.st_gid != was->st_gid) &&
        fchown(fd, was->st_uid, was->st_gid) != 0)
        return -1;
    char *names = attributes_list(path, -1, &size);
    if (names == NULL)
        return -1;
    int status = 0;
    for (const char *p = names; status == 0 && p < names + size; p += strlen(p) + 1)
        if (!attributes_of_bytes(p))
            status = attributes_copy_one(path, fd, p);
    /* A list of rights has set the mode as well; bits given before it could be wider than it. */
    if (status == 0 && !attributes_has(names, size, ATTRIBUTES_ACL)) {
        status = attributes_drop_acl(fd);
        if (status == 0)
            status = fchmod(fd, was->st_mode & ATTRIBUTES_RIGHTS);
    }
    if (status == 0)
        status = fstat(fd, &now);
    /* Some file systems take a mode and do not keep it. */
    if (status == 0 && ((now.st_mode ^ was->st_mode) & ATTRIBUTES_RIGHTS) != 0) {
        errno = EPERM;
        status = -1;
    }
    int saved = errno;
    free(names);
    errno = saved;
    return status;
}

int attributes_default(int fd, const char *folder)
{
    struct stat st;
    mode_t mask = umask(0);

    umask(mask);
    /* Kernels before 6.0 forget the mask of a file without a name on some file systems; a folder's
     * default list of rights takes the mask's place. */
    if (fstat(fd, &st) != 0)
        return -1;
    if ((st.st_mode & mask & ATTRIBUTES_RIGHTS) == 0 ||
        getxattr(folder, ATTRIBUTES_DEFAULT_ACL, NULL, 0) > 0)
        return 0;
    return fchmod(fd, st.st_mode & ~mask & ATTRIBUTES_RIGHTS);
}

bool attributes_is_mounted(const char *path)
{
#if defined(SYS_statx) && defined(STATX_ATTR_MOUNT_ROOT)
    struct statx st;

    if (syscall(SYS_statx, AT_FDCWD, path, 0, STATX_TYPE, &st) == 0 &&
        (st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0)
        return (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
#endif
    return false; /* before Linux 5.8 the renaming says so, and the bytes are copied */
}
