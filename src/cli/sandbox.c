/* SPDX-License-Identifier: MIT
 *
 * sandbox - the filter of system calls (see sandbox.h).
 *
 * The list holds what the C libraries of Debian and Alpine make of our calls, not only what ours
 * are named, and beside these what no one is harmed by: libraries that a user preloads and C
 * libraries to come may make such calls. Most frequent first: kernels before 5.11 go through it
 * call by call.
 *
 * A call that is younger than Linux 5.0 fails with ENOSYS, as on an older kernel, so that its
 * caller does with older ones; all else fails with EPERM.
 */
#include "cli/sandbox.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define SANDBOX_SANITIZED
#endif
#endif

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__)) && defined(__LP64__) &&    \
    defined(__has_include) && !defined(SANDBOX_SANITIZED) && !defined(MRCOUNT_NO_SANDBOX)
#if __has_include(<linux/seccomp.h>) && __has_include(<linux/filter.h>) && \
    __has_include(<linux/audit.h>)
#define SANDBOX_SECCOMP
#endif
#endif

#ifdef SANDBOX_SECCOMP

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#ifdef __x86_64__
#define SANDBOX_ARCH AUDIT_ARCH_X86_64
#else
#define SANDBOX_ARCH AUDIT_ARCH_AARCH64
#endif
#define SANDBOX_MOST 512
/* From here on the numbers are the same everywhere: of calls made in Linux 5.1 and later. */
#define SANDBOX_YOUNG 424
/* O_TMPFILE is several bits; the one that nothing else has. */
#define SANDBOX_NAMELESS ((uint32_t)O_TMPFILE & ~(uint32_t)O_DIRECTORY)

/* Allowed whatever the arguments. */
static const int sandbox_calls[] = {
    SYS_pread64,
    SYS_read,
    SYS_futex,
    SYS_pwrite64,
    SYS_write,
    SYS_madvise,
    SYS_munmap,
    SYS_mremap,
    SYS_brk,
    SYS_pwritev,
    SYS_close,
    SYS_clock_gettime,
    SYS_fallocate,
    SYS_lseek,
    SYS_fcntl,
    SYS_readv,
    SYS_writev,
    SYS_preadv,
    SYS_fadvise64,
    SYS_ftruncate,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statfs,
    SYS_fstatfs,
    SYS_fsync,
    SYS_unlinkat,
    SYS_eventfd2,
    SYS_ppoll,
    SYS_nanosleep,
    SYS_clock_nanosleep,
    SYS_clock_getres,
    SYS_gettimeofday,
    SYS_getrandom,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_sysinfo,
    SYS_uname,
    SYS_getrusage,
    SYS_getpid,
    SYS_getpgid,
    SYS_gettid,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_restart_syscall,
    SYS_sigaltstack,
    SYS_set_robust_list,
    SYS_exit,
    SYS_exit_group,
    /* What the process is, has and waits for; more ways to look at files and to wait. */
    SYS_dup,
    SYS_dup3,
    SYS_pipe2,
    SYS_getdents64,
    SYS_getcwd,
    SYS_faccessat,
    SYS_readlinkat,
    SYS_msync,
    SYS_mincore,
    SYS_mlock,
    SYS_munlock,
    SYS_get_mempolicy,
    SYS_getcpu,
    SYS_getppid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_getresuid,
    SYS_getresgid,
    SYS_getgroups,
    SYS_getsid,
    SYS_getpriority,
    SYS_times,
    SYS_set_tid_address,
    SYS_get_robust_list,
    SYS_sched_getscheduler,
    SYS_sched_getparam,
    SYS_sched_getattr,
    SYS_rt_sigpending,
    SYS_rt_sigtimedwait,
    SYS_rt_sigsuspend,
    SYS_pselect6,
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
    SYS_setitimer,
    SYS_getitimer,
    SYS_timer_create,
    SYS_timer_settime,
    SYS_timer_gettime,
    SYS_timer_getoverrun,
    SYS_timer_delete,
#ifdef SYS_rseq
    SYS_rseq,
#endif
#ifdef SYS_statx
    SYS_statx,
#endif
#ifdef SYS_membarrier
    SYS_membarrier,
#endif
#ifdef SYS_mlock2
    SYS_mlock2,
#endif
#ifdef __x86_64__
    SYS_poll,
    SYS_stat,
    SYS_lstat,
    SYS_unlink,
    SYS_getrlimit,
    SYS_time,
    SYS_getpgrp,
    SYS_access,
    SYS_readlink,
    SYS_dup2,
    SYS_pipe,
    SYS_select,
    SYS_epoll_create,
    SYS_epoll_wait,
    SYS_alarm,
    SYS_pause,
#endif
    /* By number, since headers may be older than the kernel: close_range, faccessat2, epoll_pwait2,
     * futex_waitv, map_shadow_stack, futex_wake, futex_wait, futex_requeue, mseal. */
    436,
    439,
    441,
    449,
    453,
    454,
    455,
    456,
    462,
};

/* What putting a file in the place of another takes. */
static const int sandbox_replacing[] = {
    SYS_linkat,
    SYS_renameat2,
#ifdef SYS_renameat
    SYS_renameat,
#endif
#ifdef __x86_64__
    SYS_rename,
#endif
};

/* fakeroot's library asks its daemon at each look at a file, by these. */
static const int sandbox_fakeroot[] = {
    SYS_msgget, SYS_msgsnd, SYS_msgrcv, SYS_semget, SYS_semop, SYS_semtimedop,
};

struct sandbox_program {
    struct sock_filter code[SANDBOX_MOST];
    unsigned short used;
    bool full;
};

static void sandbox_put(struct sandbox_program *program, unsigned code, uint32_t k, unsigned skip)
{
    if (program->used == SANDBOX_MOST) {
        program->full = true;
        return;
    }
    /* `skip` is how many to leave out where a comparison fails. */
    program->code[program->used++] =
        (struct sock_filter){.code = (uint16_t)code, .jf = (uint8_t)skip, .k = k};
}

/* Loads 32 bits of what a call consists of. */
static void sandbox_load(struct sandbox_program *program, size_t offset)
{
    sandbox_put(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0);
}

static void sandbox_load_number(struct sandbox_program *program)
{
    sandbox_load(program, offsetof(struct seccomp_data, nr));
}

static void sandbox_end(struct sandbox_program *program, uint32_t how)
{
    sandbox_put(program, BPF_RET | BPF_K, how, 0);
}

/* The call of this number ends like this. The number is loaded before and after. */
static void sandbox_rule(struct sandbox_program *program, int number, uint32_t how)
{
    sandbox_put(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 1);
    sandbox_end(program, how);
}

/* The call is allowed where, of the bits in `mask`, an argument has those in `value`: of its low
 * half, which is all that the kernel looks at in those below. Both are little-endian machines. */
static void sandbox_allow_where(struct sandbox_program *program, int number, unsigned argument,
                                uint32_t mask, uint32_t value)
{
    sandbox_put(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 5);
    sandbox_load(program, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t));
    sandbox_put(program, BPF_ALU | BPF_AND | BPF_K, mask, 0);
    sandbox_put(program, BPF_JMP | BPF_JEQ | BPF_K, value, 1);
    sandbox_end(program, SECCOMP_RET_ALLOW);
    sandbox_load_number(program);
}

/* Files may be opened for reading only, or be new. */
static void sandbox_allow_open(struct sandbox_program *program, int number, unsigned argument)
{
    const uint32_t made = O_CREAT | O_EXCL;

    sandbox_allow_where(program, number, argument, O_ACCMODE | O_CREAT | O_TRUNC | SANDBOX_NAMELESS,
                        O_RDONLY);
    sandbox_allow_where(program, number, argument, SANDBOX_NAMELESS, SANDBOX_NAMELESS);
    sandbox_allow_where(program, number, argument, made, made);
}

/* Allows the call where an argument is one of these. */
static void sandbox_allow_values(struct sandbox_program *program, int number, unsigned argument,
                                 const uint32_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sandbox_allow_where(program, number, argument, UINT32_MAX, values[i]);
}

static void sandbox_write(struct sandbox_program *program, bool replaces, int socket)
{
    /* isatty makes the last one since glibc 2.42: TCGETS2, whose name the headers spoil. */
    static const uint32_t asked[] = {TCGETS, TIOCGWINSZ, TIOCGPGRP, FIONREAD, 0x802c542a};
    static const uint32_t settings[] = {
        PR_SET_NAME, PR_GET_NAME, PR_GET_SECCOMP, PR_SET_THP_DISABLE, PR_GET_THP_DISABLE,
#ifdef PR_SET_VMA
        PR_SET_VMA,
#endif
    };
    const uint32_t all = UINT32_MAX, self = (uint32_t)getpid();

    sandbox_load(program, offsetof(struct seccomp_data, arch));
    sandbox_put(program, BPF_JMP | BPF_JEQ | BPF_K, SANDBOX_ARCH, 1);
    sandbox_put(program, BPF_JMP | BPF_JA, 1, 0);
    sandbox_end(program, SECCOMP_RET_ERRNO | EPERM);
    sandbox_load_number(program);
    for (size_t i = 0; i < sizeof sandbox_calls / sizeof *sandbox_calls; i++)
        sandbox_rule(program, sandbox_calls[i], SECCOMP_RET_ALLOW);
    const size_t fakeroot = sizeof sandbox_fakeroot / sizeof *sandbox_fakeroot;
    for (size_t i = 0; getenv("FAKEROOTKEY") != NULL && i < fakeroot; i++)
        sandbox_rule(program, sandbox_fakeroot[i], SECCOMP_RET_ALLOW);
    for (size_t i = 0; replaces && i < sizeof sandbox_replacing / sizeof *sandbox_replacing; i++)
        sandbox_rule(program, sandbox_replacing[i], SECCOMP_RET_ALLOW);

    if (socket >= 0) {
        sandbox_rule(program, SYS_wait4, SECCOMP_RET_ALLOW);
        sandbox_allow_where(program, SYS_sendmsg, 0, all, (uint32_t)socket);
        sandbox_allow_where(program, SYS_shutdown, 0, all, (uint32_t)socket);
    }

    sandbox_allow_where(program, SYS_mmap, 2, PROT_EXEC, 0);
    sandbox_allow_where(program, SYS_mprotect, 2, PROT_EXEC, 0);
    sandbox_allow_open(program, SYS_openat, 2);
#ifdef SYS_open
    sandbox_allow_open(program, SYS_open, 1);
#endif
    /* Threads, no processes. The arguments of clone3, as those of openat2, cannot be looked at;
     * without it, the C library takes clone. */
    sandbox_allow_where(program, SYS_clone, 0, CLONE_THREAD, CLONE_THREAD);
    /* A signal that ends us is raised again, as is abort's. */
    sandbox_allow_where(program, SYS_tgkill, 0, all, self);
    sandbox_allow_where(program, SYS_tkill, 0, all, self);
    sandbox_allow_where(program, SYS_prlimit64, 0, all, 0);
    sandbox_allow_values(program, SYS_prctl, 0, settings, sizeof settings / sizeof *settings);
    sandbox_allow_values(program, SYS_ioctl, 1, asked, sizeof asked / sizeof *asked);
    sandbox_put(program, BPF_JMP | BPF_JGE | BPF_K, SANDBOX_YOUNG, 1);
    sandbox_end(program, SECCOMP_RET_ERRNO | ENOSYS);
    sandbox_end(program, SECCOMP_RET_ERRNO | EPERM);
}

/* What GCC and Clang build in for coverage: at exit a profile goes to files that may exist. */
extern void __gcov_init(void *) __attribute__((weak));
extern void llvm_gcov_init(void *, void *) __attribute__((weak));
extern int __llvm_profile_runtime __attribute__((weak));

static bool sandbox_unwanted(void)
{
    return __gcov_init != NULL || llvm_gcov_init != NULL || &__llvm_profile_runtime != NULL;
}

static int sandbox_set(const struct sock_fprog *filter, unsigned flags)
{
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, filter);
}

bool sandbox_enter(bool replaces, int socket)
{
    struct sandbox_program program = {.used = 0};

    if (sandbox_unwanted())
        return false;
    sandbox_write(&program, replaces, socket);
    const struct sock_fprog filter = {.len = program.used, .filter = program.code};
    /* Without SPEC_ALLOW some kernels slow down all of our memory accesses, against a kind of
     * attack that takes code of the attacker's in this process. */
    const unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    if (program.full || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return false;
    return sandbox_set(&filter, flags) == 0 ||
           /* before Linux 4.17 */
           (errno == EINVAL && sandbox_set(&filter, SECCOMP_FILTER_FLAG_TSYNC) == 0);
}

const char *sandbox_blamed(int errnum)
{
    return (errnum == EPERM || errnum == ENOSYS) && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0
               ? " (perhaps refused by the filter of system calls)"
               : "";
}

#else

bool sandbox_enter(bool replaces, int socket)
{
    (void)replaces;
    (void)socket;
    return false;
}

const char *sandbox_blamed(int errnum)
{
    (void)errnum;
    return "";
}

#endif
