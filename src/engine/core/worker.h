/* SPDX-License-Identifier: MIT
 *
 * worker - what one worker holds of one job: its mapper, its writers, its
 * reducer's table, its scratch.
 *
 * A job has one of these for each worker that has touched it, and only one task at a time uses it,
 * so nothing in it is locked. It is aligned so that no two share a cache line.
 */
#ifndef ENGINE_WORKER_H
#define ENGINE_WORKER_H

#include "engine/core/buffer.h"
#include "engine/combine/grouping_table.h"
#include "engine/map/load.h"
#include "engine/map/combiner_avx512.h"
#include "engine/shuffle/partitions.h"

struct job;

/* How the mapper's table treats the keys of one class at present. */
enum combiner_mode {
    COMBINER_FILL,   /* new keys go in; hits are counted from `since` on */
    COMBINER_FROZEN, /* the table is full of good keys: others go straight to their partition */
    COMBINER_BYPASS, /* keys do not repeat: all go straight to their partition */
};

struct combiner_class {
    enum combiner_mode mode;
    uint64_t seen;        /* pairs since the mode began */
    uint64_t missed;      /* of these, not in the table */
    uint64_t review_at;   /* value of `seen` at which to think again */
    size_t cache_slots;   /* slots of a table that stays in the private caches */
    size_t most_slots;    /* slots at the most */
    double expected;      /* misses in this filling, of all pairs, if all keys were as frequent */
    bool flush_when_full; /* rather than grow */
    uint64_t flushed;     /* pairs since that began */
    unsigned failures;    /* how often in a row the table was bypassed */
};

/* The caller's emitter: the combiner before the shuffle. */
struct mr_emitter {
    struct job *job;
    struct worker *worker;
    struct table table;
    struct combiner_class classes[KEY_CLASSES];
    const struct combiner_loops *loops; /* NULL: a key at a time */
    struct combiner_pipeline line;
    load_keys *load;
    unsigned char *arena; /* bytes of the long keys in the table */
    size_t arena_used;
    uint64_t records;      /* pairs emitted */
    struct mr_error error; /* what the caller's map says of its failure */
};

/* Results gathered before they go where they belong: as a sample from which the ranges of the order
 * are made, or to be put out in any order. */
struct sample {
    struct stream stream;
    struct stream_writer writer;
    uint64_t pairs;     /* that were reduced to these results */
    uint64_t all_pairs; /* of the job, to which those are a sample */
};

/* Where reduce's results go. */
struct mr_results {
    struct job *job;
    struct worker *worker;
    struct sample *sample; /* NULL: to the ranges of the order */
};

struct worker {
    alignas(128) struct job *job;
    unsigned number;
    struct pool_cache cache;
    struct shuffle_owner owner;
    struct mr_emitter emitter;
    void *state; /* the caller's mapper state */
    bool state_open;
    struct shuffle_writer pairs;    /* to the partitions by hash */
    uint64_t handed;                /* bytes of these not yet counted (compaction.h) */
    struct shuffle_writer ranges;   /* to the ranges of the order */
    struct grouping_table grouping; /* reduces one partition at a time */
    bool grouping_busy;
    uint64_t combined;           /* records that its last use brought, */
    uint64_t found[KEY_CLASSES]; /* and keys of each class among them */
    struct stream long_keys;     /* bytes of the long keys in it */
    struct stream_writer long_key_writer;
    struct repartition
        *repartitions;           /* streams being repartitioned, innermost first (repartition.h) */
    struct mr_buffer result_key; /* of mr_put */
    struct mr_buffer scratch;    /* the input's */
    struct mr_buffer values;     /* kept values of one partition */
    struct mr_buffer sorting;    /* room for the range being sorted */
};

#endif
