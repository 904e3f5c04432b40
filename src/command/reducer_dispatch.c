/* SPDX-License-Identifier: MIT
 *
 * reducer_dispatch - records in order, cut into ranges and laid down; see reducer_ranges.h.
 *
 * A range is ended at the first cut behind its `target` bytes. Batches before that, which are
 * nearly all, are laid down without a look at their records.
 */
#include "command/reducer_ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/key_cut.h"

/* Ranges a thread: the more, the less one that takes long keeps the others waiting at the end; but
 * each is a process to be started, which takes an interpreter some hundredths of a second. */
#define RANGES_A_THREAD 8
#define LEAST_RANGE ((uint64_t)1 << 20)
/* Bytes of the last record's key that are kept for the next call. */
#define LAST_COPY ((size_t)4 << 10)

/* ---- Waiting -------------------------------------------------------------------------------- */

void reducer_dispatch_wake(void *context)
{
    struct reducer *reducer = context;
    thread_lock(&reducer->lock);
    const bool waits = reducer->waits;
    thread_unlock(&reducer->lock);
    if (waits)
        waker_wake(&reducer->waker);
}

/* What is laid down goes to disk where memory is full. So it waits then, unless a thread would have
 * nothing to do: one waits already, or would when it has done with its range. */
static bool must_wait(struct reducer *reducer)
{
    thread_lock(&reducer->lock);
    const size_t whole = reducer->count - 1; /* ranges */
    const size_t ahead = whole > reducer->taken ? whole - reducer->taken : 0;
    const bool wait = reducer->idle == 0 && ahead + 1 >= reducer->started &&
                      !spool_starving(&reducer->range->input) &&
                      spool_store_crowded(&reducer->store);
    reducer->waits = wait;
    thread_unlock(&reducer->lock);
    return wait;
}

static int wait_for_room(struct reducer *reducer, struct mr_error *error)
{
    if (reducer->started == 0 || !spool_store_full(&reducer->store))
        return commands_check(reducer->commands, error);
    for (;;) {
        waker_clear(&reducer->waker);
        if (!must_wait(reducer))
            return commands_check(reducer->commands, error);
        if (waker_wait(&reducer->waker, reducer->commands, error) != 0)
            return -1;
    }
}

/* ---- Ranges --------------------------------------------------------------------------------- */

/* There is something to be read for who found nothing. */
static void wake_thread(void *context)
{
    struct reducer_range *range = context;
    waker_wake(&range->thread->waker);
}

/* Makes room for one range more; the lock is held. */
static int grow_ranges(struct reducer *reducer)
{
    if (reducer->count < reducer->room)
        return 0;
    const size_t room = 2 * reducer->room + 16;
    /* An array of pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
    struct reducer_range **ranges = realloc(reducer->ranges, room * sizeof *ranges);
    if (!ranges)
        return -1;
    reducer->ranges = ranges;
    reducer->room = room;
    return 0;
}

/* A thread that waits for a range, and does no more; the lock is held. */
static struct reducer_thread *take_idle(struct reducer *reducer)
{
    for (unsigned i = 0; reducer->idle > 0 && i < reducer->options.threads; i++)
        if (reducer->threads[i].idle) {
            reducer->threads[i].idle = false;
            reducer->idle--;
            return &reducer->threads[i];
        }
    return NULL;
}

static int begin_range(struct reducer *reducer, struct mr_error *error)
{
    struct reducer_range *range = calloc(1, sizeof *range);
    if (!range) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return -1;
    }
    spool_open(&range->input, &reducer->store, wake_thread, range);
    spool_open(&range->output, &reducer->store, NULL, NULL);
    thread_lock(&reducer->lock);
    const int result = grow_ranges(reducer);
    struct reducer_thread *thread = NULL;
    if (result == 0) {
        range->number = reducer->count;
        reducer->ranges[reducer->count++] = range;
        thread = take_idle(reducer);
    }
    thread_unlock(&reducer->lock);
    if (result != 0) {
        free(range);
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return -1;
    }
    if (thread)
        waker_wake(&thread->waker);
    reducer->range = range;
    reducer->feed = (struct feed_in){.spool = &range->input};
    reducer->bytes = reducer->records = 0;
    return 0;
}

static int end_range(struct reducer *reducer, struct mr_error *error)
{
    struct reducer_range *range = reducer->range;
    if (spool_end(&range->input, error) != 0)
        return -1;
    thread_lock(&reducer->lock);
    range->records = reducer->records;
    range->complete = true;
    const bool retired = reducer_range_retire(reducer, range);
    thread_unlock(&reducer->lock);
    if (retired)
        reducer_range_close(range);
    reducer->range = NULL;
    return 0;
}

/* ---- Cuts ----------------------------------------------------------------------------------- */

/* Lines that end in these bytes. */
static uint64_t count_lines(const struct reducer *reducer, const unsigned char *bytes, size_t size)
{
    uint64_t lines = 0;
    const unsigned char *const end = bytes + size;
    for (; bytes < end; lines++)
        bytes = (const unsigned char *)memchr(bytes, reducer->commands->options.end,
                                              (size_t)(end - bytes)) +
                1;
    return lines;
}

static int lay_lines(struct reducer *reducer, const unsigned char *bytes, size_t size,
                     uint64_t lines, struct mr_error *error)
{
    reducer->records += lines;
    return size > 0 ? feed_lines(&reducer->feed, bytes, size, lines, error) : 0;
}

/* Lays one piece down in the current range. */
static int lay_piece(struct reducer *reducer, const struct batch_piece *piece,
                     const unsigned char *bytes, struct mr_error *error)
{
    const size_t size = (size_t)(piece->size & BATCH_SIZE);
    if ((piece->size & BATCH_REPEATED) == 0)
        return lay_lines(reducer, bytes, size, piece->number, error);
    reducer->records += piece->number;
    return feed_repeated(&reducer->feed, bytes, size, piece->number, error);
}

static void set_last(struct reducer *reducer, const unsigned char *record, size_t size)
{
    reducer->last = record;
    reducer->last_size = size;
    reducer->last_cut = false;
}

static void add_bytes(struct reducer *reducer, uint64_t bytes)
{
    if (__builtin_add_overflow(reducer->bytes, bytes, &reducer->bytes))
        reducer->bytes = UINT64_MAX;
}

/* Whether the range may end, and does, before this record. */
static bool ends_before(const struct reducer *reducer, const unsigned char *record, size_t size)
{
    if (reducer->bytes < reducer->target)
        return false;
    if (reducer->last_cut && size >= reducer->last_size &&
        memcmp(record, reducer->last, reducer->last_size) == 0)
        return false;
    return key_cut_between(reducer->last, reducer->last_size, record, size);
}

/* Lays a piece of lines down over as many ranges as it belongs to. */
static int cut_lines(struct reducer *reducer, const struct batch_piece *piece,
                     const unsigned char *bytes, struct mr_error *error)
{
    const unsigned char end = reducer->commands->options.end;
    const unsigned char *const behind = bytes + piece->size;
    const unsigned char *begin = bytes, *at = bytes;
    uint64_t lines = piece->number;
    while (at < behind) {
        /* The line in which the range gets its bytes, or the next one, and what is before it. */
        size_t skip = 0;
        if (reducer->bytes < reducer->target && reducer->target - reducer->bytes > 1) {
            skip = (size_t)(behind - at) - 1;
            if (skip > reducer->target - reducer->bytes - 1)
                skip = (size_t)(reducer->target - reducer->bytes - 1);
        }
        const unsigned char *stop = memchr(at + skip, end, (size_t)(behind - at) - skip);
        const unsigned char *line = skip > 0 ? memrchr(at, end, (size_t)(stop - at)) : NULL;
        line = line ? line + 1 : at;
        if (ends_before(reducer, line, (size_t)(stop - line))) {
            const uint64_t before = count_lines(reducer, begin, (size_t)(line - begin));
            if (lay_lines(reducer, begin, (size_t)(line - begin), before, error) != 0 ||
                end_range(reducer, error) != 0 || begin_range(reducer, error) != 0)
                return -1;
            lines -= before;
            begin = line;
        }
        add_bytes(reducer, (uint64_t)(stop + 1 - at));
        set_last(reducer, line, (size_t)(stop - line));
        at = stop + 1;
    }
    return lay_lines(reducer, begin, (size_t)(behind - begin), lines, error);
}

static int cut_repeated(struct reducer *reducer, const struct batch_piece *piece,
                        const unsigned char *bytes, struct mr_error *error)
{
    const size_t size = (size_t)(piece->size & BATCH_SIZE) - 1;
    uint64_t all;
    if (ends_before(reducer, bytes, size) &&
        (end_range(reducer, error) != 0 || begin_range(reducer, error) != 0))
        return -1;
    if (__builtin_mul_overflow((uint64_t)size + 1, piece->number, &all))
        all = UINT64_MAX;
    add_bytes(reducer, all);
    set_last(reducer, bytes, size);
    return lay_piece(reducer, piece, bytes, error);
}

/* Whether the range cannot end in this batch. */
static bool stays_whole(const struct reducer *reducer, const struct batch_head *head,
                        const unsigned char *bytes)
{
    if (reducer->bytes < reducer->target)
        return head->bytes < reducer->target - reducer->bytes;
    /* A key that goes on to its end, be it known only in part. */
    return key_cut_none(reducer->last, reducer->last_size, bytes + head->last,
                        (size_t)head->last_size);
}

static int lay_batch(struct reducer *reducer, const struct batch_head *head,
                     const unsigned char *bytes, struct mr_error *error)
{
    const bool whole = stays_whole(reducer, head, bytes);
    const unsigned char *at = bytes;
    while (at < bytes + head->size) {
        const struct batch_piece piece = batch_piece_at(&at);
        const bool repeated = (piece.size & BATCH_REPEATED) != 0;
        if ((whole      ? lay_piece(reducer, &piece, at, error)
             : repeated ? cut_repeated(reducer, &piece, at, error)
                        : cut_lines(reducer, &piece, at, error)) != 0)
            return -1;
        at += piece.size & BATCH_SIZE;
    }
    if (whole)
        add_bytes(reducer, head->bytes);
    set_last(reducer, bytes + head->last, (size_t)head->last_size);
    return 0;
}

/* ---- The job's thread ----------------------------------------------------------------------- */

/* The records go when the call returns. */
static void keep_last(struct reducer *reducer)
{
    size_t size = key_cut_key(reducer->last, reducer->last_size);
    reducer->last_cut = size > LAST_COPY;
    if (reducer->last_cut)
        size = LAST_COPY;
    if (size > 0)
        memcpy(reducer->last_copy, reducer->last, size);
    reducer->last = reducer->last_copy;
    reducer->last_size = size;
}

/* The first records are there: so is the sum of all. */
static int begin(struct reducer *reducer, struct mr_error *error)
{
    const uint64_t total = reducer->options.total(reducer->options.total_context);
    reducer->target = total / RANGES_A_THREAD / reducer->options.threads;
    if (reducer->target < LEAST_RANGE)
        reducer->target = LEAST_RANGE;
    reducer->last_copy = malloc(LAST_COPY);
    if (!reducer->last_copy) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return -1;
    }
    reducer->begun = true;
    while (reducer->started < reducer->options.threads) {
        struct reducer_thread *thread = &reducer->threads[reducer->started];
        if (thread_start(&thread->thread, "reducer", reducer_thread_run, thread) != 0)
            break;
        reducer->started++;
    }
    return begin_range(reducer, error);
}

int reducer_dispatch(struct reducer *reducer, const unsigned char *bytes, size_t size,
                     struct mr_error *error)
{
    const unsigned char *const end = bytes + size;
    if (!reducer->begun && begin(reducer, error) != 0)
        return commands_fail(reducer->commands, error);
    while (bytes < end) {
        struct batch_head head;
        memcpy(&head, bytes, sizeof head);
        bytes += sizeof head;
        if (wait_for_room(reducer, error) != 0)
            return -1;
        if (lay_batch(reducer, &head, bytes, error) != 0 ||
            (spool_starving(&reducer->range->input) &&
             spool_pass(&reducer->range->input, error) != 0))
            return commands_fail(reducer->commands, error);
        bytes += head.size;
    }
    keep_last(reducer);
    return 0;
}

int reducer_dispatch_end(struct reducer *reducer, struct mr_error *error)
{
    if ((!reducer->range && begin_range(reducer, error) != 0) || end_range(reducer, error) != 0)
        return commands_fail(reducer->commands, error);
    struct reducer_thread *thread;
    do {
        thread_lock(&reducer->lock);
        reducer->all = true;
        thread = take_idle(reducer);
        thread_unlock(&reducer->lock);
        if (thread)
            waker_wake(&thread->waker);
    } while (thread);
    return 0;
}
