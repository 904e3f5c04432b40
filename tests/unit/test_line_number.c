/* SPDX-License-Identifier: MIT
 *
 * test_line_number.c - the line that an offset of a file is in.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input/line_number.h"

Suite *test_line_number_suite(void);

static char path[] = "/tmp/test_line_number-XXXXXX";

/* A file of lines of 0, 1, 2, ... bytes, far beyond what is read at a time. */
static size_t make_file(unsigned lines, char end)
{
    strcpy(path + sizeof path - 7, "XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    size_t size = 0;

    ck_assert(fd >= 0 && file != NULL);
    for (unsigned i = 0; i < lines; i++) {
        for (unsigned j = 0; j < i; j++)
            putc('x', file);
        putc(end, file);
        size += i + 1;
    }
    ck_assert(fclose(file) == 0);
    return size;
}

START_TEST(every_offset_is_in_the_line_that_holds_it)
{
    const char end = _i == 0 ? '\n' : '\0';
    const unsigned lines = 300;
    size_t size = make_file(lines, end);
    size_t offset = 0;

    for (unsigned line = 1; line <= lines; line++) {
        ck_assert_uint_eq(line_number_at(path, offset, end), line);
        ck_assert_uint_eq(line_number_at(path, offset + line - 1, end), line);
        offset += line;
    }
    ck_assert_uint_eq(offset, size);
    ck_assert_uint_eq(line_number_at(path, size, end), lines + 1);
    unlink(path);
}
END_TEST

START_TEST(what_cannot_be_told_is_0)
{
    size_t size = make_file(3, '\n');

    ck_assert_uint_eq(line_number_at(path, size + 1, '\n'), 0); /* it has become shorter */
    unlink(path);
    ck_assert_uint_eq(line_number_at(path, 0, '\n'), 0);
    ck_assert_uint_eq(line_number_at("/tmp", 0, '\n'), 0);
    ck_assert_uint_eq(line_number_at("/dev/null", 0, '\n'), 0);
}
END_TEST

Suite *test_line_number_suite(void)
{
    Suite *suite = suite_create("line_number");
    TCase *tcase = tcase_create("line_number");

    tcase_add_loop_test(tcase, every_offset_is_in_the_line_that_holds_it, 0, 2);
    tcase_add_test(tcase, what_cannot_be_told_is_0);
    suite_add_tcase(suite, tcase);
    return suite;
}
