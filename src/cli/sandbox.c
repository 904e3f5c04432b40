/* SPDX-License-Identifier: MIT
 *
 * sandbox - the filter of system calls (see sandbox.h).
 *
 * The list holds what the C libraries of Debian and Alpine make of our calls, not only what ours
 * are named. Most frequent first: kernels before 5.11 go through it call by call.
 */
#include "cli/sandbox.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define SANDBOX_SANITIZED
#endif
#endif

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__)) && defined(__LP64__) && \
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
#define SANDBOX_MOST 320
/* O_TMPFILE is several bits; the one that nothing else has. */
#define SANDBOX_NAMELESS ((uint32_t)O_TMPFILE & ~(uint32_t)O_DIRECTORY)

/* Allowed whatever the arguments. */
static const int sandbox_calls[] = {
    SYS_pread64, SYS_read, SYS_futex, SYS_pwrite64, SYS_write, SYS_madvise, SYS_munmap, SYS_mremap,
    SYS_brk, SYS_pwritev, SYS_close, SYS_clock_gettime, SYS_fallocate, SYS_lseek, SYS_fcntl,
    SYS_readv, SYS_writev, SYS_preadv, SYS_fadvise64, SYS_ftruncate, SYS_fstat, SYS_newfstatat,
    SYS_statfs, SYS_fstatfs, SYS_fsync, SYS_unlinkat, SYS_eventfd2, SYS_ppoll, SYS_nanosleep,
    SYS_clock_nanosleep, SYS_clock_getres, SYS_gettimeofday, SYS_getrandom, SYS_sched_yield,
    SYS_sched_getaffinity, SYS_sysinfo, SYS_uname, SYS_getrusage, SYS_getpid, SYS_getpgid,
    SYS_gettid, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_restart_syscall,
    SYS_sigaltstack, SYS_set_robust_list, SYS_exit, SYS_exit_group,
#ifdef SYS_rseq
    SYS_rseq,
#endif
#ifdef SYS_statx
    SYS_statx,
#endif
#ifdef SYS_membarrier
    SYS_membarrier,
#endif
#ifdef __x86_64__
    SYS_poll, SYS_stat, SYS_lstat, SYS_unlink, SYS_getrlimit, SYS_time, SYS_getpgrp,
#endif
};

/* What putting a file in the place of another takes. */
static const int sandbox_replacing[] = {
    SYS_linkat, SYS_renameat2,
#ifdef SYS_renameat
    SYS_renameat,
#endif
#ifdef __x86_64__
    SYS_rename,
#endif
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

static void sandbox_write(struct sandbox_program *program, bool replaces)
{
    const uint32_t all = UINT32_MAX, self = (uint32_t)getpid();

    sandbox_load(program, offsetof(struct seccomp_data, arch));
    sandbox_put(program, BPF_JMP | BPF_JEQ | BPF_K, SANDBOX_ARCH, 1);
    sandbox_put(program, BPF_JMP | BPF_JA, 1, 0);
    sandbox_end(program, SECCOMP_RET_ERRNO | EPERM);
    sandbox_load_number(program);
    for (size_t i = 0; i < sizeof sandbox_calls / sizeof *sandbox_calls; i++)
        sandbox_rule(program, sandbox_calls[i], SECCOMP_RET_ALLOW);
    for (size_t i = 0; replaces && i < sizeof sandbox_replacing / sizeof *sandbox_replacing; i++)
        sandbox_rule(program, sandbox_replacing[i], SECCOMP_RET_ALLOW);

    sandbox_allow_where(program, SYS_mmap, 2, PROT_EXEC, 0);
    sandbox_allow_where(program, SYS_mprotect, 2, PROT_EXEC, 0);
    sandbox_allow_open(program, SYS_openat, 2);
#ifdef SYS_open
    sandbox_allow_open(program, SYS_open, 1);
#endif
    /* Threads, no processes. The arguments of clone3 cannot be looked at; without it, the C library
     * takes clone. */
    sandbox_allow_where(program, SYS_clone, 0, CLONE_THREAD, CLONE_THREAD);
#ifdef SYS_clone3
    sandbox_rule(program, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
#endif
    /* A signal that ends us is raised again, as is abort's. */
    sandbox_allow_where(program, SYS_tgkill, 0, all, self);
    sandbox_allow_where(program, SYS_tkill, 0, all, self);
    sandbox_allow_where(program, SYS_prctl, 0, all, PR_SET_NAME);
    sandbox_allow_where(program, SYS_prlimit64, 0, all, 0);
    sandbox_allow_where(program, SYS_ioctl, 1, all, TCGETS);
    sandbox_allow_where(program, SYS_ioctl, 1, all, TIOCGWINSZ);
    sandbox_allow_where(program, SYS_ioctl, 1, all, TIOCGPGRP);
    sandbox_end(program, SECCOMP_RET_ERRNO | EPERM);
}

bool sandbox_enter(bool replaces)
{
    struct sandbox_program program = {.used = 0};

    sandbox_write(&program, replaces);
    const struct sock_fprog filter = {.len = program.used, .filter = program.code};
    /* Without SPEC_ALLOW some kernels slow down all of our memory accesses, against a kind of
     * attack that takes code of the attacker's in this process. */
    const unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    return !program.full && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter) == 0;
}

#else

bool sandbox_enter(bool replaces)
{
    (void)replaces;
    return false;
}

#endif
