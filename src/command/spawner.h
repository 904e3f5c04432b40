/* SPDX-License-Identifier: MIT
 *
 * spawner - the process that starts the CMDs, so that the one that reads input need not be able to.
 *
 * It is forked from ours before any input is opened and before a filter of system calls is entered,
 * knows the CMDs from its birth, and can be told nothing but to start one of them. It reads no
 * input and has /dev/null as its standard descriptors. A socket leads to it, over which go requests
 * and descriptors; all news of a CMD come through that one's status pipe.
 *
 * Each CMD leads a process group of its own, which is ended by SIGKILL when the reading end of its
 * status pipe is closed, for whatever reason; and when ours closes the socket, as it also does by
 * dying, all are. Only then is the leader waited for, so that its number, and with it the group's,
 * cannot have become another's.
 *
 * A CMD finds what `sh` would find that was started in our place: the user's environment, no signal
 * blocked, those ignored that were when we were started, and no descriptor of ours but 0, 1, 2.
 */
#ifndef COMMAND_SPAWNER_H
#define COMMAND_SPAWNER_H

#include "command/spawner_protocol.h"
#include "engine/mapreduce.h"

struct spawner;

/* Forks the spawner, which knows these two CMDs (NULL: there is none); they must outlive it. To be
 * called while this process has one thread. Returns 0, or -1 with *error filled. */
int spawner_open(const char *mapper, const char *reducer, struct spawner **spawner,
                 struct mr_error *error);

/* The descriptor over which requests go: what a filter of system calls is to allow sendmsg and
 * shutdown for. */
int spawner_socket(const struct spawner *spawner);

/* What to start. */
struct spawner_request {
    enum spawner_role role;
    const char *file; /* the environment's MRCOUNT_FILE; NULL: as it was */
    int standard[3];  /* its descriptors 0 to 2; they stay the caller's */
};

/* Asks for a CMD to be started; *status receives the reading end of its status pipe, not blocking.
 * Returns 0 or an errno value. Any thread. */
int spawner_start(struct spawner *spawner, const struct spawner_request *request, int *status);

/* Ends all of them and waits a moment for the spawner to be gone. For a signal's handler: may be
 * called anywhere between spawner_open and spawner_close, and in that. */
void spawner_abandon(struct spawner *spawner);

/* Ends all that still run, waits for the spawner to be gone, and says what they took. NULL is
 * allowed for both. */
void spawner_close(struct spawner *spawner, struct spawner_usage *usage);

#endif
