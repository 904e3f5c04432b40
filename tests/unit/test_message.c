/* SPDX-License-Identifier: MIT
 *
 * test_message.c - what reaches standard error, byte for byte; quoting is held against what a shell
 * reads back.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/thread.h"
#include "cli/message.h"
#include "cli/quote.h"

Suite *test_message_suite(void);

static FILE *capture;
static int saved_fd;

static void capture_begin(void)
{
    capture = tmpfile();
    saved_fd = dup(STDERR_FILENO);
    ck_assert(capture != NULL && saved_fd >= 0);
    dup2(fileno(capture), STDERR_FILENO);
}

static char *capture_end(void)
{
    static char text[1 << 16];
    dup2(saved_fd, STDERR_FILENO);
    close(saved_fd);
    rewind(capture);
    text[fread(text, 1, sizeof text - 1, capture)] = '\0';
    fclose(capture);
    return text;
}

START_TEST(messages_say_who_what_and_why_and_the_status_gets_worse)
{
    struct message *message = message_open();
    ck_assert_ptr_nonnull(message);
    capture_begin();
    ck_assert(message_status(message) == 0);
    message_note(message, "a note");
    ck_assert(message_status(message) == 0);
    message_fault(message, "a b", ENOENT);
    ck_assert(message_status(message) == 1);
    message_fatal(message, "f", "line %d: no TAB", 3);
    ck_assert(message_status(message) == 2);
    message_fault(message, "", EISDIR);
    ck_assert(message_status(message) == 2);
    message_usage(message, "bad\n\033[2Jthing %s", "\303\244\xff");
    message_set_quiet(message, true);
    message_note(message, "not seen");
    message_error(message, "seen");
    message_print(message, "as\tit is\n");
    ck_assert_str_eq(capture_end(), "mrcount: a note\n"
                                    "mrcount: 'a b': No such file or directory\n"
                                    "mrcount: f: line 3: no TAB\n"
                                    "mrcount: '': Is a directory\n"
                                    "mrcount: bad\\012\\033[2Jthing \303\244\\377\n"
                                    "Try 'mrcount --help' for more information.\n"
                                    "mrcount: seen\n"
                                    "as\tit is\n");
    message_close(message);
}
END_TEST

START_TEST(the_live_line_is_erased_before_anything_else)
{
    struct message *message = message_open();
    ck_assert_ptr_nonnull(message);
    capture_begin();
    message_live(message, "map 1%");
    message_live(message, "map 2%");
    message_note(message, "between");
    message_live(message, "map 3%");
    message_print(message, "as it is\n");
    message_live(message, "map 4%");
    message_live_end(message);
    message_live_end(message);
    message_live(message, "map 5%");
    message_error(message, "last");
    ck_assert_str_eq(capture_end(), "\rmap 1%\033[J\r\rmap 2%\033[J\r"
                                    "\r\033[Jmrcount: between\n"
                                    "\rmap 3%\033[J\r\r\033[Jas it is\n"
                                    "\rmap 4%\033[J\r\r\033[J"
                                    "mrcount: last\n");
    message_close(message);
}
END_TEST

START_TEST(what_other_programs_write_passes_as_it_is_and_the_live_line_comes_back)
{
    struct message *message = message_open();
    ck_assert_ptr_nonnull(message);
    capture_begin();
    message_set_quiet(message, true);
    message_live(message, "map 1%");
    message_pass(message, "\033[1m\xff\n", 6);
    message_live(message, "map 2%");
    message_pass(message, "no end", 6);
    message_live_end(message);
    message_pass(message, "\n", 1);
    ck_assert_int_eq(message_status(message), MESSAGE_OK);
    ck_assert_str_eq(capture_end(), "\rmap 1%\033[J\r\r\033[J\033[1m\xff\n"
                                    "\rmap 2%\033[J\r\r\033[Jno end\n");
    message_close(message);
}
END_TEST

START_TEST(a_message_begins_a_line_where_another_program_ended_none)
{
    struct message *message = message_open();
    ck_assert_ptr_nonnull(message);
    capture_begin();
    message_pass(message, "sh: 1: ", 7);
    message_pass(message, "", 0);
    message_error(message, "first");
    message_error(message, "second");
    message_pass(message, "ended\n", 6);
    message_error(message, "third");
    message_pass(message, "not", 3);
    message_print(message, "figures\n");
    ck_assert_str_eq(capture_end(), "sh: 1: \nmrcount: first\nmrcount: second\nended\n"
                                    "mrcount: third\nnot\nfigures\n");
    message_close(message);
}
END_TEST

#define THREADS 8
#define EACH 50

static void report_many(void *argument)
{
    for (int i = 0; i < EACH; i++)
        message_fault(argument, "some-name", ENOENT);
}

START_TEST(messages_of_many_threads_never_mix)
{
    struct message *message = message_open();
    struct thread threads[THREADS];
    ck_assert_ptr_nonnull(message);
    capture_begin();
    for (int i = 0; i < THREADS; i++)
        ck_assert(thread_start(&threads[i], "test", report_many, message) == 0);
    for (int i = 0; i < THREADS; i++)
        thread_join(&threads[i]);
    const char *text = capture_end();
    const char line[] = "mrcount: some-name: No such file or directory\n";
    size_t size = sizeof line - 1;
    ck_assert(strlen(text) == size * THREADS * EACH);
    for (size_t i = 0; i < THREADS * EACH; i++)
        ck_assert_mem_eq(text + i * size, line, size);
    ck_assert(message_status(message) == 1);
    message_close(message);
}
END_TEST

START_TEST(names_are_quoted_as_a_shell_reads_them)
{
    static const struct {
        const char *name;
        const char *quoted;
    } cases[] = {
        {"plain.txt", "plain.txt"},
        {"-", "-"},
        {"a=b", "'a=b'"},
        {"", "''"},
        {"a:b", "'a:b'"},
        {"~x", "'~x'"},
        {"x~", "x~"},
        {"\303\244\342\202\254", "\303\244\342\202\254"},
        {"it's", "'it'$'\\'''s'"},
        {"\033[2J", "$'\\033''[2J'"},
        {"a\nb", "'a'$'\\012''b'"},
        {"\xff", "$'\\377'"},
        {"a\302\233b", "'a'$'\\302\\233''b'"},
        {"a\342\200\256b", "'a'$'\\342\\200\\256''b'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[256];
        ck_assert(QUOTE_ROOM(strlen(cases[i].name)) <= sizeof out);
        quote_name(cases[i].name, out);
        ck_assert_str_eq(out, cases[i].quoted);
    }
}
END_TEST

/* Random names of awkward bytes: bash reads back what was quoted, and nothing but printable
 * characters shows. */
START_TEST(a_shell_reads_back_every_quoted_name)
{
    static const char *const awkward[] = {"'",    "\"", "\\", "$",    "\n",
                                          "\033", "a",  " ",  "\xff", "\303\244",
                                          "\xc3", "!",  "0",  "`",    "\302\205"};
    enum { ROUNDS = 300 };
    unsigned seed = 3;
    char names[ROUNDS][64];
    char path[] = "/tmp/test_message-XXXXXX";
    int fd = mkstemp(path);
    FILE *script = fdopen(fd, "w");

    ck_assert(fd >= 0 && script != NULL);
    for (int round = 0; round < ROUNDS; round++) {
        char out[QUOTE_ROOM(64)];
        *names[round] = '\0';
        for (int i = rand_r(&seed) % 12; i >= 0; i--)
            strcat(names[round],
                   awkward[(size_t)rand_r(&seed) % (sizeof awkward / sizeof *awkward)]);
        quote_name(names[round], out);
        ck_assert(strlen(out) < QUOTE_ROOM(strlen(names[round])));
        for (const char *p = out; *p != '\0'; p += quote_printable(p))
            ck_assert(quote_printable(p) > 0);
        fprintf(script, "printf '%%s\\0' %s\n", out);
        quote_escape(names[round], out);
        ck_assert(strlen(out) < QUOTE_ROOM(strlen(names[round])));
        for (const char *p = out; *p != '\0'; p += quote_printable(p))
            ck_assert(quote_printable(p) > 0);
    }
    ck_assert(fclose(script) == 0);
    char command[128];
    snprintf(command, sizeof command, "LC_ALL=C bash %s", path);
    FILE *shell = popen(command, "r");
    ck_assert_ptr_nonnull(shell);
    for (int round = 0; round < ROUNDS; round++) {
        char got[64];
        size_t used = 0;
        int c;
        while ((c = getc(shell)) > 0 && used < sizeof got - 1)
            got[used++] = (char)c;
        got[used] = '\0';
        ck_assert_str_eq(got, names[round]);
    }
    pclose(shell);
    unlink(path);
}
END_TEST

Suite *test_message_suite(void)
{
    Suite *suite = suite_create("message");
    TCase *tcase = tcase_create("message");
    tcase_add_test(tcase, messages_say_who_what_and_why_and_the_status_gets_worse);
    tcase_add_test(tcase, the_live_line_is_erased_before_anything_else);
    tcase_add_test(tcase, a_message_begins_a_line_where_another_program_ended_none);
    tcase_add_test(tcase, what_other_programs_write_passes_as_it_is_and_the_live_line_comes_back);
    tcase_add_test(tcase, messages_of_many_threads_never_mix);
    tcase_add_test(tcase, names_are_quoted_as_a_shell_reads_them);
    tcase_add_test(tcase, a_shell_reads_back_every_quoted_name);
    suite_add_tcase(suite, tcase);
    return suite;
}
