/* SPDX-License-Identifier: MIT
 *
 * test_tabulate - rows of csv become the lines of a table, however they are cut, and what cannot be
 * written is told.
 */
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/tabulate.h"

Suite *test_tabulate_suite(void);

/* What has been written, and after how many bytes writing fails. */
struct written {
    char *text;
    size_t size, most;
};

static int keep(void *context, const void *bytes, size_t size)
{
    struct written *written = context;

    if (written->size + size > written->most) {
        errno = ENOSPC;
        return -1;
    }
    written->text = realloc(written->text, written->size + size + 1);
    ck_assert_ptr_nonnull(written->text);
    memcpy(written->text + written->size, bytes, size);
    written->size += size;
    written->text[written->size] = '\0';
    ck_assert_int_eq(written->text[written->size - 1], '\n');
    return 0;
}

static void open_written(struct written *written)
{
    *written = (struct written){.most = SIZE_MAX};
}

static void put(struct tabulate *table, const char *rows)
{
    ck_assert_int_eq(tabulate_put(table, rows, strlen(rows)), 0);
}

static void is(const struct written *written, const char *want)
{
    ck_assert_str_eq(written->text, want);
}

START_TEST(keys_stand_to_the_left_and_numbers_to_the_right)
{
    struct written written;
    open_written(&written);
    struct tabulate *table = tabulate_open('\n', keep, &written);
    put(table, "key,count,sum_3\n");
    put(table, "a,1,-0.5\nsome words,23456,7\n");
    ck_assert_uint_eq(written.size, 0); /* until the widths are known */
    ck_assert_int_eq(tabulate_finish(table), 0);
    is(&written, "key         count  sum_3\n"
                 "a               1   -0.5\n"
                 "some words  23456      7\n");
    tabulate_close(table);
    free(written.text);
}
END_TEST

START_TEST(what_a_terminal_would_obey_is_escaped)
{
    struct written written;
    open_written(&written);
    struct tabulate *table = tabulate_open('\n', keep, &written);
    put(table, "key,\"a \"\"head\"\", \"\n");
    put(table, "\"a,\"\"\n\r\",1\n");
    put(table, "\t\\\033[2J\177,2\n");
    put(table, "\302\205\342\200\250\303\244\377,3\n");
    ck_assert_int_eq(tabulate_finish(table), 0);
    is(&written, "key                        a \"head\", \n"
                 "a,\"\\n\\r                             1\n"
                 "\\t\\\\x1b[2J\\x7f                      2\n"
                 "\\xc2\\x85\\xe2\\x80\\xa8\303\244\\xff           3\n");
    tabulate_close(table);
    free(written.text);
}
END_TEST

/* Writes the same rows in pieces of `rows`; the last are wider than those that decide. */
static void fill(struct written *written, size_t rows)
{
    struct tabulate *table = tabulate_open('\n', keep, written);
    char piece[4096] = "key,count\n";

    for (size_t i = 0; i < TABULATE_ROWS + 9; i++) {
        const size_t used = strlen(piece);
        snprintf(piece + used, sizeof piece - used, "%s%zu,%zu\n",
                 i < TABULATE_ROWS ? "" : "further ", i, i * i);
        if (i % rows == 0) {
            put(table, piece);
            *piece = '\0';
        }
    }
    put(table, piece);
    ck_assert_int_eq(tabulate_finish(table), 0);
    tabulate_close(table);
}

START_TEST(the_first_rows_decide_however_rows_are_cut)
{
    struct written one, other;
    open_written(&one);
    open_written(&other);
    fill(&one, 1);
    fill(&other, 37);
    ck_assert_str_eq(one.text, other.text);
    ck_assert_ptr_nonnull(strstr(one.text, "\n999  998001\nfurther 1000  1000000\n"));
    free(one.text);
    free(other.text);
}
END_TEST

START_TEST(rows_wait_within_a_bound_of_memory)
{
    static char key[TABULATE_BYTES / 2];
    struct written written;
    open_written(&written);
    struct tabulate *table = tabulate_open('\n', keep, &written);
    memset(key, 'k', sizeof key - 3);
    memcpy(key + sizeof key - 3, ",1\n", 3);
    put(table, "key,count\n");
    ck_assert_int_eq(tabulate_put(table, key, sizeof key), 0);
    ck_assert_uint_eq(written.size, 0);
    ck_assert_int_eq(tabulate_put(table, key, sizeof key), 0);
    ck_assert_uint_gt(written.size, TABULATE_BYTES);
    put(table, "a,12\n"); /* not as wide as those keys */
    ck_assert_int_eq(tabulate_finish(table), 0);
    ck_assert_str_eq(strrchr(written.text, 'a'), "a       12\n");
    tabulate_close(table);
    free(written.text);
}
END_TEST

START_TEST(a_write_that_fails_is_told)
{
    struct written written = {.most = 11};
    struct tabulate *table = tabulate_open('\n', keep, &written);
    put(table, "key,count\n");
    ck_assert_int_eq(tabulate_finish(table), 0);
    ck_assert_int_eq(tabulate_put(table, "a,1\n", 4), -1);
    ck_assert_int_eq(errno, ENOSPC);
    tabulate_close(table);
    tabulate_close(NULL);
    free(written.text);
}
END_TEST

Suite *test_tabulate_suite(void)
{
    Suite *suite = suite_create("tabulate");
    TCase *tcase = tcase_create("tabulate");

    tcase_add_test(tcase, keys_stand_to_the_left_and_numbers_to_the_right);
    tcase_add_test(tcase, what_a_terminal_would_obey_is_escaped);
    tcase_add_test(tcase, the_first_rows_decide_however_rows_are_cut);
    tcase_add_test(tcase, rows_wait_within_a_bound_of_memory);
    tcase_add_test(tcase, a_write_that_fails_is_told);
    suite_add_tcase(suite, tcase);
    return suite;
}
