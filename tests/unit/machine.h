/* SPDX-License-Identifier: MIT
 *
 * machine - a machine made up for a test: the files in which a kernel tells of control groups and
 * memory, below a folder that test_hooks points to.
 *
 *     groups, mounts, meminfo, statm    as in /proc
 *     tree/...                          as in /sys/fs/cgroup
 *
 * Their paths are test_hooks.groups and so on. Those that a test does not write are missing.
 */
#ifndef TESTS_MACHINE_H
#define TESTS_MACHINE_H

/* A checked fixture: a machine without any file. */
void machine_open(void);
void machine_close(void);

/* Writes a file, named from the folder on, and makes the folders it is in. */
void machine_put(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
