/* SPDX-License-Identifier: MIT
 *
 * test_walk - directories walked: which names come, and in which order, what is left out, and what
 * is told.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input/walk.h"
#include "unit/reader.h"

Suite *test_walk_suite(void);

static int home; /* the folder that was at hand before */

/* Each test runs in an empty folder of its own. */
static void setup(void)
{
    reader_setup();
    home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(home, 0);
    ck_assert_int_eq(chdir(reader_folder), 0);
    ck_assert_int_eq(mkdir("top", 0700), 0);
}

static void teardown(void)
{
    ck_assert_int_eq(system("rm -rf top link"), 0);
    ck_assert_int_eq(fchdir(home), 0);
    close(home);
    reader_teardown();
}

static void make_file(const char *name)
{
    const int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_msg(fd >= 0, "%s: %s", name, strerror(errno));
    close(fd);
}

static void make_directory(const char *name)
{
    ck_assert_msg(mkdir(name, 0700) == 0, "%s: %s", name, strerror(errno));
}

static void note_fault(void *context, const char *name, int errnum)
{
    reader_note_fault(context, name, errnum);
}

static struct walk_options options_of(const char *const *files, size_t count)
{
    return (struct walk_options){
        .files = files, .count = count, .fault = note_fault, .context = &reader_faults};
}

static struct walk *begin(const struct walk_options *options)
{
    struct walk *walk;
    struct mr_error error;
    ck_assert_int_eq(walk_open(options, &walk, &error), 0);
    return walk;
}

static const char *go_on(struct walk *walk)
{
    const char *name = "";
    struct mr_error error;
    ck_assert_int_eq(walk_next(walk, &name, &error), 0);
    return name;
}

/* All names of a walk, each behind a bar. */
static const char *walked(const struct walk_options *options)
{
    static char all[4096];
    struct walk *walk = begin(options);
    uint64_t number = 0;
    size_t used = 0;

    all[0] = '\0';
    for (const char *name; (name = go_on(walk)) != NULL; number++) {
        used += (size_t)snprintf(all + used, sizeof all - used, "|%s", name);
        ck_assert_uint_lt(used, sizeof all);
        ck_assert_ptr_eq(walk_name_of(walk, number), name);
    }
    ck_assert_ptr_null(go_on(walk));
    ck_assert_ptr_null(walk_name_of(walk, number));
    walk_close(walk);
    return all;
}

START_TEST(names_come_in_the_order_of_their_bytes)
{
    static const char *const files[] = {"top"};
    const struct walk_options options = options_of(files, 1);

    make_directory("top/a");
    make_directory("top/a-");
    make_directory("top/a/b");
    make_directory("top/empty");
    make_file("top/a/b/z");
    make_file("top/a/b.c");
    make_file("top/a-/x");
    make_file("top/a.b");
    make_file("top/a0");
    make_file("top/\xC3\xA4");
    make_file("top/-");
    make_file("top/new\nline");
    ck_assert_str_eq(walked(&options), "|top/-|top/a-/x|top/a.b|top/a/b.c|top/a/b/z|top/a0"
                                       "|top/new\nline|top/\xC3\xA4");
}
END_TEST

START_TEST(files_come_as_they_are_named)
{
    static const char *const files[] = {"top/b", "-", "top/", "none", "", "top//d", "top/b"};
    const struct walk_options options = options_of(files, 7);

    make_file("top/b");
    make_directory("top/d");
    make_file("top/d/e");
    ck_assert_str_eq(walked(&options), "|top/b|-|top/b|top/d/e|none||top//d/e|top/b");
    ck_assert_uint_eq(reader_faults.count, 0);
}
END_TEST

START_TEST(links_are_followed_where_they_are_named_and_nowhere_else)
{
    static const char *const files[] = {"top", "link"};
    const struct walk_options options = options_of(files, 2);

    make_directory("top/d");
    make_file("top/d/f");
    ck_assert_int_eq(symlink("f", "top/d/to-f"), 0);
    ck_assert_int_eq(symlink("..", "top/d/up"), 0);
    ck_assert_int_eq(symlink("top/d", "link"), 0);
    ck_assert_int_eq(mkfifo("top/d/fifo", 0600), 0);
    ck_assert_str_eq(walked(&options), "|top/d/f|link/f");
}
END_TEST

#define ROWS(...)                                                                                  \
    {                                                                                              \
        (struct globs_row[]){__VA_ARGS__},                                                         \
            sizeof((struct globs_row[]){__VA_ARGS__}) / sizeof(struct globs_row)                   \
    }

START_TEST(files_are_left_out_as_grep_does)
{
    static const char *const files[] = {"top", "top/x.h"};
    const struct {
        struct globs globs;
        const char *left;
    } cases[] = {
        {ROWS({"*.c", true}), "|top/.c|top/d/x.c|top/x.c"},
        {ROWS({"*.c", false}), "|top/x.h|top/x.h"},
        {ROWS({"x*", true}, {"*.c", false}), "|top/x.h|top/x.h"},
        {ROWS({"*.c", false}, {"x*", true}), "|top/d/x.c|top/x.c|top/x.h|top/x.h"},
        {ROWS({"top/x*", true}), "|top/x.h"},
        {ROWS({"top/x.h", false}), "|top/.c|top/d/x.c|top/x.c|top/x.h"},
        {ROWS({"d", false}), "|top/.c|top/d/x.c|top/x.c|top/x.h|top/x.h"},
        {ROWS({"[x]?c", true}), "|top/d/x.c|top/x.c"},
    };

    make_directory("top/d");
    make_file("top/d/x.c");
    make_file("top/x.c");
    make_file("top/x.h");
    make_file("top/.c");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct walk_options options = options_of(files, 2);
        options.files_globs = cases[i].globs;
        ck_assert_str_eq(walked(&options), cases[i].left);
    }
}
END_TEST

START_TEST(directories_are_left_out_as_grep_does)
{
    static const char *const files[] = {"top", "top/d/../d", "."};
    const struct {
        struct globs globs;
        const char *left;
    } cases[] = {
        {ROWS({"d", false}), "|top/e/g|./top/e/g"},
        {ROWS({"d//", false}), "|top/e/g|./top/e/g"},
        {ROWS({"top", false}), "|top/d/../d/d/f"},
        {ROWS({"top/d", false}), "|top/d/d/f|top/e/g|top/d/../d/d/f|./top/d/d/f|./top/e/g"},
        {ROWS({".", false}), "|top/d/d/f|top/e/g|top/d/../d/d/f"},
        {ROWS({"*", false}), ""},
    };

    make_directory("top/d");
    make_directory("top/d/d");
    make_directory("top/e");
    make_file("top/d/d/f");
    make_file("top/e/g");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct walk_options options = options_of(files, 3);
        options.directories_globs = cases[i].globs;
        ck_assert_str_eq(walked(&options), cases[i].left);
    }
    struct walk_options options = options_of(files + 2, 1);
    options.directories_globs = cases[4].globs;
    options.implied = true;
    ck_assert_str_eq(walked(&options), "|./top/d/d/f|./top/e/g");
}
END_TEST

START_TEST(a_directory_that_vanishes_is_told_of)
{
    static const char *const files[] = {"top"};
    const struct walk_options options = options_of(files, 1);

    make_directory("top/b");
    make_directory("top/c");
    make_file("top/a");
    make_file("top/b/f");
    make_file("top/c/f");
    struct walk *walk = begin(&options);
    ck_assert_str_eq(go_on(walk), "top/a");
    ck_assert_int_eq(unlink("top/b/f"), 0);
    ck_assert_int_eq(rmdir("top/b"), 0);
    ck_assert_str_eq(go_on(walk), "top/c/f");
    ck_assert_ptr_null(go_on(walk));
    walk_close(walk);
    ck_assert_uint_eq(reader_faults.count, 1);
    ck_assert_int_eq(reader_faults.errnum, ENOENT);
    ck_assert_str_eq(reader_faults.name, "top/b");
}
END_TEST

START_TEST(a_link_in_the_place_of_a_directory_is_not_followed)
{
    static const char *const files[] = {"top"};
    const struct walk_options options = options_of(files, 1);

    make_directory("top/b");
    make_file("top/a");
    struct walk *walk = begin(&options);
    ck_assert_str_eq(go_on(walk), "top/a");
    ck_assert_int_eq(rmdir("top/b"), 0);
    ck_assert_int_eq(symlink("..", "top/b"), 0);
    ck_assert_ptr_null(go_on(walk));
    walk_close(walk);
    ck_assert_uint_eq(reader_faults.count, 1);
    ck_assert_str_eq(reader_faults.name, "top/b");
}
END_TEST

/* top/d/d/d/... with a file in each. */
static void make_deep(size_t levels)
{
    char name[1000] = "top";
    for (size_t i = 0; i < levels; i++) {
        strcat(name, "/d");
        make_directory(name);
        strcat(name, "/f");
        make_file(name);
        name[strlen(name) - 2] = '\0';
    }
}

static size_t count_names(const struct walk_options *options)
{
    struct walk *walk = begin(options);
    size_t count = 0;
    while (go_on(walk) != NULL)
        count++;
    walk_close(walk);
    return count;
}

START_TEST(a_deep_tree_takes_few_descriptors)
{
    static const char *const files[] = {"top"};
    const struct walk_options options = options_of(files, 1);
    struct rlimit limit;

    make_deep(200);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlim_t before = limit.rlim_cur;
    /* The next one that is opened has the lowest number that is free. */
    const int next = dup(home);
    close(next);
    for (rlim_t more = 2; more <= 30; more += 4) {
        limit.rlim_cur = (rlim_t)next + more;
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        ck_assert_uint_eq(count_names(&options), 200);
    }
    ck_assert_uint_eq(reader_faults.count, 0);
    limit.rlim_cur = before;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}
END_TEST

START_TEST(many_names_are_found_by_their_numbers)
{
    enum { MANY = 5000 };
    static const char *const files[] = {"top"};
    const struct walk_options options = options_of(files, 1);

    for (size_t i = 0; i < MANY; i++) {
        char name[40];
        snprintf(name, sizeof name, "top/%05zu", i * 7919 % MANY);
        make_file(name);
    }
    struct walk *walk = begin(&options);
    while (go_on(walk) != NULL)
        ;
    for (size_t i = 0; i < MANY; i++) {
        char name[40];
        snprintf(name, sizeof name, "top/%05zu", i);
        ck_assert_str_eq(walk_name_of(walk, i), name);
    }
    ck_assert_ptr_null(walk_name_of(walk, MANY));
    walk_close(walk);
}
END_TEST

Suite *test_walk_suite(void)
{
    Suite *suite = suite_create("walk");
    TCase *tcase = tcase_create("walk");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, names_come_in_the_order_of_their_bytes);
    tcase_add_test(tcase, files_come_as_they_are_named);
    tcase_add_test(tcase, links_are_followed_where_they_are_named_and_nowhere_else);
    tcase_add_test(tcase, files_are_left_out_as_grep_does);
    tcase_add_test(tcase, directories_are_left_out_as_grep_does);
    tcase_add_test(tcase, a_directory_that_vanishes_is_told_of);
    tcase_add_test(tcase, a_link_in_the_place_of_a_directory_is_not_followed);
    tcase_add_test(tcase, a_deep_tree_takes_few_descriptors);
    tcase_add_test(tcase, many_names_are_found_by_their_numbers);
    suite_add_tcase(suite, tcase);
    return suite;
}
