/* SPDX-License-Identifier: MIT
 *
 * sources - opening and closing of FILEs (see sources.h).
 */
#include "engine/input/sources.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
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
/* Smaller FILEs are read in the order in which they are given: it makes no difference. */
#define WORTH_ORDERING (UINT64_C(1) << 20)
/* What a message has of a name, so that the reason behind it has room. */
#define SHOWN_ROOM 160

#define MILLISECOND UINT64_C(1000000)

/* How many FILEs to hold open: a quarter of the descriptors, as temporary files need some too. */
static size_t bound_open(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 4 >= MOST_OPEN)
        return MOST_OPEN;
    return limit.rlim_cur >= 8 ? (size_t)limit.rlim_cur / 4 : 1;
}

void sources_open(struct sources *sources, const struct mr_files *files, bool named, int given)
{
    memset(sources, 0, sizeof *sources);
    sources->files = files;
    sources->named = named;
    sources->given = given;
    sources->have_given = fcntl(given, F_GETFD) != -1;
    sources->most_open = bound_open();
}

int sources_begin(struct sources *sources, struct mr_error *error)
{
    sources->wake = io_not_standard(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (sources->wake < 0) {
        mr_error_set(error, MR_INPUT, errno, "cannot make an event descriptor: %s",
                     strerror(errno));
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
    free(sources->order);
}

/* ---- Names and faults ------------------------------------------------------------------------ */

/* How many there are to open, as far as is known: a descriptor and standard input are one. */
static size_t count_names(const struct sources *sources)
{
    if (sources->files->next_name)
        return SIZE_MAX;
    return sources->files->count > 0 ? sources->files->count : 1;
}

const char *sources_name(const struct sources *sources, uint64_t number)
{
    const struct mr_files *files = sources->files;
    if (files->next_name)
        return files->name_of(files->names_context, number);
    if (number < sources->files->count)
        return sources->files->names[number];
    return number == 0 && sources->named ? "-" : NULL;
}

/* Whether it is open already: a descriptor, which has no name, or standard input. */
static bool is_given(const char *name)
{
    return !name || strcmp(name, "-") == 0;
}

/* The name as a message has it: of a long one the end, and without what would end the line. */
static void show_name(const struct sources *sources, uint64_t number, char shown[SHOWN_ROOM])
{
    const char *name = sources_name(sources, number);
    if (!name) {
        snprintf(shown, SHOWN_ROOM, "descriptor %d", sources->given);
        return;
    }
    const size_t size = strlen(name);
    if (size >= SHOWN_ROOM) {
        name += size - (SHOWN_ROOM - sizeof "...");
        while (((unsigned char)*name & 0xC0) == 0x80)
            name++;
        shown = stpcpy(shown, "...");
    }
    stpcpy(shown, is_given(name) ? "standard input" : name);
    for (; *shown; shown++)
        if ((unsigned char)*shown < 0x20 || *shown == 0x7F)
            *shown = '?';
}

static void tell(struct sources *sources, uint64_t number, int errnum)
{
    const struct mr_files *files = sources->files;
    if (files->fault) {
        files->fault(files->fault_context, sources_name(sources, number), errnum);
        return;
    }
    char shown[SHOWN_ROOM];
    show_name(sources, number, shown);
    thread_lock(&sources->lock);
    if (!atomic_load(&sources->failed))
        mr_error_set(&sources->failure, MR_INPUT, errnum, "%s: %s", shown, strerror(errnum));
    atomic_store(&sources->failed, true);
    thread_unlock(&sources->lock);
}

bool sources_failed(struct sources *sources, struct mr_error *error)
{
    if (!atomic_load_explicit(&sources->failed, memory_order_relaxed))
        return false;
    thread_lock(&sources->lock);
    if (error)
        *error = sources->failure;
    thread_unlock(&sources->lock);
    return true;
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
 * interrupted; reading waits by poll then. Where descriptors are short it waits for one to be
 * closed, if it may. Returns -1 with errno set. */
static int open_name(struct sources *sources, const char *name, bool wait)
{
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    for (;;) {
        int fd = io_not_standard(open(name, flags));
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
            if (!wait || open_now == 0 || !wait_for_closing(sources, open_now)) {
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
    off_t start = source->given ? lseek(source->fd, 0, SEEK_CUR) : 0;
    if (source->given && sources->given_taken) {
        /* All of it was cut up already, though perhaps not read yet: nothing is left. */
        start = st.st_size;
        source->regular = true;
    }
    /* A file that says it is empty may be one of /proc: only reading tells. */
    source->regular = source->regular || (start >= 0 && start < st.st_size);
    source->ranges = source->regular && !sources->streams;
    if (source->regular) {
        source->start = (uint64_t)start;
        source->size = (uint64_t)st.st_size;
        if (source->size - source->start >= WORTH_A_HINT)
            (void)posix_fadvise(source->fd, start, 0, POSIX_FADV_SEQUENTIAL);
        if (source->given)
            sources->given_taken = true;
    }
    return 0;
}

/* The number of the FILE that is to be opened next. */
static uint64_t number_of(const struct sources *sources)
{
    return sources->order ? sources->order[sources->next] : sources->next;
}

/* Finds the name to be opened next. Returns 1, 0 where there is none, -1 with *error filled. */
static int find_name(struct sources *sources, struct mr_error *error)
{
    const struct mr_files *files = sources->files;
    struct mr_error why = {.status = MR_OK};
    if (!files->next_name) {
        if (sources->next >= count_names(sources))
            return 0;
        sources->name = sources_name(sources, number_of(sources));
        return 1;
    }
    if (sources->name)
        return 1;
    if (!sources->no_more && files->next_name(files->names_context, &sources->name, &why) != 0) {
        sources->name = NULL;
        if (error)
            *error = why;
        return -1;
    }
    sources->no_more = !sources->name;
    return sources->name != NULL;
}

/* As wait_for_closing, but without waiting. */
static bool may_open(struct sources *sources, size_t bound)
{
    thread_lock(&sources->lock);
    const bool fits = sources->open < bound;
    thread_unlock(&sources->lock);
    return fits;
}

int sources_next(struct sources *sources, bool wait, struct source **opened, struct mr_error *error)
{
    for (;;) {
        if (sources_failed(sources, error))
            return -1;
        if (!wait && !may_open(sources, sources->most_open))
            return 2;
        int rc = find_name(sources, error);
        if (rc != 1)
            return rc;
        if (!wait_for_closing(sources, sources->most_open))
            return 0;
        const uint64_t number = number_of(sources);
        const char *name = sources->name;
        sources->next++;
        sources->name = NULL;
        bool given = is_given(name);
        if (given && !sources->have_given) {
            tell(sources, number, EBADF);
            continue;
        }
        int fd = given ? sources->given : open_name(sources, name, wait);
        if (fd < 0) {
            int errnum = errno;
            if (atomic_load(&sources->interrupted))
                return 0;
            if (!wait && (errnum == EMFILE || errnum == ENFILE)) {
                sources->next--;
                sources->name = name;
                return 2;
            }
            tell(sources, number, errnum);
            continue;
        }
        struct source *source = calloc(1, sizeof *source);
        if (!source) {
            if (!given)
                close(fd);
            sources->next--;
            sources->name = name;
            mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
            return -1;
        }
        source->handle = SOURCE_HANDLE_FILE;
        source->fd = fd;
        source->number = number;
        source->given = given;
        atomic_init(&source->end, UINT64_MAX);
        atomic_init(&source->users, 1);
        int errnum = examine(sources, source);
        if (errnum != 0) {
            if (!given)
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
}

bool sources_wait(const struct sources *sources, const struct source *source, uint64_t deadline)
{
    struct pollfd polls[2] = {
        {.fd = source->fd, .events = POLLIN},
        {.fd = sources->wake, .events = POLLIN},
    };
    for (;;) {
        int timeout = -1;
        if (deadline != SOURCES_NO_DEADLINE) {
            uint64_t now = thread_now();
            timeout = now < deadline ? (int)((deadline - now) / MILLISECOND) + 1 : 0;
        }
        int ready = poll(polls, 2, timeout);
        if (ready > 0)
            return polls[1].revents == 0;
        if (ready == 0 || deadline != SOURCES_NO_DEADLINE)
            return false;
        if (errno != EINTR)
            return true; /* reading will tell what is wrong */
    }
}

void source_retain(struct source *source)
{
    atomic_fetch_add_explicit(&source->users, 1, memory_order_relaxed);
}

void sources_release(struct sources *sources, struct source *source)
{
    if (atomic_fetch_sub(&source->users, 1) > 1)
        return;
    if (source->given) {
        /* Whoever shares the descriptor finds it read, as after cat. A failure changes nothing. */
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

/* A FILE's number and size, to be ordered. */
struct known {
    size_t number;
    uint64_t size; /* 0 for one that keeps its place */
};

static int compare_known(const void *a, const void *b)
{
    const struct known *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

void sources_order(struct sources *sources, size_t most)
{
    const size_t count = sources->files->count;
    size_t large = 0;
    if (sources->files->next_name || count < 2 || count > most || sources->next > 0)
        return;
    struct known *known = malloc(count * sizeof *known);
    size_t *order = malloc(count * sizeof *order);
    for (size_t i = 0; known && order && i < count; i++) {
        const char *name = sources->files->names[i];
        struct stat st;
        known[i] = (struct known){.number = i};
        if (!is_given(name) && stat(name, &st) == 0 && S_ISREG(st.st_mode) &&
            st.st_size >= (off_t)WORTH_ORDERING) {
            known[i].size = (uint64_t)st.st_size;
            large++;
        }
    }
    if (large > 0) {
        qsort(known, count, sizeof *known, compare_known);
        for (size_t i = 0; i < count; i++)
            order[i] = known[i].number;
        sources->order = order;
        order = NULL;
    }
    free(order);
    free(known);
}

uint64_t sources_survey(const struct sources *sources, size_t most, bool sure)
{
    uint64_t total = 0;
    bool given_seen = false;
    if (sources->files->next_name || count_names(sources) - sources->next > most)
        return MR_UNKNOWN;
    for (size_t i = sources->next; i < count_names(sources); i++) {
        const char *name = sources_name(sources, i);
        bool given = is_given(name);
        struct stat st;
        if ((given ? fstat(sources->given, &st) : stat(name, &st)) != 0 || S_ISDIR(st.st_mode))
            continue; /* it will be reported when its turn comes */
        if (!S_ISREG(st.st_mode) || (sure && st.st_size == 0))
            return MR_UNKNOWN;
        off_t start = 0;
        if (given) {
            start = given_seen ? st.st_size : lseek(sources->given, 0, SEEK_CUR);
            given_seen = true;
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
