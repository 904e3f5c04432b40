/* SPDX-License-Identifier: MIT
 *
 * main.c - runs every test of the project, and ends with check's one summary line.
 *
 * Unit suites come from tests/unit/test_*.c by way of suites.inc, which the Makefile writes from
 * their names. The golden runs and the scripts are suites like the others, so CK_RUN_SUITE=cli or
 * CK_RUN_SUITE=scripts picks them; CK_RUN_CASE picks a single folder or script.
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/cases.h"

#define SUITE(make) Suite *make(void);
#include "suites.inc"
#undef SUITE

static const struct {
    const char *name;
    Suite *(*make)(void);
} suites[] = {
#define SUITE(make) {#make, make},
#include "suites.inc"
#undef SUITE
    {"cli", cases_cli_suite},
    {"scripts", cases_scripts_suite},
};

/* Suites in which one thread works, if it is not the only one: ThreadSanitizer, which takes ten
 * times as long, finds in them nothing that it does not find in others. */
static const char *const on_one_thread[] = {
    "test_alignment_suite", "test_mapper_suite",  "test_case_fold_suite",
    "test_cgroup_suite",    "test_chars_suite",   "test_combiner_table_suite",
    "test_decimal_suite",   "test_excerpt_suite", "test_extent_map_suite",
    "test_fields_suite",    "test_filter_suite",  "test_grouping_table_suite",
    "test_hash_suite",      "test_kernels_suite", "test_lines_suite",
    "test_literal_suite",   "test_load_suite",    "test_merge_suite",
    "test_ngrams_suite",    "test_options_suite", "test_rank_suite",
    "test_ranges_suite",    "test_search_suite",  "test_size_suite",
    "test_sort_suite",      "test_text_suite",    "test_total_suite",
    "test_utf8_suite",      "test_words_suite",
};

static bool is_on_one_thread(const char *name)
{
    for (size_t i = 0; i < sizeof on_one_thread / sizeof *on_one_thread; i++)
        if (strcmp(name, on_one_thread[i]) == 0)
            return true;
    return false;
}

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
    const char *variant = getenv("MRCOUNT_VARIANT");
    const bool tsan = variant && strcmp(variant, "tsan") == 0;
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
        if (!tsan || !is_on_one_thread(suites[i].name))
            srunner_add_suite(runner, suites[i].make());

    srunner_run_all(runner, CK_SILENT);
    unsigned skipped = cases_print_skipped(stdout);
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        if (tsan && is_on_one_thread(suites[i].name)) {
            printf("skipped %s: one thread works in it: nothing more for ThreadSanitizer\n",
                   suites[i].name);
            skipped++;
        }
    }
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
