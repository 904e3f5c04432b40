/* SPDX-License-Identifier: MIT
 *
 * routing - a batch at a time (see routing.h).
 */
#include "engine/order/routing.h"

int routing_results(const struct ranges *ranges, struct partition_writer *writer,
                    const struct record *results, size_t count)
{
    uint32_t found[RANGES_BATCH];
    ranges_find(ranges, results, count, found);
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(writer->ends[found[i]], 1);
    for (size_t i = 0; i < count; i++) {
        unsigned char *at = partition_writer_room(
            writer, found[i], record_bound(results[i].size, results[i].value_size));
        if (!at)
            return -1;
        __builtin_prefetch(at + 128, 1);
        partition_writer_wrote(writer, found[i], record_put_result(at, &results[i]));
    }
    return 0;
}

int routing_large(const struct ranges *ranges, struct partition_writer *writer, struct chunk *chunk)
{
    struct record result;
    uint32_t found;
    record_get(chunk->data, RECORD_RESULT, 0, &result);
    ranges_find(ranges, &result, 1, &found);
    return partition_writer_put(writer, found, chunk);
}

int routing_sample(const struct ranges *ranges, struct partition_writer *writer,
                   const unsigned char *const *records, size_t count)
{
    struct record results[RANGES_BATCH];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        record_get(records[i], RECORD_RESULT, 0, &results[n]);
        n += results[n].size < RANGES_KEY;
        if (n == RANGES_BATCH || i + 1 == count) {
            if (routing_results(ranges, writer, results, n) != 0)
                return -1;
            n = 0;
        }
    }
    return 0;
}

int routing_chunk(const struct ranges *ranges, struct partition_writer *writer,
                  const struct chunk *chunk)
{
    const unsigned char *at = chunk->data, *end = at + chunk->used;
    struct record results[RANGES_BATCH];
    size_t n = 0;
    while (at < end) {
        at = record_get(at, RECORD_RESULT, 0, &results[n++]);
        if (n == RANGES_BATCH || at == end) {
            if (routing_results(ranges, writer, results, n) != 0)
                return -1;
            n = 0;
        }
    }
    return 0;
}
