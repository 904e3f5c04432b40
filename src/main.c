/* SPDX-License-Identifier: MIT
 *
 * mrcount - counts how often each distinct token occurs in text.
 *
 * The table of contents: options, what a token is, the input, the job, the report, the exit status.
 */
#include <stdint.h>
#include <stdlib.h>

#include "cli/command_line.h"
#include "cli/help.h"
#include "cli/message.h"
#include "cli/operands.h"
#include "cli/options.h"
#include "cli/report.h"
#include "cli/sandbox.h"
#include "cli/signals.h"
#include "cli/stats.h"
#include "cli/watch.h"
#include "engine/mapreduce.h"
#include "input/input.h"
#include "setup.h"
#include "text/text.h"
#include "text/unicode/tables.h"

/* What a run is made of, in the order of its making. */
struct run {
    struct message *message;
    struct options options;
    struct operands operands;
    struct text *text;
    struct report *report;
    struct mr_engine *engine;
    struct input *input;
};

/* Makes all that counting needs. */
static int prepare(struct run *run, struct mr_error *error)
{
    const struct options *options = &run->options;
    const char *kernel = getenv("MRCOUNT_KERNEL"); /* for tests */

    if (text_select_kernel(kernel) != 0)
        return (int)mr_error_set(error, MR_INVALID, 0, "MRCOUNT_KERNEL: no kernel '%s' here",
                                 kernel);
    if (setup_text(options, &run->operands, &run->text, error) != 0 ||
        report_open(options, run->message, &run->report, error) != 0 ||
        mr_engine_open(&options->engine, &run->engine, error) != MR_OK)
        return -1;
    if (options->engine.memory != 0 && mr_engine_memory(run->engine) > options->engine.memory)
        message_note(run->message, "--buffer-size is too small for %u threads, using %juK",
                     mr_engine_threads(run->engine),
                     (uintmax_t)(mr_engine_memory(run->engine) >> 10));
    return setup_input(&run->operands, run->text, run->engine, run->message, &run->input, error);
}

/* Counts and prints: the job itself. */
static int count(struct run *run, struct mr_stats *stats, struct mr_error *error)
{
    struct mr_job_spec spec = {
        .context = run->text,
        .mapper_open = text_mapper_open,
        .mapper_close = text_mapper_close,
        .map = text_map,
        .small = input_small(run->input),
    };
    struct mr_job *job;

    input_job(run->input, &spec.input);
    report_describe(run->report, &spec.output);
    signals_catch();
    /* A small input is counted in less than a millisecond, of which it would take a tenth. */
    if (!spec.small)
        sandbox_enter(run->options.output != NULL);
    if (spec.small) {
        mr_run(run->engine, &spec, stats, error);
    } else if (mr_submit(run->engine, &spec, &job, error) == MR_OK) {
        watch_job(job, &run->options, run->message, run->report, stats, error);
        mr_release(job);
    }
    return error->status == MR_OK ? report_finish(run->report, error) : -1;
}

/* From a command line that is understood to the last message. */
static void run_all(struct run *run)
{
    struct mr_error error = { .status = MR_OK };
    struct mr_stats stats = { 0 };
    struct text_stats text = { 0 };

    if (operands_open(&run->operands, &run->options, run->message) != 0)
        return;
    if (prepare(run, &error) == 0 && count(run, &stats, &error) == 0) {
        text_statistics(run->text, &text);
        if (run->options.stats)
            stats_print(run->message, &stats, text.tokens, text.invalid_bytes, text_kernel_name());
    } else if (error.status != MR_MAP || !setup_report_line(run->text, run->input, run->message)) {
        watch_failed(&error, run->message, run->report);
    }
    watch_signals(run->message, run->report);
}

int main(int argc, char **argv)
{
    struct run run = { 0 };
    int status = MESSAGE_FATAL;

    if ((run.message = message_open()) == NULL)
        return status;
    if (signals_open() != 0)
        message_error(run.message, "cannot open /dev/null in the place of what is closed");
    else if (command_line_read(argc, argv, run.message, &run.options) == 0) {
        message_set_quiet(run.message, run.options.quiet);
        if (run.options.action == OPTIONS_COUNT)
            run_all(&run);
        else
            help_print(&run.options, UNICODE_VERSION, run.message);
    }
    input_close(run.input);
    mr_engine_close(run.engine);
    report_close(run.report);
    text_close(run.text);
    operands_close(&run.operands);
    options_close(&run.options);
    status = message_status(run.message);
    message_close(run.message);
    return status;
}
