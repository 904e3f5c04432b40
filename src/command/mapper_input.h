/* SPDX-License-Identifier: MIT
 *
 * mapper_input - the input of a job whose splits go through CMDs: it ends when no CMD reads any
 * more, has at least one split, and ends the CMDs when the job fails.
 */
#ifndef COMMAND_MAPPER_INPUT_H
#define COMMAND_MAPPER_INPUT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "command/commands.h"
#include "engine/mapreduce.h"

struct mapper_input {
    struct commands *commands;      /* constant, as are the four below */
    const struct mr_engine *engine; /* of the job */
    bool whole;                     /* a split is a FILE: what is said of splits above is not so */
    struct mr_input *input;         /* as it was, and what it is made of */
    struct mr_reader reader;
    bool given;                   /* the reader's: there has been a split */
    _Atomic(const void *) thread; /* the reader's, as thread_self has it */
    atomic_uint deaf;             /* CMDs that read no more */
    atomic_bool finished;         /* they are as many as mappers can be */
};

/* Puts itself, of which the first three members are set, between an input, which it takes, and who
 * reads it. Returns what is to be read in its place. */
struct mr_input *mapper_input_follow(struct mapper_input *mapper_input, struct mr_input *input);
/* The CMD of one more mapper has stopped reading. On any thread. */
void mapper_input_note_deaf(struct mapper_input *mapper_input);

#endif
