/* SPDX-License-Identifier: MIT
 *
 * emitter - what one mapper holds: its combiner, and the writer to the partitions.
 */
#ifndef ENGINE_EMITTER_H
#define ENGINE_EMITTER_H

#include "engine/map/combiner_avx512.h"
#include "engine/map/combiner_policy.h"
#include "engine/map/combiner_table.h"
#include "engine/map/load.h"
#include "engine/shuffle/partition_writer.h"

struct mr_emitter {
    struct context *context;
    struct worker *worker;
    struct combiner_table table;
    struct combiner_class classes[KEY_CLASSES];
    const struct combiner_loops *loops; /* NULL: a key at a time */
    struct combiner_pipeline line;
    load_keys *load;
    uint64_t *aligned;    /* room for one value, where values lie apart from the table */
    uint64_t values_most; /* bytes that these may take */
    unsigned char *arena; /* bytes of the long keys in the table */
    size_t arena_used, arena_size;
    struct partition_writer pairs; /* to the partitions by hash */
    uint64_t records;              /* pairs emitted */
};

#endif
