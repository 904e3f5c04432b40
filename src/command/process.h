/* SPDX-License-Identifier: MIT
 *
 * process - one running CMD: gives it input, takes what it prints, and judges how it ends.
 *
 * Nothing here waits for one of its descriptors alone, so that a CMD may read and print in any
 * order and amount: who calls process_move until process_prints says no more has fed and drained
 * it. What it writes to its standard error is passed on meanwhile.
 *
 * A CMD fails by an exit status that is not accepted or by a signal, which is acted on at once,
 * also where a process that it left behind holds its standard output. Where it ends well, what
 * those print is waited for, as it would be at the end of a shell's pipe.
 *
 * One thread at a time. Every failure goes through commands_fail: *error is the first of all CMDs.
 */
#ifndef COMMAND_PROCESS_H
#define COMMAND_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "command/commands.h"

struct process;

/* What process_move moves. */
struct process_io {
    const unsigned char *input; /* what is to be given next, */
    size_t input_size;          /* so many bytes; both move on */
    unsigned char *output;      /* room for what is printed, */
    size_t output_room;         /* so many bytes (0: none is taken), */
    size_t output_size;         /* of which the call has filled so many */
};

/* Starts a CMD. `input` is -1, or the descriptor that becomes its standard input, which stays the
 * caller's; then nothing can be given. `file` is MRCOUNT_FILE, or NULL: as in our environment.
 * Returns 0, or -1 with *error filled. */
int process_start(struct commands *commands, enum spawner_role role, const char *file, int input,
                  struct process **process, struct mr_error *error);

/* Returns when input has been taken, output has come, an end was met, `wake` (-1: none) is
 * readable, or 100 ms have passed, and sometimes for nothing. What is given to a CMD that has
 * stopped reading counts as taken. Returns 0, or -1 with *error filled: it failed, or all are
 * stopped. */
int process_move(struct process *process, struct process_io *io, int wake, struct mr_error *error);

/* Nothing more will be given. */
void process_end_input(struct process *process);

/* Whether what is given may still be read. */
bool process_reads(const struct process *process);
/* Whether more may come from it. */
bool process_prints(const struct process *process);

/* When it prints no more: waits for its end. Returns 0, or -1 with *error filled. */
int process_finish(struct process *process, struct mr_error *error);

/* Ends it, with all processes that it left behind, and frees. NULL is allowed. */
void process_close(struct process *process);

#endif
