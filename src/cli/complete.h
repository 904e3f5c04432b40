/* SPDX-License-Identifier: MIT
 *
 * complete - completions for shells, made from the table of options.
 */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "cli/options.h"

/* Returns a script that the caller frees, or NULL when memory is out. */
char *complete_text(enum options_shell shell);

#endif
