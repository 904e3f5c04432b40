/* SPDX-License-Identifier: MIT
 *
 * results - where a job's results go, as the caller holds it.
 */
#ifndef ENGINE_RESULTS_H
#define ENGINE_RESULTS_H

#include "engine/mapreduce.h"

#include <stdatomic.h>

struct mr_output {
    enum mr_status status; /* as that of struct mr_input */
    struct mr_writer writer;
    _Atomic unsigned users;
    /* The job has ended like that, and nothing can fail any more. Called once, under a lock, so
     * that who waits for the job finds it done. NULL: it does not matter. */
    void (*ended)(struct mr_output *output, enum mr_status status);
};

/* As those of inputs. */
struct mr_output *results_failed(enum mr_status reason);
enum mr_status results_check(const struct mr_output *output, struct mr_error *error);

#endif
