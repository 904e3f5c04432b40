/* SPDX-License-Identifier: MIT
 *
 * reducer_thread - ranges, one after the other, through a process each; see reducer_ranges.h.
 */
#include "command/reducer_ranges.h"

#include <errno.h>
#include <stdlib.h>

#include "command/process.h"

/* Bytes that a process has printed before they are passed on; what is there already is passed on
 * when nothing moves. */
#define OUTPUT ((size_t)128 << 10)
#define OUTPUT_PART (OUTPUT / 2)

/* Takes the next range. NULL: there are none left, or all are stopped. */
static struct reducer_range *next_range(struct reducer_thread *thread, struct mr_error *error)
{
    struct reducer *reducer = thread->reducer;
    struct reducer_range *range = NULL;
    thread_lock(&reducer->lock);
    for (;;) {
        waker_clear(&thread->waker);
        if (reducer->taken < reducer->count) {
            range = reducer->ranges[reducer->taken++];
            range->thread = thread;
        }
        if (range || reducer->all)
            break;
        if (!thread->idle)
            reducer->idle++;
        thread->idle = true;
        const bool waits = reducer->waits;
        thread_unlock(&reducer->lock);
        if (waits)
            waker_wake(&reducer->waker);
        const int result = waker_wait(&thread->waker, reducer->commands, error);
        thread_lock(&reducer->lock);
        if (result != 0)
            break;
    }
    if (thread->idle)
        reducer->idle--;
    thread->idle = false;
    thread_unlock(&reducer->lock);
    return range;
}

/* A range on its way through a process. */
struct passage {
    struct reducer_thread *thread;
    struct reducer_range *range;
    struct process *process;
    struct feed_out feed;
    struct process_io io;
    size_t printed; /* bytes of the thread's output that wait to be passed on */
    bool fed;       /* the process has got all, or wants no more */
};

/* What was given has been taken. */
static void count_given(struct passage *passage)
{
    struct reducer *reducer = passage->thread->reducer;
    passage->range->given += passage->feed.records;
    atomic_fetch_add_explicit(&reducer->done, passage->feed.records, memory_order_relaxed);
    passage->feed.records = 0;
}

/* Finds what the process is to be given next, if nothing is in hand. */
static int supply(struct passage *passage, struct mr_error *error)
{
    struct process_io *io = &passage->io;
    if (passage->fed || io->input_size > 0)
        return 0;
    count_given(passage);
    if (!process_reads(passage->process)) {
        spool_drop(&passage->range->input);
        passage->fed = true;
        return 0;
    }
    switch (feed_next(&passage->feed, &io->input, &io->input_size, error)) {
    case SPOOL_FAILED:
        return commands_fail(passage->thread->reducer->commands, error);
    case SPOOL_NOTHING:
        reducer_dispatch_wake(passage->thread->reducer);
        break;
    case SPOOL_ENDED:
        process_end_input(passage->process);
        passage->fed = true;
        break;
    case SPOOL_BYTES:
        break;
    }
    return 0;
}

/* Passes on what was printed. */
static int drain(struct passage *passage, struct mr_error *error)
{
    struct reducer_thread *thread = passage->thread;
    const size_t size = passage->printed;
    passage->printed = 0;
    return size == 0
               ? 0
               : reducer_turn_take(thread->reducer, passage->range, thread->output, size, error);
}

/* Gives and takes until the process prints no more and has got all that it wants. */
static int move(struct passage *passage, struct mr_error *error)
{
    struct reducer_thread *thread = passage->thread;
    struct process_io *io = &passage->io;
    for (;;) {
        waker_clear(&thread->waker);
        if (reducer_turn_look(thread->reducer, passage->range, error) != 0 ||
            supply(passage, error) != 0)
            return -1;
        if (passage->fed && !process_prints(passage->process))
            return drain(passage, error);
        const size_t before = io->input_size;
        io->output = thread->output + passage->printed;
        io->output_room = OUTPUT - passage->printed;
        if (process_move(passage->process, io, thread->waker.fd, error) != 0)
            return -1;
        passage->printed += io->output_size;
        const bool rests = io->output_size == 0 && io->input_size == before;
        if ((rests || passage->printed >= OUTPUT_PART) && drain(passage, error) != 0)
            return -1;
    }
}

static int pass_range(struct reducer_thread *thread, struct reducer_range *range,
                      struct mr_error *error)
{
    struct reducer *reducer = thread->reducer;
    struct passage passage = {.thread = thread, .range = range};
    if (process_start(reducer->commands, SPAWNER_REDUCER, NULL, -1, &passage.process, error) != 0)
        return -1;
    feed_open(&passage.feed, &range->input, thread->buffer);
    const int result =
        move(&passage, error) != 0 || process_finish(passage.process, error) != 0 ? -1 : 0;
    feed_close(&passage.feed);
    process_close(passage.process);
    return result != 0 ? -1 : reducer_turn_end(reducer, range, error);
}

void reducer_thread_run(void *argument)
{
    struct reducer_thread *thread = argument;
    struct mr_error error = {0};
    struct reducer_range *range;
    thread->buffer = malloc(FEED_BUFFER);
    thread->output = malloc(OUTPUT);
    if (thread->buffer && thread->output) {
        while ((range = next_range(thread, &error)) && pass_range(thread, range, &error) == 0)
            ;
    } else {
        mr_error_set(&error, MR_NOMEM, ENOMEM, "out of memory");
        (void)commands_fail(thread->reducer->commands, &error);
    }
    free(thread->buffer);
    free(thread->output);
}
