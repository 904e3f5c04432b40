/* SPDX-License-Identifier: MIT
 *
 * combiner_bytes - pairs straight to their partitions (see combiner_bytes.h).
 */
#include "engine/map/combiner_bytes.h"

/* No key or value is larger: sums of their sizes do not overflow. */
#define SIZE_MOST (SIZE_MAX / 8)

/* Puts a pair into the partition that the hash of its key says. */
static inline int put(struct mr_emitter *emitter, uint64_t hash, const unsigned char *key,
                      size_t size, const struct mr_bytes *value)
{
    struct partition_writer *writer = &emitter->pairs;
    if (size > SIZE_MOST || value->size > SIZE_MOST) {
        context_no_memory(emitter->context);
        return -1;
    }
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

int combiner_bytes_put(struct mr_emitter *emitter, const unsigned char *key, size_t size,
                       const struct mr_bytes *value)
{
    return put(emitter, key_hash(emitter->context->seed, key, size), key, size, value);
}

int combiner_bytes_batch(struct mr_emitter *emitter, const unsigned char *base,
                         const struct mr_span *spans, size_t count, const void *values)
{
    const struct hash_seed *seed = emitter->context->seed;
    const struct mr_bytes *bytes = values;
    struct load load;
    int result = 0;
    for (size_t start = 0, batch; result == 0 && start < count; start += batch) {
        batch = count - start < LOAD_BATCH ? count - start : LOAD_BATCH;
        emitter->load(seed, base, spans + start, batch, &load);
        for (size_t i = 0; result == 0 && i < batch; i++) {
            const struct mr_span span = spans[start + i];
            const unsigned char *key = base + span.begin;
            const size_t size = span.end - span.begin;
            const uint64_t hash = size <= KEY_W2_MOST ? load.hashes[i] : key_hash(seed, key, size);
            result = put(emitter, hash, key, size, &bytes[start + i]);
        }
    }
    return result;
}
