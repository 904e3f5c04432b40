/* SPDX-License-Identifier: MIT
 *
 * test_spawner.c - what a CMD finds when it starts, and that nothing of it stays.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "command/spawner.h"
#include "unit/await.h"

Suite *test_spawner_suite(void);

static struct spawner *spawner;
static struct mr_error error;
static char printed[1 << 16];

static void open_spawner(const char *mapper)
{
    ck_assert_msg(spawner_open(mapper, NULL, &spawner, &error) == 0, "%s", error.text);
}

/* Starts the mapper with nothing to read; *output is the reading end of its standard output.
 * Returns that of its status pipe. */
static int start(const char *file, int *output)
{
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int ends[2], status;

    ck_assert(null >= 0 && pipe2(ends, O_CLOEXEC) == 0);
    const struct spawner_request request = {
        .role = SPAWNER_MAPPER, .file = file, .standard = {null, ends[1], STDERR_FILENO}};
    ck_assert_int_eq(spawner_start(spawner, &request, &status), 0);
    close(null);
    close(ends[1]);
    *output = ends[0];
    return status;
}

static struct spawner_news await_news(int status)
{
    struct spawner_news news;

    ck_assert_int_eq(io_read_some(status, &news, sizeof news), (ssize_t)sizeof news);
    return news;
}

/* Runs a CMD; what it prints is in `printed` then. */
static void run(const char *command, const char *file)
{
    int output;

    open_spawner(command);
    const int status = start(file, &output);
    const ssize_t size = io_read_full(output, printed, sizeof printed - 1);
    ck_assert_int_ge(size, 0);
    printed[size] = '\0';
    const struct spawner_news news = await_news(status);
    ck_assert_int_eq(news.errnum, 0);
    ck_assert_int_eq(news.status, 0);
    close(status);
    close(output);
    spawner_close(spawner, NULL);
}

/* A number behind a name in what /proc/self/status says, in hexadecimal. */
static unsigned long long mask_of(const char *name)
{
    const char *at = strstr(printed, name);

    ck_assert_ptr_nonnull(at);
    return strtoull(at + strlen(name), NULL, 16);
}

static unsigned long long bit(int number)
{
    return 1ULL << (number - 1);
}

static void handle(int number)
{
    (void)number;
}

START_TEST(a_command_finds_signals_as_a_fresh_program)
{
    sigset_t all;

    /* Whatever the tests were started with: a shell lets what it runs in the background ignore
     * SIGINT and SIGQUIT. */
    for (int number = 1; number < SIGRTMIN; number++)
        signal(number, SIG_DFL);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGCHLD, SIG_IGN); /* who waits for children must be able to */
    signal(SIGXFSZ, SIG_IGN); /* as mrcount does itself */
    signal(SIGINT, handle);
    signal(SIGUSR2, handle);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    /* Some shells set a handler of their own, which an exec takes away. */
    run("exec cat /proc/self/status", NULL);
    ck_assert_uint_eq(mask_of("\nSigBlk:\t"), 0);
    ck_assert_uint_eq(mask_of("\nSigPnd:\t"), 0);
    ck_assert_uint_eq(mask_of("\nSigIgn:\t") & 0x7FFFFFFF, bit(SIGUSR1));
    ck_assert_uint_eq(mask_of("\nSigCgt:\t"), 0);
}
END_TEST

START_TEST(a_command_leads_a_group_of_its_own)
{
    int pid, group;

    run("read pid name state parent group rest < /proc/self/stat; echo $$ $group", NULL);
    ck_assert_int_eq(sscanf(printed, "%d %d", &pid, &group), 2);
    ck_assert_int_eq(pid, group);
    ck_assert_int_ne(group, (int)getpgrp());
}
END_TEST

START_TEST(a_command_finds_no_descriptor_of_ours)
{
    enum { MOST = 300 };
    char want[5 * MOST] = "";
    const int own = open("/dev/null", O_RDONLY | O_CLOEXEC);
    /* What the user gave us to inherit is for whom we start, too. */
    const int users = open("/dev/null", O_RDONLY);

    ck_assert(users > 2 && fcntl(own, F_DUPFD_CLOEXEC, 100) >= 100);
    for (int fd = 0; fd < MOST; fd++)
        if (fcntl(fd, F_GETFD) == 0)
            snprintf(want + strlen(want), sizeof want - strlen(want), "%d ", fd);
    run("i=0; while [ $i -lt 300 ]; do [ -e /proc/$$/fd/$i ] && printf '%d ' $i; i=$((i + 1)); "
        "done",
        NULL);
    ck_assert_str_eq(printed, want);
}
END_TEST

START_TEST(a_command_has_the_environment_and_the_name_of_its_file)
{
    setenv("MRCOUNT_FILE", "outer", 1);
    setenv("OTHER", "thing", 1);
    run("echo \"$MRCOUNT_FILE $OTHER\"; env | grep -c MRCOUNT_FILE", NULL);
    ck_assert_str_eq(printed, "outer thing\n1\n");
    run("echo \"$MRCOUNT_FILE $OTHER\"; env | grep -c MRCOUNT_FILE", "an\303\244 \"name");
    ck_assert_str_eq(printed, "an\303\244 \"name thing\n1\n");
    run("echo \"$MRCOUNT_FILE.\"; env | grep -c MRCOUNT_FILE", "");
    ck_assert_str_eq(printed, ".\n1\n");
    unsetenv("MRCOUNT_FILE");
    run("env | grep -c MRCOUNT_FILE; true", NULL);
    ck_assert_str_eq(printed, "0\n");
}
END_TEST

START_TEST(a_name_may_be_as_long_as_one_can_be_opened)
{
    static char name[PATH_MAX + 1];
    int status;

    memset(name, 'n', PATH_MAX - 1);
    run("echo ${#MRCOUNT_FILE}", name);
    ck_assert_int_eq(atoi(printed), PATH_MAX - 1);
    name[PATH_MAX - 1] = 'n';
    open_spawner("true");
    const struct spawner_request request = {.file = name, .standard = {0, 1, 2}};
    ck_assert_int_eq(spawner_start(spawner, &request, &status), ENAMETOOLONG);
    ck_assert_int_eq(status, -1);
    spawner_close(spawner, NULL);
}
END_TEST

START_TEST(a_command_that_begins_with_a_dash_is_no_option)
{
    int output;

    open_spawner("-c 'exit 0' 2> /dev/null");
    const int status = start(NULL, &output);
    const struct spawner_news news = await_news(status);
    ck_assert(WIFEXITED(news.status) && WEXITSTATUS(news.status) == 127);
    close(status);
    close(output);
    spawner_close(spawner, NULL);
}
END_TEST

static const struct {
    const char *command;
    int status;
} results[] = {
    {"exit 0", 0 << 8}, {"exit 3", 3 << 8},  {"exit 255", 255 << 8}, {"kill -KILL $$", 9},
    {"kill $$", 15},    {"kill -INT $$", 2}, {"kill -HUP $$", 1},    {"kill -PIPE $$", 13},
};

START_TEST(the_end_is_told_as_it_was)
{
    int output;

    signal(SIGHUP, SIG_DFL); /* whatever the tests were started with */
    open_spawner(results[_i].command);
    const int status = start(NULL, &output);
    const struct spawner_news news = await_news(status);
    ck_assert_int_eq(news.errnum, 0);
    ck_assert_int_eq(news.status, results[_i].status);
    close(status);
    close(output);
    spawner_close(spawner, NULL);
}
END_TEST

/* ---- What is left ---------------------------------------------------------------------------- */

/* Says its numbers, then neither it nor what it has started ends by itself. */
#define LASTING "sleep 1000000 & echo $$ $! $PPID; sleep 1000000; true"

struct numbers {
    int leader, other, spawner;
};

/* Of a CMD that is LASTING. */
static struct numbers read_numbers(int output)
{
    struct numbers numbers;
    char line[100];
    size_t size = 0;

    do
        ck_assert_int_eq(io_read_some(output, line + size, 1), 1);
    while (line[size++] != '\n');
    line[size] = '\0';
    ck_assert_int_eq(sscanf(line, "%d %d %d", &numbers.leader, &numbers.other, &numbers.spawner),
                     3);
    return numbers;
}

/* Whether a process runs; one that has ended and nobody waits for does not. */
static bool runs(int pid)
{
    char name[64], state = 'X';

    snprintf(name, sizeof name, "/proc/%d/stat", pid);
    FILE *file = fopen(name, "r");
    if (file == NULL)
        return false;
    const int got = fscanf(file, "%*d %*s %c", &state);
    fclose(file);
    return got == 1 && state != 'Z' && state != 'X';
}

/* Waits until an end comes: nobody holds the other one any more. */
static void await_end(int output)
{
    char byte;

    ck_assert_int_eq(io_read_some(output, &byte, 1), 0);
}

START_TEST(closing_the_status_pipe_ends_the_group)
{
    int output[2];

    open_spawner(LASTING);
    const int first = start(NULL, &output[0]), second = start(NULL, &output[1]);
    const struct numbers one = read_numbers(output[0]), two = read_numbers(output[1]);
    ck_assert(runs(one.leader) && runs(one.other));
    close(first);
    await_end(output[0]);
    AWAIT(!runs(one.leader) && !runs(one.other));
    ck_assert(runs(two.leader) && runs(two.other));
    close(second);
    spawner_close(spawner, NULL);
    ck_assert(!runs(two.leader));
    AWAIT(!runs(two.other));
}
END_TEST

START_TEST(one_that_is_stopped_is_ended_too)
{
    int output;

    open_spawner(LASTING);
    const int status = start(NULL, &output);
    const struct numbers numbers = read_numbers(output);
    ck_assert(kill(numbers.leader, SIGSTOP) == 0);
    close(status);
    AWAIT(!runs(numbers.leader) && !runs(numbers.other));
    close(output);
    spawner_close(spawner, NULL);
}
END_TEST

START_TEST(what_a_leader_leaves_behind_lives_until_it_is_let_go)
{
    int output;

    open_spawner("sleep 1000000 & echo $$ $! $PPID");
    const int status = start(NULL, &output);
    const struct numbers numbers = read_numbers(output);
    ck_assert_int_eq(await_news(status).status, 0);
    /* Its number is not free: it has ended, but is still there. */
    ck_assert(!runs(numbers.leader) && kill(numbers.leader, 0) == 0);
    ck_assert(runs(numbers.other));
    close(status);
    await_end(output);
    AWAIT(kill(numbers.leader, 0) != 0 && errno == ESRCH);
    AWAIT(!runs(numbers.other));
    close(output);
    spawner_close(spawner, NULL);
}
END_TEST

START_TEST(closing_ends_all_and_leaves_no_child)
{
    int output[3], status[3], leaders[3];

    open_spawner(LASTING);
    for (int i = 0; i < 3; i++)
        status[i] = start(NULL, &output[i]);
    for (int i = 0; i < 3; i++)
        leaders[i] = read_numbers(output[i]).leader;
    spawner_close(spawner, NULL);
    for (int i = 0; i < 3; i++) {
        ck_assert(!runs(leaders[i]));
        await_end(output[i]);
        await_end(status[i]);
    }
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

static void abandon(int number)
{
    (void)number;
    spawner_abandon(spawner);
}

START_TEST(a_handler_may_abandon_all)
{
    int output;

    open_spawner(LASTING);
    const int status = start(NULL, &output);
    const struct numbers numbers = read_numbers(output);
    signal(SIGUSR1, abandon);
    ck_assert(raise(SIGUSR1) == 0);
    await_end(status);
    AWAIT(!runs(numbers.leader) && !runs(numbers.other) && !runs(numbers.spawner));
    close(output);
    /* What comes after that is as ever, or fails. */
    const struct spawner_request request = {.standard = {0, 1, 2}};
    int other;
    ck_assert_int_eq(spawner_start(spawner, &request, &other), EPIPE);
    ck_assert(raise(SIGUSR1) == 0);
    struct spawner_usage usage;
    spawner_close(spawner, &usage);
    ck_assert_uint_eq(usage.processes, 1);
}
END_TEST

START_TEST(all_end_where_we_are_killed)
{
    int ends[2];

    ck_assert(pipe2(ends, O_CLOEXEC) == 0);
    const pid_t child = fork();
    if (child == 0) {
        int output;
        open_spawner(LASTING);
        (void)start(NULL, &output);
        const struct numbers numbers = read_numbers(output);
        ck_assert(io_write_full(ends[1], &numbers, sizeof numbers) == 0);
        for (;;)
            pause();
    }
    struct numbers numbers;
    ck_assert_int_eq(io_read_full(ends[0], &numbers, sizeof numbers), (ssize_t)sizeof numbers);
    ck_assert(runs(numbers.leader) && runs(numbers.other) && runs(numbers.spawner));
    ck_assert(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    AWAIT(!runs(numbers.leader) && !runs(numbers.other) && !runs(numbers.spawner));
}
END_TEST

START_TEST(leaders_end_where_the_spawner_is_killed)
{
    int output;

    open_spawner(LASTING);
    const int status = start(NULL, &output);
    const struct numbers numbers = read_numbers(output);
    ck_assert(kill(numbers.spawner, SIGKILL) == 0);
    await_end(status);
    AWAIT(!runs(numbers.leader));
    const struct spawner_request request = {.standard = {0, 1, 2}};
    int other;
    ck_assert_int_ne(spawner_start(spawner, &request, &other), 0);
    /* Nobody is there to end the rest of the group. */
    ck_assert(kill(-numbers.leader, SIGKILL) == 0);
    await_end(output);
    close(output);
    spawner_close(spawner, NULL);
}
END_TEST

START_TEST(signals_of_the_terminal_are_not_the_spawners)
{
    int output;

    open_spawner(LASTING);
    const int status = start(NULL, &output);
    const struct numbers numbers = read_numbers(output);
    ck_assert(kill(numbers.spawner, SIGINT) == 0 && kill(numbers.spawner, SIGTERM) == 0 &&
              kill(numbers.spawner, SIGHUP) == 0 && kill(numbers.spawner, SIGTSTP) == 0);
    /* It still does what it is for. */
    ck_assert(kill(numbers.leader, SIGTERM) == 0);
    ck_assert_int_eq(await_news(status).status, SIGTERM);
    close(status);
    close(output);
    spawner_close(spawner, NULL);
}
END_TEST

/* How many descriptors are open in a process; *lowest is the first number that is none. */
static unsigned open_descriptors(pid_t process, rlim_t *lowest)
{
    static bool is_open[1024];
    char path[64];
    unsigned count = 0;

    memset(is_open, 0, sizeof is_open);
    snprintf(path, sizeof path, "/proc/%d/fd", (int)process);
    DIR *folder = opendir(path);
    ck_assert_ptr_nonnull(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        const int number = atoi(entry->d_name);
        if (entry->d_name[0] == '.' || (process == getpid() && number == dirfd(folder)))
            continue;
        count++;
        if (number < 1024)
            is_open[number] = true;
    }
    closedir(folder);
    for (*lowest = 0; *lowest < 1024 && is_open[*lowest];)
        ++*lowest;
    return count;
}

START_TEST(want_of_descriptors_is_told)
{
    int output[2];
    rlim_t lowest;

    open_spawner("echo $$ $$ $PPID; sleep 1000000");
    const int first = start(NULL, &output[0]);
    const struct numbers numbers = read_numbers(output[0]);
    /* Of what is ours it holds an end of the socket and the status pipe, and for a moment still
     * what it has handed on. */
    AWAIT(open_descriptors(numbers.spawner, &lowest) == open_descriptors(getpid(), &lowest) - 1);
    (void)open_descriptors(numbers.spawner, &lowest);
    const struct rlimit few = {.rlim_cur = lowest + 1, .rlim_max = lowest + 1};
    ck_assert(prlimit(numbers.spawner, RLIMIT_NOFILE, &few, NULL) == 0);
    const int second = start(NULL, &output[1]);
    ck_assert_int_eq(await_news(second).errnum, EMFILE);
    await_end(output[1]);
    ck_assert(runs(numbers.leader));
    close(first);
    close(second);
    spawner_close(spawner, NULL);
}
END_TEST

START_TEST(many_run_at_once_and_all_are_counted)
{
    enum { MANY = 40 };
    int output[MANY], status[MANY];
    struct spawner_usage usage;

    open_spawner("i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); done; echo");
    for (int i = 0; i < MANY; i++)
        status[i] = start(NULL, &output[i]);
    for (int i = MANY; i-- > 0;) {
        ck_assert_int_eq(await_news(status[i]).status, 0);
        close(status[i]);
        close(output[i]);
    }
    spawner_close(spawner, &usage);
    ck_assert_uint_eq(usage.processes, MANY);
    ck_assert(usage.seconds > 0);
}
END_TEST

Suite *test_spawner_suite(void)
{
    Suite *suite = suite_create("spawner");
    TCase *tests = tcase_create("spawner");

    tcase_add_test(tests, a_command_finds_signals_as_a_fresh_program);
    tcase_add_test(tests, a_command_leads_a_group_of_its_own);
    tcase_add_test(tests, a_command_finds_no_descriptor_of_ours);
    tcase_add_test(tests, a_command_has_the_environment_and_the_name_of_its_file);
    tcase_add_test(tests, a_name_may_be_as_long_as_one_can_be_opened);
    tcase_add_test(tests, a_command_that_begins_with_a_dash_is_no_option);
    tcase_add_loop_test(tests, the_end_is_told_as_it_was, 0, sizeof results / sizeof *results);
    tcase_add_test(tests, closing_the_status_pipe_ends_the_group);
    tcase_add_test(tests, one_that_is_stopped_is_ended_too);
    tcase_add_test(tests, what_a_leader_leaves_behind_lives_until_it_is_let_go);
    tcase_add_test(tests, closing_ends_all_and_leaves_no_child);
    tcase_add_test(tests, a_handler_may_abandon_all);
    tcase_add_test(tests, all_end_where_we_are_killed);
    tcase_add_test(tests, leaders_end_where_the_spawner_is_killed);
    tcase_add_test(tests, signals_of_the_terminal_are_not_the_spawners);
    tcase_add_test(tests, want_of_descriptors_is_told);
    tcase_add_test(tests, many_run_at_once_and_all_are_counted);
    suite_add_tcase(suite, tests);
    return suite;
}
