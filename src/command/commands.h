/* SPDX-License-Identifier: MIT
 *
 * commands - what all CMDs of a run share: what they are, who starts them, whether one has failed.
 *
 * The first failure counts: it is kept, everything that waits for a CMD is woken and fails with it,
 * so that whichever thread is the first to say that the job has failed says why.
 *
 * The life of a piece of data, process by process. Three kinds there are: mrcount, the spawner,
 * which mrcount forks before there is any data, and the CMDs, which the spawner starts.
 *
 *     FILE -> split -> [mapper CMD] -> text -> record -> sorted records -> range
 *       -> [reducer CMD] -> printed bytes -> output
 *
 *  1. mrcount: the job's reader cuts FILEs behind line ends into splits. A worker that takes its
 *     first one makes pipes and sends their other ends to the spawner, which forks, and executes
 *     `sh -c CMD`; it keeps the writing end of a pipe that says how the CMD ended (mapper.c,
 *     process.c, spawner.c, spawner_child.c). With --per-file the CMD gets the FILE itself.
 *  2. The worker writes the split into the CMD and reads what comes out, at the same time. It maps
 *     that in pieces, up to a cut each, as it would have mapped a split: tokens or records are
 *     emitted to the engine. What the CMD writes to its standard error passes through mrcount. When
 *     there is no split any more the worker closes the CMD's input, takes the rest, and judges how
 *     it ended.
 *  3. The engine sums. Without a reducer its results are printed as ever. With one the key of a
 *     pair is the whole record: equal ones are one, with a number. Results come in the order of
 *     their bytes. Workers encode them, and the job's own thread lays them down range by range, cut
 *     only between keys (key_cut.h), in memory as far as that goes, then on disk (spool.h).
 *  4. Threads of the reducer take one range after the other, have a CMD started for each, write the
 *     records into it, each as often as it came, and read what it prints. That is put out at once
 *     by who has the range whose turn it is; the others lay it down (reducer.h).
 *  5. mrcount shuts down its end of the socket; the spawner ends what still runs, says what all of
 *     them took, and ends. It does the same when mrcount is gone, however that came about.
 */
#ifndef COMMAND_COMMANDS_H
#define COMMAND_COMMANDS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status_set.h"
#include "base/thread.h"
#include "command/spawner.h"
#include "engine/mapreduce.h"

struct commands_options {
    const char *mapper;         /* NULL: there is none */
    const char *reducer;        /* the same; both must outlive it */
    struct status_set accepted; /* exit statuses that are no failure */
    unsigned char end;          /* of lines */
    /* Takes what CMDs write to their standard errors: whole lines, where they are not too long, of
     * one CMD at a time. Any thread, several at once. */
    void (*pass)(void *context, const void *bytes, size_t size);
    void *pass_context;
};

struct commands {
    struct commands_options options; /* constant, as are */
    struct spawner *spawner;         /* this */
    int wake;                        /* and this: readable once all are stopped */
    atomic_bool stopped;
    atomic_uint running; /* struct processes; for process.c */
    struct thread_mutex lock;
    struct mr_error first; /* the first failure, or MR_OK; under lock */
};

/* Forks the spawner, so this is to be called while there is one thread, and blocks SIGPIPE in that:
 * a CMD may stop reading at any time. Returns 0, or -1 with *error filled. */
int commands_open(const struct commands_options *options, struct commands **commands,
                  struct mr_error *error);

/* Takes a failure: keeps it if it is the first, stops all, and makes *error the first one. Returns
 * -1. Any thread. */
int commands_fail(struct commands *commands, struct mr_error *error);
/* Without a failure of theirs: the job ends for another reason. Any thread. */
void commands_stop(struct commands *commands);
/* Returns 0, or -1 when all are stopped: *error is the first failure then, or MR_CANCELLED. */
int commands_check(struct commands *commands, struct mr_error *error);

/* Ends all of them and waits a moment until they are gone. For a signal's handler. */
void commands_abandon(struct commands *commands);
/* Every struct process must have been closed. NULL is allowed for both. */
void commands_close(struct commands *commands, struct spawner_usage *usage);

#endif
