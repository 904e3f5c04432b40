/* SPDX-License-Identifier: MIT
 *
 * option - one option of the command line: the row that says all there is to know of it, and what
 * the functions that take its argument share.
 *
 * The rows are in option_table. Parsing, exclusions, --help and the completions are made from them,
 * and the man page is held against them.
 */
#ifndef CLI_OPTION_H
#define CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/message.h"
#include "cli/options.h"

/* The headings of --help and of the man page. */
enum option_group { OPTION_MAP, OPTION_COMPUTE, OPTION_REDUCE, OPTION_RUN, OPTION_GROUPS };

/* What a shell may offer as the argument, where that is none of a few words. */
enum option_offer { OPTION_ANYTHING, OPTION_FILES, OPTION_DIRECTORIES };

/* One pass over the command line. */
struct option_pass {
    struct message *message;
    struct options *options; /* what becomes of it */
    bool by_letter;          /* the option that is taken was given in its short form */
    bool failed;             /* and that has been reported */
};

struct option_row {
    const char *name; /* the long form without its dashes */
    char letter;      /* the short form; 0: none */
    enum option_group group;
    const char *argument; /* its name in --help; NULL: the option takes none */
    bool optional;        /* it may be left out; then it is one only behind '=' */
    const char *choices;  /* the words that it may be, divided by blanks; NULL: any */
    enum option_offer offer;
    bool repeated;    /* it may be given several times, and each counts */
    const char *help; /* what it does: at most 48 columns */
    bool common;      /* most people need it: -h shows it as well */

    /* Puts what was given into pass->options; `given` is NULL where there is no argument. What is
     * wrong with it is reported by the functions below. Called for each time the option is given,
     * in the order of the command line. */
    void (*take)(struct option_pass *pass, const struct option_row *row, const char *given);
    size_t place;   /* for `take`: the offset of the member of struct options that it fills */
    uint64_t least; /* for `take`: the bounds of a number */
    uint64_t most;
    unsigned value; /* for `take`: what this option means, where one function takes several */

    /* Names of other options, divided by blanks. Of what it excludes none may be given with it, of
     * what it requires one must be. */
    const char *excludes;
    const char *requires;
    bool standing; /* it is in force unless something that is given excludes or displaces it */
    /* The name of a standing option that must be given to be in force beside this one; or NULL. */
    const char *displaces;
    /* Says what is wrong with the options as a whole, and does what depends on all of them, when
     * they have been taken; NULL: nothing more than the above can be. Called where this option is
     * given. */
    void (*check)(struct option_pass *pass, const struct option_row *row);
};

/* Whether the name is one of those in a list that is divided by blanks, or NULL. */
bool option_listed(const char *list, const char *name);

/* Which of the row's choices is meant, counted from 0: as elsewhere a beginning that only one of
 * them has is enough. Returns -1 where none is, which has been reported. */
int option_choice(struct option_pass *pass, const struct option_row *row, const char *given);

/* The number that is given, within the row's bounds; the least where it is none, which has been
 * reported. */
uint64_t option_number(struct option_pass *pass, const struct option_row *row, const char *given);

/* Reports a wrong use of the command line: "mrcount: TEXT" and where help is. */
void option_wrong(struct option_pass *pass, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Reports that memory is out. */
void option_no_memory(struct option_pass *pass);

#endif
