/* SPDX-License-Identifier: MIT
 *
 * unordered - put out, or kept in the stores' results (see unordered.h).
 */
#include "engine/order/unordered.h"

#include "engine/shuffle/spill_policy.h"
#include "engine/shuffle/stores.h"
#include "engine/shuffle/stream_reader.h"

/* What is kept is in 2^KEPT_BITS partitions: one that is being spilled is closed to others. */
#define KEPT_BITS 4
/* Bytes of kept results in a piece. */
#define PIECE ((uint64_t)256 << 10)

int unordered_open(struct order *order)
{
    struct stores *stores = order->stores;
    if (order->output.positional)
        return 0;
    stores->results_open =
        partitions_open(&stores->results, KEPT_BITS, order_results_form, false) == 0;
    return stores->results_open ? 0 : -1;
}

/* Puts the chunks of a stream that is all in memory out as one piece. Takes it. */
static int put_piece(struct order_worker *own, struct stream *stream)
{
    struct order *order = own->order;
    uint64_t count = stream->records;
    struct chunk *chunks = stream_take_chunks(stream);
    const unsigned char *const *records = order_worker_list(own, chunks, count, false, 0);
    if (!records) {
        pool_give(&own->worker->cache, chunks);
        return -1;
    }
    if (order->limit != UINT64_MAX) {
        uint64_t before = atomic_fetch_add_explicit(&order->taken, count, memory_order_relaxed);
        uint64_t left = before < order->limit ? order->limit - before : 0;
        count = count < left ? count : left;
    }
    return output_put_unordered(&order->output, &own->worker->cache, records, (size_t)count,
                                chunks);
}

/* Adds a stream to what a partition keeps. Takes it. */
static void keep(struct order *order, size_t number, struct stream *stream)
{
    struct partition *partition = &order->stores->results.array[number];
    thread_lock(&partition->lock);
    stream_join(&partition->fresh, stream);
    thread_unlock(&partition->lock);
}

int unordered_put(struct order_worker *own, struct stream *stream)
{
    struct order *order = own->order;
    if (output_has_room(&order->output))
        return put_piece(own, stream);
    const size_t kept = atomic_fetch_add_explicit(&order->kept, 1, memory_order_relaxed);
    keep(order, kept % ((size_t)1 << KEPT_BITS), stream);
    return spill_excess(own->worker);
}

size_t unordered_tasks(const struct order *order)
{
    const struct stores *stores = order->stores;
    for (size_t i = 0; stores->results_open && i < (size_t)1 << KEPT_BITS; i++) {
        struct partition *partition = &stores->results.array[i];
        thread_lock(&partition->lock);
        const uint64_t records = stream_records(&partition->fresh);
        thread_unlock(&partition->lock);
        if (records > 0)
            return (size_t)1 << KEPT_BITS;
    }
    return 0;
}

int unordered_put_out(struct order_worker *own, size_t task)
{
    struct order *order = own->order;
    struct context *context = order->context;
    struct stream stream;
    int result = 0;
    partition_take(&order->stores->results.array[task], &stream);
    while (result == 0 && stream_records(&stream) > 0 && output_has_room(&order->output)) {
        struct stream some;
        stream_take_some(&stream, PIECE, &some);
        result = stream_reader_load(own->worker, &some);
        if (result == 0)
            result = put_piece(own, &some);
        if (context_stopped(context))
            result = -1;
    }
    keep(order, task, &stream);
    return result;
}
