/* SPDX-License-Identifier: MIT
 *
 * watch - the main thread's part while a job runs: it shows the progress.
 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "cli/message.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "engine/mapreduce.h"

/* Waits for the job's end, and fills *stats and *error. */
void watch_job(struct mr_job *job, struct progress *progress, struct mr_stats *stats,
               struct mr_error *error);

/* Prints a progress line where one was asked for by a signal, while the main thread itself writes
 * the results. The context is a struct progress: the type is that of report_look's hook. */
void watch_answer(void *progress);

/* Reports why a run failed. Where nobody reads standard output any more it dies of SIGPIPE,
 * silently, as a write by this thread would have made it. */
void watch_failed(const struct mr_error *error, struct message *message);

#endif
