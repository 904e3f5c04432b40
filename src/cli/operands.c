/* SPDX-License-Identifier: MIT
 *
 * operands - the files that a run reads; see operands.h.
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
#include "base/read_all.h"

/* Reads the whole of a file ("-": standard input). Returns 0, or -1, which has been reported. */
static int operands_read_file(const char *file, unsigned char **content, size_t *size,
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

/* Whether whoever reads the file takes from others what standard input has: it is "-", or another
 * name of the pipe, socket or terminal there. A regular file has an offset for each name. */
static bool operands_is_standard(const char *file)
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

/* Splits the content of the list into names. */
static int operands_split(struct operands *operands, const struct options *options, size_t size,
                          struct message *message)
{
    static const char *const nothing[] = {"/dev/null"};
    const char *file = options->files0_from;
    char *p = (char *)operands->content;
    char *end = p + size;
    bool standard = operands_is_standard(file);
    size_t count = 0;

    if (size == 0) { /* an empty list is no wish for standard input */
        operands->list = nothing;
        operands->count = 1;
        return 0;
    }
    for (char *c = p; c < end; c += strlen(c) + 1)
        count++;
    operands->array = calloc(count + 1, sizeof *operands->array);
    if (operands->array == NULL) {
        message_error(message, "out of memory");
        return -1;
    }
    operands->list = operands->array;
    for (; p < end; p += strlen(p) + 1) {
        if (*p == '\0') {
            message_fatal(message, file, "name %zu is empty", operands->count + 1);
            return -1;
        }
        operands->array[operands->count++] = p;
        if (standard && operands_is_standard(p)) {
            message_fatal(message, file, "name %zu is '%s', but standard input holds the names",
                          operands->count, p);
            return -1;
        }
    }
    return 0;
}

/* Whether nobody else reads the stop words' file where it is standard input. Returns 0, or -1,
 * which has been reported. */
static int operands_check_stop_words(const struct operands *operands, const char *file,
                                     struct message *message)
{
    /* Two who read standard input would get a part each, or one all and the other nothing. */
    bool standard = operands_is_standard(file);
    for (size_t i = 0; standard && i < operands->count; i++) {
        if (operands_is_standard(operands->list[i])) {
            message_usage(message, "--stop-words=%s: standard input is a FILE already", file);
            return -1;
        }
    }
    return 0;
}

/* Whether what is compared is not standard input twice. As above. */
static int operands_check_diff(const struct operands *operands, struct message *message)
{
    size_t standard = 0;

    for (size_t i = 0; i < operands->count; i++)
        standard += operands_is_standard(operands->list[i]);
    if (standard < 2)
        return 0;
    message_usage(message, "--diff: standard input can be OLD or NEW, not both");
    return -1;
}

int operands_stop_words(const struct options *options, struct message *message, operands_take *take,
                        void *context, struct mr_error *error)
{
    const char *file = options->stop_words;
    bool words = options->kind == OPTIONS_WORDS_UNICODE || options->kind == OPTIONS_WORDS_SPACE ||
                 options->kind == OPTIONS_WORDS_LETTERS;
    bool standard = strcmp(file, "-") == 0;
    int fd = standard ? STDIN_FILENO : io_open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
    bool ended = false, inside = false; /* an entry by NUL, a newline that is not the last byte */
    unsigned char bytes[1 << 14], last = '\0';
    ssize_t got = -1;
    int status = 0;

    while (fd >= 0 && status == 0 && (got = io_read_some(fd, bytes, sizeof bytes)) > 0) {
        size_t size = (size_t)got;
        ended = ended || memchr(bytes, '\0', size) != NULL;
        inside = inside || last == '\n' || memchr(bytes, '\n', size - 1) != NULL;
        last = bytes[size - 1];
        status = take(context, bytes, size, error);
    }
    if (got < 0) {
        message_fatal(message, file, "%s", strerror(errno));
        status = -1;
    }
    if (fd >= 0 && !standard)
        (void)close(fd);
    if (status == 0)
        status = take(context, NULL, 0, error);
    /* Of words any line end ends an entry; other keys can hold newlines. */
    if (status == 0 && options->zero_terminated && !words && !ended && inside)
        message_note(message,
                     "--stop-words=%s is one entry: with --zero-terminated they end in NUL", file);
    return status;
}

int operands_open(struct operands *operands, const struct options *options, struct message *message)
{
    static const char *const standard[] = {"-"}, *const here[] = {"."};
    size_t size = 0;

    *operands = (struct operands){.list = (const char *const *)options->files,
                                  .count = options->file_count};
    if (options->files0_from != NULL) {
        if (operands_is_standard(options->files0_from) &&
            operands_is_standard(options->stop_words)) {
            message_usage(message, "--files0-from=%s and --stop-words=%s: both are standard input",
                          options->files0_from, options->stop_words);
            return -1;
        }
        if (operands_read_file(options->files0_from, &operands->content, &size, message) != 0 ||
            operands_split(operands, options, size, message) != 0)
            return -1;
    } else if (operands->count == 0) {
        operands->list = options->recursive ? here : standard;
        operands->count = 1;
        operands->implied = true;
    }
    if (options->stop_words != NULL &&
        operands_check_stop_words(operands, options->stop_words, message) != 0)
        return -1;
    if (options->diff && operands_check_diff(operands, message) != 0)
        return -1;
    for (size_t i = 0; i < operands->count; i++) {
        if (strcmp(operands->list[i], "-") != 0)
            continue;
        if (isatty(STDIN_FILENO))
            message_note(message, "reading standard input, which is a terminal (end it by ^D)");
        break;
    }
    return 0;
}

void operands_close(struct operands *operands)
{
    free(operands->content);
    free(operands->array);
    operands->content = NULL;
    operands->array = NULL;
}
