/* SPDX-License-Identifier: MIT
 *
 * cpu - reads affinity, /proc, limits and CPU features (see cpu.h).
 */
#include "base/cpu.h"

#include "base/cgroup.h"
#include "base/io.h"
#include "base/test_hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Since glibc 2.33. */
#if (defined(__x86_64__) || defined(__i386__)) && defined(__has_include)
#if __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#define X86_CPU_FEATURES
#endif
#endif

/* The files read are a few KiB at most, what is wanted is near their beginning. */
#define TEXT_SIZE 8192

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The CPUs in this thread's affinity mask, 0 when that cannot be had. */
static unsigned count_affinity(void)
{
    /* The call fails with EINVAL while the set is smaller than the kernel's own. */
    for (size_t cpus = CPU_SETSIZE; cpus <= (size_t)1 << 20; cpus *= 2) {
        cpu_set_t *set = CPU_ALLOC(cpus);
        if (!set)
            return 0;
        size_t size = CPU_ALLOC_SIZE(cpus);
        int rc = sched_getaffinity(0, size, set);
        int error = errno;
        int count = rc == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (rc == 0 || error != EINVAL)
            return (unsigned)count;
    }
    return 0;
}

/* What a line of meminfo says, in bytes. */
static uint64_t read_meminfo(const char *label)
{
    const char *name = test_hooks.meminfo ? test_hooks.meminfo : "/proc/meminfo";
    char text[TEXT_SIZE];
    uint64_t kib;
    if (io_read_text(name, text, sizeof text) < 0)
        return UINT64_MAX;
    const char *line = strstr(text, label);
    if (!line || sscanf(line + strlen(label), "%" SCNu64, &kib) != 1 || kib > UINT64_MAX / 1024)
        return UINT64_MAX;
    return kib * 1024;
}

struct cpu_available cpu_available(void)
{
    const struct cgroup_limits limits = cgroup_limits();
    unsigned cpus = test_hooks.cpus > 0 ? test_hooks.cpus : count_affinity();
    if (cpus == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        cpus = online > 0 ? (unsigned)online : 1;
    }
    struct cpu_available available = {
        .cpus = (unsigned)least(limits.cpus, cpus),
        .memory = least(limits.memory_left, read_meminfo("MemAvailable:")),
    };
    /* No /proc: half of the RAM is a fair guess. */
    if (available.memory == UINT64_MAX)
        available.memory = cpu_memory_total() / 2;
    return available;
}

uint64_t cpu_room(void)
{
    const char *name = test_hooks.statm ? test_hooks.statm : "/proc/self/statm";
    uint64_t address_space = UINT64_MAX, data = UINT64_MAX;
    struct rlimit limit;
    char text[TEXT_SIZE];
    uint64_t all = 0, written = 0;
    if (test_hooks.address_space > 0)
        address_space = test_hooks.address_space;
    else if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        address_space = limit.rlim_cur;
    if (test_hooks.data > 0)
        data = test_hooks.data;
    else if (getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        data = limit.rlim_cur;
    if (address_space == UINT64_MAX && data == UINT64_MAX)
        return UINT64_MAX;
    /* size, resident, shared, text, lib, data with stacks: in pages. */
    if (io_read_text(name, text, sizeof text) > 0 &&
        sscanf(text, "%" SCNu64 " %*u %*u %*u %*u %" SCNu64, &all, &written) == 2) {
        const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
        all *= page;
        written *= page;
    }
    if (address_space != UINT64_MAX)
        address_space -= least(all, address_space);
    if (data != UINT64_MAX)
        data -= least(written, data);
    return least(address_space, data);
}

uint64_t cpu_memory_total(void)
{
    uint64_t total = least(read_meminfo("MemTotal:"), cgroup_limits().memory);
    if (total != UINT64_MAX)
        return total;
    long pages = sysconf(_SC_PHYS_PAGES);
    long size = sysconf(_SC_PAGESIZE);
    if (pages > 0 && size > 0)
        return (uint64_t)pages * (uint64_t)size;
    return UINT64_C(1) << 30;
}

#if defined(__x86_64__) || defined(__i386__)

/* glibc has queried the CPU at the process's start; to query it again is the dearest thing in a
 * short run on a virtual machine, where each query is answered by the host. */
#if defined(X86_CPU_FEATURES)
/* CPU_FEATURE_ACTIVE, which shifts an int by 31. Features are numbered through four registers of 32
 * bits a leaf. */
static bool is_active(unsigned feature)
{
    const struct cpuid_feature *leaf = __x86_get_cpuid_feature_leaf(feature / 128);
    return leaf->active_array[feature % 128 / 32] >> feature % 32 & 1;
}

#define HAS(feature, name) is_active(x86_cpu_##feature)
#else
#define HAS(feature, name) __builtin_cpu_supports(name)
#endif

bool cpu_has_sse42(void)
{
    return HAS(SSE4_2, "sse4.2") && HAS(POPCNT, "popcnt");
}

bool cpu_has_avx2(void)
{
    return HAS(AVX2, "avx2") && HAS(BMI1, "bmi") && HAS(BMI2, "bmi2") && HAS(POPCNT, "popcnt");
}

bool cpu_has_avx512(void)
{
    return cpu_has_avx2() && HAS(AVX512F, "avx512f") && HAS(AVX512BW, "avx512bw") &&
           HAS(AVX512DQ, "avx512dq") && HAS(AVX512VL, "avx512vl");
}

bool cpu_has_avx512_vbmi2(void)
{
    return cpu_has_avx512() && HAS(AVX512_VBMI, "avx512vbmi") && HAS(AVX512_VBMI2, "avx512vbmi2");
}

#else

bool cpu_has_sse42(void)
{
    return false;
}

bool cpu_has_avx2(void)
{
    return false;
}

bool cpu_has_avx512(void)
{
    return false;
}

bool cpu_has_avx512_vbmi2(void)
{
    return false;
}

#endif
