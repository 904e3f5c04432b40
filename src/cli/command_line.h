/* SPDX-License-Identifier: MIT
 *
 * command_line - reads the command line by the table of options, and checks it as a whole.
 */
#ifndef CLI_COMMAND_LINE_H
#define CLI_COMMAND_LINE_H

#include "cli/message.h"
#include "cli/options.h"

/* Reads the command line; argv gets a new order, options first. Returns 0, or -1 when it is wrong,
 * which has been reported. Strings point into argv. Either way options_close is to be called. */
int command_line_read(int argc, char **argv, struct message *message, struct options *options);

#endif
