/* SPDX-License-Identifier: MIT
 *
 * main.c - runs every test of the project, and ends with check's one summary line.
 *
 * Unit suites come from tests/unit/test_*.c by way of suites.inc, which the Makefile writes from
 * their names. The golden runs and the scripts are suites like the others, so CK_RUN_SUITE=cli or
 * CK_RUN_SUITE=scripts picks them; CK_RUN_CASE picks a single folder or script.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/cases.h"

#define SUITE(make) Suite *make(void);
#include "suites.inc"
#undef SUITE

typedef Suite *(*suite_maker)(void);

static const suite_maker suites[] = {
#define SUITE(make) make,
#include "suites.inc"
#undef SUITE
    cases_cli_suite,
    cases_scripts_suite,
};

/* check itself has no skipped tests: they are named between the run and the summary, which stays
 * the last line. */
int main(void)
{
    /* A slow machine may need longer than check's four seconds. Read when a test case is made. */
    if (setenv("CK_DEFAULT_TIMEOUT", "120", 0) != 0) {
        perror("setenv");
        return EXIT_FAILURE;
    }
    SRunner *runner = srunner_create(NULL);
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        srunner_add_suite(runner, suites[i]());

    srunner_run_all(runner, CK_SILENT);
    unsigned skipped = cases_print_skipped(stdout);
    if (skipped > 0)
        printf("Skipped: %u of the checks below did not run\n", skipped);
    fflush(stdout);
    enum print_output how = CK_NORMAL;
    const char *verbosity = getenv("CK_VERBOSITY");
    if (verbosity && strcmp(verbosity, "verbose") == 0)
        how = CK_VERBOSE;
    srunner_print(runner, how);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
