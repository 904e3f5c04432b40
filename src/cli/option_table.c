/* SPDX-License-Identifier: MIT
 *
 * optable - the one table of options; see optable.h.
 */
#include "cli/option_table.h"

#include <stdio.h>
#include <string.h>

/* The order is that of --help. */
const struct optable_option optable_options[] = {
    { "words", 'w', OPTABLE_OPTIONAL, "RULE", OPTABLE_CHOICES, "unicode space letters", OPTABLE_MAP,
      "words (default); RULE: unicode, space, letters" },
    { "lines", 'l', OPTABLE_NONE, NULL, OPTABLE_ANYTHING, NULL, OPTABLE_MAP, "whole lines" },
    { "chars", 'm', OPTABLE_NONE, NULL, OPTABLE_ANYTHING, NULL, OPTABLE_MAP,
      "characters (Unicode code points)" },
    { "fields", 'f', OPTABLE_REQUIRED, "LIST", OPTABLE_ANYTHING, NULL, OPTABLE_MAP,
      "these fields of each line, as cut -f: 1,3-5,7-" },
    { "delimiter", 'd', OPTABLE_REQUIRED, "C", OPTABLE_ANYTHING, NULL, OPTABLE_MAP,
      "fields end at the byte C (default: at blanks)" },
    { "ngrams", 'g', OPTABLE_REQUIRED, "N[-M]", OPTABLE_ANYTHING, NULL, OPTABLE_MAP,
      "N to M words or characters in a row" },
    { "zero-terminated", 'z', OPTABLE_NONE, NULL, OPTABLE_ANYTHING, NULL, OPTABLE_MAP,
      "lines end in NUL, in input and output" },
    { "ignore-case", 'i', OPTABLE_NONE, NULL, OPTABLE_ANYTHING, NULL, OPTABLE_MAP,
      "fold upper and lower case (Unicode)" },
    { "stop-words", OPTABLE_STOP_WORDS, OPTABLE_REQUIRED, "FILE", OPTABLE_FILES, NULL, OPTABLE_MAP,
      "leave out the keys in FILE, one a line" },
    { "min-length", OPTABLE_MIN_LENGTH, OPTABLE_REQUIRED, "N", OPTABLE_ANYTHING, NULL, OPTABLE_MAP,
      "leave out keys of fewer than N characters" },
    { "max-length", OPTABLE_MAX_LENGTH, OPTABLE_REQUIRED, "N", OPTABLE_ANYTHING, NULL, OPTABLE_MAP,
      "leave out keys of more than N characters" },
    { "merge", OPTABLE_MERGE, OPTABLE_NONE, NULL, OPTABLE_ANYTHING, NULL, OPTABLE_MAP,
      "add up KEY<TAB>COUNT lines of earlier runs" },
    { "unescape", OPTABLE_UNESCAPE, OPTABLE_NONE, NULL, OPTABLE_ANYTHING, NULL, OPTABLE_MAP,
      "with --merge: the input is of --escape" },
    { "unbundle", OPTABLE_UNBUNDLE, OPTABLE_NONE, NULL, OPTABLE_ANYTHING, NULL, OPTABLE_MAP,
      "with --merge: the input is of --bundle" },

    { "top", 'n', OPTABLE_REQUIRED, "N", OPTABLE_ANYTHING, NULL, OPTABLE_REDUCE,
      "print only the first N" },
    { "min-count", OPTABLE_MIN_COUNT, OPTABLE_REQUIRED, "N", OPTABLE_ANYTHING, NULL, OPTABLE_REDUCE,
      "print only keys counted at least N times" },
    { "sort", OPTABLE_SORT, OPTABLE_REQUIRED, "ORDER", OPTABLE_CHOICES, "count key none",
      OPTABLE_REDUCE, "count (default), key or none" },
    { "reverse", 'r', OPTABLE_NONE, NULL, OPTABLE_ANYTHING, NULL, OPTABLE_REDUCE,
      "turn the order round" },
    { "count-first", 'c', OPTABLE_NONE, NULL, OPTABLE_ANYTHING, NULL, OPTABLE_REDUCE,
      "print as uniq -c does (--format=uniq)" },
    { "format", OPTABLE_FORMAT, OPTABLE_REQUIRED, "FORMAT", OPTABLE_CHOICES, "tsv uniq csv json",
      OPTABLE_REDUCE, "tsv (default), uniq, csv or json" },
    { "json", OPTABLE_JSON, OPTABLE_NONE, NULL, OPTABLE_ANYTHING, NULL, OPTABLE_REDUCE,
      "one JSON object a line (--format=json)" },
    { "escape", OPTABLE_ESCAPE, OPTABLE_NONE, NULL, OPTABLE_ANYTHING, NULL, OPTABLE_REDUCE,
      "backslash escapes in keys, for other programs" },
    { "bundle", OPTABLE_BUNDLE, OPTABLE_REQUIRED, "N", OPTABLE_ANYTHING, NULL, OPTABLE_REDUCE,
      "many keys a line, by hash, each for one of N" },
    { "output", 'o', OPTABLE_REQUIRED, "FILE", OPTABLE_FILES, NULL, OPTABLE_REDUCE,
      "write to FILE, complete or not at all" },
    { "total", OPTABLE_TOTAL, OPTABLE_NONE, NULL, OPTABLE_ANYTHING, NULL, OPTABLE_REDUCE,
      "print only the sum of counts, number of keys" },

    { "threads", 'j', OPTABLE_REQUIRED, "N", OPTABLE_ANYTHING, NULL, OPTABLE_RUN,
      "threads to use (default: one per usable CPU)" },
    { "buffer-size", 'S', OPTABLE_REQUIRED, "SIZE", OPTABLE_ANYTHING, NULL, OPTABLE_RUN,
      "memory to use before disk: 500M, 2G, 10%" },
    { "temporary-directory", 'T', OPTABLE_REQUIRED, "DIR", OPTABLE_DIRECTORIES, NULL, OPTABLE_RUN,
      "for temporary files (default: $TMPDIR or /tmp)" },
    { "files0-from", OPTABLE_FILES0_FROM, OPTABLE_REQUIRED, "F", OPTABLE_FILES, NULL, OPTABLE_RUN,
      "read the NUL-terminated names in F as FILEs" },
    { "progress", OPTABLE_PROGRESS, OPTABLE_OPTIONAL, "WHEN", OPTABLE_CHOICES,
      "auto always never json", OPTABLE_RUN, "WHEN: auto, always (if left out), never, json" },
    { "quiet", 'q', OPTABLE_NONE, NULL, OPTABLE_ANYTHING, NULL, OPTABLE_RUN,
      "no progress and no warnings" },
    { "stats", OPTABLE_STATS, OPTABLE_NONE, NULL, OPTABLE_ANYTHING, NULL, OPTABLE_RUN,
      "figures of the run on standard error" },
    { "completion", OPTABLE_COMPLETION, OPTABLE_REQUIRED, "SHELL", OPTABLE_CHOICES, "bash zsh fish",
      OPTABLE_RUN, "print completions for bash, zsh or fish" },
    { "help", 'h', OPTABLE_NONE, NULL, OPTABLE_ANYTHING, NULL, OPTABLE_RUN, "print this" },
    { "version", 'V', OPTABLE_NONE, NULL, OPTABLE_ANYTHING, NULL, OPTABLE_RUN,
      "print the versions of mrcount and Unicode" },
};

const size_t optable_count = sizeof optable_options / sizeof *optable_options;

const char *optable_heading(enum optable_group group)
{
    static const char *const headings[OPTABLE_GROUPS] = {
        [OPTABLE_MAP] = "What is counted",
        [OPTABLE_REDUCE] = "What is printed",
        [OPTABLE_RUN] = "How it runs",
    };

    return headings[group];
}

const struct optable_option *optable_find(int value)
{
    for (size_t i = 0; i < optable_count; i++)
        if (optable_options[i].value == value)
            return &optable_options[i];
    return NULL;
}

#define OPTABLE_LONGEST 40 /* more than any name has; what is longer is no slip of the finger */

static unsigned optable_least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Edits that make one name the other: a letter more, less, changed, or two swapped (the restricted
 * Damerau-Levenshtein distance). Both are shorter than OPTABLE_LONGEST. */
static unsigned optable_distance(const char *a, size_t m, const char *b, size_t n)
{
    unsigned rows[3][OPTABLE_LONGEST + 1];
    unsigned *before = rows[0];
    unsigned *last = rows[1];
    unsigned *row = rows[2];

    for (size_t j = 0; j <= n; j++)
        last[j] = (unsigned)j;
    memcpy(before, last, sizeof rows[0]);
    for (size_t i = 1; i <= m; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            unsigned cost = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = optable_least(optable_least(last[j], row[j - 1]) + 1, last[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = optable_least(row[j], before[j - 2] + 1);
        }
        unsigned *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[n];
}

const struct optable_option *optable_nearest(const char *name)
{
    const struct optable_option *nearest = NULL;
    size_t size = strcspn(name, "=");
    /* A third of the letters may be wrong: beyond that the guess is noise. */
    unsigned least = (unsigned)(size + 1) / 3 + 1;

    if (size >= OPTABLE_LONGEST)
        return NULL;
    for (size_t i = 0; i < optable_count; i++) {
        const char *other = optable_options[i].name;
        unsigned distance = optable_distance(name, size, other, strlen(other));
        if (distance < least) {
            least = distance;
            nearest = &optable_options[i];
        }
    }
    return nearest;
}

size_t optable_matches(const char *name, char *out, size_t room)
{
    size_t size = strcspn(name, "=");
    size_t used = 0;
    size_t count = 0;

    *out = '\0';
    for (size_t i = 0; i < optable_count; i++) {
        const char *other = optable_options[i].name;
        if (strncmp(name, other, size) != 0)
            continue;
        if (used + strlen(other) + 6 <= room)
            used += (size_t)snprintf(out + used, room - used, "%s'--%s'", count > 0 ? " " : "",
                                     other);
        count++;
    }
    return count;
}
