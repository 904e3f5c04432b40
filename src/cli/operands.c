/* SPDX-License-Identifier: MIT
 *
 * names - the files that a run reads; see names.h.
 */
#include "cli/operands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "cli/read_all.h"

/* Reads the whole of a file ("-": standard input). Returns 0, or -1, which has been reported. */
static int names_read_file(const char *file, unsigned char **content, size_t *size,
                           struct message *message)
{
    bool standard = strcmp(file, "-") == 0;
    int fd = standard ? STDIN_FILENO : io_open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);

    if (fd < 0 || read_all(fd, content, size) != 0) {
        message_fatal(message, file, "%s", strerror(errno));
        if (fd >= 0 && !standard)
            (void)close(fd);
        return -1;
    }
    if (!standard)
        (void)close(fd);
    return 0;
}

/* The number of the line that holds the byte at `offset` of a regular file, 0
 * where it cannot be told. */
static uint64_t names_line_at(const char *file, uint64_t offset, char line_end)
{
    unsigned char block[1 << 14];
    struct stat st;
    uint64_t line = 1;
    int fd = strcmp(file, "-") == 0
                 ? -1
                 : io_open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);

    if (fd < 0)
        return 0;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        line = 0;
    while (line > 0 && offset > 0) {
        size_t most = offset < sizeof block ? (size_t)offset : sizeof block;
        ssize_t got = io_read_some(fd, block, most);
        if (got <= 0) { /* it is not what it was any more */
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

void names_report_line(const char *file, uint64_t line, uint64_t offset, char line_end,
                       const char *reason, struct message *message)
{
    if (line == 0)
        line = names_line_at(file, offset, line_end);
    if (line > 0)
        message_fatal(message, file, "line %ju: %s", (uintmax_t)line, reason);
    else
        message_fatal(message, file, "at byte %ju: %s", (uintmax_t)offset, reason);
}

/* Divides the content of the list into names. */
static int names_divide(struct names *names, const struct options *options, size_t size,
                        struct message *message)
{
    static const char *const nothing[] = { "/dev/null" };
    const char *file = options->files0_from;
    char *p = (char *)names->content;
    char *end = p + size;
    size_t count = 0;

    if (size == 0) { /* an empty list is no wish for standard input */
        names->list = nothing;
        names->count = 1;
        return 0;
    }
    for (char *c = p; c < end; c += strlen(c) + 1)
        count++;
    names->array = calloc(count + 1, sizeof *names->array);
    if (names->array == NULL) {
        message_error(message, "out of memory");
        return -1;
    }
    names->list = names->array;
    for (; p < end; p += strlen(p) + 1) {
        if (*p == '\0') {
            message_fatal(message, file, "name %zu is empty", names->count + 1);
            return -1;
        }
        if (strcmp(p, "-") == 0 && strcmp(file, "-") == 0) {
            message_fatal(message, file, "name %zu is '-', but standard input holds the names",
                          names->count + 1);
            return -1;
        }
        names->array[names->count++] = p;
    }
    return 0;
}

int names_open(struct names *names, const struct options *options, struct message *message)
{
    static const char *const standard[] = { "-" };
    size_t size = 0;

    *names = (struct names){ .list = (const char *const *)options->files,
                             .count = options->file_count };
    if (options->files0_from != NULL) {
        if (names_read_file(options->files0_from, &names->content, &size, message) != 0 ||
            names_divide(names, options, size, message) != 0)
            return -1;
    } else if (names->count == 0) {
        names->list = standard;
        names->count = 1;
    }
    if (options->stop_words != NULL &&
        names_read_file(options->stop_words, &names->stop_words, &names->stop_words_size,
                        message) != 0)
        return -1;
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->list[i], "-") != 0)
            continue;
        if (isatty(STDIN_FILENO))
            message_note(message, "reading standard input, which is a terminal (end it by ^D)");
        break;
    }
    return 0;
}

void names_close(struct names *names)
{
    free(names->stop_words);
    free(names->content);
    free(names->array);
    names->stop_words = NULL;
    names->content = NULL;
    names->array = NULL;
}
