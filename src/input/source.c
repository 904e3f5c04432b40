/* SPDX-License-Identifier: MIT
 *
 * source - opening and closing of FILEs (see source.h).
 */
#include "input/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* More open files than this bring nothing: there are not so many splits under way. */
#define MOST_OPEN 256
/* Below this size a hint on how a file will be read costs more than it can bring. */
#define WORTH_A_HINT (UINT64_C(1) << 20)

/* How many FILEs to hold open: a quarter of the descriptors, as temporary files need some too. */
static size_t bound_open(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 4 >= MOST_OPEN)
        return MOST_OPEN;
    return limit.rlim_cur >= 8 ? (size_t)limit.rlim_cur / 4 : 1;
}

int sources_open(struct sources *sources, const struct input_options *options,
                 struct mr_error *error)
{
    memset(sources, 0, sizeof *sources);
    sources->options = options;
    /* Asked before anything of ours can become descriptor 0. */
    sources->have_stdin = fcntl(STDIN_FILENO, F_GETFD) != -1;
    sources->most_open = bound_open();
    sources->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (sources->wake < 0) {
        mr_error_set(error, MR_INPUT, errno, "cannot make an event descriptor");
        return -1;
    }
    int rc = thread_mutex_open(&sources->lock);
    if (rc != 0)
        goto no_lock;
    rc = thread_cond_open(&sources->closed);
    if (rc != 0)
        goto no_cond;
    return 0;

no_cond:
    thread_mutex_close(&sources->lock);
no_lock:
    close(sources->wake);
    mr_error_set(error, MR_NOMEM, rc, "cannot make a lock");
    return -1;
}

void sources_close(struct sources *sources)
{
    thread_cond_close(&sources->closed);
    thread_mutex_close(&sources->lock);
    close(sources->wake);
}

static size_t count_names(const struct sources *sources)
{
    return sources->options->count > 0 ? sources->options->count : 1;
}

const char *sources_name(const struct sources *sources, uint64_t number)
{
    return number < sources->options->count ? sources->options->names[number] : "-";
}

static bool is_stdin(const char *name)
{
    return strcmp(name, "-") == 0;
}

static void tell(const struct sources *sources, uint64_t number, int errnum)
{
    const struct input_options *options = sources->options;
    if (options->fault)
        options->fault(options->fault_context, sources_name(sources, number), errnum);
}

void sources_fault(struct sources *sources, struct source *source, int errnum)
{
    if (!atomic_exchange(&source->faulted, true))
        tell(sources, source->number, errnum);
}

/* Waits until fewer than `bound` sources are open; false after an interruption. */
static bool wait_for_closing(struct sources *sources, size_t bound)
{
    thread_lock(&sources->lock);
    while (sources->open >= bound && !atomic_load(&sources->interrupted))
        thread_wait(&sources->closed, &sources->lock);
    thread_unlock(&sources->lock);
    return !atomic_load(&sources->interrupted);
}

/* Opens a name. O_NONBLOCK keeps open() from waiting for a FIFO's writer, which could not be
 * interrupted; reading waits by poll then. Returns -1 with errno set. */
static int open_name(struct sources *sources, const char *name)
{
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    for (;;) {
        int fd = open(name, flags);
        if (fd >= 0 || errno == EINTR) {
            if (fd >= 0)
                return fd;
        } else if (errno == EWOULDBLOCK && (flags & O_NONBLOCK)) {
            flags &= ~O_NONBLOCK; /* a file under a lease: its holder is being asked */
        } else if (errno == EMFILE || errno == ENFILE) {
            int errnum = errno;
            thread_lock(&sources->lock);
            size_t open_now = sources->open;
            thread_unlock(&sources->lock);
            if (open_now == 0 || !wait_for_closing(sources, open_now)) {
                errno = errnum;
                return -1;
            }
        } else {
            return -1;
        }
    }
}

/* Finds out what kind of file it is. Returns 0 or an errno value. */
static int examine(struct sources *sources, struct source *source)
{
    struct stat st;
    if (fstat(source->fd, &st) != 0)
        return errno;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    if (!S_ISREG(st.st_mode))
        return 0;
    off_t start = source->standard ? lseek(source->fd, 0, SEEK_CUR) : 0;
    if (source->standard && sources->stdin_taken) {
        /* All of it was cut up already, though perhaps not read yet: nothing is left. */
        start = st.st_size;
        source->ranges = true;
    }
    /* A file that says it is empty may be one of /proc: only reading tells. */
    source->ranges = source->ranges || (start >= 0 && start < st.st_size);
    if (source->ranges) {
        source->start = (uint64_t)start;
        source->size = (uint64_t)st.st_size;
        if (source->size - source->start >= WORTH_A_HINT)
            (void)posix_fadvise(source->fd, start, 0, POSIX_FADV_SEQUENTIAL);
        if (source->standard)
            sources->stdin_taken = true;
    }
    return 0;
}

int sources_next(struct sources *sources, struct source **opened, struct mr_error *error)
{
    while (sources->next < count_names(sources)) {
        if (!wait_for_closing(sources, sources->most_open))
            return 0;
        uint64_t number = sources->next++;
        const char *name = sources_name(sources, number);
        bool standard = is_stdin(name);
        if (standard && !sources->have_stdin) {
            tell(sources, number, EBADF);
            continue;
        }
        int fd = standard ? STDIN_FILENO : open_name(sources, name);
        if (fd < 0) {
            int errnum = errno;
            if (atomic_load(&sources->interrupted))
                return 0;
            tell(sources, number, errnum);
            continue;
        }
        struct source *source = calloc(1, sizeof *source);
        if (!source) {
            if (!standard)
                close(fd);
            sources->next--;
            mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
            return -1;
        }
        source->handle = HANDLE_SOURCE;
        source->fd = fd;
        source->number = number;
        source->standard = standard;
        atomic_init(&source->end, UINT64_MAX);
        atomic_init(&source->users, 1);
        int errnum = examine(sources, source);
        if (errnum != 0) {
            if (!standard)
                close(fd);
            free(source);
            tell(sources, number, errnum);
            continue;
        }
        thread_lock(&sources->lock);
        sources->open++;
        thread_unlock(&sources->lock);
        *opened = source;
        return 1;
    }
    return 0;
}

void source_retain(struct source *source)
{
    atomic_fetch_add_explicit(&source->users, 1, memory_order_relaxed);
}

void sources_release(struct sources *sources, struct source *source)
{
    if (atomic_fetch_sub(&source->users, 1) > 1)
        return;
    if (source->standard) {
        /* Whoever shares standard input finds it read, as after cat. A failure changes nothing. */
        uint64_t reached = atomic_load(&source->reached);
        if (source->ranges && reached > source->start)
            (void)lseek(source->fd, (off_t)reached, SEEK_SET);
    } else {
        close(source->fd);
    }
    free(source);
    thread_lock(&sources->lock);
    sources->open--;
    thread_wake_all(&sources->closed);
    thread_unlock(&sources->lock);
}

uint64_t sources_survey(const struct sources *sources, size_t most, bool sure)
{
    uint64_t total = 0;
    bool stdin_seen = false;
    if (count_names(sources) - sources->next > most)
        return MR_UNKNOWN;
    for (size_t i = sources->next; i < count_names(sources); i++) {
        const char *name = sources_name(sources, i);
        bool standard = is_stdin(name);
        struct stat st;
        if ((standard ? fstat(STDIN_FILENO, &st) : stat(name, &st)) != 0 || S_ISDIR(st.st_mode))
            continue; /* it will be reported when its turn comes */
        if (!S_ISREG(st.st_mode) || (sure && st.st_size == 0))
            return MR_UNKNOWN;
        off_t start = 0;
        if (standard) {
            start = stdin_seen ? st.st_size : lseek(STDIN_FILENO, 0, SEEK_CUR);
            stdin_seen = true;
        }
        if (start >= 0 && start < st.st_size &&
            __builtin_add_overflow(total, (uint64_t)(st.st_size - start), &total))
            return MR_UNKNOWN; /* sparse files */
    }
    return total;
}

void sources_interrupt(struct sources *sources)
{
    thread_lock(&sources->lock);
    atomic_store(&sources->interrupted, true);
    thread_wake_all(&sources->closed);
    thread_unlock(&sources->lock);
    /* Cannot fail: the counter of an event descriptor takes far more than one. */
    ssize_t written = write(sources->wake, &(uint64_t){1}, sizeof(uint64_t));
    (void)written;
}
