/* SPDX-License-Identifier: MIT
 *
 * reporter - calls the caller's progress while a job runs.
 */
#ifndef ENGINE_REPORTER_H
#define ENGINE_REPORTER_H

#include "engine/schedule/job.h"

/* Calls progress until the job has ended, then closes it. Runs on a thread that does no work. */
void reporter_run(void *job);

/* For a caller's thread that does all of a job and so reports itself: when that is due first, and,
 * under the lock of `jobs`, a report where *next has come, which moves on. */
uint64_t reporter_first(const struct job *job);
void reporter_when_due(struct job *job, uint64_t *next);

#endif
