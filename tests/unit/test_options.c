/* SPDX-License-Identifier: MIT
 *
 * test_options.c - the command line: what it means, what is refused and in which words; the table
 * it comes from; numbers and LISTs, which are compared with a slow reading of their own.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/help.h"
#include "cli/message.h"
#include "cli/number.h"
#include "cli/option_table.h"
#include "cli/options.h"

Suite *test_options_suite(void);

static struct options options;
static char said[4096]; /* on standard error by the last parse */

/* Parses a command line given as words divided by blanks; '_' stands for an empty word. */
static int parse(const char *line)
{
    static char copy[1024];
    static char *argv[64];
    int argc = 1;
    struct message *message = message_open();
    FILE *capture = tmpfile();
    int saved = dup(STDERR_FILENO);

    ck_assert(message != NULL && capture != NULL && saved >= 0);
    snprintf(copy, sizeof copy, "%s", line);
    argv[0] = copy + strlen(copy); /* getopt looks at none but its place */
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
        argv[argc++] = strcmp(word, "_") == 0 ? word + 1 : word;
        ck_assert(argc < 63);
    }
    argv[argc] = NULL;
    options_free(&options);
    dup2(fileno(capture), STDERR_FILENO);
    int status = options_parse(argc, argv, message, &options);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(capture);
    said[fread(said, 1, sizeof said - 1, capture)] = '\0';
    fclose(capture);
    ck_assert(status == 0 || message_status(message) == MESSAGE_FATAL);
    ck_assert(status != 0 || said[0] == '\0');
    message_close(message);
    return status;
}

static void takes(const char *line)
{
    ck_assert_msg(parse(line) == 0, "'%s' is refused: %s", line, said);
}

/* The first line said is "mrcount: " and `words`; the second says where help is. */
static void refuses(const char *line, const char *words)
{
    char want[1024];
    ck_assert_msg(parse(line) == -1, "'%s' is taken", line);
    snprintf(want, sizeof want, "mrcount: %s\nTry 'mrcount --help' for more information.\n", words);
    ck_assert_str_eq(said, want);
}

START_TEST(test_defaults)
{
    takes("");
    ck_assert(options.action == OPTIONS_COUNT && options.kind == OPTIONS_WORDS_UNICODE);
    ck_assert(options.sort == OPTIONS_SORT_COUNT && options.format == OPTIONS_TSV);
    ck_assert(options.max_length == UINT64_MAX && options.min_length == 0);
    ck_assert(!options.have_top && options.threads == 0 && options.buffer_size == 0);
    ck_assert(options.progress == OPTIONS_PROGRESS_AUTO && options.file_count == 0);
}
END_TEST

START_TEST(test_every_option)
{
    takes("-wspace -z -i -g 2-3 --stop-words=S --min-length=2 --max-length 9 -n5 --min-count=7 "
          "--sort=key -r -c -o O --total -j 3 -S 2M -T A -T B --progress=json -q --stats a -- -b");
    ck_assert(options.kind == OPTIONS_WORDS_SPACE && options.zero_terminated);
    ck_assert(options.ignore_case && options.ngram_min == 2 && options.ngram_max == 3);
    ck_assert_str_eq(options.stop_words, "S");
    ck_assert(options.min_length == 2 && options.max_length == 9);
    ck_assert(options.have_top && options.top == 5 && options.min_count == 7);
    ck_assert(options.sort == OPTIONS_SORT_KEY && options.reverse);
    ck_assert(options.format == OPTIONS_UNIQ && options.total);
    ck_assert_str_eq(options.output, "O");
    ck_assert(options.threads == 3 && options.buffer_size == 2u << 20);
    ck_assert(options.tmpdir_count == 2);
    ck_assert_str_eq(options.tmpdirs[0], "A");
    ck_assert_str_eq(options.tmpdirs[1], "B");
    ck_assert(options.progress == OPTIONS_PROGRESS_JSON && options.quiet && options.stats);
    ck_assert(options.file_count == 2);
    ck_assert_str_eq(options.files[0], "a");
    ck_assert_str_eq(options.files[1], "-b");

    takes("-f2,1,7- -d:");
    ck_assert(options.kind == OPTIONS_FIELDS && options.range_count == 2);
    ck_assert(options.ranges[0].first == 1 && options.ranges[0].last == 2);
    ck_assert(options.ranges[1].first == 7 && options.ranges[1].last == UINT64_MAX);
    ck_assert(options.have_delimiter && options.delimiter == ':');
    takes("-f1 -d _");
    ck_assert(options.have_delimiter && options.delimiter == '\0');
    takes("--files0-from=-");
    ck_assert_str_eq(options.files0_from, "-");
    takes("--merge");
    ck_assert(options.kind == OPTIONS_MERGE);
    takes("-m -g 2");
    ck_assert(options.kind == OPTIONS_CHARS && options.ngram_max == 2);
    takes("-n 0");
    ck_assert(options.have_top && options.top == 0);
}
END_TEST

START_TEST(test_last_one_wins)
{
    takes("-wspace -w");
    ck_assert(options.kind == OPTIONS_WORDS_UNICODE);
    takes("-w --words=letters");
    ck_assert(options.kind == OPTIONS_WORDS_LETTERS);
    takes("-f1 -f3");
    ck_assert(options.range_count == 1 && options.ranges[0].first == 3);
    takes("-l -l");
    takes("-c --json");
    ck_assert(options.format == OPTIONS_JSON);
    takes("--json --format=csv -c --format tsv");
    ck_assert(options.format == OPTIONS_TSV);
    takes("--progress");
    ck_assert(options.progress == OPTIONS_PROGRESS_ALWAYS);
}
END_TEST

START_TEST(test_spelling)
{
    takes("--thr=2 --ignore --zero --sort=k --format=j");
    ck_assert(options.threads == 2 && options.ignore_case && options.zero_terminated);
    ck_assert(options.sort == OPTIONS_SORT_KEY && options.format == OPTIONS_JSON);
    takes("-lzi");
    ck_assert(options.kind == OPTIONS_LINES && options.zero_terminated && options.ignore_case);
    takes("a -l b");
    ck_assert(options.kind == OPTIONS_LINES && options.file_count == 2);
    takes("-h --nonsense");
    ck_assert(options.action == OPTIONS_HELP);
    takes("-V");
    ck_assert(options.action == OPTIONS_VERSION);
    takes("--completion=zsh");
    ck_assert(options.action == OPTIONS_COMPLETION);
    ck_assert_str_eq(options.shell, "zsh");
    takes("-");
    ck_assert(options.file_count == 1);
}
END_TEST

START_TEST(test_refused)
{
    refuses("--tread=3", "unknown option '--tread', did you mean '--threads'?");
    refuses("--ignorecase", "unknown option '--ignorecase', did you mean '--ignore-case'?");
    refuses("--zzzzzz", "unknown option '--zzzzzz'");
    refuses("-l --b\033[2J", "unknown option '--b\\033[2J'");
    refuses("-x", "unknown option '-x'");
    refuses("--lines -lx", "unknown option '-x'");
    refuses("--lines=3", "option '--lines' takes no argument, got '3'");
    refuses("--json=", "option '--json' takes no argument, got ''");
    refuses("--m", "option '--m' is ambiguous: it may be '--min-length' '--max-length' '--merge' "
                   "'--min-count'");
    refuses("-n", "option '--top' needs an argument: N");
    refuses("--sort", "option '--sort' needs an argument: ORDER");
    refuses("-n x", "--top needs a whole number, got 'x'");
    refuses("-n _", "--top needs a whole number, got ''");
    refuses("-n -5", "--top needs a whole number, got '-5'");
    refuses("-n 99999999999999999999", "--top: '99999999999999999999' is larger than 2^64-1");
    refuses("-j 5000", "--threads: '5000' is not from 0 to 4096");
    refuses("--sort=size", "unknown 'size' for --sort: allowed are count, key, none");
    refuses("-wwords", "unknown 'words' for --words: allowed are unicode, space, letters");
    refuses("--progress=a", "ambiguous 'a' for --progress: allowed are auto, always, never, json");
    refuses("--format=", "unknown '' for --format: allowed are tsv, uniq, csv, json");
    refuses("-l -m", "--lines and --chars exclude each other");
    refuses("--merge -wspace", "--merge and --words exclude each other");
    refuses("-f1 -l -f2", "--fields and --lines exclude each other");
    refuses("-d:", "--delimiter is of use with --fields only");
    refuses("-f1 -d::", "--delimiter must be one byte, got '::'");
    refuses("-f1 -d\\t", "--delimiter must be one byte, got '\\t'; a TAB is $'\\t' in the shell");
    refuses("-l -g2", "--ngrams goes with --words or --chars, not with --lines");
    refuses("-g 3-2", "--ngrams needs N or N-M, from 1 to 1000 and M not below N, got '3-2'");
    refuses("-g 0", "--ngrams needs N or N-M, from 1 to 1000 and M not below N, got '0'");
    refuses("-g 1-", "--ngrams needs N or N-M, from 1 to 1000 and M not below N, got '1-'");
    refuses("-S 10x",
            "--buffer-size needs a SIZE such as 500M, 2G or 10%, got '10x'; units are b K M "
            "G T P E % (none: K)");
    refuses("-S 99E", "--buffer-size: '99E' is larger than 2^64-1 bytes");
    refuses("-f 3-1",
            "--fields '3-1': a range that decreases; allowed are N, N-, N-M and -M, divided "
            "by commas");
    refuses("--files0-from=F g",
            "extra operand 'g': FILEs cannot be combined with --files0-from");
}
END_TEST

START_TEST(test_lists_refused)
{
    static const char *const wrong[] = { "", ",", "1,", ",1", "0", "0-", "1-0", "-", "-0", "a",
                                         "1-a", "1--2", "--2", "1-2-3", "1;2",
                                         "18446744073709551615",
                                         "1-18446744073709551616", "+1" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct range *ranges = NULL;
        size_t count = 0;
        ck_assert_msg(number_parse_list(wrong[i], &ranges, &count) != NULL, "'%s'", wrong[i]);
        ck_assert_ptr_null(ranges);
    }
}
END_TEST

/* Random LISTs against a bit for each field; an open range reaches the last of them. */
START_TEST(test_lists_against_sets)
{
    enum { MOST = 40 };
    unsigned seed = 5;
    for (int round = 0; round < 5000; round++) {
        char list[256] = "";
        char set[MOST + 1] = "";
        int parts = 1 + rand_r(&seed) % 6;
        for (int i = 0; i < parts; i++) {
            unsigned from = 1 + (unsigned)rand_r(&seed) % MOST;
            unsigned to = from + (unsigned)rand_r(&seed) % (MOST + 1 - from);
            size_t used = strlen(list);
            char *p = list + used;
            const char *comma = i == 0 ? "" : rand_r(&seed) % 2 ? "," : " ";
            switch (rand_r(&seed) % 4) {
            case 0:
                to = from;
                snprintf(p, sizeof list - used, "%s%u", comma, from);
                break;
            case 1:
                to = MOST;
                snprintf(p, sizeof list - used, "%s%u-", comma, from);
                break;
            case 2:
                from = 1;
                snprintf(p, sizeof list - used, "%s-%u", comma, to);
                break;
            default:
                snprintf(p, sizeof list - used, "%s%u-%u", comma, from, to);
            }
            memset(set + from, 1, to - from + 1);
        }
        struct range *ranges = NULL;
        size_t count = 0;
        ck_assert_ptr_null(number_parse_list(list, &ranges, &count));
        for (size_t i = 0; i < count; i++) {
            ck_assert(ranges[i].first <= ranges[i].last);
            ck_assert_msg(i == 0 || ranges[i].first > ranges[i - 1].last + 1, "%s touches", list);
        }
        for (unsigned field = 1; field <= MOST; field++) {
            int in = 0;
            for (size_t i = 0; i < count; i++)
                in |= field >= ranges[i].first && field <= ranges[i].last;
            ck_assert_msg(in == set[field], "%s: field %u", list, field);
        }
        free(ranges);
    }
}
END_TEST

START_TEST(test_numbers)
{
    uint64_t n = 5;
    uint64_t m = 5;
    ck_assert(number_parse("18446744073709551615", 0, UINT64_MAX, &n) == 0 && n == UINT64_MAX);
    ck_assert(number_parse("18446744073709551616", 0, UINT64_MAX, &n) == ERANGE);
    ck_assert(number_parse("007", 0, 9, &n) == 0 && n == 7);
    ck_assert(number_parse("10", 0, 9, &n) == ERANGE && n == 7);
    ck_assert(number_parse("1k", 0, 9, &n) == EINVAL);
    ck_assert(number_parse("", 0, 9, &n) == EINVAL);
    ck_assert(number_parse_span("2-2", 9, &n, &m) == 0 && n == 2 && m == 2);
    ck_assert(number_parse_span("2-10", 9, &n, &m) == ERANGE);
    ck_assert(number_parse_span("-2", 9, &n, &m) == EINVAL);
}
END_TEST

/* The table holds what its users rely on. */
START_TEST(test_table)
{
    for (size_t i = 0; i < optable_count; i++) {
        const struct optable_option *option = &optable_options[i];
        ck_assert(optable_find(option->value) == option);
        ck_assert(optable_nearest(option->name) == option);
        ck_assert((option->argument != NULL) == (option->takes != OPTABLE_NONE));
        ck_assert((option->choices != NULL) == (option->offer == OPTABLE_CHOICES));
        ck_assert(strlen(option->help) <= 48);
        ck_assert_msg(strpbrk(option->help, "'\\") == NULL, "%s: quotes", option->name);
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(option->name, optable_options[j].name);
    }
    ck_assert_ptr_null(optable_find('@'));
    ck_assert_str_eq(optable_nearest("tread")->name, "threads");
    ck_assert_str_eq(optable_nearest("mrege=x")->name, "merge");
    ck_assert_str_eq(optable_nearest("min_count")->name, "min-count");
    ck_assert_ptr_null(optable_nearest("x"));
    ck_assert_ptr_null(
        optable_nearest("a-name-longer-than-any-that-could-be-a-slip-of-the-finger"));
}
END_TEST

START_TEST(test_help_fits)
{
    char *text = help_text();
    ck_assert_ptr_nonnull(text);
    unsigned lines = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        lines++;
        ck_assert_msg(strlen(line) <= 80, "%s", line);
    }
    ck_assert(lines <= 50);
    free(text);
    text = help_text();
    for (size_t i = 0; i < optable_count; i++) {
        char name[64];
        snprintf(name, sizeof name, "--%s", optable_options[i].name);
        ck_assert_msg(strstr(text, name) != NULL, "%s is not in --help", name);
    }
    free(text);
}
END_TEST

static void forget(void)
{
    options_free(&options);
}

Suite *test_options_suite(void)
{
    Suite *suite = suite_create("options");
    TCase *tcase = tcase_create("options");
    tcase_add_checked_fixture(tcase, NULL, forget);
    tcase_add_test(tcase, test_defaults);
    tcase_add_test(tcase, test_every_option);
    tcase_add_test(tcase, test_last_one_wins);
    tcase_add_test(tcase, test_spelling);
    tcase_add_test(tcase, test_refused);
    tcase_add_test(tcase, test_lists_refused);
    tcase_add_test(tcase, test_lists_against_sets);
    tcase_add_test(tcase, test_numbers);
    tcase_add_test(tcase, test_table);
    tcase_add_test(tcase, test_help_fits);
    suite_add_tcase(suite, tcase);
    return suite;
}
