/* SPDX-License-Identifier: MIT
 *
 * test_cpu - what the machine has and its limits leave, read from files made up for the purpose.
 */
#include <check.h>
#include <sched.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/test_hooks.h"
#include "unit/machine.h"

static void setup(void)
{
    machine_open();
    test_hooks.cpus = 8;
    machine_put("groups", "0::/\n");
    machine_put("meminfo", "MemTotal:       8000 kB\nMemFree:  1 kB\nMemAvailable:   4000 kB\n");
    machine_put("tree/cgroup.controllers", "cpu memory\n");
}

static uint64_t room_under(uint64_t address_space, uint64_t data)
{
    test_hooks.address_space = address_space;
    test_hooks.data = data;
    return cpu_room();
}

START_TEST(the_least_of_machine_and_group_counts)
{
    ck_assert_uint_eq(cpu_available().cpus, 8);
    ck_assert_uint_eq(cpu_memory_total(), 8000 * 1024);
    ck_assert_uint_eq(cpu_available().memory, 4000 * 1024);
    machine_put("tree/cpu.max", "250000 100000\n");
    machine_put("tree/memory.max", "2000000\n");
    machine_put("tree/memory.current", "1500000\n");
    ck_assert_uint_eq(cpu_available().cpus, 3);
    test_hooks.cpus = 2;
    ck_assert_uint_eq(cpu_available().cpus, 2);
    ck_assert_uint_eq(cpu_memory_total(), 2000000);
    ck_assert_uint_eq(cpu_available().memory, 500000);
    machine_put("tree/memory.max", "9000000\n");
    ck_assert_uint_eq(cpu_memory_total(), 8000 * 1024);
    ck_assert_uint_eq(cpu_available().memory, 4000 * 1024);
    unlink(test_hooks.meminfo);
    ck_assert_uint_eq(cpu_memory_total(), 9000000);
    machine_put("meminfo", "MemTotal: much\n");
    ck_assert_uint_eq(cpu_available().memory, 7500000);
}
END_TEST

START_TEST(limits_leave_what_is_not_used)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), none = UINT64_MAX;
    machine_put("statm", "1000 50 40 10 0 300 0\n");
    ck_assert_uint_eq(room_under(none, none), none);
    ck_assert_uint_eq(room_under(1500 * page, none), 500 * page);
    ck_assert_uint_eq(room_under(none, 1500 * page), 1200 * page);
    ck_assert_uint_eq(room_under(1500 * page, 400 * page), 100 * page);
    ck_assert_uint_eq(room_under(900 * page, none), 0);
    unlink(test_hooks.statm); /* no /proc: all of the limit seems to be left */
    ck_assert_uint_eq(room_under(900 * page, none), 900 * page);
}
END_TEST

START_TEST(this_machine_has_what_it_must)
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
    tcase_add_checked_fixture(tests, setup, machine_close);
    tcase_add_test(tests, the_least_of_machine_and_group_counts);
    tcase_add_test(tests, limits_leave_what_is_not_used);
    tcase_add_test(tests, this_machine_has_what_it_must);
    suite_add_tcase(suite, tests);
    return suite;
}
