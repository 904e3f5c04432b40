/* SPDX-License-Identifier: MIT
 *
 * operands - the files that a run reads: the FILEs, of the command line or of a list, and the stop
 * words.
 */
#ifndef CLI_OPERANDS_H
#define CLI_OPERANDS_H

#include <stddef.h>

#include "cli/message.h"
#include "cli/options.h"

struct operands {
    const char *const *list; /* at least one */
    size_t count;
    unsigned char *stop_words; /* the content of --stop-words, NULL without */
    size_t stop_words_size;
    unsigned char *content; /* that the list points into; NULL where it points into argv */
    const char **array;     /* the list where it is ours */
};

/* Says which FILEs the options name, reading --files0-from, and reads --stop-words. Returns 0, or
 * -1 when either cannot be had, which has been reported. Either way operands_close is to be
 * called. */
int operands_open(struct operands *operands, const struct options *options,
                  struct message *message);
void operands_close(struct operands *operands);

#endif
