/* SPDX-License-Identifier: MIT
 *
 * source - names, opens and closes the FILEs, few of them at a time.
 *
 * Only the reader thread opens; any thread may give a source back. The number of sources open at a
 * time is bounded far below the limit on descriptors, and opening waits for others to be closed.
 */
#ifndef INPUT_SOURCE_H
#define INPUT_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/thread.h"
#include "engine/mapreduce.h"
#include "input/input_options.h"

/* What a split's handle points to; the first member of both. */
enum handle {
    HANDLE_SOURCE, /* struct source: a range of a regular file */
    HANDLE_BLOCK,  /* struct block: a buffer filled from a stream */
};

/* An open FILE. Constant after opening, but for the atomics. */
struct source {
    enum handle handle;
    int fd;
    uint64_t number;
    bool standard;  /* it is standard input: not ours to close */
    bool ranges;    /* a regular file with a size: read by pread. Else a stream */
    uint64_t start; /* where reading starts, and the size when opened: of ranges only */
    uint64_t size;
    _Atomic uint64_t end;     /* where the last range ends, UINT64_MAX while that is not known */
    _Atomic uint64_t reached; /* where the file's end was met, 0 while it was not */
    _Atomic bool faulted;     /* the fault has been told */
    _Atomic uint64_t users;   /* splits, and the reader */
};

struct sources {
    const struct input_options *options; /* the input's own copy */
    size_t next;                         /* the reader's: index of the name to open next */
    bool have_stdin;                     /* descriptor 0 was open when the program started */
    bool stdin_taken;                    /* the reader's: standard input has been cut into ranges */
    int wake;                            /* becomes readable by sources_interrupt */
    size_t most_open;
    _Atomic bool interrupted;
    struct thread_mutex lock;
    struct thread_cond closed; /* signalled when open goes down */
    size_t open;               /* under lock */
};

int sources_open(struct sources *sources, const struct input_options *options,
                 struct mr_error *error);
void sources_close(struct sources *sources);

/* Opens the next FILE that can be opened; reports those that cannot. Returns 1, 0 at the end of the
 * names or after an interruption, -1 with *error filled. The caller is the source's one user. */
int sources_next(struct sources *sources, struct source **source, struct mr_error *error);

/* One user more, and one less: the last one closes the source. */
void source_retain(struct source *source);
void sources_release(struct sources *sources, struct source *source);

/* Tells that reading a source failed; once for each source. */
void sources_fault(struct sources *sources, struct source *source, int errnum);

/* The bytes in all FILEs that are not opened yet, as far as the system tells, or MR_UNKNOWN when
 * one is no regular file or there are more than `most` names; and, where `sure` says so, when one
 * that says it is empty may be of /proc, where such files can be read for ever. */
uint64_t sources_survey(const struct sources *sources, size_t most, bool sure);

/* Wakes whoever waits here or on `wake`; sources_next ends. */
void sources_interrupt(struct sources *sources);

const char *sources_name(const struct sources *sources, uint64_t number);

#endif
