/* SPDX-License-Identifier: MIT
 *
 * setup_command - what --mapper and --reducer add to a run; see setup_command.h.
 */
#include "setup_command.h"

#include "base/line_cut.h"

/* Of the memory for counting, what reducers get: they are fed from results, which the engine sorts
 * in the rest. Records are laid down for some ranges ahead, and what does not fit goes to disk, at
 * little cost; sorting them pays more for memory. */
#define SHARE 8
#define LEAST_MEMORY ((uint64_t)1 << 20)

int setup_command_open(struct setup_command *command, const struct options *options,
                       struct message *message)
{
    struct mr_error error;
    const struct commands_options made = {
        .mapper = options->mapper,
        .reducer = options->reducer,
        .accepted = options->accepted,
        .end = options->zero_terminated ? '\0' : '\n',
        .pass = message_pass,
        .pass_context = message,
    };

    if (options->mapper == NULL && options->reducer == NULL)
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

uint64_t setup_command_memory(struct setup_command *command, uint64_t memory)
{
    if (command->commands == NULL || command->options->reducer == NULL)
        return 0;
    command->memory = memory / SHARE > LEAST_MEMORY ? memory / SHARE : LEAST_MEMORY;
    return command->memory;
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

struct mr_input *setup_command_input(struct setup_command *command,
                                     const struct setup_source *source,
                                     const struct mr_engine *engine)
{
    const struct mr_cuts cuts = line_cuts(command);
    struct mr_files files = {.struct_size = sizeof files, .cuts = &cuts, .ordered = true};

    setup_source_files(source, engine, &files);
    if (!command->options->per_file)
        return mr_input_files_with(&files);
    command->per_file = (struct per_file){
        .names = files.names,
        .count = files.count,
        .next_name = files.next_name,
        .name_of = files.name_of,
        .names_context = files.names_context,
        .fault = files.fault,
        .fault_context = files.fault_context,
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

static uint64_t records_bytes(void *mapper)
{
    return mapper_bytes(mapper);
}

static int open_reducer(struct setup_command *command, const struct setup_command_job *job,
                        struct mr_error *error)
{
    const struct reducer_options made = {
        .commands = command->commands,
        .threads = mr_engine_threads(job->engine),
        .memory = command->memory,
        .tmpdirs = command->options->engine.tmpdirs,
        .tmpdir_count = command->options->engine.tmpdir_count,
        .total = records_bytes,
        .total_context = command->mapper,
        .put = report_put,
        .put_context = job->report,
    };

    return reducer_open(&made, &command->reducer, error);
}

int setup_command_describe(struct setup_command *command, const struct setup_command_job *job,
                           struct mr_job_spec *spec, struct mr_error *error)
{
    const bool reduces = command->options->reducer != NULL;

    if (open_mapper(command, job, error) != 0 ||
        (reduces && open_reducer(command, job, error) != 0))
        return -1;
    mapper_describe(command->mapper, spec);
    spec->input = mapper_follow_input(command->mapper, mr_input_retain(job->input));
    if (reduces) {
        spec->order = MR_ORDER_KEY;
        spec->output = reducer_output(command->reducer);
    } else {
        report_describe(job->report, spec);
    }
    return 0;
}

int setup_command_socket(const struct setup_command *command)
{
    return command->commands != NULL ? spawner_socket(command->commands->spawner) : -1;
}

static struct progress_reduced records_reduced(void *reducer)
{
    return (struct progress_reduced){reducer_done(reducer), reducer_spilled(reducer)};
}

void setup_command_show(struct setup_command *command, struct progress *progress)
{
    if (command->reducer == NULL)
        return;
    progress->reduced = records_reduced;
    progress->reduced_context = command->reducer;
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

    if (command->reducer != NULL)
        command->spilled = reducer_spilled(command->reducer);
    reducer_close(command->reducer);
    mapper_free(command->mapper);
    command->reducer = NULL;
    command->mapper = NULL;
    if (commands == NULL)
        return;
    command->commands = NULL; /* already: what a signal's handler finds must not be going */
    commands_close(commands, &usage);
    command->programs = (struct stats_programs){usage.processes, usage.seconds};
}
