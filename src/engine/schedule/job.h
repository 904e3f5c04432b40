/* SPDX-License-Identifier: MIT
 *
 * job - one job: its parts, its phases, its figures, and which task a worker may take next.
 *
 * The phases follow one another, each made of tasks that workers take one at a time:
 *
 *   MAP     a split each: load, map, combine into the worker's table and the partitions
 *   DRAIN   a worker's share each: what its table still holds goes to the partitions
 *   SAMPLE  the first partition, reduced alone: its results, a fair sample of all, set the ranges
 *   REDUCE  a partition each: one call a key, results to the ranges of the order
 *   FLUSH   a worker's share each: its open chunks go to the ranges (PHASE_FLUSH_RANGES)
 *   SPLIT   a range each: one too large to be sorted in memory becomes many; until none is
 * (PHASE_SPLIT_RANGES) OUTPUT  a range each: sort, encode, write in order FINISH  one task:
 * everything is given back
 *
 * Of an unordered output, REDUCE puts results out itself and FLUSH to OUTPUT have no tasks.
 */
#ifndef ENGINE_JOB_H
#define ENGINE_JOB_H

#include "engine/combine/compaction.h"
#include "engine/mapreduce.h"
#include "engine/order/order.h"
#include "engine/order/output.h"
#include "engine/schedule/split_queue.h"
#include "engine/shuffle/spill_file.h"
#include "engine/core/worker.h"

enum job_phase {
    PHASE_MAP,
    PHASE_DRAIN,
    PHASE_SAMPLE,
    PHASE_REDUCE,
    PHASE_FLUSH_RANGES,
    PHASE_SPLIT_RANGES,
    PHASE_OUTPUT,
    PHASE_FINISH,
    PHASE_ENDED,
};

struct job {
    struct mr_engine *engine;
    struct mr_job_spec spec;
    bool sums;         /* values are uint64 and added up */
    bool keeps;        /* values are kept, not combined */
    size_t value_size; /* bytes of a value: 8 where it sums */
    struct record_form form;
    const struct hash_seed *seed;
    struct budget *budget;

    /* Read by all workers all the time, written once. */
    alignas(128) _Atomic bool stop;

    /* Figures, added to once a task. */
    alignas(128) _Atomic uint64_t bytes;
    _Atomic uint64_t records;
    _Atomic uint64_t keys;
    _Atomic uint64_t results;
    _Atomic uint64_t splits;

    struct thread_mutex fault_lock; /* of error */
    struct mr_error error;          /* the first one */

    struct worker **workers; /* by number; each made by the worker that first takes a task */
    unsigned worker_count;

    struct thread_mutex pairs_lock; /* of making `pairs` */
    _Atomic bool pairs_open;
    struct shuffle pairs;         /* by hash, from map to reduce */
    struct compaction compaction; /* of pairs */
    struct order order;           /* by range, from reduce to output */
    struct output output;
    struct spill spill;

    /* The schedule: under the engine's lock. */
    struct job *next, *previous; /* ring of the engine's live jobs */
    enum job_phase phase;
    size_t task;                      /* next task of the phase */
    size_t tasks;                     /* number of its tasks */
    unsigned running;                 /* tasks taken and not done */
    size_t done;                      /* tasks of reduce and output done, for progress */
    size_t parts;                     /* partitions, once known */
    size_t outputs;                   /* ranges to be put out, once known */
    bool started;                     /* a task has been taken */
    bool reader_done;                 /* no more splits will come */
    bool closed;                      /* the outcome stands, all callbacks have returned */
    uint64_t began, map_ended, ended; /* thread_now; 0: not yet */
    struct thread_cond changed;       /* phase, end or closing */

    struct queue queue; /* splits read and not yet mapped */
    struct thread reader, reporter;
    bool has_reader, has_reporter;
};

/* What a worker is to do. */
struct task {
    struct job *job;
    enum job_phase phase;
    size_t number;
    struct mr_split split; /* in PHASE_MAP */
};

/* Makes a job from a caller's description, checking it. The job is not known to anybody yet. */
enum mr_status job_open(struct mr_engine *engine, const struct mr_job_spec *spec, struct job **job,
                        struct mr_error *error);
/* Frees a job whose tasks have all been done. */
void job_close(struct job *job);

/* Records the first failure and makes the job stop. */
void job_fail(struct job *job, enum mr_status status, int errnum, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same with the text of a callback's error where it gave one. */
void job_fail_with(struct job *job, enum mr_status status, const struct mr_error *error,
                   const char *otherwise);
void job_no_memory(struct job *job);

static inline bool job_stopped(struct job *job)
{
    return atomic_load_explicit(&job->stop, memory_order_relaxed);
}

/* Under the engine's lock: the next task of this job, where it has one now. Moves the
 * job from phase to phase. */
bool job_take(struct job *job, struct task *task);
/* Does a task as worker `number`. */
void job_do(struct task *task, unsigned number);
/* Under the engine's lock: a task taken has been done. */
void job_done(struct job *job, const struct task *task);

/* Under the engine's lock. */
enum mr_state job_state(const struct job *job);
/* Under the engine's lock: the figures of the map phase or of what follows. */
void job_figures(const struct job *job, bool map, struct mr_progress *progress);

/* Reads the caller's input to its end, into the queue. A job's reader thread runs this. */
void job_read(void *job);
/* Calls the caller's progress until the job has ended, then closes it. Runs on a
 * thread that does no work. */
void job_report(void *job);

/* Does all of a job on the calling thread. */
void job_run_here(struct job *job);

#endif
