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
#include "engine/shuffle/partition_writer.h"

/* There are 2^ORDER_RANGE_BITS ranges at the most. */
#define ORDER_RANGE_BITS 10

extern const struct record_form order_results_form __attribute__((visibility("hidden")));

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
    uint64_t max_rank; /* UINT64_MAX: none */
    struct ranges ranges;
    struct ranges_cut last; /* results behind it are not wanted */
    bool has_last;
    struct order_part *parts; /* the ranges that hold wanted results, in order */
    size_t part_count;
    _Atomic(struct range_split *) range_splits; /* all of them */
    struct output output;
    _Atomic uint64_t taken; /* of an unordered output: results put out so far */
    _Atomic size_t kept;    /* of that: how many times results have been kept (unordered.h) */
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

/* Bytes of results in a sample from which it is worth while to make ranges by it. */
uint64_t order_sample_most(const struct order *order);
/* Lists the records of `chunks`, whose keys share so many bytes, in the worker's room to sort and,
 * where `sorted`, sorts them. NULL when the job fails. */
const unsigned char *const *order_worker_list(struct order_worker *own, const struct chunk *chunks,
                                              uint64_t count, bool sorted, size_t shared);

/* What one worker may take of the memory, when nothing but sorting and output is left to do. */
uint64_t order_share(const struct order *order);
/* What of a part's results must be in memory to put it out: records, room to sort them and encoded
 * bytes. */
uint64_t order_part_memory(const struct order_part *part, uint64_t *records);
/* Whether that is too much, and may be split. */
bool order_part_too_large(const struct order *order, const struct order_part *part);

/* After the last result, and again after parts have been split: lists the parts of the order.
 * Returns -1 when memory is out. */
int order_list(struct order *order);
/* Whether some part is too large to be sorted in the memory there is. */
bool order_must_split(const struct order *order);

/* Whether a worker may begin with a part now. */
bool order_may_begin(const struct order *order, size_t part);
/* Sorts a part and puts it out. Returns -1 when the job fails. */
int order_put_out(struct order_worker *own, size_t part);

#endif
