/* SPDX-License-Identifier: MIT
 *
 * commands - what all CMDs of a run share: what they are, who starts them, whether one has failed.
 *
 * The first failure counts: it is kept, everything that waits for a CMD is woken and fails with it,
 * so that whichever thread is the first to say that the job has failed says why.
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
