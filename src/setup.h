/* SPDX-License-Identifier: MIT
 *
 * rule - what a token is, by the options: the words of the command line become those of the text
 * room, which know nothing of each other.
 */
#ifndef RULE_H
#define RULE_H

#include "cli/operands.h"
#include "cli/options.h"
#include "engine/mapreduce.h"
#include "text/text.h"

/* Compiles the rule. Returns as text_open. */
int rule_open(const struct options *options, const struct operands *operands, struct text **text,
              struct mr_error *error);

#endif
