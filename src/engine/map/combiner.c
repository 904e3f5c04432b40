/* SPDX-License-Identifier: MIT
 *
 * combiner - the life of a combiner (see combiner.h).
 */
#include "engine/map/combiner.h"

#include "engine/core/slots.h"
#include "engine/map/combiner_flush.h"
#include "engine/map/combiner_lookup.h"
#include "engine/map/emit.h"
#include "engine/shuffle/stores.h"

/* Larger values lie apart from the table, which stays as small as with sums: where several of them
 * fit. */
#define INLINE_WORDS (CONTEXT_SMALL_VALUE / sizeof(uint64_t))
#define FEWEST_VALUES 4

int combiner_open(struct mr_emitter *emitter, struct worker *worker)
{
    struct context *context = worker->context;
    emitter_clear(emitter);
    emitter->context = context;
    emitter->worker = worker;
    emitter->loops = combiner_avx512_select();
    emitter->load = load_select();
    emit_open(emitter);
    struct combiner_table *table = &emitter->table;
    const size_t words = (context->value_size + 7) / 8;
    emitter->arena_size = combiner_policy_arena(context->memory, context->worker_count);
    emitter->values_most =
        combiner_policy_values(context->memory, context->worker_count, words * sizeof(uint64_t));
    if (context->value_size == sizeof(uint64_t) && (context->sums || context->first))
        combiner_table_open(table, context->seed, COMBINER_LOAD, context->budget);
    else
        combiner_table_open_values(table, context->seed, words, INLINE_WORDS, COMBINER_LOAD,
                                   context->budget);
    if (context->keeps ||
        (table->apart > 0 && context->value_size > emitter->values_most / FEWEST_VALUES)) {
        for (int key_class = 0; key_class < KEY_CLASSES; key_class++)
            combiner_policy_none(&emitter->classes[key_class]);
        return combiner_flush_open(emitter);
    }
    for (int key_class = 0; key_class < KEY_CLASSES; key_class++)
        combiner_policy_open(&emitter->classes[key_class], (enum key_class)key_class,
                             (table->classes[key_class].stride + table->apart) * sizeof(uint64_t),
                             context->memory, context->worker_count);
    if (table->apart > 0 &&
        !(emitter->aligned =
              slots_take(context->budget, table->apart * sizeof *emitter->aligned, true))) {
        context_no_memory(context);
        return -1;
    }
    if (!combiner_table_class_open(table, KEY_W1, COMBINER_FIRST_SLOTS, true) ||
        !combiner_table_class_open(table, KEY_W2, COMBINER_FIRST_SLOTS, true) ||
        !combiner_table_class_open(table, KEY_W4, COMBINER_FIRST_SLOTS / 4, true)) {
        context_no_memory(context);
        return -1;
    }
    return 0;
}

void combiner_close(struct mr_emitter *emitter)
{
    partition_writer_close(&emitter->pairs);
    combiner_table_close(&emitter->table);
    slots_give(emitter->table.budget, emitter->aligned,
               emitter->table.apart * sizeof *emitter->aligned);
    emitter->aligned = NULL;
    slots_give(emitter->table.budget, emitter->arena, emitter->arena_size + MR_PAD);
    emitter->arena = NULL;
}

void combiner_begin_split(struct mr_emitter *emitter, uint64_t sequence)
{
    emitter->place = ~(sequence << CONTEXT_PLACE_BITS);
    emitter->places =
        sequence >> (64 - CONTEXT_PLACE_BITS) == 0 ? (uint64_t)1 << CONTEXT_PLACE_BITS : 0;
    emit_begin(emitter);
}

int combiner_end_split(struct mr_emitter *emitter)
{
    return emit_end(emitter) != 0 ? -1 : combiner_lookup_end(emitter);
}

uint64_t combiner_held(const struct mr_emitter *emitter)
{
    uint64_t held = 0;
    for (int key_class = 0; key_class < KEY_CLASSES; key_class++)
        held += emitter->table.classes[key_class].used;
    return held;
}

int combiner_make_partitions(struct stores *stores, struct context *context, uint64_t held)
{
    const unsigned most = combiner_policy_partition_bits(context->memory, context->reader.size,
                                                         context->worker_count, POOL_CHUNK);
    return stores_make_pairs(stores, context, combiner_policy_last_bits(held, most));
}

int combiner_drain(struct mr_emitter *emitter)
{
    if (combiner_held(emitter) > 0) {
        if (combiner_flush_open(emitter) != 0)
            return -1;
        for (int key_class = 0; key_class < KEY_CLASSES; key_class++)
            if (combiner_flush_class(emitter, (enum key_class)key_class) != 0)
                return -1;
    }
    partition_writer_flush(&emitter->pairs);
    combiner_close(emitter);
    return 0;
}
