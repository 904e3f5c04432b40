/* SPDX-License-Identifier: MIT
 *
 * option_table - the rows of all options; see option_table.h and, for the members, option.h.
 */
#include "cli/option_table.h"

#include <string.h>

#include "cli/encode.h"
#include "cli/take.h"

/* What a token is: one kind at a time. The same one again replaces what it said before. */
#define KINDS "words lines chars fields regexp merge"

/* What chooses keys and prints them with their counts: all that a reducer prints is the output. */
#define NOT_REDUCED                                                                                \
    "words chars fields regexp merge ngrams ignore-case normalize stop-words min-length "          \
    "max-length top min-count max-count sort reverse count-first format json percent cumulative "  \
    "others bars keys escape bundle total"

/* What prints no numbers, or in its own way. */
#define NOT_SHARED "keys diff escape bundle total"

/* What is computed for a key, each time a column: see struct computed. */
#define COMPUTES(op)                                                                               \
    .repeated = true, .take = take_computed, .value = (op), .requires = "fields regexp",           \
    .excludes = "mapper reducer count-first escape bundle total", .check = take_check_computed

/* What has other tokens, other FILEs or other columns than the counts of two FILEs. */
#define NO_DIFFERENCE                                                                              \
    "words lines chars fields regexp grep vgrep mapper reducer count sum min max mean median "     \
    "quantile distinct min-count max-count count-first escape bundle total files0-from recursive"

/* Bounds on what makes sense, generous: the engine starts one thread each, the map keeps a
 * window. */
#define THREADS_MOST 4096
#define NGRAM_MOST 1000

/* clang-format off */
const struct option_row option_table[] = {
    {.name = "words", .letter = 'w', .group = OPTION_MAP, .argument = "RULE", .optional = true,
     .choices = "unicode space letters",
     .help = "words (default); RULE: unicode, space, letters", .common = true,
     .take = take_words, .excludes = KINDS, .standing = true},
    {.name = "lines", .letter = 'l', .group = OPTION_MAP,
     .help = "whole lines", .common = true,
     .take = take_kind, .value = OPTIONS_LINES, .excludes = KINDS},
    {.name = "chars", .letter = 'm', .group = OPTION_MAP,
     .help = "characters (Unicode code points)",
     .take = take_kind, .value = OPTIONS_CHARS, .excludes = KINDS},
    {.name = "fields", .letter = 'f', .group = OPTION_MAP, .argument = "LIST",
     .help = "these fields of each line, as cut -f: 1,3-5,7-", .common = true,
     .take = take_fields, .excludes = KINDS, .check = take_check_fields},
    {.name = "delimiter", .letter = 'd', .group = OPTION_MAP, .argument = "TEXT",
     .help = "fields end at TEXT (default: at blanks)", .common = true,
     .take = take_delimiter, .requires = "fields", .check = take_check_delimiter},
    {.name = "quoted", .group = OPTION_MAP,
     .help = "fields may be in quotes or brackets: logs",
     TAKE_FLAG(quoted), .requires = "fields"},
    {.name = "csv", .group = OPTION_MAP,
     .help = "fields are those of CSV, quotes hold newlines", .common = true,
     TAKE_FLAG(csv), .excludes = "quoted mapper", .requires = "fields", .check = take_check_csv},
    {.name = "header", .letter = 'H', .group = OPTION_MAP,
     .help = "the first line of a FILE names its fields", .common = true,
     TAKE_FLAG(header), .excludes = "mapper", .requires = "fields"},
    {.name = "regexp", .letter = 'e', .group = OPTION_MAP, .argument = "RE", .repeated = true,
     .help = "matches of RE (PCRE2), or its first group", .common = true,
     .take = take_regexp, TAKE_PLACE(regexps, struct options_list *), .excludes = KINDS},
    {.name = "replace", .group = OPTION_MAP, .argument = "TEXT",
     .help = "with -e: count TEXT, where $1 is a group",
     TAKE_TEXT(replace), .requires = "regexp"},
    {.name = "grep", .group = OPTION_MAP, .argument = "RE",
     .help = "look only at lines that match RE",
     TAKE_TEXTS(greps), .excludes = "merge"},
    {.name = "vgrep", .group = OPTION_MAP, .argument = "RE",
     .help = "look only at lines that do not match RE",
     TAKE_TEXTS(vgreps), .excludes = "merge"},
    {.name = "ngrams", .letter = 'g', .group = OPTION_MAP, .argument = "N[-M]",
     .help = "N to M words or characters in a row", .common = true,
     .take = take_ngrams, .most = NGRAM_MOST, .requires = "words chars"},
    {.name = "zero-terminated", .letter = 'z', .group = OPTION_MAP,
     .help = "lines end in NUL, in input and output",
     TAKE_FLAG(zero_terminated)},
    {.name = "ignore-case", .letter = 'i', .group = OPTION_MAP,
     .help = "fold upper and lower case (Unicode)", .common = true,
     TAKE_FLAG(ignore_case)},
    {.name = "normalize", .group = OPTION_MAP, .argument = "FORM",
     .choices = "nfc nfkc nfkc_casefold",
     .help = "bring keys to FORM: nfc, nfkc, nfkc_casefold",
     .take = take_normalize},
    {.name = "stop-words", .group = OPTION_MAP, .argument = "FILE", .offer = OPTION_FILES,
     .help = "leave out the keys in FILE, one a line",
     TAKE_TEXT(stop_words)},
    {.name = "min-length", .group = OPTION_MAP, .argument = "N",
     .help = "leave out keys of fewer than N characters",
     TAKE_NUMBER(min_length)},
    {.name = "max-length", .group = OPTION_MAP, .argument = "N",
     .help = "leave out keys of more than N characters",
     TAKE_NUMBER(max_length)},
    {.name = "merge", .group = OPTION_MAP,
     .help = "add up KEY<TAB>COUNT lines of earlier runs",
     .take = take_kind, .value = OPTIONS_MERGE, .excludes = KINDS, .check = take_check_merge},
    {.name = "unescape", .group = OPTION_MAP,
     .help = "with --merge: input was written with --escape",
     TAKE_FLAG(unescape), .requires = "merge diff"},
    {.name = "unbundle", .group = OPTION_MAP,
     .help = "with --merge: input was written with --bundle",
     TAKE_FLAG(unbundle), .requires = "merge diff"},
    {.name = "mapper", .group = OPTION_MAP, .argument = "CMD", .offer = OPTION_FILES,
     .help = "run lines through CMD, add up what it prints",
     TAKE_TEXT(mapper), .excludes = "merge", .displaces = "words", .check = take_check_mapper},
    {.name = "per-file", .group = OPTION_MAP,
     .help = "with --mapper: a CMD for each FILE, read whole",
     TAKE_FLAG(per_file), .requires = "mapper"},
    {.name = "reducer", .group = OPTION_MAP, .argument = "CMD", .offer = OPTION_FILES,
     .help = "sort records, print what CMD makes of each key",
     TAKE_TEXT(reducer), .excludes = NOT_REDUCED, .requires = "mapper lines"},
    {.name = "accept-status", .group = OPTION_MAP, .argument = "LIST",
     .help = "exit statuses of CMDs that are no failure: 0,1",
     .take = take_statuses, .most = 255, .requires = "mapper reducer"},

    {.name = "count", .group = OPTION_COMPUTE,
     .help = "the count, as one of several columns", COMPUTES(COMPUTED_COUNT)},
    {.name = "sum", .group = OPTION_COMPUTE, .argument = "F",
     .help = "the sum of F, a field or with -e a group", .common = true, COMPUTES(COMPUTED_SUM)},
    {.name = "min", .group = OPTION_COMPUTE, .argument = "F",
     .help = "the least number in F", COMPUTES(COMPUTED_MIN)},
    {.name = "max", .group = OPTION_COMPUTE, .argument = "F",
     .help = "the greatest number in F", COMPUTES(COMPUTED_MAX)},
    {.name = "mean", .group = OPTION_COMPUTE, .argument = "F",
     .help = "the mean of F", COMPUTES(COMPUTED_MEAN)},
    {.name = "median", .group = OPTION_COMPUTE, .argument = "F",
     .help = "the median of F", COMPUTES(COMPUTED_MEDIAN)},
    {.name = "quantile", .group = OPTION_COMPUTE, .argument = "F:P[,P]",
     .help = "quantiles of F, P from 0 to 1: 0.9,0.99", COMPUTES(COMPUTED_QUANTILE)},
    {.name = "distinct", .group = OPTION_COMPUTE, .argument = "F",
     .help = "how many different values F has", COMPUTES(COMPUTED_DISTINCT)},
    {.name = "skip-invalid", .group = OPTION_COMPUTE,
     .help = "leave out lines where an F is no number",
     TAKE_FLAG(skip_invalid), .requires = "sum min max mean median quantile distinct"},

    {.name = "top", .letter = 'n', .group = OPTION_REDUCE, .argument = "N",
     .help = "print only the first N", .common = true,
     .take = take_top, .most = UINT64_MAX},
    {.name = "min-count", .group = OPTION_REDUCE, .argument = "N",
     .help = "print only keys counted at least N times",
     TAKE_NUMBER(min_count)},
    {.name = "max-count", .group = OPTION_REDUCE, .argument = "N",
     .help = "print only keys counted at most N times",
     TAKE_NUMBER(max_count), .least = 1},
    {.name = "sort", .group = OPTION_REDUCE, .argument = "ORDER",
     .choices = "count key first none",
     .help = "count (default), key, first (met) or none", .common = true,
     .take = take_sort, .check = take_check_sort},
    {.name = "reverse", .letter = 'r', .group = OPTION_REDUCE,
     .help = "reverse the order",
     TAKE_FLAG(reverse)},
    {.name = "count-first", .letter = 'c', .group = OPTION_REDUCE,
     .help = "print as uniq -c does (--format=uniq)",
     .take = take_format, .value = OPTIONS_UNIQ},
    {.name = "format", .group = OPTION_REDUCE, .argument = "FORMAT",
     .choices = "tsv uniq csv json table",
     .help = "tsv (default), uniq, csv, json or table", .common = true,
     .take = take_format},
    {.name = "json", .group = OPTION_REDUCE,
     .help = "one JSON object a line (--format=json)",
     .take = take_format, .value = OPTIONS_JSON},
    {.name = "percent", .letter = 'p', .group = OPTION_REDUCE,
     .help = "a column: the share of all that was counted", .common = true,
     TAKE_FLAG(percent), .excludes = NOT_SHARED, .check = take_check_shares},
    {.name = "cumulative", .group = OPTION_REDUCE,
     .help = "a column: the share so far",
     TAKE_FLAG(cumulative), .excludes = NOT_SHARED, .check = take_check_shares},
    {.name = "others", .group = OPTION_REDUCE, .argument = "TEXT", .optional = true,
     .help = "a last line for all that is left out: (others)",
     .take = take_others, .excludes = NOT_SHARED, .check = take_check_shares},
    {.name = "bars", .letter = 'b', .group = OPTION_REDUCE,
     .help = "a bar behind each line, as wide as there is room", .common = true,
     TAKE_FLAG(bars), .excludes = NOT_SHARED, .check = take_check_bars},
    {.name = "keys", .group = OPTION_REDUCE,
     .help = "print only the keys",
     TAKE_FLAG(keys),
     .excludes = "count sum min max mean median quantile distinct count-first bundle total",
     .check = take_check_keys},
    {.name = "diff", .group = OPTION_REDUCE,
     .help = "what changed from FILE OLD to NEW, as of --merge",
     .take = take_diff, .excludes = NO_DIFFERENCE, .check = take_check_diff},
    {.name = "escape", .group = OPTION_REDUCE,
     .help = "backslash escapes in keys, for other programs",
     TAKE_FLAG(escape), .check = take_check_escape},
    {.name = "bundle", .group = OPTION_REDUCE, .argument = "N",
     .help = "many keys a line, by hash, each for one of N",
     TAKE_COUNT(bundles, 1, ENCODE_BUNDLES), .check = take_check_bundle},
    {.name = "output", .letter = 'o', .group = OPTION_REDUCE, .argument = "FILE",
     .offer = OPTION_FILES,
     .help = "write to FILE, complete or not at all",
     TAKE_TEXT(output)},
    {.name = "total", .group = OPTION_REDUCE,
     .help = "print only the sum of counts, number of keys",
     TAKE_FLAG(total)},

    {.name = "threads", .letter = 'j', .group = OPTION_RUN, .argument = "N",
     .help = "threads to use (default: one per usable CPU)",
     TAKE_COUNT(engine.threads, 0, THREADS_MOST)},
    {.name = "buffer-size", .letter = 'S', .group = OPTION_RUN, .argument = "SIZE",
     .help = "memory to use before disk: 500M, 2G, 10%",
     .take = take_size},
    {.name = "temporary-directory", .letter = 'T', .group = OPTION_RUN, .argument = "DIR",
     .offer = OPTION_DIRECTORIES, .repeated = true,
     .help = "for temporary files (default: $TMPDIR or /tmp)",
     .take = take_directory},
    {.name = "files0-from", .group = OPTION_RUN, .argument = "F", .offer = OPTION_FILES,
     .help = "read the NUL-terminated names in F as FILEs",
     .take = take_list, .check = take_check_list},
    {.name = "recursive", .letter = 'R', .group = OPTION_RUN,
     .help = "of a directory, read all files below it", .common = true,
     TAKE_FLAG(recursive)},
    {.name = "include", .group = OPTION_RUN, .argument = "GLOB", .repeated = true,
     .help = "with -R: only files of such names",
     .take = take_glob, TAKE_PLACE(globs, struct globs *), .value = true,
     .requires = "recursive"},
    {.name = "exclude", .group = OPTION_RUN, .argument = "GLOB", .repeated = true,
     .help = "with -R: no files of such names",
     .take = take_glob, TAKE_PLACE(globs, struct globs *), .value = false,
     .requires = "recursive"},
    {.name = "exclude-dir", .group = OPTION_RUN, .argument = "GLOB", .repeated = true,
     .help = "with -R: no directories of such names",
     .take = take_glob, TAKE_PLACE(directory_globs, struct globs *), .value = false,
     .requires = "recursive"},
    {.name = "encoding", .group = OPTION_RUN, .argument = "NAME",
     .help = "charset of FILEs; none: bytes as they are",
     TAKE_TEXT(encoding), .excludes = "per-file"},
    {.name = "decompress", .group = OPTION_RUN, .argument = "WHEN", .choices = "auto never",
     .help = "compressed FILEs: auto (decompress them), never",
     .take = take_decompress},
    {.name = "progress", .group = OPTION_RUN, .argument = "WHEN", .optional = true,
     .choices = "auto always never json",
     .help = "WHEN: auto, always (if left out), never, json",
     .take = take_progress},
    {.name = "quiet", .letter = 'q', .group = OPTION_RUN,
     .help = "no progress and no warnings",
     TAKE_FLAG(quiet)},
    {.name = "stats", .group = OPTION_RUN,
     .help = "figures of the run on standard error",
     TAKE_FLAG(stats)},
    {.name = "completion", .group = OPTION_RUN, .argument = "SHELL", .choices = "bash zsh fish",
     .help = "print completions for bash, zsh or fish",
     .take = take_shell},
    {.name = "help", .letter = 'h', .group = OPTION_RUN,
     .help = "print this screen (-h), all options (--help)", .common = true,
     .take = take_help},
    {.name = "version", .letter = 'V', .group = OPTION_RUN,
     .help = "print the versions of mrcount and Unicode",
     .take = take_action, .value = OPTIONS_VERSION},
};
/* clang-format on */

const size_t option_table_count = sizeof option_table / sizeof *option_table;

const char *option_table_heading(enum option_group group)
{
    static const char *const headings[OPTION_GROUPS] = {
        [OPTION_MAP] = "What is counted",
        [OPTION_COMPUTE] = "What is computed for a key",
        [OPTION_REDUCE] = "What is printed",
        [OPTION_RUN] = "How it runs",
    };

    return headings[group];
}

const struct option_row *option_table_named(const char *name)
{
    for (size_t i = 0; i < option_table_count; i++)
        if (strcmp(option_table[i].name, name) == 0)
            return &option_table[i];
    return NULL;
}

const struct option_row *option_table_lettered(int letter)
{
    for (size_t i = 0; i < option_table_count; i++)
        if (option_table[i].letter == letter && letter != 0)
            return &option_table[i];
    return NULL;
}
