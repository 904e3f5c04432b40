/* SPDX-License-Identifier: MIT
 *
 * value_runs - sorts the values of a key that has too many for memory.
 *
 * As many as fit are sorted and make a run, which lies in a partition that may be spilled. Runs are
 * merged, a number of them at a time, until so few are left that their merging is what the reduce
 * reads. What is pushed on a stream last is read first: so runs are written in the one direction
 * and read in the other, and with each merging the two change places.
 */
#ifndef ENGINE_VALUE_RUNS_H
#define ENGINE_VALUE_RUNS_H

#include "engine/core/buffer.h"
#include "engine/shuffle/spill_policy.h"
#include "engine/shuffle/stream_reader.h"

/* A run that is read: where its next value is. */
struct value_cursor {
    struct stream stream;
    struct stream_reader reader;
    const unsigned char *at, *end; /* of the current chunk */
    struct mr_bytes value;
    struct mr_buffer copy; /* of a value that lies misaligned */
};

/* One set of runs, a partition each. */
struct value_run_set {
    struct partitions runs;
    struct spill_scope scope;
    size_t count;
};

struct value_runs {
    struct worker *worker;
    struct value_run_set sets[2]; /* the runs, and those that are made of them */
    unsigned now;                 /* which of the two is read next */
    bool rising;                  /* they are read in the caller's order, not against it */
    uint64_t share;               /* bytes of memory */
    size_t largest;               /* bytes of the largest value */
    /* The next run: values from the beginning of the room, the list of them from its end. */
    struct mr_buffer *room;
    size_t usual_size, room_size, values_size, list_count;
    /* A merging: a heap, the next value first. */
    struct value_cursor *cursors;
    struct value_cursor **heap;
    size_t cursor_count, heap_count;
    bool begun; /* the first value has been read */
};

/* Begins with no values. There will be `count`, which take so many bytes when each is aligned; a
 * run is made in `room`. value_runs_close is due in any case. Returns -1 when the job fails, as do
 * the others. */
int value_runs_open(struct value_runs *runs, struct worker *worker, struct mr_buffer *room,
                    uint64_t count, uint64_t bytes, uint64_t share);
/* Adds a copy of a value. */
int value_runs_add(struct value_runs *runs, const struct mr_bytes *value);
/* All values have been added: value_runs_next may be called. */
int value_runs_merge(struct value_runs *runs);
/* The next value in order, valid until the next call. False at the end, or when the job fails. */
bool value_runs_next(struct value_runs *runs, struct mr_bytes *value);
void value_runs_close(struct value_runs *runs);

#endif
