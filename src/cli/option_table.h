/* SPDX-License-Identifier: MIT
 *
 * option_table - the rows of all options, in the order of --help and of the man page.
 */
#ifndef CLI_OPTION_TABLE_H
#define CLI_OPTION_TABLE_H

#include <stddef.h>

#include "cli/option.h"

extern const struct option_row option_table[];
extern const size_t option_table_count;

/* The heading of a group. */
const char *option_table_heading(enum option_group group);

/* The row of a long name or of a letter; NULL for none. */
const struct option_row *option_table_named(const char *name);
const struct option_row *option_table_lettered(int letter);

#endif
