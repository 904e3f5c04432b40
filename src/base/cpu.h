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

struct cpu_available {
    /* The CPUs that affinity allows, or the CPU quota of the control group rounded up, whichever is
     * less; at least 1. */
    unsigned cpus;
    /* Bytes of memory that can be had without swapping: what the kernel says is available, less
     * where a control group leaves less. */
    uint64_t memory;
};

struct cpu_available cpu_available(void);

/* Bytes that this process can still map, stacks of threads among them, under the limits of its
 * address space and of its data (ulimit -v, -d); UINT64_MAX where there are none. */
uint64_t cpu_room(void);

/* Bytes of RAM, or of the control group's limit where that is less. */
uint64_t cpu_memory_total(void);

/* Whether the CPU has the instructions and the system saves their registers. */
bool cpu_has_sse42(void);
bool cpu_has_avx2(void);
/* F, BW, DQ and VL together: what all CPUs with AVX-512 for servers have. */
bool cpu_has_avx512(void);
/* These, VBMI and VBMI2: the same from 2019 on. */
bool cpu_has_avx512_vbmi2(void);

#endif
