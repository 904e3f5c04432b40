/* SPDX-License-Identifier: MIT
 *
 * spawner_child - the spawner's own side: what runs in the process that starts the CMDs.
 */
#ifndef COMMAND_SPAWNER_CHILD_H
#define COMMAND_SPAWNER_CHILD_H

#include "command/spawner_protocol.h"

#define SPAWNER_CHILD_VARIABLE "MRCOUNT_FILE="

/* What the spawner is born with. */
struct spawner_child {
    int socket;
    const char *commands[2]; /* by role; NULL: none */
    char **environment;      /* the user's, and */
    char **named;            /* the same with a variable, the first, that is `file` */
    char file[sizeof SPAWNER_CHILD_VARIABLE + SPAWNER_NAME];
};

/* Starts what is requested until the socket's other end is closed or shut down, then ends all,
 * sends a struct spawner_usage, and returns. All signals are to be blocked. */
void spawner_child_run(struct spawner_child *child);

#endif
