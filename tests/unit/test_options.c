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

#include "cli/command_line.h"
#include "cli/help.h"
#include "cli/message.h"
#include "cli/number.h"
#include "cli/option_match.h"
#include "cli/option_table.h"
#include "cli/options.h"
#include "cli/take.h"

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
    options_close(&options);
    dup2(fileno(capture), STDERR_FILENO);
    int status = command_line_read(argc, argv, message, &options);
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

/* The delimiter is these bytes. */
static void delimits(const char *bytes, size_t size)
{
    ck_assert_uint_eq(options.delimiter_size, size);
    ck_assert_mem_eq(options.delimiter, bytes, size);
}

/* The first line said is "mrcount: " and `words`; the second says where help is. */
static void refuses(const char *line, const char *words)
{
    char want[1024];
    ck_assert_msg(parse(line) == -1, "'%s' is taken", line);
    snprintf(want, sizeof want, "mrcount: %s\nTry 'mrcount --help' for more information.\n", words);
    ck_assert_str_eq(said, want);
}

START_TEST(nothing_given_counts_words_the_most_frequent_first)
{
    takes("");
    ck_assert(options.action == OPTIONS_COUNT && options.kind == OPTIONS_WORDS_UNICODE);
    ck_assert(options.sort == OPTIONS_SORT_COUNT && options.format == OPTIONS_TSV);
    ck_assert(options.max_length == UINT64_MAX && options.min_length == 0);
    ck_assert(!options.have_top && options.engine.threads == 0 && options.engine.memory == 0);
    ck_assert(options.progress == OPTIONS_PROGRESS_AUTO && options.file_count == 0);
}
END_TEST

START_TEST(every_option_sets_what_it_names)
{
    takes("-wspace -z -i -g 2-3 --stop-words=S --min-length=2 --max-length 9 -n5 --min-count=7 "
          "--max-count=8 "
          "--sort=key -r -c -o O --total -j 3 -S 2M -T A -T B --progress=json -q --stats a -- -b");
    ck_assert(options.kind == OPTIONS_WORDS_SPACE && options.zero_terminated);
    ck_assert(options.ignore_case && options.ngram_min == 2 && options.ngram_max == 3);
    ck_assert_str_eq(options.stop_words, "S");
    ck_assert(options.min_length == 2 && options.max_length == 9);
    ck_assert(options.have_top && options.top == 5 && options.min_count == 7);
    ck_assert_uint_eq(options.max_count, 8);
    ck_assert(options.sort == OPTIONS_SORT_KEY && options.reverse);
    ck_assert(options.format == OPTIONS_UNIQ && options.total);
    ck_assert_str_eq(options.output, "O");
    ck_assert(options.engine.threads == 3 && options.engine.memory == 2u << 20);
    ck_assert(options.engine.tmpdir_count == 2);
    ck_assert_str_eq(options.engine.tmpdirs[0], "A");
    ck_assert_str_eq(options.engine.tmpdirs[1], "B");
    ck_assert(options.progress == OPTIONS_PROGRESS_JSON && options.quiet && options.stats);
    ck_assert(options.file_count == 2);
    ck_assert_str_eq(options.files[0], "a");
    ck_assert_str_eq(options.files[1], "-b");

    takes("-f2,1,7- -d:");
    ck_assert(options.kind == OPTIONS_FIELDS && options.chosen.range_count == 2);
    ck_assert(options.chosen.ranges[0].first == 1 && options.chosen.ranges[0].last == 2);
    ck_assert(options.chosen.ranges[1].first == 7 && options.chosen.ranges[1].last == UINT64_MAX);
    delimits(":", 1);
    takes("-f1 -d _");
    delimits("", 1);
    takes("-f1 -d \\");
    delimits("\\", 1);
    takes("-f1 -d ab");
    delimits("ab", 2);
    takes("-f1 -d a\\t\\\\\\0\\x1F\\xaBc");
    delimits("a\t\\\0\x1f\xab"
             "c",
             7);
    takes("-f2,name,\"3\",\"a,\"\"b\",4-,x-1 -H --csv");
    ck_assert(options.csv && options.header);
    delimits(",", 1);
    ck_assert(options.chosen.range_count == 2 && options.chosen.name_count == 4);
    ck_assert(options.chosen.ranges[0].first == 2 && options.chosen.ranges[1].first == 4);
    ck_assert_str_eq(options.chosen.names[0], "name");
    ck_assert_str_eq(options.chosen.names[1], "3");
    ck_assert_str_eq(options.chosen.names[2], "a,\"b");
    ck_assert_str_eq(options.chosen.names[3], "x-1");
    takes("-H -f\"\" --csv -d;");
    delimits(";", 1);
    ck_assert(options.chosen.name_count == 1 && options.chosen.range_count == 0);
    takes("-e a --regexp=b -e a --replace=$1 --grep c --vgrep=d --grep=");
    ck_assert(options.kind == OPTIONS_MATCHES && options.regexps.count == 3);
    ck_assert_str_eq(options.regexps.texts[1], "b");
    ck_assert_str_eq(options.regexps.texts[2], "a");
    ck_assert_str_eq(options.replace, "$1");
    ck_assert(options.greps.count == 2 && options.vgreps.count == 1);
    ck_assert_str_eq(options.greps.texts[1], "");
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

START_TEST(what_a_mapper_prints_is_records_unless_a_kind_is_given)
{
    takes("--mapper=cat");
    ck_assert(options.kind == OPTIONS_RECORDS && !options.have_kind && !options.per_file);
    ck_assert_str_eq(options.mapper, "cat");
    ck_assert_ptr_null(options.reducer);
    takes("--mapper=cat --per-file -w -g2");
    ck_assert(options.kind == OPTIONS_WORDS_UNICODE && options.have_kind && options.per_file);
    takes("-f2 --mapper=cat -d:");
    ck_assert(options.kind == OPTIONS_FIELDS);
    takes("--mapper=cat --reducer=uniq");
    ck_assert(options.kind == OPTIONS_LINES && !options.have_kind);
    ck_assert_str_eq(options.reducer, "uniq");
    takes("--reducer=uniq -l -z");
    ck_assert(options.kind == OPTIONS_LINES && options.mapper == NULL);
    takes("--mapper=cat --reducer=uniq -l -o O --stats");
}
END_TEST

START_TEST(a_list_of_statuses_is_a_set_in_the_place_of_0)
{
    takes("--mapper=cat");
    for (unsigned status = 0; status < 300; status++)
        ck_assert(status_set_has(&options.accepted, status) == (status == 0));
    takes("--mapper=cat --accept-status=9 --accept-status=1,64-66,0,255,65");
    for (unsigned status = 0; status < 300; status++)
        ck_assert(status_set_has(&options.accepted, status) ==
                  (status < 2 || (status >= 64 && status <= 66) || status == 255));
    takes("--reducer=cat -l --accept-status=0-255");
    for (unsigned status = 0; status < 256; status++)
        ck_assert(status_set_has(&options.accepted, status));

    static const char *const wrong[] = {"",
                                        ",",
                                        "1,",
                                        ",1",
                                        "-1",
                                        "1-",
                                        "256",
                                        "2-1",
                                        "0-256",
                                        "a",
                                        "1;2",
                                        "1--2",
                                        "000000000000000001"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char line[128];
        char words[256];
        snprintf(line, sizeof line, "--mapper=cat --accept-status=%s", wrong[i]);
        snprintf(words, sizeof words,
                 "--accept-status needs numbers and ranges from 0 to 255, divided by commas, got "
                 "'%s'",
                 wrong[i]);
        refuses(line, words);
    }
}
END_TEST

START_TEST(what_is_computed_are_columns_in_the_order_given)
{
    takes("-f1 --sum=3 --count --quantile=2:0.5,1 --min 3 --skip-invalid");
    ck_assert(options.computed.count == 5 && options.skip_invalid);
    ck_assert(options.computed.columns[0].op == COMPUTED_SUM);
    ck_assert(options.computed.columns[0].number == 3 && !options.computed.columns[0].named);
    ck_assert(options.computed.columns[1].op == COMPUTED_COUNT);
    ck_assert(options.computed.columns[2].op == COMPUTED_QUANTILE);
    ck_assert(options.computed.columns[3].place == COMPUTED_PLACES);
    ck_assert(options.computed.columns[3].number == 2);
    ck_assert(options.computed.columns[4].op == COMPUTED_MIN);
    takes("--max=price -fid --csv -H --format=json");
    ck_assert(options.computed.columns[0].named && options.computed.count == 1);
    ck_assert_str_eq(options.computed.columns[0].field, "price");
    takes("-e (.)(?<us>.) --mean=us --distinct=0 --median=2");
    ck_assert(options.computed.columns[0].named && !options.computed.columns[1].named);
    ck_assert(options.computed.columns[1].number == 0 && options.computed.columns[2].number == 2);

    refuses("-f1 --sum=price", "--sum 'price': not a number; F is the number of a field or, with "
                               "--header, its name");
    refuses("-f1 -H --sum=3-4",
            "--sum '3-4': more than one; F is one field, by its number or name");
    refuses("-e . --sum _", "--sum '': a name is empty; F is a group of RE, by its number or name");
    refuses("--median=1", "--median requires --fields or --regexp");
    refuses("--merge --sum=1",
            "--merge adds up lines of KEY<TAB>COUNT, which hold no fields for --sum");
    refuses("-f1 --quantile=1", "--quantile needs F:P[,P], got '1': ':' and P are missing");
    refuses("-f1 --quantile=1:2", "--quantile needs F:P[,P], got '1:2': P is a number from 0 to 1 "
                                  "of at most 18 digits behind the point");
    refuses("-f1 --format=uniq --sum=1", "--sum does not go with the format uniq");
    refuses("-f1 --count --skip-invalid", "--skip-invalid requires --sum, --min, --max, --mean, "
                                          "--median, --quantile or --distinct");
}
END_TEST

START_TEST(the_last_of_the_same_option_wins)
{
    takes("-wspace -w");
    ck_assert(options.kind == OPTIONS_WORDS_UNICODE);
    takes("-w --words=letters");
    ck_assert(options.kind == OPTIONS_WORDS_LETTERS);
    takes("-f1 -f3");
    ck_assert(options.chosen.range_count == 1 && options.chosen.ranges[0].first == 3);
    takes("-l -l");
    takes("-c --json");
    ck_assert(options.format == OPTIONS_JSON);
    takes("--json --format=csv -c --format tsv");
    ck_assert(options.format == OPTIONS_TSV);
    takes("--progress");
    ck_assert(options.progress == OPTIONS_PROGRESS_ALWAYS);
}
END_TEST

START_TEST(options_may_be_shortened_and_mixed_with_files)
{
    takes("--thr=2 --ignore --zero --sort=k --format=j");
    ck_assert(options.engine.threads == 2 && options.ignore_case && options.zero_terminated);
    ck_assert(options.sort == OPTIONS_SORT_KEY && options.format == OPTIONS_JSON);
    takes("-lzi");
    ck_assert(options.kind == OPTIONS_LINES && options.zero_terminated && options.ignore_case);
    takes("a -l b");
    ck_assert(options.kind == OPTIONS_LINES && options.file_count == 2);
    takes("-h --nonsense");
    ck_assert(options.action == OPTIONS_HELP_SCREEN);
    takes("--help --nonsense");
    ck_assert(options.action == OPTIONS_HELP);
    takes("-V");
    ck_assert(options.action == OPTIONS_VERSION);
    takes("--completion=zsh");
    ck_assert(options.action == OPTIONS_COMPLETION);
    ck_assert(options.shell == OPTIONS_ZSH);
    takes("-");
    ck_assert(options.file_count == 1);
}
END_TEST

START_TEST(what_is_wrong_is_refused_with_what_is_allowed)
{
    refuses("--tread=3", "unknown option '--tread', did you mean '--threads'?");
    refuses("--ignorecase", "unknown option '--ignorecase', did you mean '--ignore-case'?");
    refuses("--zzzzzz", "unknown option '--zzzzzz'");
    refuses("-l --b\033[2J", "unknown option '--b\\033[2J'");
    refuses("-x", "unknown option '-x'");
    refuses("--lines -lx", "unknown option '-x'");
    refuses("--lines=3", "option '--lines' takes no argument, got '3'");
    refuses("--json=", "option '--json' takes no argument, got ''");
    refuses("-f1 -d a\\n", "--delimiter 'a\\n': '\\n' is none of the escapes \\t \\\\ \\0 \\xHH");
    refuses("-f1 -d \\x1", "--delimiter '\\x1': '\\x' is none of the escapes \\t \\\\ \\0 \\xHH");
    refuses("-f1 -d a\\", "--delimiter 'a\\': '\\' is none of the escapes \\t \\\\ \\0 \\xHH");
    refuses("-fa,,b -H", "--fields 'a,,b': a name is empty; allowed are N, N-, N-M, -M and names, "
                         "divided by commas");
    refuses("-f\"a -H",
            "--fields '\"a': a quote is not closed; allowed are N, N-, N-M, -M and names, "
            "divided by commas");
    refuses("-f\"a\"b -H",
            "--fields '\"a\"b': something follows a name in quotes; allowed are N, N-, "
            "N-M, -M and names, divided by commas");
    refuses("-f0,a -H",
            "--fields '0,a': fields are numbered from 1; allowed are N, N-, N-M, -M and "
            "names, divided by commas");
    refuses("--csv -f1 -d,,",
            "with --csv --delimiter is one byte, other than a quote and a line end");
    refuses("--csv -f1 -d\"",
            "with --csv --delimiter is one byte, other than a quote and a line end");
    refuses("--csv -f1 -z -d _",
            "with --csv --delimiter is one byte, other than a quote and a line end");
    refuses("-f1 --csv --quoted", "--csv and --quoted exclude each other");
    refuses("-l --header", "--header requires --fields");
    refuses("-f1 -d a\n", "--delimiter of several bytes cannot hold a line end");
    refuses("-z -f1 -d a\\0", "--delimiter of several bytes cannot hold a line end");
    refuses("--un", "option '--un' is ambiguous: it may be '--unescape' '--unbundle'");
    refuses("-n", "option '--top' needs an argument: N");
    refuses("--sort", "option '--sort' needs an argument: ORDER");
    refuses("-n x", "--top needs a whole number, got 'x'");
    refuses("-n _", "--top needs a whole number, got ''");
    refuses("-n -5", "--top needs a whole number, got '-5'");
    refuses("-n 99999999999999999999", "--top: '99999999999999999999' is larger than 2^64-1");
    refuses("-j 5000", "--threads: '5000' is not from 0 to 4096");
    refuses("--sort=size", "unknown 'size' for --sort: allowed are count, key, first, none");
    refuses("-wwords", "unknown 'words' for --words: allowed are unicode, space, letters");
    refuses("--progress=a", "ambiguous 'a' for --progress: allowed are auto, always, never, json");
    refuses("--format=", "unknown '' for --format: allowed are tsv, uniq, csv, json, table");
    refuses("--diff OLD", "--diff needs two FILEs, OLD and NEW, got 1");
    refuses("--diff --format=uniq OLD NEW", "--diff does not go with the format uniq");
    refuses("-l -m", "--lines and --chars exclude each other");
    refuses("--merge -wspace", "--merge and --words exclude each other");
    refuses("-f1 -l -f2", "--fields and --lines exclude each other");
    refuses("-d:", "--delimiter requires --fields");
    refuses("-l -g2", "--ngrams goes with --words or --chars, not with --lines");
    refuses("-g 3-2", "--ngrams needs N or N-M, from 1 to 1000 and M not below N, got '3-2'");
    refuses("-g 0", "--ngrams needs N or N-M, from 1 to 1000 and M not below N, got '0'");
    refuses("-g 1-", "--ngrams needs N or N-M, from 1 to 1000 and M not below N, got '1-'");
    refuses("-S 10x",
            "--buffer-size needs a SIZE such as 500M, 2G or 10%, got '10x'; units are b K M "
            "G T P E % (none: K)");
    refuses("-S 99E", "--buffer-size: '99E' is larger than 2^64-1 bytes");
    refuses("-f 3-1",
            "--fields '3-1': a range that decreases; allowed are N, N-, N-M, -M, and with "
            "--header names, divided by commas");
    refuses("--reducer=cat", "--reducer requires --mapper or --lines");
    refuses("--per-file", "--per-file requires --mapper");
    refuses("--per-file -l --reducer=cat", "--per-file requires --mapper");
    refuses("--accept-status=1", "--accept-status requires --mapper or --reducer");
    refuses("--mapper=cat --merge", "--mapper and --merge exclude each other");
    refuses("--mapper=cat --reducer=cat -w", "--reducer and --words exclude each other");
    refuses("--mapper=cat -n1 --reducer=cat", "--top and --reducer exclude each other");
    refuses("--mapper=cat -g2", "--ngrams requires --words or --chars");
    refuses("--mapper=cat -l -g2", "--ngrams goes with --words or --chars, not with --lines");
    refuses("--files0-from=F g", "extra operand 'g': FILEs cannot be combined with --files0-from");
}
END_TEST

START_TEST(lists_that_cut_refuses_are_refused)
{
    static const char *const wrong[] = {"",
                                        ",",
                                        "1,",
                                        ",1",
                                        "0",
                                        "0-",
                                        "1-0",
                                        "-",
                                        "-0",
                                        "a",
                                        "1-a",
                                        "1--2",
                                        "--2",
                                        "1-2-3",
                                        "1;2",
                                        "18446744073709551615",
                                        "1-18446744073709551616",
                                        "+1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct range *ranges = NULL;
        size_t count = 0;
        ck_assert_msg(number_parse_list(wrong[i], &ranges, &count) != NULL, "'%s'", wrong[i]);
        ck_assert_ptr_null(ranges);
    }
}
END_TEST

/* Random LISTs against a bit for each field; an open range reaches the last of them. */
START_TEST(lists_hold_what_a_set_of_their_numbers_holds)
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

START_TEST(numbers_are_digits_within_their_bounds)
{
    uint64_t n = 5;
    uint64_t m = 5;
    ck_assert(number_parse("18446744073709551615", 0, UINT64_MAX, &n) == 0 && n == UINT64_MAX);
    ck_assert(number_parse("18446744073709551616", 0, UINT64_MAX, &n) == ERANGE);
    ck_assert(number_parse("007", 0, 9, &n) == 0 && n == 7);
    ck_assert(number_parse("10", 0, 9, &n) == ERANGE && n == 7);
    ck_assert(number_parse("1k", 0, 9, &n) == EINVAL);
    ck_assert(number_parse("", 0, 9, &n) == EINVAL);
    ck_assert(number_parse_span("2-2", 1, 9, &n, &m) == 0 && n == 2 && m == 2);
    ck_assert(number_parse_span("2-10", 1, 9, &n, &m) == ERANGE);
    ck_assert(number_parse_span("-2", 1, 9, &n, &m) == EINVAL);
}
END_TEST

/* Every name in a list of a row is that of another row. */
static void check_listed(const char *list)
{
    for (const char *p = list; p != NULL && *p != '\0'; p += *p == ' ') {
        char name[64];
        size_t length = strcspn(p, " ");
        ck_assert(length < 32); /* as much as messages have room for */
        snprintf(name, sizeof name, "%.*s", (int)length, p);
        ck_assert_msg(option_table_named(name) != NULL, "%s is no option", name);
        p += length;
    }
}

START_TEST(every_row_holds_what_its_users_rely_on)
{
    for (size_t i = 0; i < option_table_count; i++) {
        const struct option_row *row = &option_table[i];
        ck_assert(option_table_named(row->name) == row);
        ck_assert(row->letter == 0 || option_table_lettered(row->letter) == row);
        ck_assert(option_match_nearest(row->name) == row);
        ck_assert(row->take != NULL && row->group < OPTION_GROUPS);
        if (row->argument == NULL)
            ck_assert(!row->optional && row->choices == NULL && row->offer == OPTION_ANYTHING);
        ck_assert(row->choices == NULL || row->offer == OPTION_ANYTHING);
        ck_assert(strlen(row->name) < 32 && strlen(row->help) <= 48);
        ck_assert_msg(strpbrk(row->help, "'\\") == NULL, "%s: quotes", row->name);
        check_listed(row->excludes);
        check_listed(row->requires);
        check_listed(row->displaces);
    }
    ck_assert_ptr_null(option_table_named("@"));
    ck_assert_ptr_null(option_table_lettered('@'));
    ck_assert_ptr_null(option_table_lettered(0));
}
END_TEST

START_TEST(a_mistyped_option_is_guessed_where_it_is_near)
{
    ck_assert_str_eq(option_match_nearest("tread")->name, "threads");
    ck_assert_str_eq(option_match_nearest("mrege=x")->name, "merge");
    ck_assert_str_eq(option_match_nearest("min_count")->name, "min-count");
    ck_assert_ptr_null(option_match_nearest("x"));
    ck_assert_ptr_null(
        option_match_nearest("a-name-longer-than-any-that-could-be-a-slip-of-the-finger"));
}
END_TEST

/* Adds an option to a command line, with an argument that is as good as any. */
static void add_option(char line[static 256], const struct option_row *row)
{
    static const char *const arguments[][2] = {
        {"fields", "1"},    {"ngrams", "2"},       {"buffer-size", "1M"},
        {"delimiter", ":"}, {"quantile", "1:0.5"},
    };
    size_t used = strlen(line);
    const char *argument = row->argument == NULL || row->optional ? "" : "1";

    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++)
        if (strcmp(arguments[i][0], row->name) == 0)
            argument = arguments[i][1];
    int length = row->choices == NULL ? (int)strlen(argument) : (int)strcspn(row->choices, " ");
    if (row->choices != NULL && !row->optional)
        argument = row->choices;
    else if (row->choices != NULL)
        length = 0;
    snprintf(line + used, 256 - used, "%s--%s%s%.*s%s", used > 0 ? " " : "", row->name,
             length > 0 ? "=" : "", length, argument,
             strcmp(row->name, "diff") == 0 ? " OLD NEW" : "");
}

/* Of any two rows the table says whether they exclude each other, in both orders; the same option
 * twice never does. */
START_TEST(options_exclude_each_other_as_their_rows_say)
{
    for (size_t i = 0; i < option_table_count; i++) {
        for (size_t j = 0; j < option_table_count; j++) {
            const struct option_row *first = &option_table[i];
            const struct option_row *second = &option_table[j];
            bool excluded = i != j && (option_listed(first->excludes, second->name) ||
                                       option_listed(second->excludes, first->name));
            char line[256] = "";
            char words[256];
            if (first->take == take_action || first->take == take_shell)
                continue; /* they end the parsing */
            add_option(line, first);
            add_option(line, second);
            snprintf(words, sizeof words, "mrcount: --%s and --%s exclude each other\n",
                     first->name, second->name);
            parse(line);
            ck_assert_msg((strncmp(said, words, strlen(words)) == 0) == excluded, "%s: %s", line,
                          said);
        }
    }
}
END_TEST

/* Adds what an option requires that is itself required: the first that will do. */
static void add_required(char line[static 256], const struct option_row *row)
{
    char name[32];

    if (row->requires == NULL)
        return;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(row->requires, " "), row->requires);
    add_option(line, option_table_named(name));
}

/* Alone an option that requires others is refused, with each of these it is taken. */
START_TEST(options_require_what_their_rows_say)
{
    unsigned required = 0;
    for (size_t i = 0; i < option_table_count; i++) {
        const struct option_row *row = &option_table[i];
        bool standing = false;
        for (size_t j = 0; j < option_table_count; j++) {
            char line[256] = "";
            if (!option_listed(row->requires, option_table[j].name))
                continue;
            standing |= option_table[j].standing;
            add_option(line, row);
            add_option(line, &option_table[j]);
            add_required(line, &option_table[j]);
            takes(line);
            required++;
        }
        char alone[256] = "";
        add_option(alone, row);
        if (row->requires != NULL && !standing)
            ck_assert_msg(parse(alone) == -1 && strstr(said, " requires --") != NULL, "%s: %s",
                          alone, said);
        else if (row->check == NULL)
            takes(alone);
    }
    ck_assert_uint_ge(required, 5);
}
END_TEST

START_TEST(help_fits_a_page_and_has_every_option)
{
    char *text = help_text();
    ck_assert_ptr_nonnull(text);
    unsigned lines = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        lines++;
        ck_assert_msg(strlen(line) <= 80, "%s", line);
    }
    ck_assert(lines <= 84);
    free(text);
    text = help_text();
    for (size_t i = 0; i < option_table_count; i++) {
        char name[64];
        snprintf(name, sizeof name, "--%s", option_table[i].name);
        ck_assert_msg(strstr(text, name) != NULL, "%s is not in --help", name);
    }
    free(text);
}
END_TEST

START_TEST(help_of_what_is_common_fits_a_screen)
{
    char *text = help_screen();
    ck_assert_ptr_nonnull(text);
    unsigned lines = 0, columns = 0;
    for (const char *p = text; *p != '\0'; p++) {
        columns = *p == '\n' ? 0 : columns + 1;
        ck_assert_msg(columns <= 80, "wider than 80 columns: %s", text);
        lines += *p == '\n';
    }
    /* Of a terminal's 24 lines the last is the next prompt. */
    ck_assert_msg(lines > 15 && lines <= 23, "%u lines: %s", lines, text);
    for (size_t i = 0; i < option_table_count; i++) {
        char name[64];
        const struct option_row *row = &option_table[i];
        snprintf(name, sizeof name, "--%s", row->name);
        const char *at = strstr(text, name);
        ck_assert_msg(!row->common || (at != NULL && strstr(at, row->help) != NULL), "%s", name);
    }
    free(text);
}
END_TEST

static void forget(void)
{
    options_close(&options);
}

Suite *test_options_suite(void)
{
    Suite *suite = suite_create("options");
    TCase *tcase = tcase_create("options");
    tcase_add_checked_fixture(tcase, NULL, forget);
    tcase_add_test(tcase, nothing_given_counts_words_the_most_frequent_first);
    tcase_add_test(tcase, every_option_sets_what_it_names);
    tcase_add_test(tcase, what_a_mapper_prints_is_records_unless_a_kind_is_given);
    tcase_add_test(tcase, a_list_of_statuses_is_a_set_in_the_place_of_0);
    tcase_add_test(tcase, what_is_computed_are_columns_in_the_order_given);
    tcase_add_test(tcase, the_last_of_the_same_option_wins);
    tcase_add_test(tcase, options_may_be_shortened_and_mixed_with_files);
    tcase_add_test(tcase, what_is_wrong_is_refused_with_what_is_allowed);
    tcase_add_test(tcase, lists_that_cut_refuses_are_refused);
    tcase_add_test(tcase, lists_hold_what_a_set_of_their_numbers_holds);
    tcase_add_test(tcase, numbers_are_digits_within_their_bounds);
    tcase_add_test(tcase, every_row_holds_what_its_users_rely_on);
    tcase_add_test(tcase, a_mistyped_option_is_guessed_where_it_is_near);
    tcase_add_test(tcase, options_exclude_each_other_as_their_rows_say);
    tcase_add_test(tcase, options_require_what_their_rows_say);
    tcase_add_test(tcase, help_fits_a_page_and_has_every_option);
    tcase_add_test(tcase, help_of_what_is_common_fits_a_screen);
    suite_add_tcase(suite, tcase);
    return suite;
}
