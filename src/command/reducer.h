/* SPDX-License-Identifier: MIT
 *
 * reducer - the results of a job go through CMDs, and what these print is the output.
 *
 * The job sums, and orders by key: a record is a key, and how often it came its rank. The records,
 * in their order and as often as they came, are cut into ranges of some size, never between two
 * that share the bytes before their first TAB. Each range goes to a process of its own, and what
 * the processes print is put out in the order of the ranges.
 *
 * Workers encode records (batch.h); the job's own thread lays them down range by range in spools
 * (spool.h); threads of the reducer take one range after the other, each with one process at a
 * time (reducer_thread.c). One lock guards the ranges; who waits does so for a pipe to itself and
 * for the end of all CMDs.
 */
#ifndef COMMAND_REDUCER_H
#define COMMAND_REDUCER_H

#include <stdint.h>

#include "engine/mapreduce.h"

struct commands;
struct reducer;

struct reducer_options {
    struct commands *commands; /* with a reducer; outlives the reducer */
    unsigned threads;          /* processes at a time, at least 1 */
    uint64_t memory; /* bytes for what processes have not taken yet and for what they printed before
                      * their turn; no less than REDUCER_MEMORY and as much a thread is taken */
    const char *const *tmpdirs; /* for what does not fit there, in turn; they outlive the reducer */
    size_t tmpdir_count;        /* 0: $TMPDIR, else /tmp */
    /* Bytes of all records with the ends of their lines; asked once, when the first one comes. */
    uint64_t (*total)(void *context);
    void *total_context;
    /* Takes what processes print, in order, one call at a time; any thread. */
    int (*put)(void *context, const void *bytes, size_t size, struct mr_error *error);
    void *put_context;
};

/* What is needed besides, and for each thread. */
#define REDUCER_MEMORY ((uint64_t)512 << 10)

/* *options is copied. Returns 0, or -1 with *error filled. */
int reducer_open(const struct reducer_options *options, struct reducer **reducer,
                 struct mr_error *error);
/* The output of the job, which is to take it: made anew by each call, never NULL. */
struct mr_output *reducer_output(struct reducer *reducer);
/* How many records have been given to processes: of as many as the job's map has emitted. Any
 * thread. */
uint64_t reducer_done(const struct reducer *reducer);
/* Bytes written to temporary files. Any thread. */
uint64_t reducer_spilled(const struct reducer *reducer);
/* To be called after the job. Ends the processes that still run, which stops the commands. NULL is
 * allowed. */
void reducer_close(struct reducer *reducer);

#endif
