/* SPDX-License-Identifier: MIT
 *
 * given - whether what a caller gives makes a job.
 */
#ifndef ENGINE_GIVEN_H
#define ENGINE_GIVEN_H

#include "engine/mapreduce.h"

/* Whether a job, which has an input and where its results go, can be done as it is described. */
enum mr_status given_check(const struct mr_job_spec *spec, struct mr_error *error);

#endif
