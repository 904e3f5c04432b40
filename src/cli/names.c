/* SPDX-License-Identifier: MIT
 *
 * names - the files that a run reads; see names.h.
 */
#include "cli/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

/* Reads the whole of a file ("-": standard input). Returns 0, or -1, which has been reported. */
static int names_read_file(const char *file, unsigned char **content, size_t *size,
                           struct message *message)
{
    bool standard = strcmp(file, "-") == 0;
    int fd = standard ? STDIN_FILENO : io_open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);

    if (fd < 0 || io_read_all(fd, content, size) != 0) {
        message_fatal(message, file, "%s", strerror(errno));
        if (fd >= 0 && !standard)
            (void)close(fd);
        return -1;
    }
    if (!standard)
        (void)close(fd);
    return 0;
}

/* Whether whoever reads the file takes from others what standard input has: it is "-", or another
 * name of the pipe, socket or terminal there. A regular file has an offset for each name. */
static bool names_is_standard(const char *file)
{
    struct stat here;
    struct stat standard;

    if (file == NULL || strcmp(file, "-") == 0)
        return file != NULL;
    if (fstat(STDIN_FILENO, &standard) != 0 || stat(file, &here) != 0)
        return false;
    return here.st_dev == standard.st_dev && here.st_ino == standard.st_ino &&
           (S_ISFIFO(here.st_mode) || S_ISSOCK(here.st_mode) || isatty(STDIN_FILENO));
}


/* Divides the content of the list into names. */
static int names_divide(struct names *names, const struct options *options, size_t size,
                        struct message *message)
{
    static const char *const nothing[] = { "/dev/null" };
    const char *file = options->files0_from;
    char *p = (char *)names->content;
    char *end = p + size;
    bool standard = names_is_standard(file);
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
        names->array[names->count++] = p;
        if (standard && names_is_standard(p)) {
            message_fatal(message, file, "name %zu is '%s', but standard input holds the names",
                          names->count, p);
            return -1;
        }
    }
    return 0;
}

/* Reads the stop words. */
static int names_read_stop_words(struct names *names, const struct options *options,
                                 struct message *message)
{
    const char *file = options->stop_words;
    bool words = options->kind == OPTIONS_WORDS_UNICODE || options->kind == OPTIONS_WORDS_SPACE ||
                 options->kind == OPTIONS_WORDS_LETTERS;

    /* Two who read standard input would get a part each, or one all and the other nothing. */
    bool standard = names_is_standard(file);
    for (size_t i = 0; standard && i < names->count; i++) {
        if (names_is_standard(names->list[i])) {
            message_usage(message, "--stop-words=%s: standard input is a FILE already", file);
            return -1;
        }
    }
    if (names_read_file(file, &names->stop_words, &names->stop_words_size, message) != 0)
        return -1;
    /* Of words any line end ends an entry; other keys can hold newlines. */
    if (options->zero_terminated && !words && names->stop_words_size > 0 &&
        memchr(names->stop_words, '\0', names->stop_words_size) == NULL &&
        memchr(names->stop_words, '\n', names->stop_words_size - 1) != NULL)
        message_note(message,
                     "--stop-words=%s is one entry: with --zero-terminated they end in NUL", file);
    return 0;
}

int names_open(struct names *names, const struct options *options, struct message *message)
{
    static const char *const standard[] = { "-" };
    size_t size = 0;

    *names = (struct names){ .list = (const char *const *)options->files,
                             .count = options->file_count };
    if (options->files0_from != NULL) {
        if (names_is_standard(options->files0_from) && names_is_standard(options->stop_words)) {
            message_usage(message, "--files0-from=%s and --stop-words=%s: both are standard input",
                          options->files0_from, options->stop_words);
            return -1;
        }
        if (names_read_file(options->files0_from, &names->content, &size, message) != 0 ||
            names_divide(names, options, size, message) != 0)
            return -1;
    } else if (names->count == 0) {
        names->list = standard;
        names->count = 1;
    }
    if (options->stop_words != NULL && names_read_stop_words(names, options, message) != 0)
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
