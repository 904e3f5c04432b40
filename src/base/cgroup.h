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

/* The least of the process's group and of those above it; UINT64_MAX where there is none. */
struct cgroup_limits {
    uint64_t cpus;        /* the CPU quota in processors, rounded up, at least 1 */
    uint64_t memory;      /* bytes */
    uint64_t memory_left; /* what a group still leaves of its limit */
};

struct cgroup_limits cgroup_limits(void);

#endif
