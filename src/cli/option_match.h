/* SPDX-License-Identifier: MIT
 *
 * option_match - which option a name may mean that is none: mistyped, or too short a beginning.
 */
#ifndef CLI_OPTION_MATCH_H
#define CLI_OPTION_MATCH_H

#include <stddef.h>

#include "cli/option.h"

/* The option whose long name is nearest to `name` (without dashes, up to a '='), NULL where none is
 * near enough to be meant. */
const struct option_row *option_match_nearest(const char *name);

/* How many long names begin with `name` (up to a '='); where there are several, their names go into
 * `out`, as "'--sort' '--stats'", as far as there is room. */
size_t option_match_beginnings(const char *name, char *out, size_t room);

#endif
