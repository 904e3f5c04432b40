/* SPDX-License-Identifier: MIT
 *
 * stores - making and emptying them (see stores.h).
 */
#include "engine/shuffle/stores.h"

int stores_open(struct stores *stores, const char *const *directories, size_t count)
{
    int error = thread_mutex_open(&stores->pairs_lock);
    if (error != 0)
        return error;
    error = spill_open(&stores->spill, directories, count);
    if (error != 0)
        thread_mutex_close(&stores->pairs_lock);
    return error;
}

void stores_drop(struct partitions *partitions, struct pool_cache *cache)
{
    for (size_t i = 0; i < (size_t)1 << partitions->bits; i++) {
        struct stream stream;
        partition_take(&partitions->array[i], &stream);
        stream_drop(&stream, cache);
    }
}

void stores_empty(struct stores *stores, struct pool_cache *cache)
{
    if (atomic_load_explicit(&stores->pairs_open, memory_order_relaxed)) {
        stores_drop(&stores->pairs, cache);
        partitions_close(&stores->pairs);
    }
    if (stores->results_open) {
        stores_drop(&stores->results, cache);
        partitions_close(&stores->results);
    }
    stores->results_open = false;
    spill_close(&stores->spill);
}

void stores_close(struct stores *stores)
{
    thread_mutex_close(&stores->pairs_lock);
}

int stores_make_pairs(struct stores *stores, struct context *context, unsigned bits)
{
    if (atomic_load_explicit(&stores->pairs_open, memory_order_acquire))
        return 0;
    int error = 0;
    thread_lock(&stores->pairs_lock);
    if (!atomic_load_explicit(&stores->pairs_open, memory_order_relaxed)) {
        error = partitions_open(&stores->pairs, bits, context->form, !context->keeps);
        if (error == 0)
            atomic_store_explicit(&stores->pairs_open, true, memory_order_release);
    }
    thread_unlock(&stores->pairs_lock);
    if (error != 0) {
        context_no_memory(context);
        return -1;
    }
    return 0;
}

size_t stores_pair_partitions(const struct stores *stores)
{
    return atomic_load_explicit(&stores->pairs_open, memory_order_relaxed)
               ? (size_t)1 << stores->pairs.bits
               : 0;
}

uint64_t stores_pairs(struct stores *stores)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < stores_pair_partitions(stores); i++) {
        struct partition *partition = &stores->pairs.array[i];
        thread_lock(&partition->lock);
        sum += stream_records(&partition->fresh) + stream_records(&partition->compacted);
        thread_unlock(&partition->lock);
    }
    return sum;
}
