/* SPDX-License-Identifier: MIT
 *
 * test_cpu - limits of control groups, read from trees made up for the purpose.
 */
#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cpu.h"

static char root[64];
static char cgroup[96];
static char mount[96];
static char meminfo[96];
static const struct cpu_files files = {.cgroup = cgroup, .mount = mount, .meminfo = meminfo};

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* Writes a file of the group tree. */
static void put_group(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", mount, name);
    put(path, text);
}

static const char *const folders[] = {"", "/a", "/a/b"};
static const char *const names[] = {"cpu.max", "memory.max", "memory.high", "memory.current",
                                    "memory.stat"};

static void setup(void)
{
    strcpy(root, "/tmp/test_cpu.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(cgroup, sizeof cgroup, "%s/cgroup", root);
    snprintf(mount, sizeof mount, "%s/tree", root);
    snprintf(meminfo, sizeof meminfo, "%s/meminfo", root);
    for (size_t i = 0; i < 3; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s%s", mount, folders[i]);
        ck_assert_int_eq(mkdir(path, 0700), 0);
    }
    put(cgroup, "1:cpu:/elsewhere\n0::/a/b\n");
    put(meminfo, "MemTotal:       8000 kB\nMemFree:  1 kB\nMemAvailable:   4000 kB\n");
}

static void teardown(void)
{
    char path[256];
    for (size_t i = 3; i-- > 0;) {
        for (size_t j = 0; j < sizeof names / sizeof *names; j++) {
            snprintf(path, sizeof path, "%s%s/%s", mount, folders[i], names[j]);
            unlink(path);
        }
        snprintf(path, sizeof path, "%s%s", mount, folders[i]);
        rmdir(path);
    }
    unlink(cgroup);
    unlink(meminfo);
    rmdir(root);
}

START_TEST(quota)
{
    ck_assert_uint_eq(cpu_quota(&files), UINT_MAX);
    put_group("a/b/cpu.max", "max 100000\n");
    ck_assert_uint_eq(cpu_quota(&files), UINT_MAX);
    put_group("a/b/cpu.max", "400000 100000\n");
    ck_assert_uint_eq(cpu_quota(&files), 4);
    put_group("a/cpu.max", "250000 100000\n"); /* rounded up; the group above binds */
    ck_assert_uint_eq(cpu_quota(&files), 3);
    put_group("cpu.max", "50000 100000\n");
    ck_assert_uint_eq(cpu_quota(&files), 1);
    put_group("cpu.max", "nonsense");
    ck_assert_uint_eq(cpu_quota(&files), 3);
    put_group("cpu.max", "5 0\n");
    ck_assert_uint_eq(cpu_quota(&files), 3);
}
END_TEST

START_TEST(where_the_group_is)
{
    put_group("cpu.max", "700000 100000\n");
    put_group("a/cpu.max", "200000 100000\n");
    put(cgroup, "0::/\n");
    ck_assert_uint_eq(cpu_quota(&files), 7);
    put(cgroup, "0::/a\n");
    ck_assert_uint_eq(cpu_quota(&files), 2);
    put(cgroup, "0::/a/not/seen/here");
    ck_assert_uint_eq(cpu_quota(&files), 2);
    put(cgroup, "0::/../../other\n"); /* outside of our namespace */
    ck_assert_uint_eq(cpu_quota(&files), 7);
    put(cgroup, "4:memory:/a\n"); /* no v2 at all */
    ck_assert_uint_eq(cpu_quota(&files), UINT_MAX);
    unlink(cgroup);
    ck_assert_uint_eq(cpu_quota(&files), UINT_MAX);
    ck_assert_uint_eq(cpu_memory_total_in(&files), 8000 * 1024);
}
END_TEST

START_TEST(memory)
{
    ck_assert_uint_eq(cpu_memory_total_in(&files), 8000 * 1024);
    ck_assert_uint_eq(cpu_memory_available_in(&files), 4000 * 1024);
    put_group("a/b/memory.max", "max\n");
    put_group("a/b/memory.current", "1000\n");
    ck_assert_uint_eq(cpu_memory_total_in(&files), 8000 * 1024);
    ck_assert_uint_eq(cpu_memory_available_in(&files), 4000 * 1024);
    put_group("a/memory.max", "2000000\n");
    put_group("a/memory.current", "1500000\n");
    ck_assert_uint_eq(cpu_memory_total_in(&files), 2000000);
    ck_assert_uint_eq(cpu_memory_available_in(&files), 500000);
    put_group("a/memory.stat", "anon 700000\nfile 9\ninactive_file 300000\nactive_file 5\n");
    ck_assert_uint_eq(cpu_memory_available_in(&files), 800000);
    put_group("a/memory.high", "1600000\n");
    ck_assert_uint_eq(cpu_memory_available_in(&files), 400000);
    put_group("a/b/memory.high", "1000\n"); /* full */
    ck_assert_uint_eq(cpu_memory_available_in(&files), 0);
    ck_assert_uint_eq(cpu_memory_total_in(&files), 2000000);
}
END_TEST

START_TEST(this_machine)
{
    cpu_set_t before, one;
    ck_assert_uint_ge(cpu_count(), 1);
    ck_assert_uint_gt(cpu_memory_total(), 1 << 20);
    ck_assert_uint_gt(cpu_memory_available(), 0);
    ck_assert_uint_le(cpu_memory_available(), cpu_memory_total());
    ck_assert_int_eq(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &before))
            CPU_SET(cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    ck_assert_uint_eq(cpu_count(), 1);
    ck_assert_int_eq(sched_setaffinity(0, sizeof before, &before), 0);
    ck_assert(!cpu_has_avx512_vbmi2() || cpu_has_avx512());
    ck_assert(!cpu_has_avx512() || cpu_has_avx2());
    ck_assert(!cpu_has_avx2() || cpu_has_sse42());
}
END_TEST

Suite *test_cpu_suite(void);

Suite *test_cpu_suite(void)
{
    Suite *suite = suite_create("cpu");
    TCase *tests = tcase_create("cpu");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, quota);
    tcase_add_test(tests, where_the_group_is);
    tcase_add_test(tests, memory);
    tcase_add_test(tests, this_machine);
    suite_add_tcase(suite, tests);
    return suite;
}
