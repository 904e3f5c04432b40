/* SPDX-License-Identifier: MIT
 *
 * cases.h - tests that are not C: golden runs of the command line, and scripts.
 */
#ifndef TESTS_CASES_H
#define TESTS_CASES_H

#include <check.h>
#include <stdio.h>

/* Every folder of tests/cli is one test: see cases.c. */
Suite *cases_cli_suite(void);
/* Every executable of tests/scripts is one test: exit 0 passes, 77 skips. */
Suite *cases_scripts_suite(void);
/* Lists the test that runs as skipped, for this reason. It should return then. */
void cases_skip(const char *name, const char *reason);
/* Prints what was skipped, and why, to `out`, also parts of tests ("not run: ..." lines of one that
 * passed); returns how many tests. */
unsigned cases_print_skipped(FILE *out);

#endif
