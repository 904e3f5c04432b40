/* SPDX-License-Identifier: MIT
 *
 * test_hooks - what unit tests put in the place of something usual: the clock, the machine, sizes
 * that only huge texts reach.
 *
 * There is this one struct, and only tests write to it, before they start a thread. In the program
 * and the library all of it is 0, which stands for what is usual: who reads a member has that, and
 * the reason for it, in its own file. Members are read where something is opened or waited for,
 * never for each byte, token or pair. What a test can pass as an argument is no hook.
 */
#ifndef BASE_TEST_HOOKS_H
#define BASE_TEST_HOOKS_H

#include <stddef.h>
#include <stdint.h>

struct test_hooks {
    /* base/thread: nanoseconds on a clock of the test's own. Any thread calls it. Who waits until a
     * deadline looks at that clock again every millisecond. */
    uint64_t (*now)(void);

    /* base/cgroup and base/cpu: the machine. */
    const char *groups;     /* as /proc/self/cgroup */
    const char *trees;      /* where control groups are mounted as a rule, as /sys/fs/cgroup */
    const char *mounts;     /* as /proc/self/mountinfo */
    const char *meminfo;    /* as /proc/meminfo */
    const char *statm;      /* as /proc/self/statm */
    unsigned cpus;          /* that affinity allows */
    uint64_t address_space; /* limits in bytes, as of setrlimit; UINT64_MAX: none */
    uint64_t data;

    /* engine/input: bytes a split of a regular file, and a buffer of a stream. */
    size_t split_size, buffer_size;

    /* text: bytes of text that spans may reach over, in windows of as many; words take windows of
     * half of it. */
    size_t tokens_reach, words_reach;

    /* engine/map: bytes that mr_emit_words looks over with one base of spans. */
    size_t emit_window;

    /* engine/schedule: splits that came before the first of a job. */
    uint64_t splits_before;
};

extern struct test_hooks test_hooks;

#endif
