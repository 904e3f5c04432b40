/* SPDX-License-Identifier: MIT
 *
 * watch - the main thread's part while a job runs; see watch.h.
 */
#include "cli/watch.h"

#include <errno.h>
#include <signal.h>

#include "cli/progress.h"
#include "cli/signals.h"

/* ms between looks: ^C seems to work at once, and twenty wake-ups a second cost nothing. */
#define WATCH_INTERVAL 50

void watch_signals(struct message *message, struct report *report)
{
    int number = signals_pending();

    if (number == 0)
        return;
    message_live_end(message);
    report_discard(report);
    signals_die(number);
}

void watch_job(struct mr_job *job, const struct options *options, struct message *message,
               struct report *report, struct mr_stats *stats, struct mr_error *error)
{
    struct progress progress;

    progress_open(&progress, options, message);
    while (mr_wait(job, WATCH_INTERVAL, stats, error) <= MR_RUNNING) {
        watch_signals(message, report);
        progress_tick(&progress, job, signals_progress_wanted());
    }
    progress_end(&progress, stats);
}

void watch_failed(const struct mr_error *error, struct message *message, struct report *report)
{
    message_live_end(message);
    if (report != NULL)
        report_discard(report);
    if (error->status == MR_OUTPUT && error->errnum == EPIPE)
        signals_die(SIGPIPE);
    message_error(message, "%s", error->text);
}
