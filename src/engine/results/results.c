/* SPDX-License-Identifier: MIT
 *
 * results - see results.h.
 */
#include "engine/results/results.h"

#include "engine/core/struct_size.h"

#include <errno.h>
#include <stdlib.h>

/* Either a collect, or an encode and a write. */
static bool is_whole(const struct mr_writer *writer)
{
    return writer->collect ? !writer->encode && !writer->write : writer->encode && writer->write;
}

struct mr_output *results_failed(enum mr_status reason)
{
    static struct mr_output no_memory = {.status = MR_NOMEM}, invalid = {.status = MR_INVALID};
    return reason == MR_NOMEM ? &no_memory : &invalid;
}

enum mr_status results_check(const struct mr_output *output, struct mr_error *error)
{
    switch (output->status) {
    case MR_OK:
        return MR_OK;
    case MR_NOMEM:
        return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory for an output");
    default:
        return mr_error_set(error, MR_INVALID, EINVAL,
                            "an output was made without a collect, or an encode and a write, or a "
                            "place for its table, or its struct_size is not set");
    }
}

struct mr_output *mr_output_new(const struct mr_writer *writer)
{
    struct mr_writer copy;
    if (!writer || struct_size_copy(&copy, sizeof copy, writer))
        return results_failed(MR_INVALID);
    const bool whole = is_whole(&copy);
    struct mr_output *output = whole ? calloc(1, sizeof *output) : NULL;
    if (!output) {
        if (copy.close)
            copy.close(copy.context);
        return results_failed(whole ? MR_NOMEM : MR_INVALID);
    }
    output->writer = copy;
    atomic_init(&output->users, 1);
    return output;
}

struct mr_output *mr_output_retain(struct mr_output *output)
{
    if (output && output->status == MR_OK)
        atomic_fetch_add_explicit(&output->users, 1, memory_order_relaxed);
    return output;
}

void mr_output_release(struct mr_output *output)
{
    if (!output || output->status != MR_OK || atomic_fetch_sub(&output->users, 1) > 1)
        return;
    if (output->writer.close)
        output->writer.close(output->writer.context);
    free(output);
}
