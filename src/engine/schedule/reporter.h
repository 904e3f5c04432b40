/* SPDX-License-Identifier: MIT
 *
 * reporter - calls the caller's progress while a job runs.
 */
#ifndef ENGINE_REPORTER_H
#define ENGINE_REPORTER_H

#include "engine/schedule/job.h"

/* Calls progress until the job has ended, then closes it. Runs on a thread that does no work. */
void reporter_run(void *job);

#endif
