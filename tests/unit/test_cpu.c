/* SPDX-License-Identifier: MIT
 *
 * test_cpu - what the machine has and its limits leave, read from files made up for the purpose.
 */
#include <check.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/test_hooks.h"

static char root[64];
static char groups[96];
static char mount[96];
static char meminfo[96];
static char statm[96];

static void put(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void setup(void)
{
    strcpy(root, "/tmp/test_cpu.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(groups, sizeof groups, "%s/groups", root);
    snprintf(mount, sizeof mount, "%s/tree", root);
    snprintf(meminfo, sizeof meminfo, "%s/meminfo", root);
    snprintf(statm, sizeof statm, "%s/statm", root);
    test_hooks = (struct test_hooks){
        .groups = groups,
        .trees = mount,
        .mounts = "/dev/null",
        .meminfo = meminfo,
        .statm = statm,
        .cpus = 8,
    };
    ck_assert_int_eq(mkdir(mount, 0700), 0);
    put(root, "groups", "0::/\n");
    put(root, "meminfo", "MemTotal:       8000 kB\nMemFree:  1 kB\nMemAvailable:   4000 kB\n");
    put(mount, "cgroup.controllers", "cpu memory\n");
}

static void teardown(void)
{
    static const char *const names[] = {"cgroup.controllers", "cpu.max", "memory.max",
                                        "memory.current"};
    char path[256];
    test_hooks = (struct test_hooks){0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", mount, names[i]);
        unlink(path);
    }
    rmdir(mount);
    unlink(groups);
    unlink(meminfo);
    unlink(statm);
    rmdir(root);
}

static uint64_t room_under(uint64_t address_space, uint64_t data)
{
    test_hooks.address_space = address_space;
    test_hooks.data = data;
    return cpu_room();
}

START_TEST(least_of_machine_and_group)
{
    ck_assert_uint_eq(cpu_available().cpus, 8);
    ck_assert_uint_eq(cpu_memory_total(), 8000 * 1024);
    ck_assert_uint_eq(cpu_available().memory, 4000 * 1024);
    put(mount, "cpu.max", "250000 100000\n");
    put(mount, "memory.max", "2000000\n");
    put(mount, "memory.current", "1500000\n");
    ck_assert_uint_eq(cpu_available().cpus, 3);
    test_hooks.cpus = 2;
    ck_assert_uint_eq(cpu_available().cpus, 2);
    ck_assert_uint_eq(cpu_memory_total(), 2000000);
    ck_assert_uint_eq(cpu_available().memory, 500000);
    put(mount, "memory.max", "9000000\n");
    ck_assert_uint_eq(cpu_memory_total(), 8000 * 1024);
    ck_assert_uint_eq(cpu_available().memory, 4000 * 1024);
    unlink(meminfo);
    ck_assert_uint_eq(cpu_memory_total(), 9000000);
    put(root, "meminfo", "MemTotal: much\n");
    ck_assert_uint_eq(cpu_available().memory, 7500000);
}
END_TEST

START_TEST(room_under_limits)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), none = UINT64_MAX;
    put(root, "statm", "1000 50 40 10 0 300 0\n");
    ck_assert_uint_eq(room_under(none, none), none);
    ck_assert_uint_eq(room_under(1500 * page, none), 500 * page);
    ck_assert_uint_eq(room_under(none, 1500 * page), 1200 * page);
    ck_assert_uint_eq(room_under(1500 * page, 400 * page), 100 * page);
    ck_assert_uint_eq(room_under(900 * page, none), 0);
    unlink(statm); /* no /proc: all of the limit seems to be left */
    ck_assert_uint_eq(room_under(900 * page, none), 900 * page);
}
END_TEST

START_TEST(this_machine)
{
    cpu_set_t before, one;
    test_hooks = (struct test_hooks){0};
    ck_assert_uint_ge(cpu_available().cpus, 1);
    ck_assert_uint_gt(cpu_memory_total(), 1 << 20);
    ck_assert_uint_gt(cpu_available().memory, 0);
    ck_assert_uint_gt(cpu_room(), 0);
    ck_assert_uint_le(cpu_available().memory, cpu_memory_total());
    ck_assert_int_eq(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &before))
            CPU_SET(cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    ck_assert_uint_eq(cpu_available().cpus, 1);
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
    tcase_add_test(tests, least_of_machine_and_group);
    tcase_add_test(tests, room_under_limits);
    tcase_add_test(tests, this_machine);
    suite_add_tcase(suite, tests);
    return suite;
}
