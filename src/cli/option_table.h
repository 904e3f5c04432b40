/* SPDX-License-Identifier: MIT
 *
 * optable - the one table of options. The parser, --help, the shell completions and the suggestion
 * for a mistyped name all come from it.
 */
#ifndef CLI_OPTABLE_H
#define CLI_OPTABLE_H

#include <stddef.h>

enum optable_argument { OPTABLE_NONE, OPTABLE_REQUIRED, OPTABLE_OPTIONAL };

/* What a shell may offer as the argument. */
enum optable_offer { OPTABLE_ANYTHING, OPTABLE_CHOICES, OPTABLE_FILES, OPTABLE_DIRECTORIES };

enum optable_group { OPTABLE_MAP, OPTABLE_REDUCE, OPTABLE_RUN, OPTABLE_GROUPS };

/* What getopt_long returns for options without a short form. */
enum optable_value {
    OPTABLE_STOP_WORDS = 256,
    OPTABLE_MIN_LENGTH,
    OPTABLE_MAX_LENGTH,
    OPTABLE_MERGE,
    OPTABLE_UNESCAPE,
    OPTABLE_UNBUNDLE,
    OPTABLE_ESCAPE,
    OPTABLE_BUNDLE,
    OPTABLE_MIN_COUNT,
    OPTABLE_SORT,
    OPTABLE_FORMAT,
    OPTABLE_JSON,
    OPTABLE_TOTAL,
    OPTABLE_FILES0_FROM,
    OPTABLE_PROGRESS,
    OPTABLE_STATS,
    OPTABLE_COMPLETION,
};

struct optable_option {
    const char *name;               /* the long form without its dashes */
    int value;                      /* the letter of the short form, or an enum optable_value */
    enum optable_argument takes;
    const char *argument;           /* its name in --help, NULL where there is none */
    enum optable_offer offer;
    const char *choices;            /* for OPTABLE_CHOICES: words divided by blanks */
    enum optable_group group;
    const char *help;               /* what it does: at most 48 columns */
};

extern const struct optable_option optable_options[];
extern const size_t optable_count;

/* The heading of a group in --help. */
const char *optable_heading(enum optable_group group);

/* The option for a getopt_long value, NULL for none. */
const struct optable_option *optable_find(int value);

/* The option whose long name is nearest to `name` (without dashes, up to a '='), NULL where none is
 * near enough to be meant. */
const struct optable_option *optable_nearest(const char *name);

/* How many long names begin with `name` (up to a '='); where there are several, their names go into
 * `out`, as "'--sort' '--stats'", as far as there is room. */
size_t optable_matches(const char *name, char *out, size_t room);

#endif
