/* SPDX-License-Identifier: MIT
 *
 * partitions - locks and contents (see partitions.h).
 */
#include "engine/shuffle/partitions.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* Closes the first `count` partitions and frees all. */
static void close_partitions(struct partitions *partitions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct partition *partition = &partitions->array[i];
        assert(!partition->fresh.chunks && !partition->compacted.chunks && !partition->busy);
        thread_cond_close(&partition->idle);
        thread_mutex_close(&partition->lock);
    }
    free(partitions->array);
    partitions->array = NULL;
}

int partitions_open(struct partitions *partitions, unsigned bits, struct record_form form,
                    bool counted)
{
    size_t count = (size_t)1 << bits;
    *partitions = (struct partitions){.bits = bits, .form = form, .counted = counted};
    partitions->array = aligned_alloc(alignof(struct partition), count * sizeof *partitions->array);
    if (!partitions->array)
        return ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct partition *partition = &partitions->array[i];
        *partition = (struct partition){0};
        int error = thread_mutex_open(&partition->lock);
        if (error == 0) {
            error = thread_cond_open(&partition->idle);
            if (error == 0)
                continue;
            thread_mutex_close(&partition->lock);
        }
        close_partitions(partitions, i);
        return error;
    }
    return 0;
}

void partitions_close(struct partitions *partitions)
{
    if (partitions->array)
        close_partitions(partitions, (size_t)1 << partitions->bits);
}

void partitions_count(struct partitions *partitions, int64_t fresh, int64_t compacted)
{
    if (fresh != 0)
        atomic_fetch_add_explicit(&partitions->fresh, fresh, memory_order_relaxed);
    if (compacted != 0)
        atomic_fetch_add_explicit(&partitions->compacted, compacted, memory_order_relaxed);
}

static uint64_t bytes_of(struct partition *partition)
{
    thread_lock(&partition->lock);
    uint64_t bytes = partition->busy ? 0 : partition->fresh.bytes + partition->compacted.bytes;
    thread_unlock(&partition->lock);
    return bytes;
}

struct partition *partitions_largest(struct partitions *partitions, uint64_t *most)
{
    struct partition *found = NULL;
    for (size_t i = 0; partitions->array && i < (size_t)1 << partitions->bits; i++) {
        uint64_t bytes = bytes_of(&partitions->array[i]);
        if (bytes > *most) {
            *most = bytes;
            found = &partitions->array[i];
        }
    }
    return found;
}

void partition_take(struct partition *partition, struct stream *stream)
{
    *stream = (struct stream){0};
    thread_lock(&partition->lock);
    while (partition->busy)
        thread_wait(&partition->idle, &partition->lock);
    stream_join(stream, &partition->compacted);
    stream_join(stream, &partition->fresh);
    thread_unlock(&partition->lock);
}

bool partition_begin(struct partition *partition, bool worth, struct stream *pairs, uint64_t *fresh)
{
    thread_lock(&partition->lock);
    *fresh = partition->fresh.bytes;
    const bool mine =
        !partition->busy && (!worth || (*fresh > 0 && *fresh >= partition->threshold));
    if (mine) {
        partition->busy = true;
        *pairs = stream_take_memory(&partition->fresh);
        struct stream compacted = stream_take_memory(&partition->compacted);
        stream_join(pairs, &compacted);
    }
    thread_unlock(&partition->lock);
    return mine;
}

void partition_end(struct partition *partition)
{
    partition->busy = false;
    thread_wake_all(&partition->idle);
}
