/* SPDX-License-Identifier: MIT
 *
 * setup_command - what --mapper adds to a run; see setup_command.h.
 */
#include "setup_command.h"

#include "base/line_cut.h"

int setup_command_open(struct setup_command *command, const struct options *options,
                       struct message *message)
{
    struct mr_error error;
    const struct commands_options made = {
        .mapper = options->mapper,
        .accepted = options->accepted,
        .end = options->zero_terminated ? '\0' : '\n',
        .pass = message_pass,
        .pass_context = message,
    };

    if (options->mapper == NULL)
        return 0;
    command->options = options;
    command->end = made.end;
    if (commands_open(&made, &command->commands, &error) == 0)
        return 0;
    message_error(message, "%s", error.text);
    return -1;
}

bool setup_command_is(const struct setup_command *command)
{
    return command->commands != NULL;
}

/* Where lines end, whatever is counted in them. */
static struct mr_cuts line_cuts(const struct setup_command *command)
{
    return (struct mr_cuts){
        .struct_size = sizeof(struct mr_cuts),
        .context = &command->end,
        .first = line_cut_first,
        .last = line_cut_last,
    };
}

struct mr_input *setup_command_input(struct setup_command *command, const struct operands *operands,
                                     struct message *message)
{
    const struct mr_cuts cuts = line_cuts(command);
    const struct mr_files files = {
        .struct_size = sizeof files,
        .names = operands->list,
        .count = operands->count,
        .cuts = &cuts,
        .fault = message_fault,
        .fault_context = message,
    };

    if (!command->options->per_file)
        return mr_input_files_with(&files);
    command->per_file = (struct per_file){
        .names = operands->list,
        .count = operands->count,
        .fault = message_fault,
        .fault_context = message,
    };
    return per_file_input(&command->per_file);
}

static int open_mapper(struct setup_command *command, const struct setup_command_job *job,
                       struct mr_error *error)
{
    const struct mr_cuts lines = line_cuts(command);
    const struct mr_cuts tokens = {
        .struct_size = sizeof tokens,
        .context = job->tokenizer,
        .first = tokenizer_border,
        .last = tokenizer_border_last,
    };
    const struct mapper_options made = {
        .commands = command->commands,
        .engine = job->engine,
        .context = job->tokenizer,
        .mapper_open = tokenizer_mapper_open,
        .map = tokenizer_map,
        .mapper_close = tokenizer_mapper_close,
        .cuts = tokenizer_looks_back(job->tokenizer) ? &lines : &tokens,
        .per_file = command->options->per_file ? &command->per_file : NULL,
    };

    return mapper_new(&made, &command->mapper, error);
}

int setup_command_describe(struct setup_command *command, const struct setup_command_job *job,
                           struct mr_job_spec *spec, struct mr_error *error)
{
    if (open_mapper(command, job, error) != 0)
        return -1;
    mapper_describe(command->mapper, spec);
    spec->input = mapper_follow_input(command->mapper, mr_input_retain(job->input));
    report_describe(job->report, spec);
    return 0;
}

int setup_command_socket(const struct setup_command *command)
{
    return command->commands != NULL ? spawner_socket(command->commands->spawner) : -1;
}

void setup_command_abandon(const struct setup_command *command)
{
    if (command->commands != NULL)
        commands_abandon(command->commands);
}

void setup_command_close(struct setup_command *command)
{
    struct commands *commands = command->commands;
    struct spawner_usage usage = {0};

    mapper_free(command->mapper);
    command->mapper = NULL;
    if (commands == NULL)
        return;
    command->commands = NULL; /* already: what a signal's handler finds must not be going */
    commands_close(commands, &usage);
    command->programs = (struct stats_programs){usage.processes, usage.seconds};
}
