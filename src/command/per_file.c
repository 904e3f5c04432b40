/* SPDX-License-Identifier: MIT
 *
 * per_file - see per_file.h.
 */
#include "command/per_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

/* Asking for the sizes of more FILEs would hold the start up noticeably. */
#define SURVEY_NAMES 4096

/* What reads the names. */
struct names {
    const struct per_file *per_file;
    uint64_t next; /* the reader's */
};

static bool is_given(const char *name)
{
    return strcmp(name, "-") == 0;
}

/* The bytes that are to be read of a FILE, 0 where that cannot be known. Returns false where it may
 * be more than that. */
static bool known_size(const char *name, uint64_t *size)
{
    struct stat st;
    off_t start = 0;

    *size = 0;
    if ((is_given(name) ? fstat(STDIN_FILENO, &st) : stat(name, &st)) != 0 || S_ISDIR(st.st_mode))
        return true; /* it will be reported when its turn comes */
    if (is_given(name))
        start = lseek(STDIN_FILENO, 0, SEEK_CUR);
    if (!S_ISREG(st.st_mode) || start < 0)
        return false;
    if (start < st.st_size)
        *size = (uint64_t)(st.st_size - start);
    return true;
}

/* Of all FILEs together, for progress. */
static uint64_t survey(const struct per_file *per_file)
{
    uint64_t total = 0, size;

    if (per_file->next_name != NULL || per_file->count > SURVEY_NAMES)
        return MR_UNKNOWN;
    for (size_t i = 0; i < per_file->count; i++)
        if (!known_size(per_file->names[i], &size) || __builtin_add_overflow(total, size, &total))
            return MR_UNKNOWN;
    return total;
}

static int next(void *context, struct mr_split *split, struct mr_error *error)
{
    struct names *names = context;
    const struct per_file *per_file = names->per_file;
    const char *name = NULL;

    if (per_file->next_name != NULL) {
        if (per_file->next_name(per_file->names_context, &name, error) != 0)
            return -1;
    } else if (names->next < per_file->count) {
        name = per_file->names[names->next];
    }
    split->end = name == NULL;
    if (split->end)
        return 0;
    *split = (struct mr_split){
        .data = (const unsigned char *)name,
        .size = strlen(name),
        .number = names->next++,
        .context = (const unsigned char *)name, /* an empty name is mapped too, and told of */
    };
    (void)known_size(name, &split->length);
    return 0;
}

struct mr_input *per_file_input(const struct per_file *per_file)
{
    struct names *names = malloc(sizeof *names);
    struct mr_reader reader = {
        .struct_size = sizeof reader,
        .context = names,
        .next = next,
        .close = free,
    };

    if (names == NULL) {
        reader.next = NULL;
        return mr_input_new(&reader);
    }
    *names = (struct names){.per_file = per_file};
    reader.size = survey(per_file);
    return mr_input_new(&reader);
}

/* ---- Opening --------------------------------------------------------------------------------- */

/* Opens a name so that CMD reads it as if a shell had opened it for it. Returns the descriptor, -1
 * with errno set, or -2 when `wake` is readable. */
static int open_name(const char *name, int wake)
{
    struct stat st;
    /* O_NONBLOCK keeps open() from waiting for a FIFO's writer, which could not be interrupted. */
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY;
    int fd = io_open(name, flags | O_NONBLOCK, 0);

    if (fd < 0 && errno == EWOULDBLOCK) /* a file under a lease: its holder is being asked */
        fd = io_open(name, flags, 0);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) != 0)
        goto fail;
    if (S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        goto fail;
    }
    if (S_ISFIFO(st.st_mode)) {
        struct pollfd polls[2] = {{.fd = fd, .events = POLLIN}, {.fd = wake, .events = POLLIN}};
        while (poll(polls, 2, -1) < 0 && errno == EINTR)
            ;
        if (polls[1].revents != 0) {
            close(fd);
            return -2;
        }
    }
    flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0)
        return fd;

fail:;
    const int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* Standard input, where it can be read: as open_name. */
static int given(void)
{
    struct stat st;
    const int flags = fcntl(STDIN_FILENO, F_GETFL);

    if (flags < 0 || fstat(STDIN_FILENO, &st) != 0)
        return -1;
    if ((flags & O_ACCMODE) == O_WRONLY)
        errno = EBADF;
    else if (S_ISDIR(st.st_mode))
        errno = EISDIR;
    else
        return STDIN_FILENO;
    return -1;
}

const char *per_file_name(const struct per_file *per_file, uint64_t number)
{
    return per_file->name_of != NULL ? per_file->name_of(per_file->names_context, number)
                                     : per_file->names[number];
}

int per_file_open(const struct per_file *per_file, uint64_t number, int wake, int *fd)
{
    const char *name = per_file_name(per_file, number);

    *fd = is_given(name) ? given() : open_name(name, wake);
    if (*fd >= 0)
        return 0;
    if (*fd == -1)
        per_file->fault(per_file->fault_context, name, errno);
    return -1;
}

void per_file_close(int fd)
{
    if (fd != STDIN_FILENO)
        close(fd);
}
