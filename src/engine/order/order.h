/* SPDX-License-Identifier: MIT
 *
 * order - from reduced partitions to results in order: a distribution sort over all workers.
 *
 * Partitions by hash are fair samples of the keys. The first one reduced is sorted and cut into
 * equal parts; the cuts make of the whole order ranges, to which the results of the other
 * partitions are written as they come. Each range is then sorted and put out by one worker. One
 * that has grown too large for that is first split in the same way, by a sample of its own. Where
 * only the first N results are wanted, what lies behind the N-th of the sample cannot be among
 * them, and is dropped at once.
 */
#ifndef ENGINE_ORDER_H
#define ENGINE_ORDER_H

#include "engine/order/output.h"
#include "engine/order/ranges.h"
#include "engine/reduce/reduce.h"
#include "engine/shuffle/partition_writer.h"
#include "engine/shuffle/stream_writer.h"

/* A range of results that has been split again. */
struct range_split {
    struct range_split *next;
    struct ranges ranges;
    struct partitions results; /* by these ranges; there may be more partitions */
    bool alike;                /* all of the sample were of one place in the order */
};

/* A range, to be sorted and put out as one. */
struct order_part {
    struct partition *results;
    struct range_split *split; /* what it has been split into */
    unsigned depth;            /* how many splits it comes from */
    uint64_t start;            /* results in the ranges before it */
    size_t shared;             /* bytes at the beginnings of its keys that are known to be the same,
                                * all having one rank then */
};

struct order {
    struct context *context;
    struct stores *stores; /* whose `results` are by range; there may be more than ranges */
    struct sort_order sort;
    bool unordered; /* results are put out as they come */
    uint64_t limit; /* results wanted; UINT64_MAX: all */
    uint64_t min_rank;
    struct ranges ranges;
    struct ranges_cut last; /* results behind it are not wanted */
    bool has_last;
    struct order_part *parts; /* the ranges that hold wanted results, in order */
    size_t part_count;
    _Atomic(struct range_split *) range_splits; /* all of them */
    struct output output;
    _Atomic uint64_t taken; /* results put out so far of an unordered output */
};

/* What one worker has for it. */
struct order_worker {
    struct worker *worker;
    struct order *order;
    struct partition_writer ranges; /* to the ranges of the order */
    struct mr_buffer sorting;       /* room for the range being sorted */
};

/* Makes an order of nothing. `woken` is called, on any thread, when a part may begin that
 * order_may_begin has held back. Returns 0 or an errno value. */
int order_open(struct order *order, struct context *context, struct stores *stores,
               void (*woken)(void *owner), void *owner);
/* Gives back all that it holds of results outside of the stores. */
void order_empty(struct order *order, struct pool_cache *cache);
/* Frees an order that is empty. */
void order_close(struct order *order);

void order_worker_open(struct order_worker *own, struct worker *worker, struct order *order);
/* Gives back what it holds. */
void order_worker_close(struct order_worker *own);
/* Hands all open chunks over to the ranges. */
void order_worker_flush(struct order_worker *own);

/* Results gathered before they go where they belong: as a sample from which the ranges of the order
 * are made, or to be put out unordered. */
struct order_sink {
    struct reduce_sink sink; /* for the reduce */
    struct order_worker *own;
    bool sampling; /* results go to `sample`, not to the ranges */
    struct stream sample;
    struct stream_writer writer;
    uint64_t pairs;     /* that were reduced to these results */
    uint64_t all_pairs; /* of the job, to which those are a sample */
};

/* Opens a sink for one partition's results. `first`: they are the sample that makes the ranges of
 * an order, in a job of so many pairs. */
void order_sink_open(struct order_sink *sink, struct order_worker *own, bool first,
                     uint64_t all_pairs);
/* Passes on what it still has, where `whole`; else drops it. Returns -1 when the job fails. */
int order_sink_close(struct order_sink *sink, bool whole);

/* After the last result, and again after parts have been split: lists the parts of the order.
 * Returns -1 when memory is out. */
int order_list(struct order *order);
/* Whether some part is too large to be sorted in the memory there is. */
bool order_must_split(const struct order *order);
/* Splits a part, where it is too large. Returns -1 when the job fails. */
int order_split(struct order_worker *own, size_t part);

/* Whether a worker may begin with a part now. */
bool order_may_begin(const struct order *order, size_t part);
/* Sorts a part and puts it out. Returns -1 when the job fails. */
int order_put_out(struct order_worker *own, size_t part);

#endif
