/* SPDX-License-Identifier: MIT
 *
 * test_progress.c - the progress line at all widths, and the JSON object.
 */
#include <check.h>
#include <string.h>

#include "cli/progress.h"

Suite *test_progress_suite(void);

static const struct mr_progress mapping = {
    .phase = MR_PHASE_MAP,
    .done = 1218000000,
    .not_done = 1682000000,
    .bytes = 1218000000,
    .records = 200000000,
    .seconds = 0.677,
};

START_TEST(the_line_says_phase_share_rate_and_time_left)
{
    char line[PROGRESS_ROOM];
    progress_line(&mapping, 80, line);
    ck_assert_str_eq(line, "map 42% 1.2/2.9 GB 1.8 GB/s eta 1s");
    struct mr_progress reducing = {.phase = MR_PHASE_REDUCE, .done = 37, .not_done = 27};
    progress_line(&reducing, 80, line);
    ck_assert_str_eq(line, "reduce 37/64");
    reducing.keys = 12000000;
    reducing.spilled = 1500000000;
    progress_line(&reducing, 80, line);
    ck_assert_str_eq(line, "reduce 37/64 12000000 keys spilled 1.5 GB");
}
END_TEST

static struct progress_reduced tell(void *reduced)
{
    return *(const struct progress_reduced *)reduced;
}

START_TEST(the_reduce_is_told_in_pairs_where_somebody_counts_them)
{
    struct progress_reduced reduced = {.done = 1234};
    struct progress progress = {.style = PROGRESS_NONE};
    struct mr_progress figures = {
        .phase = MR_PHASE_REDUCE, .done = 3, .not_done = 5, .records = 99999};
    char line[PROGRESS_ROOM];
    progress_count_reduced(&progress, &figures);
    progress_line(&figures, 80, line);
    ck_assert_str_eq(line, "reduce 3/8");
    progress.reduced = tell;
    progress.reduced_context = &reduced;
    progress_count_reduced(&progress, &figures);
    progress_line(&figures, 80, line);
    ck_assert_str_eq(line, "reduce 1234/99999");
    reduced = (struct progress_reduced){.done = 99999, .spilled = 1500};
    figures.spilled = 500;
    progress_count_reduced(&progress, &figures);
    progress_line(&figures, 80, line);
    ck_assert_str_eq(line, "reduce 99999/99999 spilled 2.0 kB");
    figures = mapping;
    progress_count_reduced(&progress, &figures);
    progress_line(&figures, 80, line);
    ck_assert_str_eq(line, "map 42% 1.2/2.9 GB 1.8 GB/s eta 1s");
}
END_TEST

START_TEST(an_unknown_size_has_no_share_and_no_time_left)
{
    char line[PROGRESS_ROOM];
    struct mr_progress figures = mapping;
    figures.not_done = MR_UNKNOWN;
    progress_line(&figures, 80, line);
    ck_assert_str_eq(line, "map 1.2 GB 1.8 GB/s");
    figures.spilled = 5;
    progress_line(&figures, 80, line);
    ck_assert_str_eq(line, "map 1.2 GB 1.8 GB/s spilled 5 B");
}
END_TEST

START_TEST(the_line_is_sound_before_the_first_and_after_the_last_byte)
{
    char line[PROGRESS_ROOM];
    struct mr_progress figures = {.phase = MR_PHASE_MAP, .not_done = 5000};
    progress_line(&figures, 80, line);
    ck_assert_str_eq(line, "map 0% 0.0/5.0 kB");
    figures = (struct mr_progress){.phase = MR_PHASE_MAP, .done = 5000, .seconds = 1};
    progress_line(&figures, 80, line);
    ck_assert_str_eq(line, "map 100% 5.0/5.0 kB 5.0 kB/s eta 0s");
    figures = (struct mr_progress){.phase = MR_PHASE_MAP};
    progress_line(&figures, 80, line);
    ck_assert_str_eq(line, "map 100% 0/0 B");
}
END_TEST

START_TEST(the_time_left_is_rounded_up)
{
    static const struct {
        uint64_t not_done;
        const char *text;
    } cases[] = {
        {1, "eta 1s"},
        {59000, "eta 59s"},
        {59001, "eta 1m00s"},
        {65000, "eta 1m05s"},
        {3599001, "eta 1h00m"},
        {7500000, "eta 2h05m"},
        {UINT64_MAX / 2, "eta 99h59m"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[PROGRESS_ROOM];
        struct mr_progress figures = {.phase = MR_PHASE_MAP, .done = 1000, .seconds = 1};
        figures.not_done = cases[i].not_done;
        progress_line(&figures, 80, line);
        ck_assert_msg(strstr(line, cases[i].text) != NULL, "%s: %s", cases[i].text, line);
    }
}
END_TEST

/* Narrower is a beginning of wider, cut between parts, and one column stays free. */
START_TEST(a_narrow_line_is_a_beginning_of_a_wide_one)
{
    struct mr_progress figures = mapping;
    figures.keys = 123456;
    figures.spilled = 999999999;
    char whole[PROGRESS_ROOM];
    progress_line(&figures, 300, whole);
    for (size_t width = 0; width <= 300; width++) {
        char line[PROGRESS_ROOM];
        progress_line(&figures, width, line);
        size_t size = strlen(line);
        ck_assert(size == 0 || size < width);
        ck_assert(strncmp(line, whole, size) == 0);
        ck_assert(size == 0 || whole[size] == ' ' || whole[size] == '\0');
    }
    char line[PROGRESS_ROOM];
    progress_line(&figures, 20, line);
    ck_assert_str_eq(line, "map 42% 1.2/2.9 GB");
}
END_TEST

START_TEST(the_largest_figures_fit)
{
    char line[PROGRESS_ROOM];
    struct mr_progress figures = {
        .phase = MR_PHASE_MAP,
        .done = UINT64_MAX - 1,
        .not_done = UINT64_MAX - 1,
        .bytes = UINT64_MAX,
        .records = UINT64_MAX,
        .keys = UINT64_MAX,
        .spilled = UINT64_MAX,
        .seconds = 1e-9,
    };
    progress_line(&figures, 300, line);
    ck_assert(strlen(line) < 300);
    progress_json(&figures, line);
    ck_assert(line[strlen(line) - 1] == '}');
}
END_TEST

START_TEST(the_json_object_has_every_figure)
{
    char line[PROGRESS_ROOM];
    struct mr_progress figures = mapping;
    progress_json(&figures, line);
    ck_assert_str_eq(line, "{\"phase\":\"map\",\"done\":1218000000,\"not_done\":1682000000,"
                           "\"bytes\":1218000000,\"tokens\":200000000,\"keys\":0,\"spilled\":0,"
                           "\"seconds\":0.677}");
    figures.not_done = MR_UNKNOWN;
    progress_json(&figures, line);
    ck_assert(strstr(line, "\"not_done\":null,") != NULL);
}
END_TEST

Suite *test_progress_suite(void)
{
    Suite *suite = suite_create("progress");
    TCase *tcase = tcase_create("progress");
    tcase_add_test(tcase, the_line_says_phase_share_rate_and_time_left);
    tcase_add_test(tcase, the_reduce_is_told_in_pairs_where_somebody_counts_them);
    tcase_add_test(tcase, an_unknown_size_has_no_share_and_no_time_left);
    tcase_add_test(tcase, the_line_is_sound_before_the_first_and_after_the_last_byte);
    tcase_add_test(tcase, the_time_left_is_rounded_up);
    tcase_add_test(tcase, a_narrow_line_is_a_beginning_of_a_wide_one);
    tcase_add_test(tcase, the_largest_figures_fit);
    tcase_add_test(tcase, the_json_object_has_every_figure);
    suite_add_tcase(suite, tcase);
    return suite;
}
