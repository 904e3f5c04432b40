/* SPDX-License-Identifier: MIT
 *
 * patterns - all REs of a run: those whose matches are tokens, and those that lines must match, or
 * must not, to be looked at. Compiled once and shared; each mapper has a state of its own.
 */
#ifndef TEXT_PATTERNS_H
#define TEXT_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>

#include "text/regex.h"

struct template;

/* REs as an option gave them. */
struct patterns_list {
    const char *option; /* without dashes, for faults */
    const char *const *texts;
    size_t count;
};

struct patterns_options {
    struct patterns_list tokens;   /* alternatives, tried in this order at each place */
    struct patterns_list wanted;   /* lines must match them all */
    struct patterns_list unwanted; /* and none of these */
    const char *replace;           /* what becomes of a match of `tokens`, or NULL */
    const char *replace_option;
    bool case_fold; /* matches ignore case */
};

/* Private to text/. */
struct patterns {
    struct regex **regexes; /* of tokens, wanted and unwanted, one kind behind the other */
    size_t tokens, wanted, unwanted;
    struct template *template; /* NULL: none */
};

/* Returns 0 and sets *patterns, or -1 with *fault filled. What the options point to must live as
 * long. */
int patterns_open(const struct patterns_options *options, struct patterns **patterns,
                  struct regex_fault *fault);
void patterns_close(struct patterns *patterns); /* NULL is allowed */
/* Whether REs can be had in this build. */
bool patterns_built_in(void);
/* Whether lines are chosen by REs. */
bool patterns_choose(const struct patterns *patterns);

#endif
