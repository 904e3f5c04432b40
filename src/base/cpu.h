/* SPDX-License-Identifier: MIT
 *
 * cpu - what this process may use of the machine: processors, memory, instruction sets.
 *
 * All answers are taken afresh on each call, may be taken on any thread, and never fail: what
 * cannot be found out does not limit.
 */
#ifndef BASE_CPU_H
#define BASE_CPU_H

#include <stdbool.h>
#include <stdint.h>

/* The CPUs that affinity allows, or the CPU quota of the control group (v2) rounded up, whichever
 * is less; at least 1. */
unsigned cpu_count(void);

/* Bytes of memory that can be had without swapping: what the kernel says is available, less where a
 * control group (v2) or a resource limit leaves less. */
uint64_t cpu_memory_available(void);

/* Bytes of RAM, or of the control group's limit where that is less. */
uint64_t cpu_memory_total(void);

/* Whether the CPU has the instructions and the system saves their registers. */
bool cpu_has_sse42(void);
bool cpu_has_avx2(void);
/* F, BW, DQ and VL together: what all CPUs with AVX-512 for servers have. */
bool cpu_has_avx512(void);
/* These, VBMI and VBMI2: the same from 2019 on. */
bool cpu_has_avx512_vbmi2(void);

/* Where the kernel tells about control groups and memory: files other than the usual ones let tests
 * build their own machine. */
struct cpu_files {
    const char *cgroup;  /* as /proc/self/cgroup */
    const char *mount;   /* the root of the cgroup v2 tree, as /sys/fs/cgroup */
    const char *meminfo; /* as /proc/meminfo */
};

/* The CPU quota rounded up, or UINT_MAX where there is none. */
unsigned cpu_quota(const struct cpu_files *files);
/* As the functions above, but without resource limits. */
uint64_t cpu_memory_available_in(const struct cpu_files *files);
uint64_t cpu_memory_total_in(const struct cpu_files *files);

#endif
