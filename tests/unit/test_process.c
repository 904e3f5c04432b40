/* SPDX-License-Identifier: MIT
 *
 * test_process.c - CMDs: fed, drained, and judged by how they end.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "command/process.h"
#include "unit/await.h"
#include "unit/sanitized.h"

Suite *test_process_suite(void);

/* What standard error and standard output brought; the first few bytes of each are kept. */
struct text {
    size_t size;
    char bytes[1 << 16];
};

static struct commands *commands;
static struct text said, printed;
static size_t pieces_said; /* calls of `pass` */
static struct mr_error error;

static void keep(struct text *text, const void *bytes, size_t size)
{
    if (text->size < sizeof text->bytes - 1) {
        const size_t room = sizeof text->bytes - 1 - text->size;
        memcpy(text->bytes + text->size, bytes, size < room ? size : room);
    }
    text->size += size;
}

static void take_said(void *context, const void *bytes, size_t size)
{
    ck_assert_ptr_eq(context, &said);
    pieces_said++;
    keep(&said, bytes, size);
}

/* Opens for a mapper; of exit statuses 0 and `accepted` are no failure. */
static void open_commands(const char *mapper, unsigned accepted)
{
    struct commands_options options = {
        .mapper = mapper, .end = '\n', .pass = take_said, .pass_context = &said};

    status_set_add(&options.accepted, 0);
    status_set_add(&options.accepted, accepted);
    ck_assert_msg(commands_open(&options, &commands, &error) == 0, "%s", error.text);
}

static void close_commands(void)
{
    commands_close(commands, NULL);
    /* The spawner is gone, and so nobody else can be our child. */
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}

/* Gives it `size` bytes, all of them 'x' but for a newline in 64, while what it prints is kept.
 * Returns what process_move or process_finish returned last. */
static int run_process(struct process *process, size_t size)
{
    static unsigned char block[1 << 16], room[1 << 16];
    struct process_io io = {0};
    int failed = 0;

    memset(block, 'x', sizeof block);
    for (size_t i = 63; i < sizeof block; i += 64)
        block[i] = '\n';
    while (failed == 0 && (process_prints(process) || size > 0)) {
        io.output = room;
        io.output_room = sizeof room;
        io.input_size = size < sizeof block ? size : sizeof block;
        io.input = block + (sizeof block - io.input_size);
        const size_t given = io.input_size;
        failed = process_move(process, &io, -1, &error);
        size -= given - io.input_size;
        keep(&printed, room, io.output_size);
        if (size == 0)
            process_end_input(process);
    }
    return failed == 0 ? process_finish(process, &error) : failed;
}

/* Runs a CMD from its beginning to its end. */
static int run_command(const char *command, unsigned accepted, size_t size)
{
    struct process *process;
    int failed;

    open_commands(command, accepted);
    ck_assert_msg(process_start(commands, SPAWNER_MAPPER, NULL, -1, &process, &error) == 0, "%s",
                  error.text);
    failed = run_process(process, size);
    process_close(process);
    close_commands();
    return failed;
}

/* What CMDs of every kind do with 10 MB, and how many bytes they print then. */
static const struct {
    const char *command;
    size_t printed;
} orders[] = {
    {"cat", 10000000},
    {"head -c 20000000 /dev/zero; cat > /dev/null", 20000000},
    {"wc -c > /dev/null; head -c 20000000 /dev/zero", 20000000},
    {"head -c 10 > /dev/null; exec < /dev/null; head -c 20000000 /dev/zero", 20000000},
    {"exec < /dev/null", 0},
    {"head -c 30000 /dev/zero; exec > /dev/null; cat", 30000},
    {"exec < /dev/null > /dev/null; head -c 1000000 /dev/zero", 0},
    {"sed p", 20000000},
    {"true", 0},
};

START_TEST(a_command_reads_and_prints_in_any_order)
{
    ck_assert_msg(run_command(orders[_i].command, 0, 10000000) == 0, "%s", error.text);
    ck_assert_uint_eq(printed.size, orders[_i].printed);
    ck_assert_uint_eq(said.size, 0);
}
END_TEST

/* How CMDs fail, and what is said then. */
static const struct {
    const char *command, *text;
} failures[] = {
    {"exit 3", "exit 3: exit status 3"},
    {"echo >&2 no luck; exit 3", "echo >&2 no luck; exit 3: exit status 3: no luck"},
    {"cat; printf >&2 'a\\nb\\n \\n'; exit 4",
     "cat; printf >&2 'a\\nb\\n \\n'; exit 4: exit status 4: b"},
    {"printf >&2 'a\\nb'; exit 4", "printf >&2 'a\\nb'; exit 4: exit status 4: b"},
    {"kill -9 $$", "kill -9 $$: killed by signal 9 (Killed)"},
    {"echo >&2 dying; cat; kill $$",
     "echo >&2 dying; cat; kill $$: killed by signal 15 (Terminated): dying"},
    /* These would hold the pipes for ever. */
    {"sleep 1000000 & exit 5", "sleep 1000000 & exit 5: exit status 5"},
    {"exec 3<&0; sleep 1000000 <&3 & exit 5",
     "exec 3<&0; sleep 1000000 <&3 & exit 5: exit status 5"},
};

START_TEST(a_failing_command_is_named_with_its_last_words)
{
    ck_assert_int_eq(run_command(failures[_i].command, 0, 10000000), -1);
    ck_assert_str_eq(error.text, failures[_i].text);
    ck_assert_int_eq(error.status, MR_MAP);
}
END_TEST

static const struct {
    const char *command;
    int status;
    const char *part; /* of the last line */
} missing[] = {
    {"/nowhere/at/all", 127, "/nowhere/at/all"},
    {"/etc/passwd", 126, "/etc/passwd"},
    {"(", 2, "yntax error"},
};

START_TEST(the_shell_says_why_there_is_no_such_command)
{
    char head[100];

    ck_assert_int_eq(run_command(missing[_i].command, 0, 100), -1);
    snprintf(head, sizeof head, "%s: exit status %d: ", missing[_i].command, missing[_i].status);
    ck_assert_msg(strncmp(error.text, head, strlen(head)) == 0, "%s", error.text);
    ck_assert_ptr_nonnull(strstr(error.text + strlen(head), missing[_i].part));
}
END_TEST

START_TEST(a_long_command_and_line_are_cut)
{
    char command[1000];

    memset(command, 0, sizeof command);
    strcpy(command, "printf >&2 '%0300d' 7; exit 1 #");
    memset(command + strlen(command), 1, 500);
    ck_assert_int_eq(run_command(command, 0, 0), -1);
    ck_assert_ptr_nonnull(strstr(error.text, ": exit status 1: 0000"));
    ck_assert_str_eq(error.text + strlen(error.text) - 3, "...");
    ck_assert_uint_eq(said.size, 300);
}
END_TEST

START_TEST(an_accepted_status_is_no_failure)
{
    ck_assert_msg(run_command("head -c 5; exit 3", 3, 1000000) == 0, "%s", error.text);
    ck_assert_uint_eq(printed.size, 5);
}
END_TEST

START_TEST(output_of_what_a_command_leaves_behind_is_awaited)
{
    const char *command = "exec 3<&0; cat <&3 & exit 0";

    ck_assert_msg(run_command(command, 0, 1000000) == 0, "%s", error.text);
    ck_assert_uint_eq(printed.size, 1000000);
}
END_TEST

START_TEST(standard_error_passes_through_line_by_line)
{
    const size_t lines = SANITIZED ? 1000 : 50000;
    char command[200];

    /* Lines of a thousand bytes, and one that is longer than anything that is held. */
    snprintf(command, sizeof command, "head -c 100000 /dev/zero >&2; yes %s%s | head -n %zu >&2",
             "$(printf %0900d 7)", "$(printf %099d 7)", lines);
    ck_assert_msg(run_command(command, 0, 0) == 0, "%s", error.text);
    ck_assert_uint_eq(said.size, 100000 + lines * 1000);
    ck_assert_uint_lt(pieces_said, 100 + lines);
}
END_TEST

START_TEST(a_stopped_command_goes_on)
{
    static unsigned char room[100];
    struct process_io io = {.output = room, .output_room = sizeof room};
    struct process *process;

    open_commands("echo $$; kill -STOP $$; echo on", 0);
    ck_assert(process_start(commands, SPAWNER_MAPPER, NULL, -1, &process, &error) == 0);
    while (io.output_size == 0)
        ck_assert(process_move(process, &io, -1, &error) == 0);
    const pid_t pid = (pid_t)atol((char *)room);
    ck_assert_int_gt(pid, 1);
    char name[64], state = '?';
    snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
    while (state != 'T') {
        FILE *file = fopen(name, "r");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_eq(fscanf(file, "%*d %*s %c", &state), 1);
        fclose(file);
        ck_assert(process_move(process, &io, -1, &error) == 0);
        ck_assert_uint_eq(io.output_size, 0);
    }
    ck_assert(kill(pid, SIGCONT) == 0);
    ck_assert_msg(run_process(process, 0) == 0, "%s", error.text);
    ck_assert_mem_eq(printed.bytes, "on\n", 3);
    process_close(process);
    close_commands();
}
END_TEST

START_TEST(a_descriptor_of_the_callers_is_read_where_it_stands)
{
    FILE *file = tmpfile();
    struct process *process;

    ck_assert(fputs("one two", file) > 0 && fflush(file) == 0);
    ck_assert(lseek(fileno(file), 4, SEEK_SET) == 4);
    open_commands("cat; echo \" $MRCOUNT_FILE\"", 0);
    ck_assert(process_start(commands, SPAWNER_MAPPER, "a name", fileno(file), &process, &error) ==
              0);
    ck_assert(!process_reads(process));
    ck_assert_msg(run_process(process, 0) == 0, "%s", error.text);
    ck_assert_uint_eq(printed.size, 11);
    ck_assert_mem_eq(printed.bytes, "two a name\n", 11);
    process_close(process);
    close_commands();
    fclose(file);
}
END_TEST

START_TEST(all_fail_as_the_first_one_did)
{
    struct process *first, *second;
    struct process_io io = {0};

    open_commands("read x; exit $x", 0);
    ck_assert(process_start(commands, SPAWNER_MAPPER, NULL, -1, &first, &error) == 0);
    ck_assert(process_start(commands, SPAWNER_MAPPER, NULL, -1, &second, &error) == 0);
    io.input = (const unsigned char *)"7\n";
    io.input_size = 2;
    while (process_move(first, &io, -1, &error) == 0)
        ;
    ck_assert_str_eq(error.text, "read x; exit $x: exit status 7");
    error.text[0] = '\0';
    ck_assert_int_eq(process_move(second, &io, -1, &error), -1);
    ck_assert_str_eq(error.text, "read x; exit $x: exit status 7");
    ck_assert_int_eq(commands_check(commands, &error), -1);
    ck_assert_int_eq(process_finish(second, &error), -1);
    process_close(first);
    process_close(second);
    close_commands();
}
END_TEST

START_TEST(stopping_all_wakes_who_waits)
{
    struct process *process, *other;
    struct process_io io = {0};

    open_commands("sleep 1000000", 0);
    ck_assert(process_start(commands, SPAWNER_MAPPER, NULL, -1, &process, &error) == 0);
    ck_assert(commands_check(commands, &error) == 0);
    commands_stop(commands);
    ck_assert_int_eq(process_move(process, &io, -1, &error), -1);
    ck_assert_int_eq(error.status, MR_CANCELLED);
    ck_assert_int_eq(process_start(commands, SPAWNER_MAPPER, NULL, -1, &other, &error), -1);
    ck_assert_ptr_null(other);
    process_close(process);
    close_commands();
}
END_TEST

Suite *test_process_suite(void)
{
    Suite *suite = suite_create("process");
    TCase *tests = tcase_create("process");

    tcase_add_loop_test(tests, a_command_reads_and_prints_in_any_order, 0,
                        sizeof orders / sizeof *orders);
    tcase_add_loop_test(tests, a_failing_command_is_named_with_its_last_words, 0,
                        sizeof failures / sizeof *failures);
    tcase_add_loop_test(tests, the_shell_says_why_there_is_no_such_command, 0,
                        sizeof missing / sizeof *missing);
    tcase_add_test(tests, a_long_command_and_line_are_cut);
    tcase_add_test(tests, an_accepted_status_is_no_failure);
    tcase_add_test(tests, output_of_what_a_command_leaves_behind_is_awaited);
    tcase_add_test(tests, standard_error_passes_through_line_by_line);
    tcase_add_test(tests, a_stopped_command_goes_on);
    tcase_add_test(tests, a_descriptor_of_the_callers_is_read_where_it_stands);
    tcase_add_test(tests, all_fail_as_the_first_one_did);
    tcase_add_test(tests, stopping_all_wakes_who_waits);
    suite_add_tcase(suite, tests);
    return suite;
}
