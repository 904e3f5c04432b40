/* SPDX-License-Identifier: MIT
 *
 * order_sink - the results of one partition on their way into the order.
 *
 * Those of the first partition are a sample of all, from which the ranges of the order are made.
 * Of a long key the sample has only the beginning; the result itself waits where it may be spilled.
 */
#ifndef ENGINE_ORDER_SINK_H
#define ENGINE_ORDER_SINK_H

#include "engine/order/order.h"
#include "engine/reduce/reduce.h"
#include "engine/shuffle/spill_policy.h"
#include "engine/shuffle/stream_writer.h"

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
    /* The results with long keys among those of the sample: one partition. */
    bool holding;
    struct partitions held;
    struct partition_writer held_writer;
    struct spill_scope scope;
};

/* Opens a sink for one partition's results. `first`: they are the sample that makes the ranges of
 * an order, in a job of so many pairs. Returns -1 when the job fails. */
int order_sink_open(struct order_sink *sink, struct order_worker *own, bool first,
                    uint64_t all_pairs);
/* Passes on what it still has, where `whole`; else drops it. Returns -1 when the job fails. */
int order_sink_close(struct order_sink *sink, bool whole);

#endif
