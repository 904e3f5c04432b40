/* SPDX-License-Identifier: MIT
 *
 * order - from reduced partitions to results in order: a distribution sort over all workers.
 *
 * Partitions by hash are fair samples of the keys. The first one reduced is sorted and cut into
 * equal parts; the cuts divide the whole order into ranges, to which the results of the other
 * partitions are written as they come. Each range is then sorted and put out by one worker. Where
 * only the first N results are wanted, what lies behind the N-th of the sample cannot be among
 * them, and is dropped at once.
 */
#ifndef ENGINE_ORDER_H
#define ENGINE_ORDER_H

#include "engine/mapreduce.h"
#include "engine/ranges.h"
#include "engine/shuffle.h"
#include "engine/sort.h"

struct job;
struct worker;

struct order {
    struct sort_order sort;
    bool any;              /* no order asked for */
    uint64_t limit;        /* results wanted; UINT64_MAX: all */
    uint64_t min_rank;
    struct ranges ranges;
    struct shuffle results; /* by range; there may be more partitions than ranges */
    bool results_open;
    struct cut last;        /* results behind it are not wanted */
    bool has_last;
    uint64_t *starts;       /* of each range: results in the ranges before it */
};

void order_open(struct order *order, const struct mr_output *output);
/* All streams must have been taken. */
void order_close(struct order *order);

/* Cuts the order into ranges by a sample of 1 in `share` of all results, sorts it in passing and
 * sends it on to them. Takes the sample. Returns -1 when the job fails. */
int order_by_sample(struct worker *worker, struct stream *sample, uint64_t share);

/* Writes results, RANGES_BATCH at most, to their ranges; changes the array. Returns
 * -1 when the job fails. */
int order_route(struct worker *worker, struct record *results, size_t count);

/* After the last result: counts what the ranges hold. Returns how many of them, from the first on,
 * hold wanted results, or -1 when memory is out. */
long order_count(struct job *job);

/* Sorts a range and puts it out. Returns -1 when the job fails. */
int order_put_out(struct worker *worker, size_t range);
/* Puts a stream out as it is, as piece `number`. Takes the stream. Returns
 * -1 when the job fails. */
int order_put_out_any(struct worker *worker, size_t number, struct stream *stream);

#endif
