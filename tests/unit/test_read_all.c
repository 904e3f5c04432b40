/* SPDX-License-Identifier: MIT
 *
 * test_read_all.c - whole files in memory.
 */
#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/read_all.h"

Suite *test_read_all_suite(void);

static unsigned char pattern(size_t i)
{
    return (unsigned char)(i * 131 + (i >> 8));
}

/* Sizes on both sides of what is allocated at first, for a file, whose size is known beforehand,
 * and for a pipe, whose is not. */
static void check_size(size_t size, bool pipe_it)
{
    FILE *file = tmpfile();
    unsigned char *bytes = malloc(size + 1);
    unsigned char *got = NULL;
    size_t got_size = 99;
    FILE *from = file;

    ck_assert(file != NULL && bytes != NULL);
    for (size_t i = 0; i < size; i++)
        bytes[i] = pattern(i);
    ck_assert(io_write_full(fileno(file), bytes, size) == 0);
    ck_assert(lseek(fileno(file), 0, SEEK_SET) == 0);
    if (pipe_it) {
        char command[64];
        snprintf(command, sizeof command, "cat <&%d", fileno(file));
        from = popen(command, "r");
        ck_assert_ptr_nonnull(from);
    }
    ck_assert(read_all(fileno(from), &got, &got_size) == 0);
    ck_assert(got_size == size && got[size] == '\0');
    ck_assert_mem_eq(got, bytes, size);
    ck_assert(!pipe_it || pclose(from) == 0);
    free(got);
    free(bytes);
    fclose(file);
}

static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 300000};

START_TEST(reads_a_file_of_any_size_to_its_end)
{
    check_size(sizes[_i], false);
}
END_TEST

START_TEST(reads_a_pipe_of_any_size_to_its_end)
{
    check_size(sizes[_i], true);
}
END_TEST

START_TEST(says_why_nothing_can_be_read)
{
    unsigned char *bytes = NULL;
    size_t size = 0;

    errno = 0;
    ck_assert(read_all(-1, &bytes, &size) == -1 && errno == EBADF);
    ck_assert_ptr_null(bytes);
}
END_TEST

Suite *test_read_all_suite(void)
{
    Suite *suite = suite_create("read_all");
    TCase *tcase = tcase_create("read_all");
    int count = (int)(sizeof sizes / sizeof *sizes);

    tcase_add_loop_test(tcase, reads_a_file_of_any_size_to_its_end, 0, count);
    tcase_add_loop_test(tcase, reads_a_pipe_of_any_size_to_its_end, 0, count);
    tcase_add_test(tcase, says_why_nothing_can_be_read);
    suite_add_tcase(suite, tcase);
    return suite;
}
