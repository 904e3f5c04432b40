/* SPDX-License-Identifier: MIT
 *
 * payloads - moving and copying them (see payloads.h).
 */
#include "engine/order/payloads.h"

#include "engine/core/aligned.h"
#include "engine/core/pool.h"

#include <string.h>

_Static_assert(ALIGNED_TO <= POOL_PAD, "a large payload has room to move");

static bool is_misaligned(const struct mr_record *record)
{
    return record->payload_size > 0 && (uintptr_t)record->payload % ALIGNED_TO != 0;
}

size_t payloads_room(struct mr_record *records, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        struct mr_record *record = &records[i];
        if (!is_misaligned(record))
            continue;
        if (record->payload_size <= POOL_CAPACITY) {
            size += aligned_up(record->payload_size);
            continue;
        }
        /* Behind the only record of a chunk there are POOL_PAD bytes. */
        unsigned char *payload = (unsigned char *)(uintptr_t)record->payload;
        record->payload = memmove(payload + aligned_gap(payload), payload, record->payload_size);
    }
    return size > 0 ? size + ALIGNED_TO : 0;
}

void payloads_copy(struct mr_record *records, size_t count, unsigned char *room)
{
    room += aligned_gap(room);
    for (size_t i = 0; i < count; i++)
        if (is_misaligned(&records[i])) {
            memcpy(room, records[i].payload, records[i].payload_size);
            records[i].payload = room;
            room += aligned_up(records[i].payload_size);
        }
}
