/* SPDX-License-Identifier: MIT
 *
 * results - where a job's results go, as the caller holds it.
 */
#ifndef ENGINE_RESULTS_H
#define ENGINE_RESULTS_H

#include "engine/mapreduce.h"

#include <stdatomic.h>

struct mr_output {
    struct mr_writer writer;
    _Atomic unsigned users;
};

#endif
