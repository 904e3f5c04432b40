/* SPDX-License-Identifier: MIT
 *
 * input - see input.h.
 */
#include "engine/input/input.h"

#include <stdlib.h>

struct mr_input *mr_input_new(const struct mr_reader *reader)
{
    if (!reader || reader->struct_size < sizeof *reader || !reader->next)
        return NULL;
    struct mr_input *input = calloc(1, sizeof *input);
    if (!input)
        return NULL;
    input->reader = *reader;
    atomic_init(&input->users, 1);
    return input;
}

const struct mr_reader *mr_input_reader(const struct mr_input *input)
{
    return input ? &input->reader : NULL;
}

struct mr_input *mr_input_retain(struct mr_input *input)
{
    if (input)
        atomic_fetch_add_explicit(&input->users, 1, memory_order_relaxed);
    return input;
}

void mr_input_release(struct mr_input *input)
{
    if (!input || atomic_fetch_sub(&input->users, 1) > 1)
        return;
    if (input->reader.close)
        input->reader.close(input->reader.context);
    free(input);
}

bool mr_input_small(struct mr_input *input)
{
    return input && input->begun && input->small && input->small(input);
}

enum mr_status input_begin(struct mr_input *input, unsigned threads, uint64_t memory,
                           struct mr_error *error)
{
    struct mr_error why = {.status = MR_OK};
    if (input->begun || !input->begin) {
        input->begun = true;
        return MR_OK;
    }
    if (input->begin(input, threads, memory, &why) == 0) {
        input->begun = true;
        return MR_OK;
    }
    if (error)
        *error = why;
    return why.status != MR_OK ? why.status : MR_INPUT;
}
