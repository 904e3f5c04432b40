/* SPDX-License-Identifier: MIT
 *
 * read_all - a whole file in memory; see read_all.h.
 */
#include "base/read_all.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/io.h"

int read_all(int fd, unsigned char **data, size_t *size)
{
    size_t capacity = 1 << 16;
    size_t used = 0;
    unsigned char *bytes = NULL;
    struct stat st;

    /* A regular file's size is only a good first guess; the second byte more sees its end. */
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
        (uintmax_t)st.st_size < SIZE_MAX / 2)
        capacity = (size_t)st.st_size + 2;
    bytes = malloc(capacity);
    if (bytes == NULL)
        return -1;
    for (;;) {
        ssize_t got = io_read_full(fd, bytes + used, capacity - used - 1);
        if (got < 0)
            goto fail;
        used += (size_t)got;
        if (used < capacity - 1)
            break;
        if (capacity > SIZE_MAX / 2) {
            errno = ENOMEM;
            goto fail;
        }
        unsigned char *bigger = realloc(bytes, capacity * 2);
        if (bigger == NULL)
            goto fail;
        bytes = bigger;
        capacity *= 2;
    }
    bytes[used] = '\0';
    *data = bytes;
    *size = used;
    return 0;

fail:;
    int saved = errno;
    free(bytes);
    errno = saved;
    return -1;
}
