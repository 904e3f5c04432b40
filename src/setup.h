/* SPDX-License-Identifier: MIT
 *
 * setup - what rooms that know nothing of each other take from the command line.
 */
#ifndef SETUP_H
#define SETUP_H

#include "cli/names.h"
#include "cli/options.h"
#include "engine/mapreduce.h"
#include "text/tokenizer.h"

/* Compiles what a token is. Returns as tokenizer_open. */
int setup_tokenizer(const struct options *options, const struct names *names,
                    struct tokenizer **tokenizer, struct mr_error *error);

#endif
