/* SPDX-License-Identifier: MIT
 *
 * tasks - what a worker does in each phase of a job.
 */
#ifndef ENGINE_TASKS_H
#define ENGINE_TASKS_H

#include "engine/schedule/job.h"

/* Does a task as worker `number`. */
void tasks_do(struct job_task *task, unsigned number);

#endif
