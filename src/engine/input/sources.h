/* SPDX-License-Identifier: MIT
 *
 * sources - names, opens and closes the FILEs, few of them at a time.
 *
 * Only the reader thread opens; any thread may give a source back. The number of sources open at a
 * time is bounded far below the limit on descriptors, and opening waits for others to be closed.
 */
#ifndef ENGINE_SOURCES_H
#define ENGINE_SOURCES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/thread.h"
#include "engine/mapreduce.h"

/* What a split's handle points to; the first member of each. */
enum source_handle {
    SOURCE_HANDLE_FILE,  /* struct source: a range of a regular file */
    SOURCE_HANDLE_BLOCK, /* struct block: a buffer filled from a stream */
    SOURCE_HANDLE_PIECE, /* struct chain_piece: a piece of a FILE that is decoded */
};

/* An open FILE. Constant after opening, but for the atomics. */
struct source {
    enum source_handle handle;
    int fd;
    uint64_t number;
    bool given;     /* it is open already, standard input for one: not ours to close */
    bool regular;   /* a regular file with a size */
    bool ranges;    /* one that is read by pread. Else a stream, */
    bool ended;     /* which a read has found to have ended: a terminal would go on behind that.
                     * Of who reads */
    uint64_t start; /* where reading starts, and the size when opened: of a regular file only */
    uint64_t size;
    size_t skip; /* bytes before `start` that are no text, and of which offsets do not count */
    _Atomic uint64_t end;     /* where the last range ends, UINT64_MAX while that is not known */
    _Atomic uint64_t reached; /* where the file's end was met, 0 while it was not */
    _Atomic bool faulted;     /* the fault has been told */
    _Atomic uint64_t users;   /* splits, and the reader */
};

struct sources {
    const struct mr_files *files; /* the input's own copy */
    bool named;                   /* there are FILEs, or standard input; else a descriptor */
    int given;                    /* that, or standard input's */
    bool have_given;              /* it was open before anything of ours could be it */
    bool streams;                 /* regular files too are read as streams */
    size_t next;                  /* the reader's: index of the name to open next */
    size_t *order;                /* of names, by number; or NULL: as they are given. Constant */
    const char *name; /* the reader's: that name, where next_name has given it, or NULL */
    bool no_more;     /* the reader's: next_name has no more */
    bool given_taken; /* the reader's: what is open already has been cut into ranges */
    int wake;         /* becomes readable by sources_interrupt */
    size_t most_open;
    _Atomic bool interrupted;
    _Atomic bool failed; /* nobody wants to hear of faults, and there was one */
    struct thread_mutex lock;
    struct thread_cond closed; /* signalled when open goes down */
    size_t open;               /* under lock */
    struct mr_error failure;   /* the first such fault; under lock */
};

/* FILEs, or, where *files has none and is not `named`, the descriptor `given`. */
void sources_open(struct sources *sources, const struct mr_files *files, bool named, int given);
/* Makes what waiting needs. Returns 0, or -1 with *error filled. */
int sources_begin(struct sources *sources, struct mr_error *error);
/* Of sources that have begun. */
void sources_close(struct sources *sources);

/* Opens the next FILE that can be opened; reports those that cannot. Returns 1, 0 at the end of the
 * names or after an interruption, -1 with *error filled. The caller is the source's one user. Where
 * too many are open it waits for one to be closed, or returns 2 where it must not `wait`. */
int sources_next(struct sources *sources, bool wait, struct source **source,
                 struct mr_error *error);

#define SOURCES_NO_DEADLINE UINT64_MAX
/* Waits until there is something to read from a source, or its end. Returns false when the deadline
 * (see thread_now) has passed, a signal came while there was one, or there is an interruption. */
bool sources_wait(const struct sources *sources, const struct source *source, uint64_t deadline);

/* One user more, and one less: the last one closes the source. */
void source_retain(struct source *source);
void sources_release(struct sources *sources, struct source *source);

/* Tells that reading a source failed; once for each source. */
void sources_fault(struct sources *sources, struct source *source, int errnum);
/* Whether there was a fault that nobody was told of, so that all fails: fills *error then. */
bool sources_failed(struct sources *sources, struct mr_error *error);

/* The bytes in all FILEs that are not opened yet, as far as the system tells, or MR_UNKNOWN when
 * one is no regular file or there are more than `most` names; and, where `sure` says so, when one
 * that says it is empty may be of /proc, where such files can be read for ever. */
uint64_t sources_survey(const struct sources *sources, size_t most, bool sure);
/* Has large FILEs opened first, the largest of them first of all, so that none that only one thread
 * can read at a time is left for the end alone. To be called before any is opened, for as many
 * names at the most; where memory is out the order stays. */
void sources_order(struct sources *sources, size_t most);

/* Wakes whoever waits here or on `wake`; sources_next ends. */
void sources_interrupt(struct sources *sources);

/* NULL where there is no such. */
const char *sources_name(const struct sources *sources, uint64_t number);

#endif
