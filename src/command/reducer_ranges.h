/* SPDX-License-Identifier: MIT
 *
 * reducer_ranges - what the parts of a reducer share: its ranges, and who does what with them.
 *
 *   reducer_output.c    begins and ends it all
 *   reducer_dispatch.c  the job's thread: cuts records into ranges and lays them down
 *   reducer_thread.c    threads, each of which takes one range after the other through a process
 *   reducer_turn.c      what processes print, put out in the order of the ranges
 */
#ifndef COMMAND_REDUCER_RANGES_H
#define COMMAND_REDUCER_RANGES_H

#include "base/thread.h"
#include "command/commands.h"
#include "command/feed.h"
#include "command/reducer.h"
#include "command/spool.h"
#include "command/waker.h"

/* Records that go to one process. */
struct reducer_range {
    size_t number;
    struct spool input;            /* laid down by the dispatcher, read by the thread */
    struct spool output;           /* what was printed and has not been put out */
    struct reducer_thread *thread; /* that has taken it; under the reducer's lock, as are */
    uint64_t records;              /* that it has, once it is */
    bool complete;                 /* this */
    bool finished;                 /* its process has ended well, before its turn */
    bool passed;                   /* its turn is over */
    /* Of the thread that has it, and when it is finished of the one that puts it out. */
    uint64_t given;          /* records that the process got */
    uint64_t held;           /* bytes of output */
    uint64_t whole;          /* of these, so many are whole lines */
    bool begun;              /* some was put out */
    const unsigned char *at; /* the rest of a block of output */
    size_t left;
};

struct reducer_thread {
    struct reducer *reducer;
    struct thread thread; /* but for the one that ends the output */
    struct waker waker;
    bool idle;             /* it waits for a range; under the lock */
    unsigned char *buffer; /* what a process is given, and */
    unsigned char *output; /* what it has printed */
};

struct reducer {
    struct reducer_options options; /* constant */
    struct commands *commands;      /* the same */
    char *folder;                   /* for temporary files, where none was named */
    struct spool_store store;
    struct reducer_thread *threads; /* options.threads of them */

    struct thread_mutex lock;
    struct reducer_range **ranges; /* by number; NULL once put out; under the lock, as are */
    size_t count, room;            /* ranges that have begun, and there is memory for */
    size_t taken;                  /* that threads have taken, in order */
    size_t idle;                   /* threads that wait for one */
    bool all;                      /* no range will begin any more */
    bool waits;                    /* the dispatcher does, for memory or for a thread that does */
    _Atomic size_t turn;           /* number of the range that is put out; written under the lock */
    _Atomic uint64_t done;         /* records given to processes, or passed over by them */

    /* Of whoever has the turn. */
    bool unfinished; /* what was put out ends in the middle of a line */

    /* The dispatcher's. */
    struct waker waker;
    unsigned started;            /* threads */
    bool begun, joined;          /* threads have been started, have ended */
    uint64_t target;             /* bytes of a range */
    struct reducer_range *range; /* being laid down; NULL: none yet */
    struct feed_in feed;
    uint64_t bytes;            /* in it */
    uint64_t records;          /* in it */
    const unsigned char *last; /* the record before the next one, or the begin of its key */
    size_t last_size;
    bool last_cut;            /* there is more of that key */
    unsigned char *last_copy; /* where that is between two calls */
};

/* ---- reducer_dispatch.c --------------------------------------------------------------------- */

/* Lays down what batch_encode made. */
int reducer_dispatch(struct reducer *reducer, const unsigned char *bytes, size_t size,
                     struct mr_error *error);
/* No more will come: where nothing came, there is one range of no records. */
int reducer_dispatch_end(struct reducer *reducer, struct mr_error *error);
/* It may have something to do again. Any thread. */
void reducer_dispatch_wake(void *reducer);

/* ---- reducer_thread.c ----------------------------------------------------------------------- */

/* Takes ranges until there are none left or it has failed: then all commands are stopped. */
void reducer_thread_run(void *thread);

/* ---- reducer_turn.c: all of the thread that has the range ----------------------------------- */

/* Takes what the process printed: puts it out if it is its turn, and holds it otherwise. */
int reducer_turn_take(struct reducer *reducer, struct reducer_range *range,
                      const unsigned char *bytes, size_t size, struct mr_error *error);
/* Puts out what it holds, if its turn has come meanwhile. */
int reducer_turn_look(struct reducer *reducer, struct reducer_range *range, struct mr_error *error);
/* The process has ended well. Passes the turn on, and puts out what is held for others then. */
int reducer_turn_end(struct reducer *reducer, struct reducer_range *range, struct mr_error *error);

/* Frees it; not under the lock, which who waits for memory takes. */
void reducer_range_close(struct reducer_range *range);
/* Forgets it where it is complete and its turn is over; the lock is held. Whether that is so: then
 * it is to be closed. */
bool reducer_range_retire(struct reducer *reducer, struct reducer_range *range);

#endif
