/* SPDX-License-Identifier: MIT
 *
 * mapper - the map of a job whose splits go through CMDs.
 *
 * Each mapper of the job has one CMD, which runs from its first split to its last: whole lines go
 * in, and what comes out is text that another map takes, in pieces cut where that wants it. With
 * FILEs to be mapped one by one (per_file) each split is a FILE, and each has a CMD of its own.
 * Without a CMD, splits are that text as they are.
 */
#ifndef COMMAND_MAPPER_H
#define COMMAND_MAPPER_H

#include <stdint.h>

#include "command/commands.h"
#include "command/per_file.h"
#include "engine/mapreduce.h"

struct mapper_options {
    struct commands *commands;
    const struct mr_engine *engine; /* that will run the job */
    /* What maps the text, with its context. Splits of what a CMD prints have MR_PAD bytes behind
     * them that can be read, no handle, and as number the FILE's where that has a CMD. */
    void *context;
    mr_open *mapper_open;
    mr_map *map;
    mr_close *mapper_close;
    const struct mr_cuts *cuts;      /* where the text may be cut: `last` and its context; copied */
    const struct per_file *per_file; /* or NULL: the input is lines */
    size_t text_size; /* bytes of text that are mapped at once; 0: as many as usual */
};

struct mapper;

/* All that it is given must outlive it, but for *options. Returns 0, or -1 with *error filled. */
int mapper_new(const struct mapper_options *options, struct mapper **mapper,
               struct mr_error *error);
/* Fills in the context and the hooks of a job's mappers. */
void mapper_describe(struct mapper *mapper, struct mr_job_spec *spec);
/* Puts itself in front of the input of the job, cut behind the ends of lines or per_file_input's,
 * which it takes; it has been prepared. Returns the job's, which must have been released before
 * mapper_free. */
struct mr_input *mapper_follow_input(struct mapper *mapper, struct mr_input *input);
/* Bytes of the text mapped so far, whose lines all end. Any thread. */
uint64_t mapper_bytes(const struct mapper *mapper);
/* NULL is allowed. */
void mapper_free(struct mapper *mapper);

#endif
