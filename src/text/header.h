/* SPDX-License-Identifier: MIT
 *
 * header - the first line or record of each FILE, which names its fields.
 *
 * Stands between an input of FILEs that are read in order and who reads it: looks for the header as
 * the first split of a FILE goes by, finds out which fields the names are of there, and gives each
 * split of the FILE that as its context.
 */
#ifndef TEXT_HEADER_H
#define TEXT_HEADER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/range.h"
#include "engine/mapreduce.h"

struct tokenizer;
struct header_file;

/* What is wanted of a FILE's fields by name, besides those that are wanted by number. */
struct header {
    const struct tokenizer *tokenizer;
    const char *const *names; /* `count` of them */
    size_t count;
    /* The reader's: */
    struct mr_input *input; /* as it was, and what it is made of */
    struct mr_reader reader;
    uint64_t number;          /* of the FILE that was read last */
    bool begun;               /* there is one */
    struct header_file *file; /* its header, or NULL as long as that has not come */
};

/* The context of a split. */
struct header_split {
    void *handle;             /* the input's own */
    struct header_file *file; /* NULL: all of the split stands before the header */
    size_t begin, end;        /* the header in the split, and what stands before it */
};

/* Which fields are wanted in a FILE. */
struct header_file {
    _Atomic uint64_t users;
    const char *missing;  /* the first of the names that is none of a field, or NULL */
    uint64_t *row_fields; /* of the values of rows, as the tokenizer's */
    size_t count;
    struct range ranges[]; /* ascending, apart from each other */
};

/* Takes an input whose splits have their bytes when they are handed out; returns what is to be read
 * in its place, to be released before `header` ends. */
struct mr_input *header_follow(struct header *header, struct mr_input *input);

#endif
