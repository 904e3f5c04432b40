/* SPDX-License-Identifier: MIT
 *
 * mrcount - counts how often each distinct token occurs in text.
 *
 * The table of contents: options, what a token is, the input, the job, the report, the exit status.
 */
#include <stdlib.h>

#include "base/io.h"
#include "cli/help.h"
#include "cli/limits.h"
#include "cli/message.h"
#include "cli/names.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/sandbox.h"
#include "cli/signals.h"
#include "cli/stats.h"
#include "cli/watch.h"
#include "engine/mapreduce.h"
#include "input/input.h"
#include "setup.h"
#include "text/kernels/kernels.h"
#include "text/tokenizer.h"
#include "text/unicode/tables.h"

/* Milliseconds for a temporary file that is being made to lose its name: it takes a few calls. */
#define PATIENCE 50

/* What a run is made of, in the order of its making. */
struct run {
    struct message *message;
    struct options options;
    struct names names;
    struct progress progress;
    struct tokenizer *tokenizer;
    struct report *report;
    struct mr_engine *engine;
    struct input *input;
};

/* Makes all that counting needs. */
static int prepare(struct run *run, struct mr_error *error)
{
    const struct options *options = &run->options;
    const struct mr_engine_options engine = { options->threads, options->buffer_size,
                                              options->tmpdirs, options->tmpdir_count };
    const char *kernel = getenv("MRCOUNT_KERNEL"); /* for tests */

    if (kernels_select(kernel) != 0)
        return (int)mr_error_set(error, MR_INVALID, 0, "MRCOUNT_KERNEL: no kernel '%s' here",
                                 kernel);
    if (setup_tokenizer(options, &run->names, &run->tokenizer, error) != 0 ||
        report_open(options, run->message, &run->report, error) != 0 ||
        mr_engine_open(&engine, &run->engine, error) != MR_OK)
        return -1;
    limits_note_memory(run->message, options, run->engine);
    const struct input_options input = {
        .names = run->names.list,
        .count = run->names.count,
        .threads = mr_engine_threads(run->engine),
        .memory = mr_engine_memory(run->engine),
        .text = run->tokenizer,
        .border = tokenizer_border,
        .border_last = tokenizer_border_last,
        .fault = message_fault,
        .fault_context = run->message,
    };
    return input_open(&input, &run->input, error);
}

/* Counts and prints: the job itself. */
static int count(struct run *run, struct mr_stats *stats, struct mr_error *error)
{
    struct mr_job_spec spec = {
        .context = run->tokenizer,
        .mapper_open = tokenizer_mapper_open,
        .mapper_close = tokenizer_mapper_close,
        .map = tokenizer_map,
        .small = input_small(run->input),
    };
    const unsigned threads = mr_engine_threads(run->engine);
    struct mr_job *job;

    input_job(run->input, &spec.input);
    tokenizer_follow_input(run->tokenizer, &spec.input);
    report_describe(run->report, &spec.output);
    progress_open(&run->progress, &run->options, run->message);
    /* A small input is counted in less than a millisecond, of which it would take a tenth. */
    if (!spec.small)
        sandbox_enter(run->options.output != NULL);
    if (spec.small) {
        report_look(run->report, watch_answer, &run->progress);
        mr_run(run->engine, &spec, stats, error);
    } else if (mr_submit(run->engine, &spec, &job, error) == MR_OK) {
        limits_note_threads(run->message, &run->options, run->engine, threads);
        watch_job(job, &run->progress, stats, error);
        mr_release(job);
        report_look(run->report, watch_answer, &run->progress);
    } else if (error->status == MR_THREAD) {
        message_note(run->message, "%s", error->text);
        report_look(run->report, watch_answer, &run->progress);
        mr_run(run->engine, &spec, stats, error);
    }
    return error->status == MR_OK ? report_finish(run->report, error) : -1;
}

/* From a command line that is understood to the last message. */
static void run_all(struct run *run)
{
    struct mr_error error = { .status = MR_OK };
    struct mr_stats stats = { 0 };
    struct tokenizer_stats text = { 0 };
    struct tokenizer_fault fault;

    if (names_open(&run->names, &run->options, run->message) != 0)
        return;
    if (prepare(run, &error) == 0 && count(run, &stats, &error) == 0) {
        tokenizer_statistics(run->tokenizer, &text);
        if (run->options.stats)
            stats_print(run->message, &stats, &text.tokens, text.invalid_bytes, kernels_name());
    } else if (error.status == MR_MAP && tokenizer_first_fault(run->tokenizer, &fault)) {
        message_fatal(run->message, input_name(run->input, fault.number), "line %ju: %s",
                      (uintmax_t)fault.line, fault.reason);
    } else {
        watch_failed(&error, run->message);
    }
}

/* What is to be done before a signal ends the process, in its handler. */
static void tidy(void *context)
{
    const struct run *run = context;

    if (run->message != NULL)
        message_abandon(run->message);
    if (run->report != NULL)
        report_abandon(run->report);
    io_end_names(PATIENCE);
}

static int run_command(int argc, char **argv)
{
    struct run run = { 0 };
    int status = MESSAGE_FATAL;

    if ((run.message = message_open()) == NULL)
        return status;
    if (signals_open(tidy, &run) != 0)
        message_error(run.message, "cannot open /dev/null in the place of what is closed");
    else if (options_parse(argc, argv, run.message, &run.options) == 0) {
        message_set_quiet(run.message, run.options.quiet);
        if (run.options.action == OPTIONS_COUNT)
            run_all(&run);
        else
            help_print(&run.options, UNICODE_VERSION, run.message);
    }
    tidy(&run);
    signals_close();
    input_close(run.input);
    mr_engine_close(run.engine);
    report_close(run.report);
    tokenizer_close(run.tokenizer);
    names_close(&run.names);
    options_free(&run.options);
    status = message_status(run.message);
    message_close(run.message);
    return status;
}

int main(int argc, char **argv)
{
    return limits_run(run_command, argc, argv);
}
