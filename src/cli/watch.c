/* SPDX-License-Identifier: MIT
 *
 * watch - the main thread's part while a job runs; see watch.h.
 */
#include "cli/watch.h"

#include <errno.h>
#include <signal.h>

#include "cli/sandbox.h"
#include "cli/signals.h"

/* ms between looks: a progress line that is asked for comes at once, as it seems, and twenty
 * wake-ups a second cost nothing. */
#define WATCH_INTERVAL 50

void watch_job(struct mr_job *job, struct progress *progress, struct mr_stats *stats,
               struct mr_error *error)
{
    while (mr_wait(job, WATCH_INTERVAL, stats, error) <= MR_RUNNING)
        progress_tick(progress, job, signals_progress_wanted());
    progress_end(progress, stats);
}

void watch_answer(void *progress)
{
    /* All has been counted when results are written. */
    static const struct mr_progress figures = { .tag = "reduce", .done = 0, .not_done = 1 };

    if (signals_progress_wanted())
        progress_print(progress, &figures);
}

void watch_failed(const struct mr_error *error, struct message *message)
{
    message_live_end(message);
    if (error->status == MR_OUTPUT && error->errnum == EPIPE)
        signals_die(SIGPIPE);
    message_error(message, "%s%s", error->text, sandbox_blamed(error->errnum));
}
