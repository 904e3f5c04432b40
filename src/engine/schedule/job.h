/* SPDX-License-Identifier: MIT
 *
 * job - one job: its parts, its phases, its figures, and which task a worker may take next.
 *
 * The phases follow one another, each made of tasks that workers take one at a time:
 *
 *   MAP     a split each: load, map, combine into the worker's table and the partitions
 *   END     a worker's mapper each: it emits what its state still holds (PHASE_END_MAPPERS)
 *   DRAIN   a worker's share each: what its table still holds goes to the partitions
 *   SAMPLE  the first partition, reduced alone: its results, a fair sample of all, set the ranges
 *   REDUCE  a partition each: one call a key, results to the ranges of the order
 *   FLUSH   a worker's share each: its open chunks go to the ranges (PHASE_FLUSH_RANGES)
 *   SPLIT   a range each: one too large to be sorted in memory becomes many; until none is
 *           (PHASE_SPLIT_RANGES)
 *   OUTPUT  a range each: sort, encode, hand over to the writer in order
 *   WRITE   no tasks: lasts until the writer has put everything out
 *   FINISH  one task: everything is given back
 *
 * Of an unordered output, REDUCE hands results over itself, and OUTPUT those that it could not
 * (unordered.h); FLUSH and SPLIT have no tasks.
 *
 * A job has a thread of its own, which reads the input until MAP ends and then is the writer.
 */
#ifndef ENGINE_JOB_H
#define ENGINE_JOB_H

#include "engine/combine/compaction.h"
#include "engine/input/input.h"
#include "engine/map/combiner.h"
#include "engine/order/order.h"
#include "engine/reduce/reduce.h"
#include "engine/results/results.h"
#include "engine/schedule/round_robin.h"
#include "engine/schedule/split_queue.h"
#include "engine/shuffle/stores.h"

enum job_phase {
    PHASE_MAP,
    PHASE_END_MAPPERS,
    PHASE_DRAIN,
    PHASE_SAMPLE,
    PHASE_REDUCE,
    PHASE_FLUSH_RANGES,
    PHASE_SPLIT_RANGES,
    PHASE_OUTPUT,
    PHASE_WRITE,
    PHASE_FINISH,
    PHASE_ENDED,
};

/* What the jobs of an engine share. */
struct job_resources {
    unsigned worker_count;
    const struct hash_seed *seed;
    uint64_t memory; /* the whole of it */
    struct budget *budget;
    struct pool *pool;
    const char *const *tmpdirs;
    size_t tmpdir_count;
    struct round_robin *jobs;
    const struct input_engine *input; /* the same for the input */
};

/* All that one worker has of one job, by phase. Aligned so that no two share a cache line. */
struct job_worker {
    alignas(128) struct worker worker;
    struct job *job;
    /* map */
    void *state; /* the caller's mapper state */
    bool state_open;
    struct mr_buffer scratch; /* the input's */
    /* combining, in every phase up to reduce */
    struct combine_partition combine;
    /* reduce */
    struct mr_results results;
    /* reduce and output */
    struct order_worker order;
    /* map: at the end, as much of it is not cleared */
    struct mr_emitter emitter;
};

struct job {
    struct round_robin_place place; /* among the live jobs */
    struct round_robin *jobs;
    struct context context;
    struct stores stores;
    struct compaction compaction;
    struct order order;
    struct job_worker **workers; /* by number; each made by the worker that first takes a task */

    /* The schedule: under the lock of `jobs`. */
    enum job_phase phase;
    size_t task;      /* next task of the phase */
    size_t tasks;     /* number of its tasks */
    unsigned running; /* tasks taken and not done */
    size_t done;      /* tasks of reduce and output done, for progress */
    size_t parts;     /* partitions, once known */
    size_t outputs;   /* ranges to be put out, once known */
    bool started;     /* a task has been taken */
    bool waiting;     /* it may not map yet: it is among the waiting */
    bool offered;     /* there is something to map, or the end of the input */
    uint64_t input;   /* bytes, as far as known, or MR_UNKNOWN */
    struct admission_share share;
    bool reader_done;                 /* no more splits will come */
    bool writer_done;                 /* the caller's output is called no more */
    bool closed;                      /* the outcome stands, all callbacks have returned */
    uint64_t began, map_ended, ended; /* thread_now; 0: not yet */
    struct thread_cond changed;       /* phase, end or closing; may map, or has failed waiting */

    struct split_queue queue; /* splits read and not yet mapped */
    uint64_t splits_read;     /* the reader's: it runs on one thread at a time */
    struct thread reader, reporter;
    bool has_reader, has_reporter;
    bool alone; /* no worker could be started: the reader does everything */
};

/* What a worker is to do. */
struct job_task {
    struct job *job;
    enum job_phase phase;
    size_t number;
    bool shared;           /* other jobs are there: keep nothing that can be had again */
    struct mr_split split; /* in PHASE_MAP */
};

/* Makes a job from a caller's description, checking it. The job is not known to anybody yet, and
 * has the description's input and output, which without a job stay the caller's. */
enum mr_status job_open(const struct job_resources *resources, const struct mr_job_spec *spec,
                        struct job **job, struct mr_error *error);
/* Frees a job whose tasks have all been done. */
void job_close(struct job *job);

/* Under the lock of `jobs`: the next task of this job, where it has one now. Moves the
 * job from phase to phase. */
bool job_take(struct job *job, struct job_task *task);
/* Under that lock: a job waits until it may map. */
void job_hold_back(struct job *job);
/* Under that lock: it waits no longer, and is among none. */
void job_stop_waiting(struct job *job);
/* Under that lock: lets waiting jobs that have something to map begin, the oldest first: all for
 * which there is room, or, where one `must`, the first. */
void job_admit(struct round_robin *jobs, bool must);
/* Under that lock: a waiting job has something to map, or, where `ended`, all its input has been
 * read, so many bytes. */
void job_offer(struct job *job, bool ended, uint64_t bytes);

/* Under that lock: a task taken has been done. */
void job_done(struct job *job, const struct job_task *task);

/* Under that lock: all callbacks have returned, and the outcome stands. */
void job_end(struct job *job);
/* Under that lock: makes the job stop, where it has not all but ended. */
void job_cancel(struct job *job);
/* Under that lock. */
enum mr_status job_status(const struct job *job);
/* Under that lock: the figures of the map phase or of what follows. */
void job_figures(const struct job *job, bool map, struct mr_progress *progress);
/* The outcome of a job that is closed; both may be NULL. */
void job_outcome(const struct job *job, struct mr_stats *stats, struct mr_error *error);

#endif
