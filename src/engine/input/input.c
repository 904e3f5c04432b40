/* SPDX-License-Identifier: MIT
 *
 * input - see input.h.
 */
#include "engine/input/input.h"

#include "engine/core/struct_size.h"

#include <errno.h>
#include <stdlib.h>

struct mr_input *input_failed(enum mr_status reason)
{
    static struct mr_input no_memory = {.status = MR_NOMEM}, invalid = {.status = MR_INVALID};
    return reason == MR_NOMEM ? &no_memory : &invalid;
}

struct mr_input *mr_input_new(const struct mr_reader *reader)
{
    struct mr_reader copy;
    if (!reader || struct_size_copy(&copy, sizeof copy, reader))
        return input_failed(MR_INVALID);
    struct mr_input *input = copy.next ? calloc(1, sizeof *input) : NULL;
    if (!input) {
        if (copy.close)
            copy.close(copy.context);
        return input_failed(copy.next ? MR_NOMEM : MR_INVALID);
    }
    input->reader = copy;
    atomic_init(&input->users, 1);
    return input;
}

const struct mr_reader *mr_input_reader(const struct mr_input *input)
{
    return input && input->status == MR_OK ? &input->reader : NULL;
}

enum mr_status input_check(const struct mr_input *input, struct mr_error *error)
{
    switch (input->status) {
    case MR_OK:
        return MR_OK;
    case MR_NOMEM:
        return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory for an input");
    default:
        return mr_error_set(error, MR_INVALID, EINVAL,
                            "an input was made without a next, or its struct_size is not set");
    }
}

struct mr_input *mr_input_retain(struct mr_input *input)
{
    if (input && input->status == MR_OK)
        atomic_fetch_add_explicit(&input->users, 1, memory_order_relaxed);
    return input;
}

void mr_input_release(struct mr_input *input)
{
    if (!input || input->status != MR_OK || atomic_fetch_sub(&input->users, 1) > 1)
        return;
    if (input->reader.close)
        input->reader.close(input->reader.context);
    if (input->engine.leave)
        input->engine.leave(input->engine.owner);
    free(input);
}

bool mr_input_small(struct mr_input *input)
{
    return input && input->begun && input->small && input->small(input);
}

bool input_take(struct mr_input *input)
{
    return !atomic_exchange(&input->taken, true);
}

void input_leave(struct mr_input *input)
{
    atomic_store(&input->taken, false);
}

enum mr_status input_begin(struct mr_input *input, const struct input_engine *engine,
                           struct mr_error *error)
{
    struct mr_error why = {.status = MR_OK};
    if (input->status != MR_OK)
        return input_check(input, error);
    if (input->begun || !input->begin) {
        input->begun = true;
        return MR_OK;
    }
    if (input->begin(input, engine, &why) == 0) {
        input->begun = true;
        input->engine = *engine;
        if (engine->enter)
            engine->enter(engine->owner);
        return MR_OK;
    }
    if (error)
        *error = why;
    return why.status != MR_OK ? why.status : MR_INPUT;
}
