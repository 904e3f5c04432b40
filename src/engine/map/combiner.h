/* SPDX-License-Identifier: MIT
 *
 * combiner - from emitted pairs to partitions: the combining table of one worker
 * and what overflows it.
 */
#ifndef ENGINE_COMBINER_H
#define ENGINE_COMBINER_H

#include "engine/schedule/job.h"

/* Prepares the emitter of a worker. Returns -1 when the job fails. */
int mapper_open(struct worker *worker);
/* Frees what the emitter holds, unread. */
void mapper_close(struct worker *worker);
/* Pairs held in the worker's table. */
uint64_t mapper_held(const struct worker *worker);
/* Sends what the table holds to the partitions, hands these over and frees the table. Returns
 * -1 when the job fails. */
int mapper_drain(struct worker *worker);

/* Makes the job's partitions, 2^bits, where they do not exist yet. Returns
 * -1 when the job fails. */
int mapper_make_partitions(struct job *job, unsigned bits);
/* The bits for a job that outgrows its tables. */
unsigned mapper_most_bits(const struct job *job);

#endif
