/* SPDX-License-Identifier: MIT
 *
 * mapreduce.h - the engine's public interface, and the only one.
 *
 * A job cuts its input into splits, maps every split to pairs of a key and a value, brings the
 * values of one key together, reduces each key once, and puts the results out in the order wanted.
 * The caller brings a map, mostly a reduce, and says where input comes from and where results go;
 * the engine brings threads, a bound on memory, the shuffle, spilling to disk, order, progress and
 * cancellation.
 *
 * Three layers, each complete without those behind it:
 *   1. simple    mr_map_reduce over an array; mr_run with ready inputs and outputs
 *   2. jobs      engines, futures, progress, cancelling, states, several clients
 *   3. advanced  batches, own inputs and outputs, cuts of files
 *
 * What holds for every call:
 *  - Nothing here prints, exits or aborts, but for output that was wanted. Calls return an enum
 *    mr_status, 0 for success, and where they take a struct mr_error (NULL is allowed) say in it
 *    why they failed; calls that return a pointer return NULL.
 *  - Callbacks that return int return 0 to go on. Any other value fails the job; `return
 *    mr_fail(error, ...)` says why.
 *  - A callback or pointer that is NULL stands for a working default, where the member says which.
 *  - Memory passed in stays the caller's, and must live as long as is said.
 *  - "Worker" means one of the engine's threads. Callbacks "on a worker" run on many workers at
 *    once: their context is shared.
 *  - A struct that may grow begins with struct_size, which the caller sets to its sizeof. Members
 *    that are added later are 0 in a program compiled before.
 *  - Values and payloads that callbacks get are aligned to 16 bytes. Keys are not aligned.
 *  - A value is passed on exactly once, in memory, from disk and when more than memory is reduced:
 *    of those that are emitted each is once `from` of a combine, or else reaches a reduce or a
 *    record. In between its bytes move, but are never used twice, so it may be a handle of an
 *    object that a combine or a reduce takes over. Only a job that fails loses values.
 *  - An exception of C++, or a longjmp, must not leave a callback: behaviour is undefined.
 */
#ifndef MAPREDUCE_H
#define MAPREDUCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What this header is of. Programs built with it run with any later library of the same MAJOR. */
#define MR_VERSION_MAJOR 1
#define MR_VERSION_MINOR 0
#define MR_VERSION_PATCH 0
#define MR_VERSION (MR_VERSION_MAJOR * 1000000 + MR_VERSION_MINOR * 1000 + MR_VERSION_PATCH)

#if defined(__GNUC__)
#define MR_API __attribute__((visibility("default")))
#define MR_PRINTF(text, rest) __attribute__((format(printf, text, rest)))
#else
#define MR_API
#define MR_PRINTF(text, rest)
#endif

/* "Not known", for sizes and progress figures. */
#define MR_UNKNOWN UINT64_MAX

/* What became of a call or a job. */
enum mr_status {
    MR_OK = 0,        /* success */
    MR_PENDING = 1,   /* of a job: it has not begun to map */
    MR_RUNNING = 2,   /* of a job: it has not ended */
    MR_INVALID = 3,   /* an argument makes no sense, or the call may not be made here */
    MR_NOMEM = 4,     /* memory could not be had */
    MR_THREAD = 5,    /* mr_submit could not start a single thread; an input and an output that were
                        * retained are untouched, and mr_run may be given them */
    MR_INPUT = 6,     /* the input failed */
    MR_MAP = 7,       /* the map failed */
    MR_REDUCE = 8,    /* the reduce failed */
    MR_OUTPUT = 9,    /* the output failed */
    MR_SPILL = 10,    /* temporary files could not be written or read back */
    MR_OVERFLOW = 11, /* a sum went past 2^64-1 */
    MR_CANCELLED = 12, /* mr_job_cancel, or a progress callback that said so */
    MR_FAILED = 13,    /* what mr_fail sets: the job makes of it which callback it was */
};

/* Why something failed. errnum is an errno value or 0; text is a sentence without a newline, and
 * empty only where status is MR_OK. It will not grow. */
struct mr_error {
    enum mr_status status;
    int errnum;
    char text[256];
};

/* Says in *error (which may be NULL) why a callback fails, by a printf format; returns a value to
 * fail with, which is not 0. */
MR_API int mr_fail(struct mr_error *error, int errnum, const char *format, ...) MR_PRINTF(3, 4);

/* MR_VERSION of the library that runs. */
MR_API unsigned mr_version(void);
/* "MR_OK" and so on; NULL where it is none. */
MR_API const char *mr_status_name(enum mr_status status);

/* ==== 1. Simple ============================================================================== */

struct mr_emitter;
struct mr_values;
struct mr_results;
struct mr_table;
struct mr_input;
struct mr_output;
struct mr_engine;
struct mr_job;

/* ---- What maps and reduces call ------------------------------------------------------------- */

/* Emits one pair, from the map that was given the emitter, on its thread, before it returns. The
 * key's bytes and the value are copied. `value` points to a value of the job's kind; NULL stands
 * for the number 1 where values are summed (MR_SUM, MR_FIRST). Not MR_OK when the job has failed or
 * been cancelled: the map should return soon. */
MR_API enum mr_status mr_emit(struct mr_emitter *emitter, const void *key, size_t key_size,
                              const void *value);
/* The same in a job whose values are bytes of any size (MR_GROUP with value_size 0). */
MR_API enum mr_status mr_emit_bytes(struct mr_emitter *emitter, const void *key, size_t key_size,
                                    const void *value, size_t value_size);
/* Emits every run of bytes other than space, \t, \n, \v, \f and \r as a key, with the number 1, in
 * a job that sums. */
MR_API enum mr_status mr_emit_words(struct mr_emitter *emitter, const void *bytes, size_t size);

/* The next value of the key that a reduce was called for, valid until the next call; its bytes in
 * *size, which may be NULL. NULL behind the last one, and when the job has failed: what the reduce
 * puts then is dropped. Of values that are summed or combined there is exactly one. */
MR_API const void *mr_values_next(struct mr_values *values, size_t *size);
/* How many values are left. */
MR_API uint64_t mr_values_count(const struct mr_values *values);
/* All values that are left as one array of *count, valid until the reduce returns, and then none
 * is left: values of a fixed size side by side, others as struct mr_bytes. NULL, and all are still
 * left, where they do not fit the memory that there is for one key. */
MR_API const void *mr_values_array(struct mr_values *values, size_t *count);
/* Goes back to the first value, for a reduce that looks at values more than once without holding
 * them: they come again, in any order. Not MR_OK when the job has failed, and MR_INVALID, with
 * nothing changed, in a job with a value_order and when an array has been taken. */
MR_API enum mr_status mr_values_rewind(struct mr_values *values);

/* `size` bytes from `data` on. It will not grow. */
struct mr_bytes {
    const unsigned char *data;
    size_t size;
};

/* Puts one result, from a reduce: a key, a rank for the order, and a payload of any bytes, which
 * may be NULL where payload_size is 0. All bytes are copied. */
MR_API enum mr_status mr_put(struct mr_results *results, const void *key, size_t key_size,
                             uint64_t rank, const void *payload, size_t payload_size);

/* Ranks that are ordered as these numbers are, and back. -0.0 ranks as 0.0, a NaN below all. */
MR_API uint64_t mr_rank_of_int64(int64_t number);
MR_API uint64_t mr_rank_of_double(double number);
MR_API int64_t mr_rank_to_int64(uint64_t rank);
MR_API double mr_rank_to_double(uint64_t rank);

/* ---- Results -------------------------------------------------------------------------------- */

/* A result: a key, a rank to be ordered by, and a payload. Without a reduce, rank is the sum and
 * the payload is empty where values are summed; of MR_FIRST rank is the place and the payload the
 * sum; else rank is 0 and the payload is the combined value. It will not grow. */
struct mr_record {
    const unsigned char *key;
    size_t key_size;
    uint64_t rank;
    const unsigned char *payload;
    size_t payload_size;
};

/* Results in memory, in the order of the job that made them. Any thread may read it. Its memory is
 * the caller's, beside the engine's budget. NULL, which a job that failed leaves, is a table of
 * no records. */
MR_API size_t mr_table_count(const struct mr_table *table);
/* The record of that number, valid as long as the table; NULL past the last. */
MR_API const struct mr_record *mr_table_record(const struct mr_table *table, size_t number);
/* The first record of that key, or NULL: by halving where the table is ordered by key, else by
 * looking at one after the other. */
MR_API const struct mr_record *mr_table_find(const struct mr_table *table, const void *key,
                                             size_t key_size);
/* NULL is allowed. */
MR_API void mr_table_release(struct mr_table *table);

/* ---- The plainest way: map_reduce(items, map, reduce, progress) ----------------------------- */

/* An array: `count` items of `size` bytes each. */
struct mr_items {
    const void *items;
    size_t count;
    size_t size;
};

/* Emits the pairs of one item. On a worker. */
typedef int mr_map_item(void *context, const void *item, struct mr_emitter *emitter,
                        struct mr_error *error);
/* Puts the results of one key, whose values are bytes, by mr_emit_bytes. On a worker. */
typedef int mr_reduce_key(void *context, const void *key, size_t key_size, struct mr_values *values,
                          struct mr_results *results, struct mr_error *error);
/* Is told how many items of phase "map", then how many tasks of phase "reduce", are done and not
 * done; not 0 cancels. At most every half second, and at the end of each phase. Never on a
 * worker. */
typedef int mr_tell(void *context, const char *phase, uint64_t done, uint64_t not_done);

/* Maps every item, reduces every key, and returns when *table holds the results, ordered by key;
 * the caller releases it. Without a reduce, values are numbers, by mr_emit, and are summed: a
 * record's rank is the sum. `tell` may be NULL. *table is NULL on failure. */
MR_API enum mr_status mr_map_reduce(const struct mr_items *items, mr_map_item *map,
                                    mr_reduce_key *reduce, mr_tell *tell, void *context,
                                    struct mr_table **table, struct mr_error *error);
/* The same as a future: returns at once. *table is set when the job has ended, by mr_job_wait or
 * mr_job_poll, and must outlive it, as must what the items point to. */
MR_API enum mr_status mr_map_reduce_submit(const struct mr_items *items, mr_map_item *map,
                                           mr_reduce_key *reduce, mr_tell *tell, void *context,
                                           struct mr_table **table, struct mr_job **job,
                                           struct mr_error *error);

/* ---- Ready inputs --------------------------------------------------------------------------- */

/* An input is read by one job, which takes it: mr_run and mr_submit release it in any case. None of
 * these returns NULL: where memory is out, it is the job that fails, with MR_NOMEM. */

/* FILEs cut behind newlines, read in parallel; "-" is standard input. NULL or a count of 0:
 * standard input. The names must outlive the job. A FILE that cannot be read fails the job. A
 * split's `number` is the FILE's, its `offset` the place of its first byte in that. */
MR_API struct mr_input *mr_input_files(const char *const *names, size_t count);
/* What is read from an open descriptor, from where it stands, cut behind newlines. The descriptor
 * is the caller's, who closes it after the job. */
MR_API struct mr_input *mr_input_descriptor(int descriptor);
/* An array of items of one size, which must outlive the job. A split is some of them, side by side
 * from `data` on, `size` in bytes; its `offset` is the number of its first item. */
MR_API struct mr_input *mr_input_items(const void *items, size_t count, size_t item_size);
/* The records of a table, which must outlive the job; see mr_split_record. */
MR_API struct mr_input *mr_input_table(const struct mr_table *table);

/* A piece of input, small enough that many of them keep all workers busy. It may grow: only the
 * library makes one. */
struct mr_split {
    const unsigned char *data; /* the bytes */
    size_t size;               /* how many */
    uint64_t number;           /* which input (FILE) it is from, in the input's own terms */
    uint64_t offset;           /* where it starts, likewise */
    /* The rest is for inputs of one's own, made of a struct mr_reader. */
    uint64_t length;              /* bytes of input it stands for, for progress */
    void *handle;                 /* the input's own */
    const unsigned char *context; /* what else the map must know, or NULL */
    size_t context_size;
    bool end;      /* there is no split any more: set by an input instead of filling this in */
    int64_t grown; /* bytes of text that it stands for, less `length`: of a FILE that was decoded */
    uint64_t sequence; /* how many came before it: set by the engine */
};

/* A line without its newline: `size` bytes from `text` on. All zero before the first. */
struct mr_line {
    const unsigned char *text;
    size_t size;
    uint64_t offset; /* of its first byte, in the terms of the split's */
};

/* Goes on to the next line of the split; false behind the last one. */
MR_API bool mr_split_line(const struct mr_split *split, struct mr_line *line);
/* The split's record of that number, counted from 0, of a mr_input_table; NULL past the last. */
MR_API const struct mr_record *mr_split_record(const struct mr_split *split, size_t number);

/* ---- Ready outputs -------------------------------------------------------------------------- */

/* As inputs, outputs are taken by the job. */

/* *table holds all results when the job has succeeded, and is NULL until then and where it fails.
 * `table` must outlive the job; who called it releases what it holds. */
MR_API struct mr_output *mr_output_table(struct mr_table **table);
/* A line a result to an open descriptor, in order: the key, a tab, and the payload, or where that
 * is empty the rank in digits. Bytes go out as they are. */
MR_API struct mr_output *mr_output_tsv(int descriptor);

/* ---- A job ---------------------------------------------------------------------------------- */

/* What a value is, and how the values of one key become one. */
enum mr_value_mode {
    MR_SUM = 0,     /* a uint64_t; added up. value_size is 0 or 8 */
    MR_COMBINE = 1, /* value_size bytes; combined two by two by `combine` */
    MR_GROUP = 2,   /* value_size bytes, or of any size where that is 0; all kept for the reduce */
    /* Where the key was emitted first: its place, a number that grows from split to split, in the
     * order in which the input hands them out, and from pair to pair of a split. With a value_size
     * of 8 a value is a uint64_t as of MR_SUM, and added up as well; with 0 it does not matter. A
     * reduce gets both, the place first; without one min_rank and max_rank are of the sums. The
     * first of all results is that of the lowest rank: MR_ORDER_RANK and `reverse`. More than 2^28
     * splits, or 2^36 pairs of one, are MR_OVERFLOW. */
    MR_FIRST = 3,
};

/* The order of results. */
enum mr_order {
    MR_ORDER_NONE = 0, /* as they come */
    MR_ORDER_KEY = 1,  /* by key, bytes compared as memcmp, a prefix first */
    MR_ORDER_RANK = 2, /* highest rank first, equal ranks by key */
};

/* Makes the state of one mapper or reducer. A job has at most as many of each as the engine has
 * threads; a state is used by one thread at a time. *state may be left NULL. */
typedef int mr_open(void *context, void **state, struct mr_error *error);
/* Ends a state: once for each that was opened, one at a time, before the job is seen to end. */
typedef void mr_close(void *context, void *state);
/* Emits the pairs of one split. On a worker. */
typedef int mr_map(void *context, void *state, const struct mr_split *split,
                   struct mr_emitter *emitter, struct mr_error *error);
/* Emits what the state of a mapper still holds, when it has mapped its last split. On a worker. */
typedef int mr_map_end(void *context, void *state, struct mr_emitter *emitter,
                       struct mr_error *error);
/* *into becomes the combination of both, which must be associative and commutative. On a worker;
 * may call nothing of the library. */
typedef void mr_combine(void *context, void *into, const void *from);
/* As memcmp's result: the order of two values of one key. On a worker; as mr_combine. */
typedef int mr_compare(void *context, const void *a, size_t a_size, const void *b, size_t b_size);
/* Puts the results of one key, which is valid during the call, as are the values. On a worker. */
typedef int mr_reduce(void *context, void *state, const void *key, size_t key_size,
                      struct mr_values *values, struct mr_results *results, struct mr_error *error);
/* Bytes of a payload that an mr_rank writes, at most. */
#define MR_RANK_PAYLOAD 32
/* The rank of the one record that a key of that value gives, or 0 where the key is to be reduced.
 * The record's payload, if it has one, is written at `payload`, for which there are MR_RANK_PAYLOAD
 * bytes, and its size in *payload_size, which is 0 before. On a worker; as mr_combine. */
typedef uint64_t mr_rank(void *context, const void *value, unsigned char *payload,
                         size_t *payload_size);
/* Takes results in order, one call at a time, never on a worker: it may wait, for the input of
 * another job of the same engine too. Keys and payloads are valid during the call. */
typedef int mr_collect(void *context, const struct mr_record *records, size_t count,
                       struct mr_error *error);

/* What a job is at. */
enum mr_phase {
    MR_PHASE_MAP = 0,    /* in bytes of input */
    MR_PHASE_REDUCE = 1, /* in tasks */
};

/* How a job stands. */
struct mr_progress {
    size_t struct_size;
    enum mr_phase phase; /* which one `done` and `not_done` are of */
    uint64_t done;       /* how much is done */
    uint64_t not_done;   /* how much is still to do, or MR_UNKNOWN */
    uint64_t bytes;      /* input mapped so far */
    uint64_t records;    /* pairs emitted so far, as of the last split each worker ended */
    uint64_t keys;       /* distinct keys reduced so far */
    uint64_t spilled;    /* bytes written to temporary files so far */
    double seconds;      /* since the phase began */
};

/* Called at most every half second and once at the end of each phase, on a thread that does no
 * work for any job, or on that of mr_run where it does all, in between. Not 0 cancels the job. */
typedef int mr_report(void *context, const struct mr_progress *progress);

/* A job. All zero but struct_size it counts the lines of standard input and prints them
 * with their counts. */
struct mr_job_spec {
    size_t struct_size; /* sizeof(struct mr_job_spec) */
    void *context;      /* of all callbacks below */

    struct mr_input *input; /* NULL: standard input, as by mr_input_files */

    mr_open *mapper_open; /* NULL: no state */
    mr_map *map;          /* NULL: every line, item or table's key is a key, its value a 1, or of a
                           * table the record's rank */
    mr_map_end *mapper_end; /* NULL: nothing more */
    mr_close *mapper_close; /* NULL: nothing to end */

    enum mr_value_mode values; /* what values are, and how they become one */
    size_t value_size;         /* at most MR_VALUE_MOST */
    mr_combine *combine;       /* of MR_COMBINE */
    /* Of MR_COMBINE: 0, or the tag bits of values that the engine may mostly add itself, without a
     * call of combine. A value then is two words, `number` and `more`. Where the tag bits of both
     * numbers are the same, and the sum of both `more` has no bit of add_guard, the other bits of
     * the numbers are added, and so is `more`, unless either overflows; of all others combine is
     * called. So values that fit the words are fast, and combine can keep larger ones in any way.
     */
    uint64_t add_tag;
    mr_compare *value_order; /* of MR_GROUP: the order in which a reduce gets values; NULL: none */

    mr_open *reducer_open;   /* NULL: no state */
    mr_reduce *reduce;       /* NULL: each key gives one record, or of MR_GROUP each value one, with
                            * the value as its payload */
    mr_close *reducer_close; /* NULL: nothing to end */

    /* Results are ordered, records that are equal in the order by their payloads, so that the same
     * results always come in the same way; but for MR_ORDER_NONE. */
    enum mr_order order;
    bool reverse;      /* reverse the whole order */
    uint64_t limit;    /* only the first `limit` records of the order; 0: all */
    uint64_t min_rank; /* records of a lower rank are dropped before the limit is applied */

    mr_collect *collect;      /* takes the results; else output does */
    struct mr_output *output; /* NULL where there is no collect: lines on standard output, as by
                               * mr_output_tsv */

    mr_report *progress; /* NULL: nobody is told */

    /* The input is a few KiB: do everything on the calling thread and start no other. Only mr_run
     * looks at it. The result is the same either way. */
    bool small;

    uint64_t max_rank; /* as min_rank: records of a higher rank are dropped; 0: none is */
    /* Of values with an add_tag: bits of `more` that are 0 where the engine has added, such as the
     * highest of a count beside others, and one that marks values which are not added; 0: all. */
    uint64_t add_guard;
    /* Of MR_COMBINE with a reduce: NULL, or what makes results of most keys in less time than that.
     * It is called first, and reduce only for the keys of which it gives no rank. */
    mr_rank *rank;
};

/* Bytes of a value of a fixed size, at most. */
#define MR_VALUE_MOST ((size_t)1 << 30)

/* As mr_compare: by bytes as memcmp, a prefix first. */
MR_API int mr_compare_bytes(void *context, const void *a, size_t a_size, const void *b,
                            size_t b_size);

/* What a job did; complete once it has ended. */
struct mr_stats {
    size_t struct_size;
    uint64_t bytes;        /* input mapped */
    uint64_t records;      /* pairs emitted */
    uint64_t keys;         /* distinct keys reduced */
    uint64_t results;      /* records handed out */
    uint64_t spilled;      /* bytes written to temporary files */
    uint64_t splits;       /* pieces of input */
    unsigned threads;      /* workers that could take part */
    double map_seconds;    /* input and map */
    double reduce_seconds; /* reduce, order and output */
    uint64_t text_bytes;   /* of input mapped, after decoding: `bytes` is what was read of it */
};

/* Runs a job to its end and returns its outcome. `engine` may be NULL: then one with working
 * defaults is there for this job. *stats and *error may be NULL. Any thread may call it, but not a
 * callback on a worker (MR_INVALID). Where no thread can be started, it does all on the calling
 * one. */
MR_API enum mr_status mr_run(struct mr_engine *engine, const struct mr_job_spec *spec,
                             struct mr_stats *stats, struct mr_error *error);

/* ==== 2. Jobs and futures ==================================================================== */

/* What an engine has. */
struct mr_engine_options {
    size_t struct_size;
    unsigned threads;           /* workers; 0: the CPUs this process may use. Fewer where limits of
                                 * addresses or data (ulimit -v, -d) leave too little */
    uint64_t memory;            /* bytes for all jobs together; 0: half of what is available. Less
                                 * than 16 MiB and 4 MiB a thread is raised to that, more than the
                                 * limits leave is lowered. A key may be larger: each worker holds
                                 * the one in hand once, and once more while it is put or encoded */
    const char *const *tmpdirs; /* where spilled data goes, used round-robin; copied. They must
                                 * exist and be writable: MR_SPILL */
    size_t tmpdir_count;        /* 0: $TMPDIR, else /tmp */
};

/* Makes an engine, which any number of threads may use at the same time; its jobs share the workers
 * split by split. Threads start with the first job that needs them, each with a stack of half a
 * MiB, and as many as the system allows. `options` may be NULL: all are 0. *engine is NULL on
 * failure. */
MR_API enum mr_status mr_engine_open(const struct mr_engine_options *options,
                                     struct mr_engine **engine, struct mr_error *error);
/* Cancels the jobs that still run, waits for their end, ends the threads and frees the engine's
 * memory. No job may be started any more; handles stay valid, and each must still be released. In a
 * callback of a job of the same engine: MR_INVALID, and nothing is closed. NULL is allowed. */
MR_API enum mr_status mr_engine_close(struct mr_engine *engine);
/* Workers of the engine, from its first job on those that could be started, and its memory budget
 * in bytes. */
MR_API unsigned mr_engine_threads(const struct mr_engine *engine);
MR_API uint64_t mr_engine_memory(const struct mr_engine *engine);

/* Starts a job and returns at once; *spec is copied, what it points to must outlive the job. On
 * success *job is a handle that the caller releases. `engine` may be NULL, as with mr_run. Never
 * blocks on work. */
MR_API enum mr_status mr_submit(struct mr_engine *engine, const struct mr_job_spec *spec,
                                struct mr_job **job, struct mr_error *error);
/* MR_PENDING, MR_RUNNING or the outcome; the job's figures where progress is not NULL. Never blocks
 * on work. */
MR_API enum mr_status mr_job_poll(struct mr_job *job, struct mr_progress *progress);
/* Waits until the job has ended, at most timeout_ms milliseconds (negative: without limit), and
 * returns as mr_job_poll. After the end: all its callbacks have returned, its memory and files are
 * back, *stats and *error (both may be NULL) hold the outcome. In a callback of the same job it
 * would never return: MR_INVALID. */
MR_API enum mr_status mr_job_wait(struct mr_job *job, long timeout_ms, struct mr_stats *stats,
                                  struct mr_error *error);
/* Tells the job to stop; returns at once. Has no effect on a job that has ended. Any thread, a
 * callback too. */
MR_API enum mr_status mr_job_cancel(struct mr_job *job);
/* Gives the handle back; cancels the job and waits for its end where it still runs. In a callback
 * of the same job: MR_INVALID, and the handle stays. NULL is allowed. */
MR_API enum mr_status mr_job_release(struct mr_job *job);

/* "map", "reduce". */
MR_API const char *mr_phase_name(enum mr_phase phase);

/* ==== 3. Advanced ============================================================================ */

/* ---- Errors with a status of the caller's choice -------------------------------------------- */

/* Fills *error (which may be NULL); returns status. */
MR_API enum mr_status mr_error_set(struct mr_error *error, enum mr_status status, int errnum,
                                   const char *format, ...) MR_PRINTF(4, 5);

/* ---- Batches -------------------------------------------------------------------------------- */

/* Bytes that may be read, whatever they are, behind the last span of a batch. */
#define MR_PAD 64

/* Bytes [begin, end) counted from the base of a batch. It will not grow. */
struct mr_span {
    uint32_t begin;
    uint32_t end;
};

/* Emits `count` pairs whose keys are spans of `base`, of which `size` bytes can be read. `values`
 * is an array of `count` values, of struct mr_bytes where they are of any size, or NULL as with
 * mr_emit. No span ends behind the last one, unless MR_PAD bytes that can be read follow it. Where
 * fewer follow, those keys are copied. */
MR_API enum mr_status mr_emit_batch(struct mr_emitter *emitter, const unsigned char *base,
                                    size_t size, const struct mr_span *spans, size_t count,
                                    const void *values);

/* ---- Bytes that grow ------------------------------------------------------------------------ */

/* A growable array of bytes, drawn from the engine's memory budget. */
struct mr_buffer;

/* Makes room for `more` bytes past the used ones and returns where they start, or NULL when memory
 * is out. Pointers got earlier are invalid afterwards. At least MR_PAD readable bytes always follow
 * the room. */
MR_API unsigned char *mr_buffer_reserve(struct mr_buffer *buffer, size_t more);
/* Counts `size` of the reserved bytes as used. */
MR_API void mr_buffer_commit(struct mr_buffer *buffer, size_t size);
/* The used bytes; *size receives their number. */
MR_API unsigned char *mr_buffer_data(struct mr_buffer *buffer, size_t *size);
/* Forgets the used bytes, keeps the memory for the next use. */
MR_API void mr_buffer_clear(struct mr_buffer *buffer);

/* ---- Own inputs ----------------------------------------------------------------------------- */

/* What an input is made of. */
struct mr_reader {
    size_t struct_size;
    void *context; /* of the callbacks below */
    uint64_t size; /* bytes in all splits together, or MR_UNKNOWN */
    /* Fills *split, which is all zero, with the next piece, or sets its `end`. Called on the job's
     * reader thread, one call at a time, and may block. */
    int (*next)(void *context, struct mr_split *split, struct mr_error *error);
    /* Makes split->data and split->size valid, on the worker that will map it; `scratch` is that
     * worker's for reading into and comes back with its old content undefined. NULL where next
     * already delivers bytes. A split may come out empty (size 0): without a context it is not
     * mapped. */
    int (*load)(void *context, struct mr_split *split, struct mr_buffer *scratch,
                struct mr_error *error);
    /* Takes a split back when it is done with, mapped or not; on any thread. May be NULL. */
    void (*release)(void *context, struct mr_split *split);
    /* The job is failing or cancelled: a next that waits should return soon. Called on any thread,
     * perhaps more than once, while next runs; must not wait nor call the engine. May be NULL: then
     * the job ends only when next returns by itself. */
    void (*interrupt)(void *context);
    /* The input has been released for good. May be NULL. */
    void (*close)(void *context);
};

/* Makes an input of these, never NULL: where memory is out or a next is missing, the context is
 * closed at once, and it is the job that fails, with MR_NOMEM or MR_INVALID. */
MR_API struct mr_input *mr_input_new(const struct mr_reader *reader);
/* What an input is made of, for another that is put in front of it. Valid as long as the input, its
 * size from mr_input_prepare or the begin of the job on. */
MR_API const struct mr_reader *mr_input_reader(const struct mr_input *input);
/* Tells an input of what engine it will be, before a job does: it sizes its buffers by that. */
MR_API enum mr_status mr_input_prepare(struct mr_input *input, const struct mr_engine *engine,
                                       struct mr_error *error);
/* Whether the whole input is there already and at most some 64 KiB, so that starting threads does
 * not pay (mr_job_spec.small). To be called after mr_input_prepare and before the job. Waits a few
 * hundredths of a second for the end of a pipe; what it reads is not lost. */
MR_API bool mr_input_small(struct mr_input *input);
/* One user more, who must release it: for who needs an input beside the job. Returns it. */
MR_API struct mr_input *mr_input_retain(struct mr_input *input);
/* One user less: the last one frees it. NULL is allowed. */
MR_API void mr_input_release(struct mr_input *input);

/* ---- Own decoders of files ------------------------------------------------------------------ */

/* What a decoder sees of how a FILE begins. */
#define MR_HEAD 4096

/* A FILE while it is decoded. The library's; it may grow. */
struct mr_encoded {
    const char *name;          /* "-" for standard input */
    uint64_t number;           /* as of a split */
    bool regular;              /* read_at works */
    uint64_t size;             /* of a regular file, from where reading starts; else MR_UNKNOWN */
    const unsigned char *head; /* how it begins, MR_HEAD bytes or all there are: in `open` only */
    size_t head_size;
    /* Reads on from where it stands, at first from the beginning, the head included. Returns how
     * many bytes, of a regular file fewer than `size` only at its end, else as many as come; 0 at
     * the end; -1 where reading failed, which the library tells, or the job has. */
    long (*read)(struct mr_encoded *encoded, void *room, size_t size);
    /* Of a regular file: the bytes at `offset`, without moving where it stands. Fewer than `size`
     * only at the end; -1 as of read. */
    long (*read_at)(struct mr_encoded *encoded, uint64_t offset, void *room, size_t size);
    /* Says how many bytes the decoding holds in all from now on, 0 after close; false, and nothing
     * is changed, where one FILE must not hold so many. Not in `decode`. */
    bool (*hold)(struct mr_encoded *encoded, uint64_t bytes);
    /* Set by `open`: pieces come as text out of take, or are so nearly always. So only one is taken
     * at a time, and no worker waits for it. */
    bool in_order;
};

/* A piece of a FILE on its way to be text. The library's; it may grow. */
struct mr_piece {
    struct mr_buffer *bytes; /* what take leaves for decode; empty when take is called */
    struct mr_buffer *text;  /* what has been decoded: append to it. As `bytes` */
    size_t wanted;     /* so much text is best; more only where the format cannot be divided */
    uint64_t length;   /* bytes of the FILE that it stands for, for progress: set by take */
    uint64_t words[4]; /* the decoder's own, from take to decode; all zero at first */
};

/* How FILEs become text. Callbacks are called on workers or on the reader thread. Those that return
 * int fail the job where they return -1 and say why, by mr_fail or mr_error_set; where they leave
 * *error as it is, only the FILE has failed, the decoder has told of it, and the job goes on. */
struct mr_decoder {
    size_t struct_size;
    void *context; /* of open */
    /* Looks at how a FILE begins. Where it leaves *decoding NULL the bytes are the text, but for
     * the first *skip of the head, a byte order mark. Returns 0, or -1. */
    int (*open)(void *context, struct mr_encoded *encoded, void **decoding, size_t *skip,
                struct mr_error *error);
    /* Takes the FILE's next piece, one call at a time and in order: encoded bytes into
     * piece->bytes, or text into piece->text. Returns 1; 0 where the FILE has ended with this
     * piece, which may hold bytes; -1 where it broke off with it: what is there still counts. */
    int (*take)(void *decoding, struct mr_encoded *encoded, struct mr_piece *piece,
                struct mr_error *error);
    /* Makes text of piece->bytes, on many workers at once, for pieces of one FILE too. Not called
     * for a piece without bytes. Returns as take; where it is not 1, later pieces are dropped.
     * NULL: take does it all. */
    int (*decode)(void *decoding, struct mr_piece *piece, struct mr_error *error);
    /* Ends a decoding: once for each, with no other call for it under way; before the job ends, or
     * where that fails before its input has been released. */
    void (*close)(void *decoding);
};

/* ---- Own cuts of files ---------------------------------------------------------------------- */

/* What stands before a piece, for who must know a part of it. */
struct mr_lookback {
    /* Makes bytes readable that stand before the piece: `size` of them, which end `back` bytes
     * before it begins. *data is the first, until the next call. Returns how many there are, fewer
     * only where that is all, or -1 when memory is out. */
    long (*read)(struct mr_lookback *lookback, uint64_t back, size_t size,
                 const unsigned char **data);
    const unsigned char *piece; /* the piece itself; NULL where it is not there yet */
    size_t piece_size;
    const unsigned char *older; /* what was made of what stands before all that can be read */
    size_t older_size;          /* 0 where nothing does */
};

/* An item that is read piece by piece, as only a part of it is wanted and it need not be held
 * whole. `words` are the cuts' own, all zero at the item's beginning. */
struct mr_condense {
    uint64_t words[8];
};

/* Bytes that the end of such an item may add to what was kept of it. */
#define MR_CONDENSE_END 16

/* Where the bytes of a FILE may be cut so that no item spans two splits. `first` and `last` look at
 * no more than the characters on the two sides of a cut, of 4 bytes at most, so a cut in the last
 * few bytes may be seen only when more follow; one that is seen stays one. All on any thread. */
struct mr_cuts {
    size_t struct_size;
    const void *context; /* of the callbacks below */
    /* The smallest cut in [from, size), size when there is none; data[0] may be in the middle of
     * anything. */
    size_t (*first)(const void *context, const unsigned char *data, size_t size, size_t from);
    /* The largest cut in (0, size], 0 when there is none. */
    size_t (*last)(const void *context, const unsigned char *data, size_t size);
    /* Makes what a map must know of what stands before the split, its context: bytes that free()
     * ends, NULL where it is nothing. May be NULL: nothing crosses a cut. */
    int (*context_of)(const void *context, struct mr_lookback *lookback, unsigned char **bytes,
                      size_t *size, struct mr_error *error);
    /* For a text without a cut for long: keeps of the next bytes what matters, *kept of them, moved
     * to the front. Returns where the cut is, 0 where it is not among them. May be NULL: all is
     * held. Not together with context_of. */
    size_t (*condense)(const void *context, struct mr_condense *state, unsigned char *data,
                       size_t size, size_t *kept);
    /* Ends that, at a cut or at the end of the FILE, with up to MR_CONDENSE_END bytes more. All
     * that was kept is the context of a split, behind whose bytes it stands. */
    size_t (*condense_end)(const void *context, const struct mr_condense *state,
                           unsigned char *room);
    /* For a text in which a cut follows from all that stands before it, as where quotes hold line
     * ends: the largest cut in (0, size], 0 when there is none, of data that begins at a cut,
     * `offset` bytes behind where reading the FILE began. With it FILEs are read from their
     * beginning on by one thread, though still mapped in parallel, and `first` and `last` are not
     * called and may be NULL. Of a FILE whose reading broke off what stands behind the last cut is
     * left out. NULL: `last` is enough. */
    size_t (*last_from)(const void *context, const unsigned char *data, size_t size,
                        uint64_t offset);
};

/* FILEs as mr_input_files takes them, with what else can be said. */
struct mr_files {
    size_t struct_size;
    const char *const *names; /* `count` of them, which must outlive the input */
    size_t count;
    const struct mr_cuts *cuts; /* copied; NULL: behind newlines */
    /* Called for a FILE that cannot be read or whose reading broke off, once a FILE, on any thread;
     * the rest of the input goes on. NULL: the job fails. */
    void (*fault)(void *context, const char *name, int errnum);
    void *fault_context;              /* of `fault` */
    const struct mr_decoder *decoder; /* copied; NULL: bytes are text */
    /* In place of `names`: the next FILE's name, valid until the input is closed; *name is NULL
     * where there are no more. Called on one thread at a time; may wait, but not long. */
    int (*next_name)(void *context, const char **name, struct mr_error *error);
    /* The name of that number, as next_name gave it; on any thread. */
    const char *(*name_of)(void *context, uint64_t number);
    void *names_context; /* of both */
    bool ordered; /* splits come in the order of FILEs and of their bytes, as ever without a decoder
                   * and without next_name. False: in any order */
};

/* As mr_input_files. */
MR_API struct mr_input *mr_input_files_with(const struct mr_files *files);
/* The name of the FILE with that number, "-" for standard input; of an input of FILEs. */
MR_API const char *mr_input_file_name(const struct mr_input *input, uint64_t number);

/* ---- Own outputs ---------------------------------------------------------------------------- */

/* What an output is made of: a collect, or an encode and a write. */
struct mr_writer {
    size_t struct_size;
    void *context; /* of the callbacks below */
    mr_collect *collect;
    /* Makes bytes of consecutive records, on many workers at once. */
    int (*encode)(void *context, const struct mr_record *records, size_t count,
                  struct mr_buffer *bytes, struct mr_error *error);
    /* Puts the pieces out. With `positional` false it is called one at a time and in order, never
     * on a worker; with it true pieces come at any time and from many workers, each with its place
     * in the output (offset 0 is the first byte), and it should not wait. */
    int (*write)(void *context, const void *bytes, size_t size, uint64_t offset,
                 struct mr_error *error);
    bool positional; /* which of these ways */
    /* All results have been put out; not called where the job has failed. As write. May be NULL. */
    int (*end)(void *context, struct mr_error *error);
    /* The job is failing or cancelled: a collect or write that waits should return soon. As an
     * input's. May be NULL. */
    void (*interrupt)(void *context);
    /* The output has been released for good. May be NULL. */
    void (*close)(void *context);
};

/* Makes an output of these, never NULL: as mr_input_new. */
MR_API struct mr_output *mr_output_new(const struct mr_writer *writer);
/* As mr_input_retain and mr_input_release. */
MR_API struct mr_output *mr_output_retain(struct mr_output *output);
MR_API void mr_output_release(struct mr_output *output);

#ifdef __cplusplus
}
#endif
#endif
