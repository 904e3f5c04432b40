/* SPDX-License-Identifier: MIT
 *
 * combiner - emitting, and the life of a combiner (see combiner.h).
 */
#include "engine/map/combiner.h"

#include "engine/core/slots.h"
#include "engine/map/combiner_flush.h"
#include "engine/map/combiner_lookup.h"
#include "engine/shuffle/stores.h"

/* Larger values lie apart from the table, which stays as small as with sums: where several of them
 * fit. */
#define INLINE_WORDS (CONTEXT_SMALL_VALUE / sizeof(uint64_t))
#define FEWEST_VALUES 4

/* ---- Emitting ------------------------------------------------------------------------------- */

static int emit_batch(struct mr_emitter *emitter, const unsigned char *base,
                      const struct mr_span *spans, size_t count, const void *values)
{
    struct context *context = emitter->context;
    const struct combiner_class *classes = emitter->classes;
    if (context_stopped(context))
        return -1;
    emitter->records += count;
    if (!context->sums && !values) {
        context_fail(context, MR_INVALID, 0, "a pair was emitted without a value");
        return -1;
    }
    if (values)
        return combiner_lookup_values(emitter, base, spans, count, values);
    if (classes[KEY_W1].mode == COMBINER_BYPASS && classes[KEY_W2].mode == COMBINER_BYPASS)
        return combiner_lookup_bypassed(emitter, base, spans, count);
    if (emitter->loops && count >= COMBINER_FEWEST)
        return combiner_lookup_avx512(emitter, base, spans, count);
    return combiner_lookup_units(emitter, base, spans, count);
}

enum mr_status mr_emit_batch(struct mr_emitter *emitter, const unsigned char *base, size_t size,
                             const struct mr_span *spans, size_t count, const void *values)
{
    (void)size;
    return emit_batch(emitter, base, spans, count, values) == 0 ? MR_OK
                                                                : context_status(emitter->context);
}

static int emit(struct mr_emitter *emitter, const void *key, size_t size, const void *value)
{
    unsigned char copy[RECORD_COPIED + MR_PAD];
    if (size <= RECORD_COPIED) { /* which need not be followed by anything */
        if (size > 0)
            memcpy(copy, key, size);
        memset(copy + size, 0, sizeof copy - size);
        key = copy;
    }
    if (size <= KEY_W4_MOST)
        return emit_batch(emitter, key, &(struct mr_span){0, (uint32_t)size}, 1, value);
    struct context *context = emitter->context;
    if (context_stopped(context))
        return -1;
    if (!value && !context->sums) {
        context_fail(context, MR_INVALID, 0, "a pair was emitted without a value");
        return -1;
    }
    emitter->records++;
    return combiner_lookup_long(emitter, key, size, value ? value : &combiner_flush_one,
                                emitter->table.apart > 0 ? VALUE_APART
                                : !context->sums         ? VALUE_COMBINE
                                : value                  ? VALUE_SUM
                                                         : VALUE_ONE);
}

enum mr_status mr_emit(struct mr_emitter *emitter, const void *key, size_t size, const void *value)
{
    return emit(emitter, key, size, value) == 0 ? MR_OK : context_status(emitter->context);
}

/* ---- Beginning and end -------------------------------------------------------------- */

int combiner_open(struct mr_emitter *emitter, struct worker *worker)
{
    struct context *context = worker->context;
    *emitter = (struct mr_emitter){.context = context,
                                   .worker = worker,
                                   .loops = combiner_avx512_select(),
                                   .load = load_select()};
    struct combiner_table *table = &emitter->table;
    const size_t words = (context->value_size + 7) / 8;
    emitter->arena_size = combiner_policy_arena(context->memory, context->worker_count);
    emitter->values_most =
        combiner_policy_values(context->memory, context->worker_count, words * sizeof(uint64_t));
    combiner_table_open(table, context->seed, words, INLINE_WORDS, COMBINER_LOAD, context->budget);
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

int combiner_end_split(struct mr_emitter *emitter)
{
    return combiner_lookup_end(emitter);
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
