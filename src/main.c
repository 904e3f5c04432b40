/* SPDX-License-Identifier: MIT
 *
 * mrcount - counts how often each distinct token occurs in text.
 *
 * The table of contents: options, what a token is, the input, the job, the report, the exit status.
 */
#include "base/io.h"
#include "cli/command_line.h"
#include "cli/limits.h"
#include "cli/message.h"
#include "cli/operands.h"
#include "cli/options.h"
#include "cli/report.h"
#include "cli/sandbox.h"
#include "cli/signals.h"
#include "cli/watch.h"
#include "engine/mapreduce.h"
#include "setup.h"
#include "setup_command.h"
#include "setup_source.h"
#include "setup_values.h"
#include "text/tokenizer.h"

/* Milliseconds for a temporary file that is being made to lose its name: it takes a few calls. */
#define PATIENCE 50

/* What a run is made of, in the order of its making. */
struct run {
    struct message *message;
    struct options options;
    struct setup_command command;
    struct operands operands;
    struct setup_source source;
    struct watch watch;
    struct setup_values values;
    struct tokenizer *tokenizer;
    struct report *report;
    struct mr_engine *engine;
    struct mr_input *input;
};

/* Makes all that counting needs. */
static int prepare(struct run *run, struct mr_error *error)
{
    const struct options *options = &run->options;

    if (setup_source_open(&run->source, options, &run->operands, run->message, error) != 0 ||
        setup_engine(options, &run->engine, error) != 0)
        return -1;
    limits_note_memory(run->message, options, run->engine);
    if (setup_tokenizer(options, &run->values, run->engine, run->message, &run->tokenizer, error) ||
        setup_leave_memory(options, run->tokenizer, &run->command, &run->engine, error) != 0 ||
        report_open(options, &run->values.encode, run->message, &run->report, error) != 0)
        return -1;
    const struct setup_input from = {&run->source, run->tokenizer, &run->command, run->engine,
                                     run->message};
    return setup_input(&from, &run->input, error);
}

/* Counts and prints: the job itself. */
static int count(struct run *run, struct mr_stats *stats, struct mr_error *error)
{
    const struct setup_command_job job = {run->tokenizer, run->report, run->engine, run->input,
                                          &run->values};
    struct mr_job_spec spec = {.struct_size = sizeof spec};

    if (setup_job(&run->command, &job, &spec, error) != 0)
        return -1;
    /* A small input is counted in less than a millisecond, of which it would take a tenth. */
    if (!spec.small) {
        setup_source_load(&run->source);
        sandbox_enter(run->options.output != NULL, setup_command_socket(&run->command));
    }
    watch_open(&run->watch, &run->options, run->message, run->report);
    setup_command_show(&run->command, &run->watch.progress);
    watch_job(&run->watch, run->engine, &spec, stats, error);
    return error->status == MR_OK ? report_finish(run->report, error) : -1;
}

/* From a command line that is understood to the last message. */
static void run_all(struct run *run)
{
    struct mr_error error = {.status = MR_OK};
    struct mr_stats stats = {.struct_size = sizeof stats};

    if (setup_source_charset(&run->source, &run->options, run->message) != 0 ||
        setup_command_open(&run->command, &run->options, run->message) != 0 ||
        operands_open(&run->operands, &run->options, run->message) != 0)
        return;
    const bool done = prepare(run, &error) == 0 && count(run, &stats, &error) == 0;
    setup_command_close(&run->command);
    if (done) {
        setup_note_left_out(&run->options, &run->values, run->tokenizer, run->message);
        setup_source_note_invalid(&run->source, &run->options, run->tokenizer, run->input);
        setup_print_stats(&run->options, run->tokenizer, &run->command, &stats, run->message);
    } else if (error.status != MR_OK &&
               (error.status != MR_MAP ||
                !setup_report_line(run->tokenizer, run->input, run->message)))
        watch_failed(&error, run->message);
}

/* What is to be done before a signal ends the process, in its handler. */
static void tidy(void *context)
{
    const struct run *run = context;

    if (run->message != NULL)
        message_abandon(run->message);
    if (run->report != NULL)
        report_abandon(run->report);
    setup_command_abandon(&run->command);
    io_end_names(PATIENCE);
}

static int run_command(int argc, char **argv)
{
    struct run run = {0};
    int status = MESSAGE_FATAL;

    if ((run.message = message_open()) == NULL)
        return status;
    if (signals_open(tidy, &run) != 0)
        message_error(run.message, "cannot open /dev/null in the place of what is closed");
    else if (command_line_read(argc, argv, run.message, &run.options) == 0) {
        message_set_quiet(run.message, run.options.quiet);
        if (run.options.action == OPTIONS_COUNT)
            run_all(&run);
        else
            setup_print_help(&run.options, run.message);
    }
    setup_command_close(&run.command);
    tidy(&run);
    signals_close();
    mr_input_release(run.input);
    mr_engine_close(run.engine);
    report_close(run.report);
    tokenizer_close(run.tokenizer);
    setup_values_close(&run.values);
    setup_source_close(&run.source);
    operands_close(&run.operands);
    options_close(&run.options);
    status = message_status(run.message);
    message_close(run.message);
    return status;
}

int main(int argc, char **argv)
{
    return limits_run(run_command, argc, argv);
}
