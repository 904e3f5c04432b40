/* SPDX-License-Identifier: MIT
 *
 * reader - reads a job's input: on a thread of its own, or on the one that does all of the job.
 */
#ifndef ENGINE_READER_H
#define ENGINE_READER_H

#include "engine/schedule/job.h"

/* Reads the caller's input to its end, into the queue, and then is the job's writer. A job's own
 * thread runs this. */
void reader_read(void *job);
/* Reads it and does all of the job on the calling thread, but for the progress at the ends. */
void reader_do_all(struct job *job);

#endif
