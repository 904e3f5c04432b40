/* SPDX-License-Identifier: MIT
 *
 * cgroup - what the control groups leave to this process: processors and memory.
 *
 * A controller is in the hands of one tree: of one of version 1 where /proc/self/cgroup names it in
 * a line, else of the tree of version 2. Both may be mounted at once. All answers are taken afresh
 * and never fail: what cannot be found out does not limit.
 */
#ifndef BASE_CGROUP_H
#define BASE_CGROUP_H

#include <stdint.h>

/* Where the kernel tells about control groups: files other than the usual ones let tests build
 * their own machine. */
struct cgroup_files {
    const char *groups; /* as /proc/self/cgroup */
    const char *usual;  /* where the trees are mounted as a rule, as /sys/fs/cgroup */
    const char *mounts; /* as /proc/self/mountinfo: asked where they are not */
};

/* The least CPU quota of the process's group and those above it, in processors, rounded up, at
 * least 1; UINT64_MAX where there is none. */
uint64_t cgroup_cpus(const struct cgroup_files *files);

/* The least limit of memory in bytes, and the least that a group still leaves. UINT64_MAX where
 * there is none. */
struct cgroup_memory {
    uint64_t limit;
    uint64_t left;
};
struct cgroup_memory cgroup_memory(const struct cgroup_files *files);

#endif
