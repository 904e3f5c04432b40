/* SPDX-License-Identifier: MIT
 *
 * combiner_flush - writing pairs, evicting keys, and doing what the policy decides (see
 * combiner_flush.h).
 */
#include "engine/map/combiner_flush.h"

#include "engine/shuffle/stores.h"

/* Keys evicted together. */
#define EVICT_BATCH 32

int combiner_flush_open(struct mr_emitter *emitter)
{
    struct context *context = emitter->context;
    struct stores *stores = emitter->worker->stores;
    if (emitter->pairs.ends)
        return 0;
    const unsigned bits = combiner_policy_partition_bits(context->memory, context->reader.size,
                                                         context->worker_count, POOL_CHUNK);
    if (stores_make_pairs(stores, context, bits) != 0)
        return -1;
    if (partition_writer_open(&emitter->pairs, &stores->pairs, emitter->worker) == 0)
        return 0;
    context_no_memory(context);
    return -1;
}

int combiner_flush_long(struct mr_emitter *emitter, uint64_t hash, const unsigned char *key,
                        size_t size, const void *value)
{
    struct partition_writer *writer = &emitter->pairs;
    const struct context *context = emitter->context;
    unsigned partition = partitions_of_hash(writer->partitions, hash);
    unsigned char *at =
        partition_writer_room(writer, partition, record_bound(size, context->value_size));
    if (!at)
        return -1;
    uint64_t number = context_number(context, value);
    /* Where the partition's next key of that length will end. */
    __builtin_prefetch(at + size + 64, 1);
    __builtin_prefetch(at + size + 128, 1);
    at = record_put_head(at, size, number != 1);
    record_copy_key(at, key, size);
    partition_writer_wrote(writer, partition,
                           record_put_value(at + size, context->form, size, number, value));
    return 0;
}

/* ---- Evicting ------------------------------------------------------------------------------- */

/* The hash of the key in a used slot, not a long one's, that tells its partition. */
static uint64_t slot_hash(const struct mr_emitter *emitter, enum key_class key_class,
                          const uint64_t *slot)
{
    return key_grouping_hash(key_class, emitter->table.seed, slot,
                             combiner_table_slot_hash(&emitter->table, key_class, slot));
}

/* Writes a used slot, not a long key's, to its partition and empties it. */
static int evict(struct mr_emitter *emitter, enum key_class key_class, uint64_t *slot)
{
    struct combiner_table_class *class = &emitter->table.classes[key_class];
    if (combiner_flush_words(emitter, key_class, slot_hash(emitter, key_class, slot), slot,
                             slot + class->words) != 0)
        return -1;
    memset(slot, 0, class->stride * sizeof *slot);
    class->used--;
    return 0;
}

/* Evicts all keys of a class that is not long: lists some, and prefetches the places to which they
 * will be written, before it writes them. */
static inline __attribute__((always_inline)) int evict_words(struct mr_emitter *emitter,
                                                             const enum key_class key_class)
{
    struct combiner_table_class *class = &emitter->table.classes[key_class];
    const struct partition_writer *writer = &emitter->pairs;
    const size_t words = key_class_words(key_class), stride = class->stride;
    const uint64_t *slot = class->slots, *end = slot + (class->mask + 1) * stride;
    while (slot < end) {
        const uint64_t *used[EVICT_BATCH];
        uint64_t hashes[EVICT_BATCH];
        size_t count = 0;
        for (; slot < end && count < EVICT_BATCH; slot += stride) {
            used[count] = slot;
            count += key_slot_used(slot, key_class);
        }
        for (size_t i = 0; i < count; i++) {
            /* The loop above has set this one.
             * NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
            hashes[i] = slot_hash(emitter, key_class, used[i]);
            __builtin_prefetch(writer->ends[partitions_of_hash(writer->partitions, hashes[i])], 1);
        }
        for (size_t i = 0; i < count; i++)
            if (combiner_flush_words(
                    emitter, key_class, hashes[i], used[i],
                    combiner_table_value(&emitter->table, class, used[i] + words)) != 0)
                return -1;
    }
    return 0;
}

int combiner_flush_class(struct mr_emitter *emitter, enum key_class key_class)
{
    struct combiner_table_class *class = &emitter->table.classes[key_class];
    int result = 0;
    if (class->used == 0)
        return 0;
    switch (key_class) {
    case KEY_W1:
        result = evict_words(emitter, KEY_W1);
        break;
    case KEY_W2:
        result = evict_words(emitter, KEY_W2);
        break;
    case KEY_W4:
        result = evict_words(emitter, KEY_W4);
        break;
    default:
        for (size_t i = 0; result == 0 && i <= class->mask; i++) {
            const uint64_t *slot = class->slots + i * class->stride;
            if (key_slot_used(slot, key_class)) {
                size_t size;
                const unsigned char *key = key_slot_key(slot, key_class, &size);
                result = combiner_flush_long(
                    emitter, slot[0], key, size,
                    combiner_table_value(&emitter->table, class, slot + class->words));
            }
        }
        emitter->arena_used = 0;
        break;
    }
    combiner_table_class_clear(class);
    return result;
}

/* Evicts the keys counted least, at least half of all. Without counts, and for long keys, whose
 * bytes lie in the arena, all go. */
static int evict_rare(struct mr_emitter *emitter, enum key_class key_class)
{
    struct combiner_table_class *class = &emitter->table.classes[key_class];
    if (!emitter->context->sums || key_class == KEY_LONG)
        return combiner_flush_class(emitter, key_class);
    enum { LEVELS = 64 };
    size_t level[LEVELS] = {0};
    for (size_t i = 0; i <= class->mask; i++) {
        const uint64_t *slot = class->slots + i * class->stride;
        uint64_t count = slot[class->words];
        if (key_slot_used(slot, key_class))
            level[count < LEVELS ? count : LEVELS - 1]++;
    }
    uint64_t keep_from = 0;
    for (size_t sum = 0; keep_from < LEVELS - 1 && sum < class->used / 2; keep_from++)
        sum += level[keep_from];
    /* Where more than half has the highest level, there is no telling them apart: all go. */
    if (keep_from == LEVELS - 1)
        return combiner_flush_class(emitter, key_class);
    for (size_t i = 0; i <= class->mask; i++) {
        uint64_t *slot = class->slots + i * class->stride;
        if (key_slot_used(slot, key_class) && slot[class->words] < keep_from &&
            evict(emitter, key_class, slot) != 0)
            return -1;
    }
    combiner_table_class_repair(&emitter->table, key_class);
    return 0;
}

/* ---- What the policy decides ---------------------------------------------------------------- */

/* Writes all keys of a full table out and lets it fill again, in the private caches. */
static int flush(struct mr_emitter *emitter, enum key_class key_class)
{
    struct combiner_class *state = &emitter->classes[key_class];
    if (combiner_flush_class(emitter, key_class) != 0)
        return -1;
    if (emitter->table.classes[key_class].mask + 1 > state->cache_slots) {
        combiner_table_class_close(&emitter->table, key_class);
        if (!combiner_table_class_open(&emitter->table, key_class, state->cache_slots, true)) {
            context_no_memory(emitter->context);
            return -1;
        }
    }
    combiner_policy_flushed(state);
    return 0;
}

static int flush_or_bypass(struct mr_emitter *emitter, enum key_class key_class,
                           enum combiner_action action)
{
    if (action == COMBINER_FLUSH)
        return flush(emitter, key_class);
    combiner_policy_passing(&emitter->classes[key_class],
                            emitter->table.classes[key_class].mask + 1);
    return 0;
}

/* There is no room for another value of those that lie apart. */
static int values_full(struct mr_emitter *emitter, enum key_class key_class)
{
    struct combiner_class *state = &emitter->classes[key_class];
    if (combiner_table_values_grow(&emitter->table, key_class, emitter->values_most))
        return 0;
    if (combiner_flush_open(emitter) != 0)
        return -1;
    /* Where there is not even a first one, looking is in vain for now. */
    const bool empty = emitter->table.classes[key_class].used == 0;
    return flush_or_bypass(emitter, key_class,
                           empty ? COMBINER_PASS : combiner_policy_arena_full(state));
}

int combiner_flush_when_full(struct mr_emitter *emitter, enum key_class key_class)
{
    struct combiner_table_class *class = &emitter->table.classes[key_class];
    struct combiner_class *state = &emitter->classes[key_class];
    const size_t slots = class->mask + 1;
    if (class->limit < class->slots_limit)
        return values_full(emitter, key_class);
    enum combiner_action action = combiner_policy_full(state, key_class, slots, class->limit, true);
    if (action == COMBINER_GROW) {
        if (combiner_table_class_grow(&emitter->table, key_class,
                                      combiner_policy_must_grow(slots))) {
            combiner_policy_grown(state);
            return 0;
        }
        action = combiner_policy_full(state, key_class, slots, class->limit, false);
    }
    if (action == COMBINER_LOAD_MORE) {
        combiner_table_class_limit(class, combiner_policy_last_limit(slots));
        return 0;
    }
    if (combiner_flush_open(emitter) != 0)
        return -1;
    if (action != COMBINER_FREEZE)
        return flush_or_bypass(emitter, key_class, action);
    combiner_policy_frozen(state, slots);
    return 0;
}

int combiner_flush_arena_full(struct mr_emitter *emitter)
{
    if (combiner_flush_open(emitter) != 0)
        return -1;
    return flush_or_bypass(emitter, KEY_LONG,
                           combiner_policy_arena_full(&emitter->classes[KEY_LONG]));
}

int combiner_flush_review(struct mr_emitter *emitter, enum key_class key_class)
{
    switch (combiner_policy_review(&emitter->classes[key_class],
                                   emitter->table.classes[key_class].mask + 1)) {
    case COMBINER_DROP_RARE:
        return evict_rare(emitter, key_class);
    case COMBINER_DROP_ALL:
        return combiner_flush_class(emitter, key_class);
    default:
        return 0;
    }
}

int combiner_flush_miss(struct mr_emitter *emitter, enum key_class key_class, const uint64_t *row,
                        const void *value)
{
    struct combiner_table_class *class = &emitter->table.classes[key_class];
    struct combiner_class *state = &emitter->classes[key_class];
    while (state->mode == COMBINER_FILL) {
        if (class->used < class->limit) {
            uint64_t *slot;
            (void)combiner_table_find(key_class, class->slots, class->mask, class->stride, row + 1,
                                      row[0], &slot);
            if (!slot)
                break;
            memcpy(slot, row + 1, class->words * sizeof *slot);
            uint64_t *at = slot + class->words;
            if (emitter->table.apart > 0) {
                *at = class->used;
                at = class->values + class->used * emitter->table.apart;
            }
            memcpy(at, value, emitter->context->value_size);
            class->used++;
            return 0;
        }
        if (combiner_flush_when_full(emitter, key_class) != 0)
            return -1;
    }
    if (combiner_flush_open(emitter) != 0)
        return -1;
    return combiner_flush_words(emitter, key_class,
                                key_grouping_hash(key_class, emitter->table.seed, row + 1, row[0]),
                                row + 1, value);
}
