/* SPDX-License-Identifier: MIT
 *
 * per_file - FILEs that are mapped one by one, each as a whole and read by a CMD itself.
 */
#ifndef COMMAND_PER_FILE_H
#define COMMAND_PER_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/mapreduce.h"

struct per_file {
    const char *const *names; /* `count` of them; "-" is standard input */
    size_t count;
    /* In the place of these, or NULL: as in struct mr_files. */
    int (*next_name)(void *context, const char **name, struct mr_error *error);
    const char *(*name_of)(void *context, uint64_t number);
    void *names_context;
    /* Is told of a FILE that cannot be read; on any thread. */
    void (*fault)(void *context, const char *name, int errnum);
    void *fault_context;
};

/* An input whose splits are the FILEs: `number` is which of them, their bytes are its name. Never
 * NULL, as mr_input_new. *per_file must outlive it. */
struct mr_input *per_file_input(const struct per_file *per_file);

/* The name of the FILE of that number. Any thread. */
const char *per_file_name(const struct per_file *per_file, uint64_t number);

/* Opens the FILE of that number for a CMD to read, waiting for who writes into a FIFO until `wake`
 * is readable. Returns 0, or -1: it cannot be read, which has been told, or `wake` was readable. */
int per_file_open(const struct per_file *per_file, uint64_t number, int wake, int *fd);
/* Closes what per_file_open has opened, if it was that. */
void per_file_close(int fd);

#endif
