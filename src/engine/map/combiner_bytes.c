/* SPDX-License-Identifier: MIT
 *
 * combiner_bytes - pairs straight to their partitions (see combiner_bytes.h).
 */
#include "engine/map/combiner_bytes.h"

/* No key or value is larger: sums of their sizes do not overflow. */
#define SIZE_MOST (SIZE_MAX / 8)

int combiner_bytes_put(struct mr_emitter *emitter, const unsigned char *key, size_t size,
                       const struct mr_bytes *value)
{
    struct context *context = emitter->context;
    struct partition_writer *writer = &emitter->pairs;
    if (size > SIZE_MOST || value->size > SIZE_MOST) {
        context_no_memory(context);
        return -1;
    }
    const uint64_t hash = key_hash(context->seed, key, size);
    const unsigned partition = partitions_of_hash(writer->partitions, hash);
    unsigned char *at = partition_writer_room(writer, partition, record_bound(size, value->size));
    if (!at)
        return -1;
    at = record_put_head(at, size, false);
    record_copy_key(at, key, size);
    partition_writer_wrote(writer, partition,
                           record_put_bytes(at + size, value->data, value->size));
    return 0;
}

int combiner_bytes_batch(struct mr_emitter *emitter, const unsigned char *base,
                         const struct mr_span *spans, size_t count, const void *values)
{
    const struct mr_bytes *bytes = values;
    for (size_t i = 0; i < count; i++)
        if (combiner_bytes_put(emitter, base + spans[i].begin, spans[i].end - spans[i].begin,
                               &bytes[i]) != 0)
            return -1;
    return 0;
}
