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

#include "engine/mapreduce.h"
#include "engine/order/ranges.h"
#include "engine/shuffle/partitions.h"
#include "engine/order/sort.h"

struct job;
struct mr_results;
struct worker;

/* A range of results that has been split again. */
struct range_split {
    struct range_split *next;
    struct ranges ranges;
    struct shuffle results; /* by these ranges; there may be more partitions */
    bool alike;             /* all of the sample were of one place in the order */
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
    struct sort_order sort;
    bool unordered; /* results are put out as they come */
    uint64_t limit; /* results wanted; UINT64_MAX: all */
    uint64_t min_rank;
    struct ranges ranges;
    struct shuffle results; /* by range; there may be more partitions than ranges */
    bool results_open;
    struct cut last; /* results behind it are not wanted */
    bool has_last;
    struct order_part *parts; /* the ranges that hold wanted results, in order */
    size_t part_count;
    _Atomic(struct range_split *) range_splits; /* all of them */
};

void order_open(struct order *order, const struct mr_output *output);
/* All streams must have been taken. */
void order_close(struct order *order);

/* Bytes of results in a sample from which it is worth while to flush it. */
uint64_t order_sample_most(const struct job *job);
/* Flushes what is in the sample. Where there is an order, it is a sample of all
 * results: cuts the order into ranges by it, and lets this and all later results go to them.
 * Returns -1 when the job fails. */
int order_flush_sample(struct mr_results *results);

/* Writes results, RANGES_BATCH at most, to their ranges; changes the array. Returns
 * -1 when the job fails. */
int order_route(struct worker *worker, struct record *results, size_t count);

/* After the last result, and again after parts have been split: lists the parts of the order.
 * Returns -1 when memory is out. */
int order_list(struct job *job);
/* Whether some part is too large to be sorted in the memory there is. */
bool order_must_split(const struct job *job);
/* Splits a part, where it is too large. Returns -1 when the job fails. */
int order_split(struct worker *worker, size_t part);

/* Sorts a part and puts it out. Returns -1 when the job fails. */
int order_put_out(struct worker *worker, size_t part);

#endif
