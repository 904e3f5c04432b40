/* SPDX-License-Identifier: MIT
 *
 * watch - the main thread's part while a job runs; see watch.h.
 */
#include "cli/watch.h"

#include <errno.h>
#include <signal.h>

#include "cli/limits.h"
#include "cli/sandbox.h"
#include "cli/signals.h"

/* ms between looks: a progress line that a signal wants comes at once, as it seems, and twenty
 * wake-ups a second cost nothing. */
#define WATCH_INTERVAL 50

/* Prints a progress line where a signal wants one while this thread writes results. */
static void watch_answer(void *progress)
{
    /* All has been counted when results are written. */
    static const struct mr_progress figures = {
        .struct_size = sizeof figures, .phase = MR_PHASE_REDUCE, .not_done = 1};

    if (signals_progress_wanted())
        progress_print(progress, &figures);
}

void watch_open(struct watch *watch, const struct options *options, struct message *message,
                struct report *report)
{
    *watch = (struct watch){.options = options, .message = message, .report = report};
    progress_open(&watch->progress, options, message);
}

/* Shows how a job stands until it has ended. */
static void watch_until_end(struct watch *watch, struct mr_job *job, struct mr_stats *stats,
                            struct mr_error *error)
{
    enum mr_status status;

    while ((status = mr_job_wait(job, WATCH_INTERVAL, stats, error)) == MR_PENDING ||
           status == MR_RUNNING)
        progress_tick(&watch->progress, job, signals_progress_wanted());
    progress_end(&watch->progress, stats);
    mr_job_release(job);
    report_look(watch->report, watch_answer, &watch->progress);
}

void watch_job(struct watch *watch, struct mr_engine *engine, const struct mr_job_spec *spec,
               struct mr_stats *stats, struct mr_error *error)
{
    const unsigned threads = mr_engine_threads(engine);
    struct mr_job *job;

    error->status = MR_OK;
    if (!spec->small) {
        /* For who runs it here, where no thread can be had. */
        mr_input_retain(spec->input);
        mr_output_retain(spec->output);
        if (mr_submit(engine, spec, &job, error) == MR_OK) {
            limits_note_threads(watch->message, watch->options, engine, threads);
            watch_until_end(watch, job, stats, error);
        }
        if (error->status != MR_THREAD) {
            mr_input_release(spec->input);
            mr_output_release(spec->output);
            return;
        }
        message_note(watch->message, "%s", error->text);
    }
    report_look(watch->report, watch_answer, &watch->progress);
    mr_run(engine, spec, stats, error);
}

void watch_failed(const struct mr_error *error, struct message *message)
{
    message_live_end(message);
    if (error->status == MR_OUTPUT && error->errnum == EPIPE)
        signals_die(SIGPIPE);
    message_error(message, "%s%s", error->text, sandbox_blamed(error->errnum));
}
