/* SPDX-License-Identifier: MIT
 *
 * test_cgroup - limits of control groups of both versions, read from trees made up for the purpose.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cgroup.h"
#include "base/test_hooks.h"
#include "unit/machine.h"

#define NO_LIMIT_1 "9223372036854771712\n" /* as version 1 says it */

/* A level of a memory tree of version 1, whose groups above are known to limit to `hierarchy`. */
static void put_memory_1(const char *group, const char *limit, const char *hierarchy, long used,
                         long inactive)
{
    char name[128];
    snprintf(name, sizeof name, "%s/memory.limit_in_bytes", group);
    machine_put(name, "%s", limit);
    snprintf(name, sizeof name, "%s/memory.usage_in_bytes", group);
    machine_put(name, "%ld\n", used);
    snprintf(name, sizeof name, "%s/memory.stat", group);
    machine_put(name,
                "cache 7\ninactive_file 1\nhierarchical_memory_limit %stotal_inactive_file %ld\n",
                hierarchy, inactive);
    snprintf(name, sizeof name, "%s/cgroup.procs", group);
    machine_put(name, "%s", "");
}

/* A machine with version 2 alone, on which this process is in /a/b. */
static void setup_2(void)
{
    machine_open();
    machine_put("groups", "0::/a/b\n");
    machine_put("mounts",
                "1 0 0:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:2 / %s rw,nosuid - cgroup2 none rw\n",
                test_hooks.trees);
    machine_put("tree/cgroup.controllers", "cpu memory\n");
    machine_put("tree/a/cgroup.controllers", "cpu memory\n");
    machine_put("tree/a/b/cgroup.controllers", "cpu memory\n");
}

/* One with a tree a controller, as systemd and Docker mounted them, and an empty one of version 2:
 * this process is in /docker/x. */
static void setup_1(void)
{
    machine_open();
    machine_put("groups", "11:pids:/docker/x\n5:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n"
                          "1:name=systemd:/docker/x\n0::/docker/x\n");
    machine_put("mounts", "%s", "");
    machine_put("tree/cpu/docker/x/cgroup.procs", "%s", "");
    machine_put("tree/cpu/docker/x/cpu.cfs_period_us", "100000\n");
    machine_put("tree/cpu/docker/x/cpu.cfs_quota_us", "-1\n");
    put_memory_1("tree/memory", NO_LIMIT_1, NO_LIMIT_1, 1000000, 0);
    put_memory_1("tree/memory/docker", NO_LIMIT_1, NO_LIMIT_1, 1000000, 0);
    put_memory_1("tree/memory/docker/x", NO_LIMIT_1, NO_LIMIT_1, 1000000, 0);
}

static void expect_memory(uint64_t limit, uint64_t left)
{
    struct cgroup_limits limits = cgroup_limits();
    ck_assert_uint_eq(limits.memory, limit);
    ck_assert_uint_eq(limits.memory_left, left);
}

/* ---- Version 2 ------------------------------------------------------------------------------- */

START_TEST(the_least_quota_of_version_2_binds)
{
    ck_assert_uint_eq(cgroup_limits().cpus, UINT64_MAX);
    machine_put("tree/a/b/cpu.max", "max 100000\n");
    ck_assert_uint_eq(cgroup_limits().cpus, UINT64_MAX);
    machine_put("tree/a/b/cpu.max", "400000 100000\n");
    ck_assert_uint_eq(cgroup_limits().cpus, 4);
    machine_put("tree/a/cpu.max", "250000 100000\n"); /* rounded up; the group above binds */
    ck_assert_uint_eq(cgroup_limits().cpus, 3);
    machine_put("tree/cpu.max", "50000 100000\n");
    ck_assert_uint_eq(cgroup_limits().cpus, 1);
    machine_put("tree/cpu.max", "nonsense");
    ck_assert_uint_eq(cgroup_limits().cpus, 3);
    machine_put("tree/cpu.max", "5 0\n");
    ck_assert_uint_eq(cgroup_limits().cpus, 3);
}
END_TEST

START_TEST(the_least_memory_of_version_2_binds)
{
    expect_memory(UINT64_MAX, UINT64_MAX);
    machine_put("tree/a/b/memory.max", "max\n");
    machine_put("tree/a/b/memory.current", "1000\n");
    expect_memory(UINT64_MAX, UINT64_MAX);
    machine_put("tree/a/memory.max", "2000000\n");
    machine_put("tree/a/memory.current", "1500000\n");
    expect_memory(2000000, 500000);
    machine_put("tree/a/memory.stat", "anon 700000\nfile 9\ninactive_file 300000\nactive_file 5\n");
    expect_memory(2000000, 800000);
    machine_put("tree/a/memory.high", "1600000\n");
    expect_memory(2000000, 400000);
    machine_put("tree/a/b/memory.high", "1000\n"); /* full */
    expect_memory(2000000, 0);
}
END_TEST

START_TEST(limits_come_from_groups_that_are_seen)
{
    machine_put("tree/cpu.max", "700000 100000\n");
    machine_put("tree/a/cpu.max", "200000 100000\n");
    machine_put("groups", "0::/\n");
    ck_assert_uint_eq(cgroup_limits().cpus, 7);
    machine_put("groups", "0::/a\n");
    ck_assert_uint_eq(cgroup_limits().cpus, 2);
    machine_put("groups", "0::/a/not/seen/here");
    ck_assert_uint_eq(cgroup_limits().cpus, 2);
    machine_put("groups", "0::/../../other\n"); /* outside of our namespace */
    ck_assert_uint_eq(cgroup_limits().cpus, 7);
    machine_put("groups", "1:name=systemd:/a\n2:cpuset:/a\n"); /* no tree has the controller */
    ck_assert_uint_eq(cgroup_limits().cpus, UINT64_MAX);
    machine_put("groups", "%s", "");
    ck_assert_uint_eq(cgroup_limits().cpus, UINT64_MAX);
    machine_put("groups", "::\n0\n0:\n:cpu:a\n");
    ck_assert_uint_eq(cgroup_limits().cpus, UINT64_MAX);
    unlink(test_hooks.groups);
    ck_assert_uint_eq(cgroup_limits().cpus, UINT64_MAX);
    expect_memory(UINT64_MAX, UINT64_MAX);
}
END_TEST

/* ---- Version 1 ------------------------------------------------------------------------------- */

START_TEST(the_least_quota_of_version_1_binds)
{
    ck_assert_uint_eq(cgroup_limits().cpus, UINT64_MAX);
    machine_put("tree/cpu/docker/x/cpu.cfs_quota_us", "350000\n");
    ck_assert_uint_eq(cgroup_limits().cpus, 4);
    machine_put("tree/cpu/docker/cpu.cfs_quota_us", "150000\n"); /* no period: no limit */
    ck_assert_uint_eq(cgroup_limits().cpus, 4);
    machine_put("tree/cpu/docker/cpu.cfs_period_us", "100000\n");
    ck_assert_uint_eq(cgroup_limits().cpus, 2);
    machine_put("tree/cpu/cpu.cfs_quota_us", "-1\n");
    machine_put("tree/cpu/cpu.cfs_period_us", "100000\n");
    ck_assert_uint_eq(cgroup_limits().cpus, 2);
    machine_put("tree/cpu/docker/cpu.cfs_period_us", "0\n");
    ck_assert_uint_eq(cgroup_limits().cpus, 4);
    machine_put("tree/cpu/docker/x/cpu.cfs_quota_us", "1000\n");
    ck_assert_uint_eq(cgroup_limits().cpus, 1);
    /* The controller is in version 1's tree: nothing in the other one counts. */
    machine_put("tree/docker/x/cgroup.controllers", "%s", "");
    machine_put("tree/docker/x/cpu.max", "100 100000\n");
    machine_put("tree/cpu/docker/x/cpu.cfs_quota_us", "800000\n");
    ck_assert_uint_eq(cgroup_limits().cpus, 8);
}
END_TEST

START_TEST(the_least_memory_of_version_1_binds)
{
    expect_memory(UINT64_MAX, UINT64_MAX);
    put_memory_1("tree/memory/docker/x", "3000000\n", "3000000\n", 1000000, 200000);
    expect_memory(3000000, 2200000);
    put_memory_1("tree/memory/docker", "2000000\n", "2000000\n", 1500000, 300000);
    put_memory_1("tree/memory/docker/x", "3000000\n", "2000000\n", 1000000, 200000);
    expect_memory(2000000, 800000);
    put_memory_1("tree/memory/docker", "2000000\n", "2000000\n", 2000000, 0); /* full */
    expect_memory(2000000, 0);
    /* Limited by a group that cannot be seen. */
    put_memory_1("tree/memory/docker", NO_LIMIT_1, "2000000\n", 1500000, 300000);
    expect_memory(2000000, 1200000);
    /* A group above that is told not to hand its limit down. */
    put_memory_1("tree/memory/docker", "1000000\n", "1000000\n", 1000000, 0);
    put_memory_1("tree/memory/docker/x", "3000000\n", "3000000\n", 1000000, 200000);
    expect_memory(3000000, 2200000);
}
END_TEST

START_TEST(each_controller_is_in_one_version)
{
    /* systemd's hybrid: memory by version 2, mounted beside the trees of version 1. */
    machine_put("groups", "3:cpu,cpuacct:/docker/x\n1:name=systemd:/docker/x\n0::/docker/x\n");
    machine_put("mounts",
                "5 1 0:5 / %s/unified rw shared:3 - cgroup2 cgroup2 rw,nsdelegate\n"
                "6 1 0:6 / %s/cpu rw shared:4 - cgroup cgroup rw,cpu,cpuacct\n",
                test_hooks.trees, test_hooks.trees);
    machine_put("tree/unified/docker/memory.max", "4000000\n");
    machine_put("tree/unified/docker/memory.current", "1000000\n");
    machine_put("tree/cpu/docker/x/cpu.cfs_quota_us", "200000\n");
    expect_memory(4000000, 3000000);
    ck_assert_uint_eq(cgroup_limits().cpus, 2);
}
END_TEST

/* ---- Mounts ---------------------------------------------------------------------------------- */

START_TEST(a_container_with_the_hosts_paths_is_limited)
{
    /* Without a namespace of its own: the group's path is the host's, and the container's part of
     * the tree is mounted where the whole is on the host. */
    machine_put("groups", "5:memory:/kubepods/pod1/x\n3:cpuacct,cpu:/kubepods/pod1/x\n");
    machine_put("mounts",
                "7 1 0:7 /kubepods/pod1/x %s/memory ro - cgroup cgroup rw,memory\n"
                "8 1 0:8 /kubepods/pod1/x %s/at\\040home ro - cgroup cgroup rw,cpuacct,cpu\n",
                test_hooks.trees, test_hooks.trees);
    put_memory_1("tree/memory", "3000000\n", "2500000\n", 1000000, 0);
    machine_put("tree/at home/cpu.cfs_quota_us", "300000\n");
    machine_put("tree/at home/cpu.cfs_period_us", "100000\n");
    expect_memory(2500000, 1500000);
    ck_assert_uint_eq(cgroup_limits().cpus, 3);
    /* In a group that the container made for itself. */
    machine_put("groups", "5:memory:/kubepods/pod1/x/own\n");
    put_memory_1("tree/memory/own", "1200000\n", "1200000\n", 100000, 0);
    expect_memory(1200000, 1100000);
}
END_TEST

START_TEST(the_mount_that_shows_most_is_taken)
{
    machine_put("groups", "0::/a/b\n");
    machine_put("mounts",
                "2 1 0:2 /a/b %s/one rw - cgroup2 none rw\n"
                "3 1 0:2 /a %s/two rw - cgroup2 none rw\n"
                "4 1 0:2 /a/bc %s/three rw - cgroup2 none rw\n"
                "broken\n5 1 0:2 / - cgroup2 none rw\n6 1 0:2 / /x - \n - cgroup2\n",
                test_hooks.trees, test_hooks.trees, test_hooks.trees);
    machine_put("tree/one/memory.max", "5000000\n");
    machine_put("tree/two/b/memory.max", "5000000\n");
    machine_put("tree/two/memory.max", "4000000\n");
    machine_put("tree/three/memory.max", "3000000\n");
    expect_memory(4000000, 4000000);
}
END_TEST

START_TEST(a_mount_from_outside_of_the_namespace_serves)
{
    machine_put("groups", "0::/\n");
    machine_put("mounts", "2 1 0:2 /../.. %s/box rw - cgroup2 none rw\n", test_hooks.trees);
    machine_put("tree/box/memory.max", "5000000\n");
    expect_memory(5000000, 5000000);
    machine_put("mounts", "2 1 0:2 /other %s/box rw - cgroup2 none rw\n", test_hooks.trees);
    machine_put("groups", "0::/own\n");
    expect_memory(5000000, 5000000);
}
END_TEST

START_TEST(paths_too_long_do_not_limit)
{
    static char path[6000];
    memset(path, 'x', sizeof path - 1);
    machine_put("groups", "5:memory:/%s\n0::/%s\n", path, path);
    machine_put("mounts", "7 1 0:7 / %s/memory ro - cgroup cgroup rw,memory\n", test_hooks.trees);
    expect_memory(UINT64_MAX, UINT64_MAX);
    ck_assert_uint_eq(cgroup_limits().cpus, UINT64_MAX);
}
END_TEST

Suite *test_cgroup_suite(void);

Suite *test_cgroup_suite(void)
{
    Suite *suite = suite_create("cgroup");
    TCase *second = tcase_create("version 2");
    tcase_add_checked_fixture(second, setup_2, machine_close);
    tcase_add_test(second, the_least_quota_of_version_2_binds);
    tcase_add_test(second, the_least_memory_of_version_2_binds);
    tcase_add_test(second, limits_come_from_groups_that_are_seen);
    suite_add_tcase(suite, second);
    TCase *first = tcase_create("version 1");
    tcase_add_checked_fixture(first, setup_1, machine_close);
    tcase_add_test(first, the_least_quota_of_version_1_binds);
    tcase_add_test(first, the_least_memory_of_version_1_binds);
    tcase_add_test(first, each_controller_is_in_one_version);
    suite_add_tcase(suite, first);
    TCase *mounted = tcase_create("mounts");
    tcase_add_checked_fixture(mounted, machine_open, machine_close);
    tcase_add_test(mounted, a_container_with_the_hosts_paths_is_limited);
    tcase_add_test(mounted, the_mount_that_shows_most_is_taken);
    tcase_add_test(mounted, a_mount_from_outside_of_the_namespace_serves);
    tcase_add_test(mounted, paths_too_long_do_not_limit);
    suite_add_tcase(suite, mounted);
    return suite;
}
