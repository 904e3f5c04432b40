/* SPDX-License-Identifier: MIT
 *
 * writer - puts a job's results out: on the job's own thread, when that has read the input, or on
 * the one that does all of the job. Never on a worker, so that a caller who takes his time keeps
 * no other job from running.
 */
#ifndef ENGINE_WRITER_H
#define ENGINE_WRITER_H

#include "engine/schedule/job.h"

/* Puts out what workers make, until all has been put out or the job fails; then does what is left
 * of the job, where no worker is at it. */
void writer_run(struct job *job);

/* For who does all of a job: puts out what is ready. */
void writer_put_ready(struct job *job);
/* For the same, when nothing more will be made: ends the output, unless the job has failed. */
void writer_end(struct job *job);

#endif
