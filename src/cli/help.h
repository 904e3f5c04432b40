/* SPDX-License-Identifier: MIT
 *
 * help - what -h, --help, --version and --completion print, made from the table of options.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/message.h"
#include "cli/options.h"

/* What the program was built with, for --version. */
struct help_built {
    const char *unicode; /* the version of Unicode */
    const char *in;      /* names, each after a blank; empty: nothing */
};

/* Prints what the action of the options wants, to standard output; failure is reported. */
void help_print(const struct options *options, const struct help_built *built,
                struct message *message);

/* Each returns a text that the caller frees, or NULL when memory is out. */
char *help_text(void);   /* of --help: all options by groups */
char *help_screen(void); /* of -h: what is common, in 23 lines of 80 columns at the most */
char *help_version(const struct help_built *built);

#endif
