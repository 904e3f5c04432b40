/* SPDX-License-Identifier: MIT
 *
 * libraries - makes the calls that C libraries later than ours and preloaded allocators make.
 *
 * Loaded with LD_PRELOAD. When the program has begun to read standard input, each call below is
 * made once, and LIBRARIES_LOG receives a line for it: its name and `done` or the error. None of
 * them may be refused, that is, fail with EPERM; ENOSYS has callers take an older call. isatty asks
 * as glibc 2.42 does.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ASK_TERMINAL 0x802c542aUL /* TCGETS2 on x86-64 and AArch64 */
#define GUARD_INSTALL 102         /* MADV_GUARD_INSTALL */
#define DROPPABLE 8               /* MAP_DROPPABLE: of getrandom in the vDSO */

static int log_fd = -1;

__attribute__((constructor)) static void begin(void)
{
    const char *log = getenv("LIBRARIES_LOG");
    if (log)
        log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

static void tell(const char *name, long result)
{
    char line[128];
    int size =
        snprintf(line, sizeof line, "%s %s\n", name, result >= 0 ? "done" : strerrorname_np(errno));
    (void)!write(log_fd, line, (size_t)size);
}

static void call(void)
{
    unsigned char settings[64], text[256];
    const struct timespec none = {0, 0};
    struct sched_param parameters;
    sigset_t signals;
    fd_set fds;
    FD_ZERO(&fds);
    sigemptyset(&signals);

    tell("ioctl-TCGETS2", syscall(SYS_ioctl, STDIN_FILENO, ASK_TERMINAL, settings));
    void *page = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    tell("mmap", page == MAP_FAILED ? -1 : 0);
    tell("madvise-guard", madvise(page, 4096, GUARD_INSTALL));
    tell("mmap-noreserve", mmap(NULL, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                                -1, 0) == MAP_FAILED
                               ? -1
                               : 0);
    void *droppable = mmap(NULL, 4096, PROT_READ | PROT_WRITE, DROPPABLE | MAP_ANONYMOUS, -1, 0);
    tell("mmap-droppable", droppable == MAP_FAILED ? -1 : 0);
    tell("mprotect", mprotect(page, 4096, PROT_NONE));
    tell("mlock", mlock((char *)page + 4096, 4096));
    tell("mincore", mincore((char *)page + 4096, 4096, text));
    tell("set-vma-name", prctl(0x53564d41, 0, page, 65536, "library"));
    tell("thp-disable", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
    tell("get_mempolicy", syscall(SYS_get_mempolicy, NULL, NULL, 0L, NULL, 0L));
    tell("getcpu", syscall(SYS_getcpu, NULL, NULL, NULL));
    tell("sched_getparam", sched_getparam(0, &parameters));
    tell("access", access("/proc/meminfo", R_OK));
    tell("faccessat2", syscall(439L, AT_FDCWD, "/proc/meminfo", R_OK, 0x200L));
    tell("statx", syscall(SYS_statx, AT_FDCWD, "/proc", 0L, 0xfffL, text));
    tell("readlink", readlink("/proc/self/exe", (char *)text, sizeof text));
    tell("getcwd", getcwd((char *)text, sizeof text) ? 0 : -1);
    int folder = open("/sys/devices/system/cpu", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    tell("open-folder", folder);
    tell("getdents64", syscall(SYS_getdents64, folder, text, sizeof text));
    tell("openat2", syscall(437L, AT_FDCWD, "/proc", text, 24L));
    tell("dup", dup(folder));
    tell("close_range", syscall(436L, 900L, 1000L, 0L));
    tell("pselect", pselect(1, &fds, NULL, NULL, &none, NULL));
    tell("epoll", epoll_create1(EPOLL_CLOEXEC));
    tell("sigtimedwait", sigtimedwait(&signals, NULL, &none) == -1 && errno == EAGAIN ? 0 : -1);
    tell("futex_wake", syscall(454L, text, -1L, 1L, 2L));
    tell("futex_waitv", syscall(449L, NULL, 0L, 0L, NULL, 0L));
    tell("mseal", syscall(462L, page, 0L, 0L));
    tell("getuid", (long)getuid() * 0);
    tell("young", syscall(600L));
}

__attribute__((visibility("default"))) int isatty(int fd)
{
    unsigned char settings[64];
    return syscall(SYS_ioctl, fd, ASK_TERMINAL, settings) == 0;
}

__attribute__((visibility("default"))) ssize_t read(int fd, void *bytes, size_t size)
{
    static ssize_t (*real)(int, void *, size_t);
    static atomic_uint reads;
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "read");
    /* The first is before the counting: whether the input is small. */
    if (fd == STDIN_FILENO && log_fd >= 0 && atomic_fetch_add(&reads, 1) == 2)
        call();
    return real(fd, bytes, size);
}
