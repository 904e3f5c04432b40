/* SPDX-License-Identifier: MIT
 *
 * setup_command - what --mapper and --reducer add to a run: hands the CMDs, and what is around them
 * in the other rooms, to command. Without these options every function does nothing.
 */
#ifndef SETUP_COMMAND_H
#define SETUP_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/message.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/stats.h"
#include "command/commands.h"
#include "command/mapper.h"
#include "command/reducer.h"
#include "engine/mapreduce.h"
#include "setup_source.h"
#include "text/tokenizer.h"

/* All zero before setup_command_open, and in a run without CMDs. It must stay where it is. */
struct setup_command {
    const struct options *options;
    struct commands *commands;
    struct per_file per_file; /* the FILEs, of --per-file */
    uint64_t memory;          /* bytes for what reducers have not taken or printed too early */
    struct mapper *mapper;
    struct reducer *reducer;
    struct stats_programs programs; /* what CMDs took, when all are closed, and */
    uint64_t spilled;               /* what reducers wrote to temporary files */
    unsigned char end;              /* of lines */
};

/* Forks the process that starts the CMDs: before there is a thread, and before any input is opened.
 * Returns 0, or -1, which has been reported. */
int setup_command_open(struct setup_command *command, const struct options *options,
                       struct message *message);

/* Whether there are CMDs. */
bool setup_command_is(const struct setup_command *command);

/* What of the memory for counting is for reducers instead; noted, for they will have it. */
uint64_t setup_command_memory(struct setup_command *command, uint64_t memory);

/* The input that mappers are given: the FILEs, cut behind the ends of lines, or as a whole each. As
 * mr_input_new. */
struct mr_input *setup_command_input(struct setup_command *command,
                                     const struct setup_source *source,
                                     const struct mr_engine *engine);

/* What a job is made of beside the CMDs. */
struct setup_command_job {
    struct tokenizer *tokenizer; /* of what mappers print */
    struct report *report;
    struct mr_engine *engine;
    struct mr_input *input; /* prepared; one user more is the job's */
    struct setup_values *values;
};
/* Fills in the map, the input, the order and the output of a job. Returns 0, or -1 with *error
 * filled: then it has none of these. */
int setup_command_describe(struct setup_command *command, const struct setup_command_job *job,
                           struct mr_job_spec *spec, struct mr_error *error);

/* The socket to the process that starts CMDs, or -1: see sandbox_enter. */
int setup_command_socket(const struct setup_command *command);
/* Has the progress tell how far the reducers are. */
void setup_command_show(struct setup_command *command, struct progress *progress);

/* Ends all CMDs. For a signal's handler. */
void setup_command_abandon(const struct setup_command *command);
/* Ends all CMDs, and frees; when the job has ended. Cheap to repeat. */
void setup_command_close(struct setup_command *command);

#endif
