/* SPDX-License-Identifier: MIT
 *
 * reducer_turn - what processes print, put out in the order of the ranges; see reducer_ranges.h.
 *
 * One range has its turn. The thread that runs its process puts out whole lines as they come, and
 * the rest when the process has ended well. The turn then goes to the next range: if that is
 * finished, its output is put out at once, by the same thread; if it is running, its thread is
 * woken and goes on.
 */
#include "command/reducer_ranges.h"

#include <stdlib.h>
#include <string.h>

void reducer_range_close(struct reducer_range *range)
{
    spool_close(&range->input);
    spool_close(&range->output);
    free(range);
}

static bool has_turn(const struct reducer *reducer, const struct reducer_range *range)
{
    return atomic_load_explicit(&reducer->turn, memory_order_acquire) == range->number;
}

/* Puts bytes out, which are a range's first where it `begins`. */
static int put(struct reducer *reducer, const unsigned char *bytes, size_t size, bool begins,
               struct mr_error *error)
{
    const struct reducer_options *options = &reducer->options;
    const unsigned char end = reducer->commands->options.end;
    if (size == 0)
        return 0;
    if ((begins && reducer->unfinished && options->put(options->put_context, &end, 1, error)) ||
        options->put(options->put_context, bytes, size, error)) {
        if (error->status == MR_OK)
            mr_error_set(error, MR_OUTPUT, 0, "the output could not be written");
        return commands_fail(reducer->commands, error);
    }
    reducer->unfinished = bytes[size - 1] != end;
    return 0;
}

/* Puts out so many of the bytes that are held. */
static int put_held(struct reducer *reducer, struct reducer_range *range, uint64_t size,
                    struct mr_error *error)
{
    while (size > 0) {
        if (range->left == 0) {
            enum spool_found found = spool_read(&range->output, &range->at, &range->left, error);
            if (found == SPOOL_NOTHING && spool_pass(&range->output, error) == 0)
                continue;
            if (found != SPOOL_BYTES)
                return commands_fail(reducer->commands, error);
        }
        const size_t part = range->left < size ? range->left : (size_t)size;
        if (put(reducer, range->at, part, !range->begun, error) != 0)
            return -1;
        range->begun = true;
        range->at += part;
        range->left -= part;
        range->held -= part;
        range->whole -= part < range->whole ? part : range->whole;
        size -= part;
    }
    return 0;
}

/* Holds what is printed. */
static int hold(struct reducer *reducer, struct reducer_range *range, const unsigned char *bytes,
                size_t size, struct mr_error *error)
{
    if (spool_write(&range->output, bytes, size, error) != 0)
        return commands_fail(reducer->commands, error);
    range->held += size;
    return 0;
}

int reducer_turn_take(struct reducer *reducer, struct reducer_range *range,
                      const unsigned char *bytes, size_t size, struct mr_error *error)
{
    const unsigned char *end = memrchr(bytes, reducer->commands->options.end, size);
    const size_t whole = end ? (size_t)(end - bytes) + 1 : 0;
    if (!has_turn(reducer, range)) {
        const uint64_t before = range->held;
        if (whole > 0)
            range->whole = before + whole;
        return hold(reducer, range, bytes, size, error);
    }
    /* What is held ends in the middle of a line, whose end may be here. */
    if (whole > 0) {
        if (put_held(reducer, range, range->held, error) != 0 ||
            put(reducer, bytes, whole, !range->begun, error) != 0)
            return -1;
        range->begun = true;
    }
    return whole < size ? hold(reducer, range, bytes + whole, size - whole, error) : 0;
}

int reducer_turn_look(struct reducer *reducer, struct reducer_range *range, struct mr_error *error)
{
    return range->whole > 0 && has_turn(reducer, range)
               ? put_held(reducer, range, range->whole, error)
               : 0;
}

bool reducer_range_retire(struct reducer *reducer, struct reducer_range *range)
{
    if (!range->complete || !range->passed)
        return false;
    atomic_fetch_add_explicit(&reducer->done, range->records - range->given, memory_order_relaxed);
    reducer->ranges[range->number] = NULL;
    return true;
}

/* Gives the turn to the next range. Returns that one where it is finished, so that it is to be put
 * out now. */
static struct reducer_range *pass_turn(struct reducer *reducer, struct reducer_range *range)
{
    thread_lock(&reducer->lock);
    const size_t number = range->number + 1;
    range->passed = true;
    const bool retired = reducer_range_retire(reducer, range);
    atomic_store_explicit(&reducer->turn, number, memory_order_release);
    struct reducer_range *next = number < reducer->count ? reducer->ranges[number] : NULL;
    struct reducer_thread *thread = next && !next->finished ? next->thread : NULL;
    if (next && !next->finished)
        next = NULL;
    thread_unlock(&reducer->lock);
    if (retired)
        reducer_range_close(range);
    if (thread)
        waker_wake(&thread->waker);
    return next;
}

int reducer_turn_end(struct reducer *reducer, struct reducer_range *range, struct mr_error *error)
{
    if (!has_turn(reducer, range)) {
        if (spool_end(&range->output, error) != 0)
            return commands_fail(reducer->commands, error);
        thread_lock(&reducer->lock);
        const bool waits = !has_turn(reducer, range);
        range->finished = waits;
        thread_unlock(&reducer->lock);
        if (waits)
            return 0;
    }
    for (; range; range = pass_turn(reducer, range))
        if (put_held(reducer, range, range->held, error) != 0)
            return -1;
    return 0;
}
