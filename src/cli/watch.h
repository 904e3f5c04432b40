/* SPDX-License-Identifier: MIT
 *
 * watch - the main thread's part while a job runs: it starts it, and shows the progress.
 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "cli/message.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "engine/mapreduce.h"

/* All must outlive it, as it must the report. */
struct watch {
    const struct options *options;
    struct message *message;
    struct report *report;
    struct progress progress;
};

void watch_open(struct watch *watch, const struct options *options, struct message *message,
                struct report *report);

/* Runs a job to its end and fills *stats and *error: on the engine's threads, or on this one where
 * the input is small or no other thread can be had. */
void watch_job(struct watch *watch, struct mr_engine *engine, const struct mr_job_spec *spec,
               struct mr_stats *stats, struct mr_error *error);

/* Reports why a run failed. Where nobody reads standard output any more it dies of SIGPIPE,
 * silently, as a write by this thread would have made it. */
void watch_failed(const struct mr_error *error, struct message *message);

#endif
