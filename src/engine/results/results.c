/* SPDX-License-Identifier: MIT
 *
 * results - see results.h.
 */
#include "engine/results/results.h"

#include <stdlib.h>

/* Either a collect, or an encode and a write. */
static bool is_whole(const struct mr_writer *writer)
{
    return writer->collect ? !writer->encode && !writer->write : writer->encode && writer->write;
}

struct mr_output *mr_output_new(const struct mr_writer *writer)
{
    if (!writer || writer->struct_size < sizeof *writer || !is_whole(writer))
        return NULL;
    struct mr_output *output = calloc(1, sizeof *output);
    if (!output)
        return NULL;
    output->writer = *writer;
    atomic_init(&output->users, 1);
    return output;
}

struct mr_output *mr_output_retain(struct mr_output *output)
{
    if (output)
        atomic_fetch_add_explicit(&output->users, 1, memory_order_relaxed);
    return output;
}

void mr_output_release(struct mr_output *output)
{
    if (!output || atomic_fetch_sub(&output->users, 1) > 1)
        return;
    if (output->writer.close)
        output->writer.close(output->writer.context);
    free(output);
}
