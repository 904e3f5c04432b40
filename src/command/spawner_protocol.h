/* SPDX-License-Identifier: MIT
 *
 * spawner_protocol - what passes between the spawner and us: requests and, in the end, a struct
 * spawner_usage over a socket, and news of each CMD through a pipe of its own.
 */
#ifndef COMMAND_SPAWNER_PROTOCOL_H
#define COMMAND_SPAWNER_PROTOCOL_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum spawner_role { SPAWNER_MAPPER, SPAWNER_REDUCER };

/* What a request begins with. The bytes of a name follow if it has one. */
struct spawner_head {
    enum spawner_role role;
    bool named;
};

/* The descriptors that come with it: the writing end of a status pipe, then what becomes 0 to 2.
 * Where some are lost for want of room for descriptors, that one is left to say so. */
enum { SPAWNER_STATUS, SPAWNER_STANDARD, SPAWNER_DESCRIPTORS = 4 };

/* Bytes of a name, with its NUL: what has a longer one cannot be opened. */
#define SPAWNER_NAME PATH_MAX

/* What a CMD's status pipe brings, once and in one read. An end without it says that the spawner
 * itself has ended, or could not even take the request. */
struct spawner_news {
    int errnum; /* not 0: why it could not be started */
    int status; /* how it ended, as waitpid has it */
};

struct spawner_usage {
    uint64_t processes; /* CMDs started */
    double seconds;     /* of processors, for all of them that have ended */
};

#endif
