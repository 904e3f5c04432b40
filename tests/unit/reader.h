/* SPDX-License-Identifier: MIT
 *
 * reader - stands in for the engine in the tests of the input: reads all splits with some threads,
 * keeps their bytes, and checks that together they are the FILEs, cut by the rule only.
 */
#ifndef TESTS_READER_H
#define TESTS_READER_H

#include <stddef.h>
#include <stdint.h>

#include "base/thread.h"
#include "engine/mapreduce.h"

/* As struct mr_cuts has it. */
typedef size_t reader_first(const void *context, const unsigned char *data, size_t size,
                            size_t from);

/* Two rules: lines, for which a cut looks at the byte before it, and one that looks at both sides
 * (before a newline that ends something). */
size_t reader_line_border(const void *text, const unsigned char *data, size_t size, size_t from);
size_t reader_line_border_last(const void *text, const unsigned char *data, size_t size);
size_t reader_pair_border(const void *text, const unsigned char *data, size_t size, size_t from);
size_t reader_pair_border_last(const void *text, const unsigned char *data, size_t size);

/* The context of a split, where the options have it: so many bytes that stand before it, or all. */
#define READER_CONTEXT 10
int reader_context(const void *text, struct mr_lookback *lookback, unsigned char **context,
                   size_t *size, struct mr_error *error);

/* Of lines that are not held whole, all is kept as context, without the line end, and one byte
 * more. */
size_t reader_condense(const void *text, struct mr_condense *state, unsigned char *data,
                       size_t size, size_t *kept);
size_t reader_condense_end(const void *text, const struct mr_condense *state, unsigned char *room);

struct piece {
    uint64_t number, offset;
    size_t size;
    unsigned char *data;
    unsigned char *context; /* or NULL */
    size_t context_size;
};

struct reader {
    struct mr_reader job;          /* of that */
    struct thread_mutex next_lock; /* next is called by one worker at a time */
    struct thread_mutex lock;      /* of all below */
    struct piece *pieces;
    size_t count, room;
    uint64_t length; /* of all splits together, as what follows */
    int64_t grown;
    bool context;   /* for reader_check: contexts are by reader_context */
    bool condensed; /* the same: by reader_condense */
    int failed;
};

struct faults {
    struct thread_mutex lock;
    unsigned count;
    int errnum;
    char name[256];
};

/* What the input of the running test has told. */
extern struct faults reader_faults;
/* The hook for faults of inputs: adds to the struct faults that is its context. Any thread. */
void reader_note_fault(void *context, const char *name, int errnum);

/* A folder of the running test, removed after it, and the name of a file there, likewise. */
extern char reader_folder[];
extern char reader_path[256];

/* A checked fixture for the above. */
void reader_setup(void);
void reader_teardown(void);

/* What is read, by how many workers and in how much memory. */
struct reader_options {
    struct mr_files files;
    struct mr_cuts cuts; /* of the files */
    unsigned threads;
    uint64_t memory;
};

/* Options for those FILEs, cut at lines, and an input with them. */
struct reader_options reader_options(const char *const *names, size_t count);
struct mr_input *reader_open(const struct reader_options *options);

/* The next split: 1, 0 at the end, -1 with *error filled. */
int reader_next(const struct mr_reader *job, struct mr_split *split, struct mr_error *error);
/* Reads the whole input with that many workers, 8 at most; pieces come back in order. */
void reader_run(struct mr_input *input, unsigned workers, struct reader *reader);
void reader_free(struct reader *reader);
/* Checks that the pieces with that number are the `size` bytes that follow `base` in their FILE,
 * cut by the rule only, and have their context where the reader's options say so; returns how many
 * pieces there were. */
size_t reader_check(const struct reader *reader, reader_first *first, uint64_t number,
                    uint64_t base, const unsigned char *data, size_t size);

void reader_write_file(const char *name, const void *data, size_t size);
/* Lines of up to `longest` bytes, the same for the same seed. */
void reader_fill_lines(unsigned char *data, size_t size, uint32_t longest, uint32_t seed);

#endif
