/* SPDX-License-Identifier: MIT
 *
 * preload - counts what a program asks of the system, and makes chosen calls fail.
 *
 * Loaded with LD_PRELOAD. FAULT_RULE is `CLASS:K:HOW`: the K-th call (from 1) of a class fails,
 * every one from the K-th on with `K+`, every second call with `K/`. Of the class `alloc` are
 * malloc, calloc, realloc, aligned_alloc, strdup and all that allocates through them, and mmap; of
 * `tmpfile` is each open of a file without a name, of `xattr` all about extended attributes; the
 * other classes are the names of the calls below. HOW is an error's name, or `SHORT`: a transfer of
 * one byte, or `NONE`: of no byte and without an error. At a normal end FAULT_LOG receives lines:
 * the calls of each class, how often the rule was followed (`hits`), and what was not given back:
 * blocks, bytes mapped, descriptors above 2.
 *
 * With FAULT_CHILD the rule is not for the program but for the processes that it forks: each counts
 * from its beginning, and FAULT_CHILD is the log of the one that ends last. With FAULT_ALONE
 * programs that are started, by these or by the program itself, are left alone.
 *
 * Standard error is left alone by errors: it is how the program tells what went wrong.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define SHORT (-1) /* among the errors: fewer bytes than asked for */
#define NONE (-2)  /* no bytes */

/* The allocator below the names that are taken over here. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

/* clang-format takes the rows for casts and never comes to rest. */
/* clang-format off */
#define CLASSES(X) \
    X(alloc) X(thread) X(read) X(pread) X(write) X(pwrite) X(pwritev) X(open) X(fstat) X(stat) \
    X(lseek) X(ftruncate) X(rename) X(fsync) X(pipe) X(eventfd) X(poll) X(fcntl) \
    X(linkat) X(fchmod) X(fchown) X(close) X(getrandom) X(fallocate) X(unlink) X(tmpfile) X(xattr) \
    X(readlink) X(statfs) X(fork) X(socket) X(send) X(recv) X(wait) X(dup) \
    X(openat) X(readdir)
/* clang-format on */
enum class {
#define X(name) CLASS_##name,
    CLASSES(X)
#undef X
        CLASS_COUNT
};
static const char *const class_names[] = {
#define X(name) #name,
    CLASSES(X)
#undef X
};

static const struct {
    const char *name;
    int number;
} errors[] = {
    {"EINTR", EINTR},           {"EAGAIN", EAGAIN}, {"EIO", EIO},       {"ENOSPC", ENOSPC},
    {"ENOMEM", ENOMEM},         {"EMFILE", EMFILE}, {"EACCES", EACCES}, {"SHORT", SHORT},
    {"EOPNOTSUPP", EOPNOTSUPP}, {"NONE", NONE},     {"EPERM", EPERM},   {"EBUSY", EBUSY},
    {"EROFS", EROFS},
};

/* The rule, set before main and then only read. */
static bool armed;
static enum class rule_class;
static unsigned long rule_number;
static bool rule_onward, rule_alternate;
static int rule_error;

static int log_fd = -1; /* opened early: in its sandbox the program may not */
static int child_fd = -1;
static bool child_rule; /* the rule is for the processes that this one forks */
static int generation;  /* of forks since the program began */

static atomic_ulong calls[CLASS_COUNT];
static atomic_ulong hits;
static atomic_long blocks; /* allocated and not freed, except by the dynamic linker */
static atomic_long mapped; /* bytes, likewise */

/* Counts a call; returns the error it is to fail with, or 0. */
static int fault(enum class class)
{
    unsigned long number = atomic_fetch_add(&calls[class], 1) + 1;
    if (!armed || class != rule_class || number < rule_number)
        return 0;
    if (rule_alternate ? (number - rule_number) % 2 != 0 : !rule_onward && number > rule_number)
        return 0;
    atomic_fetch_add(&hits, 1);
    return rule_error;
}

/* As fault, for a call that moves bytes: *size becomes 1 for a short one, 0 for one of no byte.
 * Returns an errno or 0. */
static int fault_transfer(enum class class, int fd, size_t *size)
{
    if (fd == STDERR_FILENO)
        return 0;
    int error = fault(class);
    if (error == SHORT) {
        if (*size > 1)
            *size = 1;
        return 0;
    }
    if (error == NONE) {
        *size = 0;
        return 0;
    }
    return error;
}

static int failed(int error)
{
    errno = error;
    return -1;
}

/* The function below ours of the same name. */
#define REAL(name)                                                                                 \
    static __typeof__(name) *real;                                                                 \
    if (!real)                                                                                     \
    *(void **)&real = dlsym(RTLD_NEXT, #name)

/* ---- Memory ---------------------------------------------------------------------------------- */

/* Where the dynamic linker lies. It allocates what threads need, and keeps it for the next ones. */
static uintptr_t linker_begin, linker_end;

static int find_linker(struct dl_phdr_info *object, size_t size, void *base)
{
    (void)size;
    if (object->dlpi_addr != *(uintptr_t *)base)
        return 0;
    linker_begin = object->dlpi_addr;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        uintptr_t end =
            object->dlpi_addr + object->dlpi_phdr[i].p_vaddr + object->dlpi_phdr[i].p_memsz;
        if (object->dlpi_phdr[i].p_type == PT_LOAD && end > linker_end)
            linker_end = end;
    }
    return 1;
}

static void *count_block(void *block, const void *caller)
{
    if (block && ((uintptr_t)caller < linker_begin || (uintptr_t)caller >= linker_end))
        atomic_fetch_add(&blocks, 1);
    return block;
}
#define counted(block) count_block(block, __builtin_return_address(0))

static bool no_memory(void)
{
    if (fault(CLASS_alloc) == 0)
        return false;
    errno = ENOMEM;
    return true;
}

EXPORT void *malloc(size_t size)
{
    return no_memory() ? NULL : counted(__libc_malloc(size));
}

EXPORT void *calloc(size_t count, size_t size)
{
    return no_memory() ? NULL : counted(__libc_calloc(count, size));
}

EXPORT void *realloc(void *block, size_t size)
{
    if (no_memory())
        return NULL;
    void *moved = __libc_realloc(block, size);
    if (!block)
        counted(moved);
    else if (size == 0 && !moved)
        atomic_fetch_sub(&blocks, 1);
    return moved;
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return no_memory() ? NULL : counted(__libc_memalign(alignment, size));
}

EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
    if (no_memory())
        return ENOMEM;
    void *made = counted(__libc_memalign(alignment, size));
    if (made)
        *block = made;
    return made ? 0 : ENOMEM;
}

EXPORT void free(void *block)
{
    if (block && ((uintptr_t)__builtin_return_address(0) < linker_begin ||
                  (uintptr_t)__builtin_return_address(0) >= linker_end))
        atomic_fetch_sub(&blocks, 1);
    __libc_free(block);
}

EXPORT void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (no_memory())
        return MAP_FAILED;
    long pages = syscall(SYS_mmap, address, size, protection, flags, fd, offset);
    if (pages != -1)
        atomic_fetch_add(&mapped, (long)size);
    return (void *)pages;
}

EXPORT int munmap(void *address, size_t size)
{
    atomic_fetch_sub(&mapped, (long)size);
    return (int)syscall(SYS_munmap, address, size);
}

/* ---- Threads --------------------------------------------------------------------------------- */

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument)
{
    REAL(pthread_create);
    int error = fault(CLASS_thread);
    return error ? error : real(thread, attributes, run, argument);
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

EXPORT ssize_t read(int fd, void *bytes, size_t size)
{
    REAL(read);
    int error = fault_transfer(CLASS_read, fd, &size);
    return error ? failed(error) : real(fd, bytes, size);
}

EXPORT ssize_t pread(int fd, void *bytes, size_t size, off_t offset)
{
    REAL(pread);
    int error = fault_transfer(CLASS_pread, fd, &size);
    return error ? failed(error) : real(fd, bytes, size, offset);
}

EXPORT ssize_t write(int fd, const void *bytes, size_t size)
{
    REAL(write);
    int error = fault_transfer(CLASS_write, fd, &size);
    return error ? failed(error) : real(fd, bytes, size);
}

EXPORT ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    REAL(pwrite);
    int error = fault_transfer(CLASS_pwrite, fd, &size);
    return error ? failed(error) : real(fd, bytes, size, offset);
}

EXPORT ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset)
{
    REAL(pwritev);
    size_t size = 2;
    int error = fault_transfer(CLASS_pwritev, fd, &size);
    if (error)
        return failed(error);
    if (size == 0)
        return 0;
    if (size == 1 && count > 0) { /* a byte of the first piece that has one */
        while (count > 1 && pieces->iov_len == 0) {
            pieces++;
            count--;
        }
        struct iovec one = {pieces->iov_base, pieces->iov_len > 0};
        return real(fd, &one, 1, offset);
    }
    return real(fd, pieces, count, offset);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static int open_any(const char *name, int flags, mode_t mode)
{
    int error = fault((flags & O_TMPFILE) == O_TMPFILE ? CLASS_tmpfile : CLASS_open);
    return error ? failed(error) : (int)syscall(SYS_openat, AT_FDCWD, name, flags, mode);
}

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

EXPORT int open(const char *name, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_any(name, flags, mode);
}

/* Directories below others are opened by it. */
static int openat_any(int directory, const char *name, int flags, mode_t mode)
{
    int error = fault(CLASS_openat);
    return error ? failed(error) : (int)syscall(SYS_openat, directory, name, flags, mode);
}

EXPORT int openat(int directory, const char *name, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return openat_any(directory, name, flags, mode);
}

extern int __openat_2(int directory, const char *name, int flags);
EXPORT int __openat_2(int directory, const char *name, int flags)
{
    return openat_any(directory, name, flags, 0);
}

EXPORT struct dirent *readdir(DIR *directory)
{
    REAL(readdir);
    int error = fault(CLASS_readdir);
    if (!error)
        return real(directory);
    errno = error;
    return NULL;
}

/* What open becomes where the compiler sees that there is no mode. */
extern int __open_2(const char *name, int flags);
EXPORT int __open_2(const char *name, int flags)
{
    return open_any(name, flags, 0);
}

EXPORT int fcntl(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    long argument = va_arg(arguments, long);
    va_end(arguments);
    int error = fault(CLASS_fcntl);
    return error ? failed(error) : (int)syscall(SYS_fcntl, fd, command, argument);
}

#define SIMPLE(class, name, parameters, arguments)                                                 \
    SIMPLE_OF(int, class, name, parameters, arguments)
#define SIMPLE_OF(type, class, name, parameters, arguments)                                        \
    EXPORT type name parameters                                                                    \
    {                                                                                              \
        REAL(name);                                                                                \
        int error = fault(class);                                                                  \
        return error ? failed(error) : real arguments;                                             \
    }
SIMPLE(CLASS_fstat, fstat, (int fd, struct stat *result), (fd, result))
SIMPLE(CLASS_stat, stat, (const char *name, struct stat *result), (name, result))
SIMPLE(CLASS_ftruncate, ftruncate, (int fd, off_t size), (fd, size))
SIMPLE(CLASS_rename, rename, (const char *from, const char *to), (from, to))
SIMPLE(CLASS_linkat, linkat, (int from, const char *old, int to, const char *new, int flags),
       (from, old, to, new, flags))
SIMPLE(CLASS_fsync, fsync, (int fd), (fd))
SIMPLE(CLASS_fchmod, fchmod, (int fd, mode_t mode), (fd, mode))
SIMPLE(CLASS_fchown, fchown, (int fd, uid_t user, gid_t group), (fd, user, group))
SIMPLE_OF(ssize_t, CLASS_xattr, listxattr, (const char *path, char *list, size_t size),
          (path, list, size))
SIMPLE_OF(ssize_t, CLASS_xattr, getxattr,
          (const char *path, const char *name, void *value, size_t size), (path, name, value, size))
SIMPLE_OF(ssize_t, CLASS_xattr, fgetxattr, (int fd, const char *name, void *value, size_t size),
          (fd, name, value, size))
SIMPLE(CLASS_xattr, fsetxattr,
       (int fd, const char *name, const void *value, size_t size, int flags),
       (fd, name, value, size, flags))
SIMPLE(CLASS_xattr, fremovexattr, (int fd, const char *name), (fd, name))
SIMPLE_OF(ssize_t, CLASS_readlink, readlink, (const char *path, char *to, size_t size),
          (path, to, size))
SIMPLE(CLASS_statfs, statfs, (const char *path, struct statfs *result), (path, result))
SIMPLE(CLASS_unlink, unlink, (const char *name), (name))
SIMPLE(CLASS_fallocate, fallocate, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))

EXPORT off_t lseek(int fd, off_t offset, int whence)
{
    REAL(lseek);
    int error = fault(CLASS_lseek);
    return error ? failed(error) : real(fd, offset, whence);
}

/* Linux gives the descriptor back whatever close says. */
EXPORT int close(int fd)
{
    REAL(close);
    int error = fault(CLASS_close);
    int result = real(fd);
    return error ? failed(error) : result;
}

EXPORT ssize_t getrandom(void *bytes, size_t size, unsigned flags)
{
    int error = fault(CLASS_getrandom);
    return error ? failed(error) : syscall(SYS_getrandom, bytes, size, flags);
}

EXPORT int pipe(int ends[2])
{
    int error = fault(CLASS_pipe);
    return error ? failed(error) : (int)syscall(SYS_pipe2, ends, 0);
}

EXPORT int pipe2(int ends[2], int flags)
{
    int error = fault(CLASS_pipe);
    return error ? failed(error) : (int)syscall(SYS_pipe2, ends, flags);
}

extern int eventfd(unsigned value, int flags);
EXPORT int eventfd(unsigned value, int flags)
{
    int error = fault(CLASS_eventfd);
    return error ? failed(error) : (int)syscall(SYS_eventfd2, value, flags);
}

struct pollfd;
extern int poll(struct pollfd *polls, unsigned long count, int timeout);
EXPORT int poll(struct pollfd *polls, unsigned long count, int timeout)
{
    REAL(poll);
    int error = fault(CLASS_poll);
    return error ? failed(error) : real(polls, count, timeout);
}

extern int ppoll(struct pollfd *polls, unsigned long count, const struct timespec *time,
                 const sigset_t *mask);
EXPORT int ppoll(struct pollfd *polls, unsigned long count, const struct timespec *time,
                 const sigset_t *mask)
{
    REAL(ppoll);
    int error = fault(CLASS_poll);
    return error ? failed(error) : real(polls, count, time, mask);
}

/* ---- Processes ------------------------------------------------------------------------------- */

SIMPLE_OF(pid_t, CLASS_fork, fork, (void), ())
SIMPLE(CLASS_dup, dup2, (int from, int to), (from, to))
SIMPLE(CLASS_socket, socketpair, (int domain, int type, int protocol, int pair[2]),
       (domain, type, protocol, pair))
SIMPLE_OF(ssize_t, CLASS_send, sendmsg, (int fd, const struct msghdr *message, int flags),
          (fd, message, flags))
SIMPLE_OF(ssize_t, CLASS_send, send, (int fd, const void *bytes, size_t size, int flags),
          (fd, bytes, size, flags))
SIMPLE_OF(ssize_t, CLASS_recv, recvmsg, (int fd, struct msghdr *message, int flags),
          (fd, message, flags))
SIMPLE_OF(pid_t, CLASS_wait, waitpid, (pid_t pid, int *status, int how), (pid, status, how))
SIMPLE_OF(pid_t, CLASS_wait, wait4, (pid_t pid, int *status, int how, struct rusage *taken),
          (pid, status, how, taken))
SIMPLE(CLASS_wait, waitid, (idtype_t type, id_t id, siginfo_t *info, int how),
       (type, id, info, how))

/* ---- Begin and end --------------------------------------------------------------------------- */

static void note_fork(void)
{
    for (int i = 0; i < CLASS_COUNT; i++)
        atomic_store(&calls[i], 0);
    atomic_store(&hits, 0);
    /* What the next one does before it is another program is none of ours. */
    armed = ++generation == 1 && child_rule;
}

static int open_log(const char *name)
{
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, name, flags, 0666);
    int high = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 500);
    syscall(SYS_close, fd);
    return high;
}

static void refuse(const char *what)
{
    static const char message[] = "preload: no rule: ";
    syscall(SYS_write, STDERR_FILENO, message, sizeof message - 1);
    syscall(SYS_write, STDERR_FILENO, what, strlen(what));
    syscall(SYS_write, STDERR_FILENO, "\n", (size_t)1);
    _exit(125);
}

__attribute__((constructor)) static void begin(void)
{
    uintptr_t base = getauxval(AT_BASE);
    dl_iterate_phdr(find_linker, &base);
    pthread_atfork(NULL, NULL, note_fork);
    /* What was called before main is not the program's. */
    for (int i = 0; i < CLASS_COUNT; i++)
        atomic_store(&calls[i], 0);
    atomic_store(&blocks, 0);
    atomic_store(&mapped, 0);
    const char *log = getenv("FAULT_LOG"), *child_log = getenv("FAULT_CHILD");
    const char *rule = getenv("FAULT_RULE");
    if (log)
        log_fd = open_log(log);
    if (child_log)
        child_fd = open_log(child_log);
    if (getenv("FAULT_ALONE"))
        unsetenv("LD_PRELOAD");
    if (!rule || !*rule)
        return;
    const char *colon = strchr(rule, ':');
    bool known = false;
    for (int i = 0; colon && i < CLASS_COUNT; i++) {
        if (strlen(class_names[i]) == (size_t)(colon - rule) &&
            memcmp(class_names[i], rule, (size_t)(colon - rule)) == 0) {
            rule_class = (enum class)i;
            known = true;
        }
    }
    if (!known)
        refuse(rule);
    char *end;
    rule_number = strtoul(colon + 1, &end, 10);
    rule_onward = *end == '+';
    rule_alternate = *end == '/';
    end += rule_onward || rule_alternate;
    known = false;
    for (size_t i = 0; *end == ':' && i < sizeof errors / sizeof *errors; i++) {
        if (strcmp(end + 1, errors[i].name) == 0) {
            rule_error = errors[i].number;
            known = true;
        }
    }
    if (!known || rule_number == 0)
        refuse(rule);
    child_rule = child_fd >= 0;
    armed = !child_rule;
}

static void write_log(int fd)
{
    armed = false;
    long left = atomic_load(&blocks);
    long bytes = atomic_load(&mapped);
    int descriptors = 0;
    for (int i = 3; i < 100; i++)
        descriptors += syscall(SYS_fcntl, i, F_GETFD) >= 0;
    char text[1024];
    int used = snprintf(text, sizeof text, "hits %lu\nblocks %ld\nmapped %ld\ndescriptors %d\n",
                        atomic_load(&hits), left, bytes, descriptors);
    for (int i = 0; i < CLASS_COUNT; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, "%s %lu\n", class_names[i],
                         atomic_load(&calls[i]));
    syscall(SYS_write, fd, text, (size_t)used);
}

__attribute__((destructor)) static void end(void)
{
    if (log_fd >= 0 && generation == 0)
        write_log(log_fd);
}

/* How a process ends that was forked and does not come back to main. */
EXPORT void _exit(int status)
{
    if (child_fd >= 0 && generation == 1)
        write_log(child_fd);
    syscall(SYS_exit_group, status);
    __builtin_unreachable();
}
