/* SPDX-License-Identifier: MIT
 *
 * watch - the main thread's part while a job runs: it shows the progress and looks for signals.
 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "cli/message.h"
#include "cli/options.h"
#include "cli/report.h"
#include "engine/mapreduce.h"

/* Waits for the job's end and fills *stats and *error. A signal that asks for an end is obeyed: the
 * live line goes, the report is taken back, and the process dies of that signal. */
void watch_job(struct mr_job *job, const struct options *options, struct message *message,
               struct report *report, struct mr_stats *stats, struct mr_error *error);

/* Obeys a signal that has come since. */
void watch_signals(struct message *message, struct report *report);

/* Reports why a run failed, after taking back its report. Where nobody reads standard output any
 * more it dies of SIGPIPE, silently, as a write by this thread would have made it. */
void watch_failed(const struct mr_error *error, struct message *message, struct report *report);

#endif
