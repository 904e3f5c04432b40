/* SPDX-License-Identifier: MIT
 *
 * mapreduce.h - the engine's public interface, and the only one.
 *
 * A job cuts input into splits, maps every split to (key, value) pairs, brings
 * the values of one key together, reduces each key once and hands the resulting
 * records out in the order wanted. The caller brings the input, the map, the
 * combine, the reduce and the output; the engine brings threads, memory, the
 * shuffle, spilling to disk, order, progress and cancellation.
 *
 * Rules that hold for every call:
 *  - Nothing here prints, exits or aborts. Errors come back as enum mr_status,
 *    with a text in struct mr_error where the call takes one.
 *  - Memory passed in stays the caller's, and must live as long as is said.
 *  - "Worker" means one of the engine's threads. Callbacks named below as
 *    running "on a worker" run on many workers at once: their context is shared.
 *  - Callbacks that return int return 0 to go on. Any other value fails the
 *    job; the callback may describe why through the struct mr_error it is given.
 */
#ifndef MAPREDUCE_H
#define MAPREDUCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MR_API __attribute__((visibility("default")))
#else
#define MR_API
#endif

/* Readable bytes that must follow the last span of a batch (any content). */
#define MR_PAD 64

/* "Not known", for sizes and progress figures. */
#define MR_UNKNOWN UINT64_MAX

enum mr_status {
    MR_OK = 0,
    MR_INVALID,   /* an argument makes no sense */
    MR_NOMEM,     /* memory could not be had */
    MR_THREAD,    /* mr_submit could not start a single thread; the input is untouched */
    MR_INPUT,     /* the caller's input failed */
    MR_MAP,       /* the caller's map failed */
    MR_REDUCE,    /* the caller's reduce failed */
    MR_OUTPUT,    /* the caller's encode, write or collect failed */
    MR_SPILL,     /* temporary files could not be written or read back */
    MR_OVERFLOW,  /* a uint64 sum went past 2^64-1 */
    MR_CANCELLED, /* mr_cancel, or a progress callback that said so */
};

/* Why something failed. errnum is an errno value or 0; text is a sentence without
 * a newline, and empty only where status is MR_OK. */
struct mr_error {
    enum mr_status status;
    int errnum;
    char text[256];
};

/* Fills *error (which may be NULL) from a printf format; returns status. */
MR_API enum mr_status mr_error_set(struct mr_error *error, enum mr_status status, int errnum,
                                   const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 4, 5)))
#endif
    ;

/* ---- Bytes that grow -------------------------------------------------------- */

/* A growable array of bytes, drawn from the engine's memory budget. */
struct mr_buffer;

/* Makes room for `more` bytes past the used ones and returns where they start, or
 * NULL when memory is out. Pointers got earlier are invalid afterwards. At least
 * MR_PAD readable bytes always follow the room. */
MR_API unsigned char *mr_buffer_reserve(struct mr_buffer *buffer, size_t more);
/* Counts `size` of the reserved bytes as used. */
MR_API void mr_buffer_commit(struct mr_buffer *buffer, size_t size);
/* The used bytes; *size receives their number. */
MR_API unsigned char *mr_buffer_data(struct mr_buffer *buffer, size_t *size);
/* Forgets the used bytes, keeps the memory for the next use. */
MR_API void mr_buffer_clear(struct mr_buffer *buffer);

/* ---- Input ------------------------------------------------------------------- */

/* One piece of input, small enough that many of them keep all workers busy. All
 * members are the input's own; the engine reads `data`, `size`, `length` and whether there is a
 * `context`. */
struct mr_split {
    const unsigned char *data; /* the bytes; MR_PAD readable bytes follow them */
    size_t size;               /* how many */
    uint64_t length;           /* bytes of input it stands for, for progress */
    uint64_t offset;           /* where it starts, in the input's own terms */
    uint64_t number;           /* which input (file) it is from, likewise */
    void *handle;              /* the input's own */
    /* What else the map must know to map it, between the input and the map: NULL where it is
     * nothing. A split that has it is mapped even where size is 0. */
    const unsigned char *context;
    size_t context_size;
};

struct mr_input {
    void *context;
    uint64_t size; /* bytes in all splits together, or MR_UNKNOWN */
    /* Fills *split with the next piece. Called on the job's reader thread, one call at a time,
     * and may block. Returns 1 for a split, 0 at the end, -1 on failure. */
    int (*next)(void *context, struct mr_split *split, struct mr_error *error);
    /* Makes split->data and split->size valid, on the worker that will map it; `scratch` is that
     * worker's for reading into and comes back with its old content undefined. NULL where next
     * already delivers bytes. A split may come out empty (size 0): it is not mapped. */
    int (*load)(void *context, struct mr_split *split, struct mr_buffer *scratch,
                struct mr_error *error);
    /* Takes a split back when it is done with, mapped or not; on any thread. May be NULL. */
    void (*release)(void *context, struct mr_split *split);
    /* The job is failing or cancelled: a next that waits should return soon, with 0 or -1. Called
     * on any thread, perhaps more than once, while next runs; must not wait nor call the engine.
     * May be NULL: then the job ends only when next returns by itself. */
    void (*interrupt)(void *context);
};

/* ---- Map --------------------------------------------------------------------- */

/* Bytes [begin, end) counted from the base of a batch. */
struct mr_span {
    uint32_t begin;
    uint32_t end;
};

struct mr_emitter;

/* Emits one pair. The key's bytes and the value are copied. `value` points to the job's
 * value_size bytes; NULL stands for the uint64 1 and is allowed only where the job sums.
 * Returns 0, or non-zero when the job has failed or been cancelled: map should return soon. */
MR_API int mr_emit(struct mr_emitter *emitter, const void *key, size_t size, const void *value);

/* Emits `count` pairs whose keys are spans of `base`, with `values` an array of count values, or
 * NULL as above. MR_PAD readable bytes must follow the last span (a split's data has them, so has
 * an mr_buffer). Much faster than mr_emit: this is the way to emit. */
MR_API int mr_emit_batch(struct mr_emitter *emitter, const unsigned char *base,
                         const struct mr_span *spans, size_t count, const void *values);

/* Why the job is failing, for a map that wants to report its own error. */
MR_API struct mr_error *mr_emitter_error(struct mr_emitter *emitter);

/* ---- Reduce ------------------------------------------------------------------ */

/* The values of one key, to be read once, in no promised order. */
struct mr_values;

/* Copies up to `max` further values to `out` (max * value_size bytes). Returns how many, 0 when
 * all have been read, -1 on failure (return non-zero from reduce then). With a combine or a sum
 * there is exactly one value. */
MR_API long mr_values_next(struct mr_values *values, void *out, size_t max);

struct mr_results;

/* Hands out one result record: a key, a rank for the order, and a payload of any size (may be 0).
 * All bytes are copied. Returns 0, or non-zero when the job has failed. */
MR_API int mr_put(struct mr_results *results, const void *key, size_t key_size, uint64_t rank,
                  const void *payload, size_t payload_size);

/* ---- Output ------------------------------------------------------------------ */

/* A result. Without a reduce callback, rank is the sum and the payload is empty where the job sums;
 * else rank is 0 and the payload is the combined value. */
struct mr_record {
    const unsigned char *key;
    size_t key_size;
    uint64_t rank;
    const unsigned char *payload;
    size_t payload_size;
};

enum mr_order {
    MR_ORDER_NONE, /* as they come */
    MR_ORDER_KEY,  /* by key, bytes compared as memcmp, a prefix first */
    MR_ORDER_RANK, /* highest rank first, equal ranks by key */
};

struct mr_output {
    void *context;
    enum mr_order order;
    bool reverse;      /* reverse the whole order */
    uint64_t limit;    /* only the first `limit` records of the order; 0: all */
    uint64_t min_rank; /* records of a lower rank are dropped before the limit is applied */
    /* Either collect: takes records in order, one call at a time (on a worker). Keys and payloads
     * are valid during the call. */
    int (*collect)(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error);
    /* Or encode and write: encode makes bytes of consecutive records, on many workers at once;
     * write puts the pieces out. With `positional` false, write is called one at a time and in
     * order; with it true, pieces come at any time and from many workers, each with its place in
     * the output (offset 0 is the first byte). */
    int (*encode)(void *context, const struct mr_record *records, size_t count,
                  struct mr_buffer *bytes, struct mr_error *error);
    int (*write)(void *context, const void *bytes, size_t size, uint64_t offset,
                 struct mr_error *error);
    bool positional;
};

/* ---- Progress ---------------------------------------------------------------- */

struct mr_progress {
    const char *tag;   /* "map" (in bytes of input) or "reduce" (in tasks) */
    uint64_t done;     /* how much is done */
    uint64_t not_done; /* how much is still to do, or MR_UNKNOWN */
    uint64_t bytes;    /* input mapped so far */
    uint64_t records;  /* pairs emitted so far, as of the last split each worker ended */
    uint64_t keys;     /* distinct keys reduced so far */
    uint64_t spilled;  /* bytes written to temporary files so far */
    double seconds;    /* since the phase began */
};

/* ---- Jobs -------------------------------------------------------------------- */

struct mr_job_spec {
    struct mr_input input;

    void *context; /* of map, combine, reduce and progress */

    /* State of one mapper; a job has at most as many mappers as the engine has threads. Both may
     * be NULL. mapper_open may leave *state NULL. mapper_close is called once for each opened
     * state, one at a time, when no map runs any more and before the job is seen to end. */
    int (*mapper_open)(void *context, void **state, struct mr_error *error);
    void (*mapper_close)(void *context, void *state);
    /* Emits the pairs of one split. On a worker; a state is used by one worker at a time. */
    int (*map)(void *context, void *state, const struct mr_split *split,
               struct mr_emitter *emitter);

    /* What a value is, and how two become one:
     *   value_size 0                  a uint64, added up (the default; fastest);
     *   value_size n, combine given   n bytes, combined: *into becomes combine(*into, *from); both
     *                                 are aligned to 8 bytes. Must be associative and commutative;
     *   value_size n, combine NULL    n bytes, all kept: reduce sees each. */
    size_t value_size;
    void (*combine)(void *context, void *into, const void *from);

    /* One call a key, on a worker. The key is valid during the call. NULL: each key gives one
     * record (see struct mr_record); not allowed where values are kept. */
    int (*reduce)(void *context, const void *key, size_t key_size, struct mr_values *values,
                  struct mr_results *results, struct mr_error *error);

    struct mr_output output;

    /* Called at most every half second and once at the end of each phase, on a thread that does no
     * work for any job, or on that of mr_run where it does all on it, in between. A non-zero return
     * cancels the job. May be NULL. */
    int (*progress)(void *context, const struct mr_progress *progress);

    /* The input is a few KiB: do everything on the calling thread and start no other. Only mr_run
     * looks at it. The result is the same either way. */
    bool small;
};

/* MR_PENDING: it has not begun to map. What jobs hold at least is bounded for all together: they
 * begin in their order as those before leave room, and small ones, of known size or read to the
 * end, beside these. */
enum mr_state { MR_PENDING, MR_RUNNING, MR_DONE, MR_FAILED, MR_STOPPED };

/* What a job did; complete once it has ended. */
struct mr_stats {
    uint64_t bytes;   /* input mapped */
    uint64_t records; /* pairs emitted */
    uint64_t keys;    /* distinct keys reduced */
    uint64_t results; /* records handed out */
    uint64_t spilled; /* bytes written to temporary files */
    uint64_t splits;
    unsigned threads; /* workers that could take part */
    double map_seconds;
    double reduce_seconds; /* reduce, order and output */
};

struct mr_engine;
struct mr_job;

struct mr_engine_options {
    unsigned threads;           /* workers; 0: the CPUs this process may use. Fewer where limits
                                   * of addresses or data (ulimit -v, -d) leave too little. */
    uint64_t memory;            /* bytes for all jobs together; 0: half of what is available. Less
                                   * than 16 MiB and 4 MiB a thread is raised to that, more than the
                                   * limits leave is lowered. A key may be larger: each worker holds
                                   * the one in hand once, and once more while it is put out by
                                   * reduce or encoded. */
    const char *const *tmpdirs; /* where spilled data goes, used round-robin; copied. They must
                                   * exist and be writable: MR_SPILL */
    size_t tmpdir_count;        /* 0: $TMPDIR, else /tmp */
};

/* Makes an engine. Threads start with the first job that needs them, each with a stack of half a
 * MiB, and as many as the system allows. *engine is NULL on failure. */
MR_API enum mr_status mr_engine_open(const struct mr_engine_options *options,
                                     struct mr_engine **engine, struct mr_error *error);
/* Cancels the jobs that still run, waits for their end, ends the threads and frees the engine's
 * memory. No job may be started any more; handles stay valid: a job's outcome can still be had by
 * mr_poll and mr_wait, and each must still be released. Not to be called by a callback of a job of
 * the same engine. NULL is allowed. */
MR_API void mr_engine_close(struct mr_engine *engine);

/* Runs a job to its end and returns its outcome. *stats and *error may be NULL. Any thread may call
 * it, but not a callback of a job of the same engine. Where no thread can be started, it does all
 * on the calling one. */
MR_API enum mr_status mr_run(struct mr_engine *engine, const struct mr_job_spec *spec,
                             struct mr_stats *stats, struct mr_error *error);

/* Starts a job and returns at once; *spec is copied, what it points to must outlive the job.
 * On success *job is a handle that the caller releases. Never blocks on work. */
MR_API enum mr_status mr_submit(struct mr_engine *engine, const struct mr_job_spec *spec,
                                struct mr_job **job, struct mr_error *error);
/* The job's state now, and its figures where progress is not NULL. Never blocks on work. */
MR_API enum mr_state mr_poll(struct mr_job *job, struct mr_progress *progress);
/* Waits until the job has ended, at most timeout_ms milliseconds (negative: without limit), and
 * returns its state. After the end: all its callbacks have returned, its memory and files are back,
 * *stats and *error (both may be NULL) hold the outcome. */
MR_API enum mr_state mr_wait(struct mr_job *job, long timeout_ms, struct mr_stats *stats,
                             struct mr_error *error);
/* Tells the job to stop; returns at once. Has no effect on a job that has ended. */
MR_API void mr_cancel(struct mr_job *job);
/* Gives the handle back; cancels the job and waits for its end where it still
 * runs. NULL is allowed. */
MR_API void mr_release(struct mr_job *job);

/* Workers of the engine, from its first job on those that could be started, and its memory budget
 * in bytes. */
MR_API unsigned mr_engine_threads(const struct mr_engine *engine);
MR_API uint64_t mr_engine_memory(const struct mr_engine *engine);

#ifdef __cplusplus
}
#endif
#endif
