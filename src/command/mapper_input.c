/* SPDX-License-Identifier: MIT
 *
 * mapper_input - see mapper_input.h.
 */
#include "command/mapper_input.h"

#include "base/thread.h"

static int next(void *context, struct mr_split *split, struct mr_error *error)
{
    struct mapper_input *ours = context;
    int rc = 0;

    atomic_store_explicit(&ours->thread, thread_self(), memory_order_relaxed);
    split->end = true;
    if (!atomic_load(&ours->finished)) {
        split->end = false;
        rc = ours->reader.next(ours->reader.context, split, error);
    }
    /* An input without splits makes no mapper, and so no CMD would run. */
    if (rc == 0 && split->end && !ours->given && !ours->whole)
        *split = (struct mr_split){.handle = ours};
    ours->given = true;
    return rc;
}

static int load(void *context, struct mr_split *split, struct mr_buffer *scratch,
                struct mr_error *error)
{
    const struct mapper_input *ours = context;

    return split->handle == ours ? 0
                                 : ours->reader.load(ours->reader.context, split, scratch, error);
}

static void release(void *context, struct mr_split *split)
{
    const struct mapper_input *ours = context;

    if (split->handle != ours && ours->reader.release != NULL)
        ours->reader.release(ours->reader.context, split);
}

/* Ends the input: whoever waits in it or for a CMD returns. */
static void interrupt(void *context)
{
    const struct mapper_input *ours = context;

    commands_stop(ours->commands);
    if (ours->reader.interrupt != NULL)
        ours->reader.interrupt(ours->reader.context);
}

static void end(void *context)
{
    struct mapper_input *ours = context;

    mr_input_release(ours->input);
    ours->input = NULL;
}

struct mr_input *mapper_input_follow(struct mapper_input *ours, struct mr_input *input)
{
    const struct mr_reader *own = mr_input_reader(input);

    if (own == NULL)
        return input;
    ours->input = input;
    ours->reader = *own;
    ours->given = false;
    atomic_init(&ours->thread, NULL);
    atomic_init(&ours->deaf, 0);
    atomic_init(&ours->finished, false);
    const struct mr_reader reader = {
        .struct_size = sizeof reader,
        .context = ours,
        .size = own->size,
        .next = next,
        .load = own->load != NULL ? load : NULL,
        .release = release,
        .interrupt = interrupt,
        .close = end,
    };
    return mr_input_new(&reader);
}

void mapper_input_note_deaf(struct mapper_input *ours)
{
    const unsigned deaf = atomic_fetch_add(&ours->deaf, 1) + 1;
    /* Where no thread can be started one does all that there is to do. */
    const bool alone = atomic_load_explicit(&ours->thread, memory_order_relaxed) == thread_self();

    if (ours->whole || (deaf < mr_engine_threads(ours->engine) && !alone))
        return;
    atomic_store(&ours->finished, true);
    /* The reader may wait for bytes that nobody will look at. */
    if (ours->reader.interrupt != NULL)
        ours->reader.interrupt(ours->reader.context);
}
