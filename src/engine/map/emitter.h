/* SPDX-License-Identifier: MIT
 *
 * emitter - what one mapper holds: its combiner, the writer to the partitions, and the pairs that
 * were emitted one by one and gathered.
 */
#ifndef ENGINE_EMITTER_H
#define ENGINE_EMITTER_H

#include "engine/map/combiner_avx512.h"
#include "engine/map/combiner_policy.h"
#include "engine/map/combiner_table.h"
#include "engine/map/load.h"
#include "engine/shuffle/partition_writer.h"

#include <stddef.h>
#include <string.h>

/* Pairs gathered, at most: as many as are looked up side by side. */
#define EMITTER_PAIRS COMBINER_BATCH
/* Bytes from one key to the next: room for the longest, and no sum of sizes to keep. */
#define EMITTER_KEY 32u
_Static_assert(EMITTER_KEY > KEY_W4_MOST, "a short key fits");

struct emitter_pairs {
    size_t count;
    size_t room;  /* pairs that may be gathered: 0 where values are large */
    size_t most;  /* the same while the map may emit, else 0 */
    bool sums;    /* values are numbers */
    bool numbers; /* and not all of them are 1, so that `values` holds them */
    size_t value_size;
    struct mr_span spans[EMITTER_PAIRS];
    alignas(64) unsigned char keys[EMITTER_PAIRS * EMITTER_KEY + MR_PAD];
    alignas(64) unsigned char values[EMITTER_PAIRS * CONTEXT_SMALL_VALUE];
};

struct mr_emitter {
    struct context *context;
    struct worker *worker;
    struct combiner_table table;
    struct combiner_class classes[KEY_CLASSES];
    const struct combiner_loops *loops; /* NULL: a key at a time */
    load_keys *load;
    uint64_t *aligned;    /* room for one value, where values lie apart from the table */
    uint64_t values_most; /* bytes that these may take */
    unsigned char *arena; /* bytes of the long keys in the table */
    size_t arena_used, arena_size;
    struct partition_writer pairs; /* to the partitions by hash */
    uint64_t records;              /* pairs emitted */
    uint64_t place;                /* of the next pair, as context.first has it, */
    uint64_t places;               /* and how many more there are in this split */
    _Atomic(const void *) mapper;  /* thread_self of the one in whose map it is; NULL: in none */
    bool busy;                     /* pairs are brought to the combiner */
    struct emitter_pairs gathered; /* emitted, and not yet brought to the combiner */
    struct combiner_pipeline line;
};

/* All zero, but for the arrays at its end: clearing these 34 KiB takes a small job a twentieth of
 * its time, and until they are written nothing is done with them but that places are prefetched,
 * which may be any. */
static inline void emitter_clear(struct mr_emitter *emitter)
{
    memset(emitter, 0, offsetof(struct mr_emitter, gathered.spans));
    combiner_pipeline_clear(&emitter->line);
}

#endif
