/* SPDX-License-Identifier: MIT
 *
 * line_number - which line of a file an offset is in; see line_number.h.
 */
#include "input/line_number.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

uint64_t line_number_at(const char *file, uint64_t offset, char line_end)
{
    unsigned char block[1 << 14];
    struct stat st;
    uint64_t line = 1;
    int fd = io_open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);

    if (fd < 0)
        return 0;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        line = 0;
    while (line > 0 && offset > 0) {
        size_t most = offset < sizeof block ? (size_t)offset : sizeof block;
        ssize_t got = io_read_some(fd, block, most);
        if (got <= 0) {
            line = 0;
            break;
        }
        for (ssize_t i = 0; i < got; i++)
            line += block[i] == (unsigned char)line_end;
        offset -= (uint64_t)got;
    }
    (void)close(fd);
    return line;
}
