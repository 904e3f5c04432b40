/* SPDX-License-Identifier: MIT
 *
 * operands - the files that a run reads: the FILEs, of the command line or of a list, and the stop
 * words.
 */
#ifndef CLI_OPERANDS_H
#define CLI_OPERANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/message.h"
#include "cli/options.h"
#include "engine/mapreduce.h"

struct operands {
    const char *const *list; /* at least one */
    size_t count;
    bool implied;           /* none was named */
    unsigned char *content; /* that the list points into; NULL where it points into argv */
    const char **array;     /* the list where it is ours */
};

/* Says which FILEs the options name, reading --files0-from; where they name none it is standard
 * input, or the directory at hand if directories are read. Returns 0, or -1 when they cannot be had
 * or standard input is to be read twice, which has been reported. Either way operands_close is to
 * be called. */
int operands_open(struct operands *operands, const struct options *options,
                  struct message *message);
void operands_close(struct operands *operands);

/* Takes a part of a file; one of no bytes is its end. Returns 0, or -1 with *error filled. */
typedef int operands_take(void *context, const void *bytes, size_t size, struct mr_error *error);

/* Reads the file that --stop-words names. Returns 0, or -1: *error is filled where `take` failed,
 * and else is as it was, and why has been reported. */
int operands_stop_words(const struct options *options, struct message *message, operands_take *take,
                        void *context, struct mr_error *error);

#endif
