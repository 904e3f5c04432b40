/* SPDX-License-Identifier: MIT
 *
 * test_lines - the lines of a split, wherever that begins and ends, and the cuts behind newlines.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/line_cut.h"
#include "engine/input/lines.h"
#include "unit/random.h"

/* Some lines with all that lines are made of. */
static const char text[] = "one\n\n\ntwo\r\n\0\nthree \xFF\n\n four\n\nlast";
enum { SIZE = sizeof text - 1 };

/* What the calls say of the bytes, which stand in memory of their own, beside a plain loop. */
static void check_lines(const char *bytes, size_t size, uint64_t offset)
{
    unsigned char *copy = malloc(size > 0 ? size : 1);
    struct mr_line line = {0};
    size_t at = 0;
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, size);
    const struct mr_split split = {.data = copy, .size = size, .offset = offset};
    while (at < size) {
        size_t stop = at;
        while (stop < size && bytes[stop] != '\n')
            stop++;
        ck_assert(mr_split_line(&split, &line));
        ck_assert_ptr_eq(line.text, copy + at);
        ck_assert_uint_eq(line.size, stop - at);
        ck_assert_uint_eq(line.offset, offset + at);
        at = stop + 1;
    }
    ck_assert(!mr_split_line(&split, &line));
    ck_assert(!mr_split_line(&split, &line)); /* nor later */
    free(copy);
}

START_TEST(a_split_has_the_lines_of_a_plain_loop)
{
    for (size_t begin = 0; begin <= SIZE; begin++)
        for (size_t end = begin; end <= SIZE; end++)
            check_lines(text + begin, end - begin, begin * 1000003);
    for (int round = 0; round < 2000; round++) {
        char bytes[64];
        const size_t size = below(sizeof bytes + 1);
        for (size_t i = 0; i < size; i++)
            bytes[i] = "\n\na\r"[below(5)]; /* and NUL */
        check_lines(bytes, size, UINT64_MAX / 2);
    }
}
END_TEST

START_TEST(a_split_without_bytes_has_no_line)
{
    const struct mr_split split = {.data = NULL, .size = 0};
    struct mr_line line = {0};
    ck_assert(!mr_split_line(&split, &line));
    ck_assert_ptr_null(line.text);
}
END_TEST

/* The cuts of *cuts beside a plain loop, for lines that end in `end`. */
static void check_cuts(const struct mr_cuts *cuts, char end)
{
    const unsigned char *data = (const unsigned char *)text;
    for (size_t size = 0; size <= SIZE; size++) {
        size_t last = size;
        while (last > 0 && text[last - 1] != end)
            last--;
        ck_assert_uint_eq(cuts->last(cuts->context, data, size), last);
        for (size_t from = 0; from <= size; from++) {
            size_t first = from > 0 ? from : 1;
            while (first < size && text[first - 1] != end)
                first++;
            if (first > size)
                first = size;
            ck_assert_uint_eq(cuts->first(cuts->context, data, size, from), first);
        }
    }
}

START_TEST(cuts_are_behind_newlines)
{
    check_cuts(&lines_cuts, '\n');
}
END_TEST

START_TEST(cuts_are_behind_any_byte_that_ends_lines)
{
    const char ends[] = "\0o\xFF";
    for (size_t i = 0; i < sizeof ends - 1; i++) {
        const struct mr_cuts cuts = {
            .context = &ends[i], .first = line_cut_first, .last = line_cut_last};
        check_cuts(&cuts, ends[i]);
    }
}
END_TEST

Suite *test_lines_suite(void);

Suite *test_lines_suite(void)
{
    Suite *suite = suite_create("lines");
    TCase *lines = tcase_create("lines");
    tcase_add_test(lines, a_split_has_the_lines_of_a_plain_loop);
    tcase_add_test(lines, a_split_without_bytes_has_no_line);
    tcase_add_test(lines, cuts_are_behind_newlines);
    tcase_add_test(lines, cuts_are_behind_any_byte_that_ends_lines);
    suite_add_tcase(suite, lines);
    return suite;
}
