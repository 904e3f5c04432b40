/* SPDX-License-Identifier: MIT
 *
 * setup - hands what the command line says to the rooms, which know nothing of each other: the
 * words of cli become those of text and of the engine. The only place that knows both.
 */
#ifndef SETUP_H
#define SETUP_H

#include "cli/message.h"
#include "cli/operands.h"
#include "cli/options.h"
#include "engine/mapreduce.h"
#include "setup_command.h"
#include "setup_source.h"
#include "setup_values.h"
#include "text/tokenizer.h"

/* Chooses the kernel and opens the engine, for its threads and all the memory for counting. Returns
 * 0, or -1 with *error filled. */
int setup_engine(const struct options *options, struct mr_engine **engine, struct mr_error *error);

/* Prints what the action of the options wants; failure is reported. */
void setup_print_help(const struct options *options, struct message *message);

/* Compiles what a token is and what is computed, and reads the stop words, for which the engine
 * must leave memory. Returns as tokenizer_open, but *error is as it was where the reason has been
 * reported; the tokenizer, and then the values, are to be closed also then. */
int setup_tokenizer(const struct options *options, struct setup_values *values,
                    const struct mr_engine *engine, struct message *message,
                    struct tokenizer **tokenizer, struct mr_error *error);

/* Makes the engine one that leaves the tokenizer and the reducers their memory. Returns 0, or -1
 * with *error filled and *engine NULL. */
int setup_leave_memory(const struct options *options, const struct tokenizer *tokenizer,
                       struct setup_command *command, struct mr_engine **engine,
                       struct mr_error *error);

/* What an input is made of. */
struct setup_input {
    const struct setup_source *source;
    const struct tokenizer *tokenizer;
    struct setup_command *command;
    const struct mr_engine *engine;
    struct message *message;
};
/* Opens the input, cut where no token can span or as CMDs want it, for the threads and the memory
 * of the engine; all must outlive it. What cannot be read is told to `message`. Returns 0, or -1
 * with *error filled. */
int setup_input(const struct setup_input *from, struct mr_input **input, struct mr_error *error);

/* Fills in a job, of tokens that are counted here, or their values computed, or by way of CMDs: all
 * but its progress. Returns 0, or -1 with *error filled. */
int setup_job(struct setup_command *command, const struct setup_command_job *job,
              struct mr_job_spec *spec, struct mr_error *error);

/* Says what was left out: nothing by the stop words, which most often are written otherwise than
 * keys then; lines without the numbers for values. */
void setup_note_left_out(const struct options *options, const struct setup_values *values,
                         const struct tokenizer *tokenizer, struct message *message);

/* Prints the figures of the run where they are wanted. */
void setup_print_stats(const struct options *options, const struct tokenizer *tokenizer,
                       const struct setup_command *command, const struct mr_stats *stats,
                       struct message *message);

/* Reports the line of the input that made the job fail, if that is why it did. Returns whether it
 * was so. */
bool setup_report_line(const struct tokenizer *tokenizer, const struct mr_input *input,
                       struct message *message);

#endif
