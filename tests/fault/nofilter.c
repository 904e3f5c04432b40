/* SPDX-License-Identifier: MIT
 *
 * nofilter - `nofilter WHAT ERRNO COMMAND ARGUMENT...` runs a command where no filter of system
 * calls can be set, as on a kernel without seccomp, in a container or under an emulator: WHAT is
 * `seccomp`, `privileges` (PR_SET_NO_NEW_PRIVS) or `flags` (those of later kernels), and what it is
 * fails with ERRNO. Exits with 77 where it cannot do that.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offset))
#define LEAVE_UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, (skip))

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: nofilter WHAT ERRNO COMMAND ARGUMENT...\n");
        return 2;
    }
    const uint32_t how = SECCOMP_RET_ERRNO | (uint32_t)atoi(argv[2]);
    const bool privileges = strcmp(argv[1], "privileges") == 0;
    const bool flags = strcmp(argv[1], "flags") == 0;
    struct sock_filter code[] = {
        LOAD(offsetof(struct seccomp_data, nr)),
        LEAVE_UNLESS(privileges ? SYS_prctl : SYS_seccomp, 5),
        /* Of seccomp any operation, or those with SPEC_ALLOW. */
        LOAD(offsetof(struct seccomp_data, args) + (flags ? sizeof(uint64_t) : 0)),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, privileges ? UINT32_MAX
                                            : flags    ? 4
                                                       : 0),
        LEAVE_UNLESS(privileges ? PR_SET_NO_NEW_PRIVS
                     : flags    ? 4
                                : 0,
                     1),
        BPF_STMT(BPF_RET | BPF_K, how),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {.len = sizeof code / sizeof *code, .filter = code};
    /* Without new privileges, or as root. */
    if ((!privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
        perror("nofilter");
        return 77;
    }
    execvp(argv[3], argv + 3);
    perror(argv[3]);
    return 127;
}
