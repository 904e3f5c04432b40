/* SPDX-License-Identifier: MIT
 *
 * names - what the library says of itself: its version, and its constants by name.
 */
#include "engine/mapreduce.h"

unsigned mr_version(void)
{
    return MR_VERSION;
}

const char *mr_status_name(enum mr_status status)
{
    static const char *const names[] = {
        [MR_OK] = "MR_OK",
        [MR_PENDING] = "MR_PENDING",
        [MR_RUNNING] = "MR_RUNNING",
        [MR_INVALID] = "MR_INVALID",
        [MR_NOMEM] = "MR_NOMEM",
        [MR_THREAD] = "MR_THREAD",
        [MR_INPUT] = "MR_INPUT",
        [MR_MAP] = "MR_MAP",
        [MR_REDUCE] = "MR_REDUCE",
        [MR_OUTPUT] = "MR_OUTPUT",
        [MR_SPILL] = "MR_SPILL",
        [MR_OVERFLOW] = "MR_OVERFLOW",
        [MR_CANCELLED] = "MR_CANCELLED",
        [MR_FAILED] = "MR_FAILED",
    };
    return (size_t)status < sizeof names / sizeof *names ? names[status] : NULL;
}

const char *mr_phase_name(enum mr_phase phase)
{
    static const char *const names[] = {[MR_PHASE_MAP] = "map", [MR_PHASE_REDUCE] = "reduce"};
    return (size_t)phase < sizeof names / sizeof *names ? names[phase] : NULL;
}
