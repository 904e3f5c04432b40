/* SPDX-License-Identifier: MIT
 *
 * options - what the command line says, as command_line has read it: the members of each room in
 * the words of that room, as far as cli may know them.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/globs.h"
#include "base/status_set.h"
#include "cli/computed.h"
#include "cli/field_list.h"
#include "engine/mapreduce.h"

enum options_action {
    OPTIONS_COUNT,
    OPTIONS_HELP,        /* all of it, */
    OPTIONS_HELP_SCREEN, /* or what most people need */
    OPTIONS_VERSION,
    OPTIONS_COMPLETION,
};

enum options_shell { OPTIONS_BASH, OPTIONS_ZSH, OPTIONS_FISH };

enum options_kind {
    OPTIONS_WORDS_UNICODE,
    OPTIONS_WORDS_SPACE,
    OPTIONS_WORDS_LETTERS,
    OPTIONS_LINES,
    OPTIONS_CHARS,
    OPTIONS_FIELDS,
    OPTIONS_MATCHES,
    OPTIONS_MERGE,
    OPTIONS_RECORDS, /* what a mapper prints, where no other kind is given */
};

enum options_sort {
    OPTIONS_SORT_COUNT,
    OPTIONS_SORT_KEY,
    OPTIONS_SORT_FIRST,
    OPTIONS_SORT_NONE,
};

enum options_normalize {
    OPTIONS_NORMALIZE_NONE,
    OPTIONS_NFC,
    OPTIONS_NFKC,
    OPTIONS_NFKC_CASEFOLD,
};

enum options_format { OPTIONS_TSV, OPTIONS_UNIQ, OPTIONS_CSV, OPTIONS_JSON, OPTIONS_TABLE };

enum options_progress {
    OPTIONS_PROGRESS_AUTO,
    OPTIONS_PROGRESS_ALWAYS,
    OPTIONS_PROGRESS_NEVER,
    OPTIONS_PROGRESS_JSON,
};

/* Texts of an option that may be repeated, in the order given. */
struct options_list {
    const char **texts; /* ours to free */
    size_t count;
};

struct options {
    enum options_action action;
    enum options_shell shell; /* of OPTIONS_COMPLETION */

    enum options_kind kind;
    bool have_kind;           /* it was given */
    const char *fields;       /* the LIST of OPTIONS_FIELDS, */
    struct field_list chosen; /* what it says, */
    bool quoted, csv, header; /* and how fields are found */
    unsigned char *delimiter; /* of that; bytes, or NULL */
    size_t delimiter_size;
    unsigned ngram_min;          /* 0: no n-grams */
    struct options_list regexps; /* of OPTIONS_MATCHES, */
    const char *replace;         /* as this; or NULL */
    struct options_list greps;   /* of lines to look at, */
    struct options_list vgreps;  /* and not to */
    unsigned ngram_max;
    bool zero_terminated;
    bool ignore_case;
    enum options_normalize normalize;
    bool unescape;          /* of OPTIONS_MERGE, */
    bool unbundle;          /* as this */
    const char *stop_words; /* name of a file, or NULL */
    uint64_t min_length;
    uint64_t max_length;   /* UINT64_MAX: no limit */
    bool never_decompress; /* bytes of compressed FILEs are counted as they are */

    const char *mapper;         /* a shell's command, or NULL, as */
    const char *reducer;        /* this */
    bool per_file;              /* of the mapper */
    struct status_set accepted; /* exit statuses of both that are no failure */

    struct computed computed; /* for each key, instead of its count */
    bool skip_invalid;        /* leave out lines without the numbers for that */

    bool have_top;
    uint64_t top;
    uint64_t min_count;
    uint64_t max_count; /* 0: no limit */
    enum options_sort sort;
    bool reverse;
    enum options_format format;
    bool keys;          /* without counts */
    bool diff;          /* of OPTIONS_MERGE: what changed from the first FILE to the second */
    bool percent;       /* further columns: the share of all, */
    bool cumulative;    /* of that and those before it */
    bool bars;          /* and as a bar */
    const char *others; /* a line for the rest is called so; or NULL */
    bool escape;        /* of OPTIONS_TSV, */
    unsigned bundles;   /* as this; 0: a line each */
    const char *output; /* name of a file, or NULL */
    bool total;

    struct mr_engine_options engine; /* its array of directories is ours to free */
    enum options_progress progress;
    bool quiet;
    bool stats;

    const char *files0_from;      /* name of a file, or NULL */
    const char *encoding;         /* name of a charset, "auto", "none", or NULL as "auto" */
    bool recursive;               /* FILEs may be directories, */
    struct globs globs;           /* of which these files are read, or are not, */
    struct globs directory_globs; /* and these directories; the arrays are ours to free */
    char **files;                 /* the FILEs of the command line: a part of argv */
    size_t file_count;
};

/* Whether it matters where keys are met first: a total of all of them has no order. */
bool options_first(const struct options *options);

/* What holds without any option. */
void options_open(struct options *options);
void options_close(struct options *options);

#endif
