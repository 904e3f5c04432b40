/* SPDX-License-Identifier: MIT
 *
 * cpu - reads affinity, /proc and the control group tree (see cpu.h).
 *
 * A limit anywhere on the way from the process's own group up to the root holds, so each walk takes
 * the least of all levels. A group file that is missing (the root group has none, a container may
 * see only its own part of the tree) does not limit.
 */
#include "base/cpu.h"

#include "base/io.h"

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

/* The longest path handled: the mount point and a group's path. */
#define PATH_SIZE 4096
/* The files read are lists of a few hundred bytes to a few KiB, what is wanted within that. */
#define TEXT_SIZE 8192

static const struct cpu_files system_files = {
    .cgroup = "/proc/self/cgroup",
    .mount = "/sys/fs/cgroup",
    .meminfo = "/proc/meminfo",
};

/* Reads the start of a small file into `text`, ended by NUL. */
static bool read_text(const char *path, char text[static TEXT_SIZE])
{
    int fd = io_open(path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return false;
    ssize_t size = io_read_full(fd, text, TEXT_SIZE - 1);
    close(fd);
    if (size < 0)
        return false;
    text[size] = '\0';
    return true;
}

/* The number behind `label` where a line of `text` starts with that. */
static bool find_number(const char *text, const char *label, uint64_t *number)
{
    size_t length = strlen(label);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, label, length) == 0)
            return sscanf(line + length, "%" SCNu64, number) == 1;
    }
    return false;
}

/* The path of the process's group, as in the line "0::/path": *path without a slash at its end.
 * Where the group lies outside of what this process can see ("/../other"), that is the root. */
static bool find_group(const struct cpu_files *files, char path[static PATH_SIZE])
{
    char text[TEXT_SIZE];
    if (!read_text(files->cgroup, text))
        return false;
    for (char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "0::/", 4) != 0)
            continue;
        char *group = line + 3;
        size_t length = strcspn(group, "\n");
        while (length > 0 && group[length - 1] == '/')
            length--;
        group[length] = '\0';
        if (strncmp(group, "/..", 3) == 0)
            group[0] = '\0';
        return snprintf(path, PATH_SIZE, "%s%s", files->mount, group) < PATH_SIZE;
    }
    return false;
}

/* Makes `path` that of the group above; false at the root of the tree. */
static bool group_above(const struct cpu_files *files, char path[static PATH_SIZE])
{
    char *slash = strrchr(path, '/');
    if (!slash || (size_t)(slash - path) < strlen(files->mount))
        return false;
    *slash = '\0';
    return true;
}

static bool read_group_file(const char *group, const char *name, char text[static TEXT_SIZE])
{
    char path[PATH_SIZE + 32];
    int length = snprintf(path, sizeof path, "%s/%s", group, name);
    return length > 0 && (size_t)length < sizeof path && read_text(path, text);
}

/* A number alone in a file; "max" and a missing file are UINT64_MAX. */
static uint64_t read_group_limit(const char *group, const char *name)
{
    char text[TEXT_SIZE];
    uint64_t number;
    if (read_group_file(group, name, text) && sscanf(text, "%" SCNu64, &number) == 1)
        return number;
    return UINT64_MAX;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

unsigned cpu_quota(const struct cpu_files *files)
{
    char group[PATH_SIZE];
    char text[TEXT_SIZE];
    uint64_t fewest = UINT_MAX;
    if (!find_group(files, group))
        return UINT_MAX;
    do {
        uint64_t quota, period;
        if (read_group_file(group, "cpu.max", text)
            && sscanf(text, "%" SCNu64 " %" SCNu64, &quota, &period) == 2 && period > 0) {
            uint64_t cpus = quota / period + (quota % period != 0);
            fewest = least(fewest, cpus > 0 ? cpus : 1);
        }
    } while (group_above(files, group));
    return (unsigned)fewest;
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

unsigned cpu_count(void)
{
    unsigned count = count_affinity();
    if (count == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        count = online > 0 ? (unsigned)online : 1;
    }
    unsigned quota = cpu_quota(&system_files);
    return count < quota ? count : quota;
}

/* What a line of meminfo says, in bytes. */
static uint64_t read_meminfo(const struct cpu_files *files, const char *label)
{
    char text[TEXT_SIZE];
    uint64_t kib;
    if (!read_text(files->meminfo, text) || !find_number(text, label, &kib)
        || kib > UINT64_MAX / 1024)
        return UINT64_MAX;
    return kib * 1024;
}

uint64_t cpu_memory_total_in(const struct cpu_files *files)
{
    char group[PATH_SIZE];
    uint64_t total = read_meminfo(files, "MemTotal:");
    if (find_group(files, group)) {
        do {
            total = least(total, read_group_limit(group, "memory.max"));
        } while (group_above(files, group));
    }
    return total;
}

/* What one group still leaves. Inactive file pages are counted as used by the group, but go first
 * when it needs memory, so they do not count here. */
static uint64_t group_memory_left(const char *group)
{
    char text[TEXT_SIZE];
    uint64_t limit = least(read_group_limit(group, "memory.max"),
                           read_group_limit(group, "memory.high"));
    uint64_t used = read_group_limit(group, "memory.current");
    uint64_t reclaimable;
    if (limit == UINT64_MAX || used == UINT64_MAX)
        return limit;
    if (read_group_file(group, "memory.stat", text)
        && find_number(text, "inactive_file ", &reclaimable))
        used -= least(used, reclaimable);
    return used < limit ? limit - used : 0;
}

uint64_t cpu_memory_available_in(const struct cpu_files *files)
{
    char group[PATH_SIZE];
    uint64_t available = read_meminfo(files, "MemAvailable:");
    if (find_group(files, group)) {
        do {
            available = least(available, group_memory_left(group));
        } while (group_above(files, group));
    }
    return available;
}

uint64_t cpu_memory_available(void)
{
    uint64_t available = cpu_memory_available_in(&system_files);
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        available = least(available, limit.rlim_cur);
    if (getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        available = least(available, limit.rlim_cur);
    if (available != UINT64_MAX)
        return available;
    /* No /proc: half of the RAM is a fair guess. */
    return cpu_memory_total() / 2;
}

uint64_t cpu_memory_total(void)
{
    uint64_t total = cpu_memory_total_in(&system_files);
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
