/* SPDX-License-Identifier: MIT
 *
 * limits - what limits of the process (ulimit) ask of the program, and what is said of it.
 */
#ifndef CLI_LIMITS_H
#define CLI_LIMITS_H

#include "cli/message.h"
#include "cli/options.h"
#include "engine/mapreduce.h"

/* Runs the program, run(argc, argv), and returns its exit status: on another stack where this one
 * may not grow enough, and with few addresses for the allocator where these are limited. To be
 * called first of all. Where that stack cannot be had, it says so. */
int limits_run(int (*run)(int argc, char **argv), int argc, char **argv);

/* Says where an engine that was just opened has other memory than --buffer-size says. */
void limits_note_memory(struct message *message, const struct options *options,
                        const struct mr_engine *engine);
/* Says where it has fewer threads than --threads says or, without that, than the `opened` ones
 * that it was to have. */
void limits_note_threads(struct message *message, const struct options *options,
                         const struct mr_engine *engine, unsigned opened);

#endif
