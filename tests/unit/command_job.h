/* SPDX-License-Identifier: MIT
 *
 * command_job - for tests of mappers that are CMDs: a job that counts the lines they print.
 */
#ifndef TESTS_COMMAND_JOB_H
#define TESTS_COMMAND_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "command/mapper.h"
#include "engine/mapreduce.h"
#include "unit/tally.h"

struct command_job {
    const char *command; /* NULL: splits are mapped as they are */
    unsigned threads;
    bool alone;                      /* the calling thread does it all */
    struct mr_input *input;          /* taken; NULL with */
    const struct per_file *per_file; /* FILEs that are mapped one by one */
    size_t text_size;                /* as of struct mapper_options */
    const struct mr_cuts *cuts;      /* NULL: behind newlines */
    mr_map *map;                     /* of the text, its context is the job; NULL: lines are keys */
    mr_report *progress;             /* its context is the mapper */
    struct status_set accepted;      /* beside 0 */

    /* What became of it. */
    enum mr_status status;
    struct mr_error error;
    struct tally got;
    uint64_t bytes;   /* mapper_bytes */
    unsigned mappers; /* that were opened and closed */
};

/* Runs it to its end; `got` is to be closed. */
void command_job_run(struct command_job *job);
/* The same, and fails the test unless the lines are those of the bytes. */
void command_job_check(struct command_job *job, const void *data, size_t size);
/* Runs it, and fails the test unless it fails with this text. */
void command_job_fails(struct command_job *job, enum mr_status status, const char *text);
/* A map of the text: every line is a key. Its context is the job. */
int command_job_map(void *context, void *state, const struct mr_split *split,
                    struct mr_emitter *emitter, struct mr_error *error);
/* How often a key came. */
uint64_t command_job_count(const struct command_job *job, const char *key);

#endif
