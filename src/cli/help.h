/* SPDX-License-Identifier: MIT
 *
 * help - what --help, --version and --completion print, made from the table of options.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/message.h"
#include "cli/options.h"

/* Prints what the action of the options asks for, to standard output; failure is reported. */
void help_print(const struct options *options, const char *unicode_version,
                struct message *message);

/* Each returns a text that the caller frees, or NULL when memory is out. */
char *help_text(void);
char *help_version(const char *unicode_version);

#endif
