/* SPDX-License-Identifier: MIT
 *
 * combiner_lookup - the loops over emitted pairs: nothing else does a counting job as often.
 *
 * Pairs are taken in batches: all hashes first, with their slots prefetched, then all probes.
 */
#include "engine/map/combiner_lookup.h"

#include "engine/core/slots.h"
#include "engine/map/combiner_flush.h"
#include "engine/map/combiner_rows.h"

#define BATCH COMBINER_BATCH
_Static_assert(BATCH <= LOAD_BATCH, "a batch is loaded together");
/* W4 and long keys are gathered from several batches, so that there are enough to be
 * looked up side by side. */
#define REST (2 * BATCH)

static inline void swap_slots(uint64_t *one, uint64_t *other, const size_t words)
{
    for (size_t i = 0; i < words; i++) {
        const uint64_t word = one[i];
        one[i] = other[i];
        other[i] = word;
    }
}

/* Makes of a key met often, in `slot`, the first that its probe meets, or of a pair the second: all
 * slots between are used, so the key that was there is still found where this one was. Frequent
 * words then need one comparison. */
static inline void move_toward_home(const enum key_class key_class, uint64_t *home, uint64_t *slot)
{
    const size_t words = key_class_words(key_class);
    uint64_t *second = home + combiner_table_sum_stride(key_class);
    if (slot == home)
        return;
    if (key_class == KEY_W2 && slot != second) {
        if (slot[words] <= second[words])
            return;
        swap_slots(second, slot, words + 1);
        slot = second;
    }
    if (slot[words] > home[words])
        swap_slots(home, slot, words + 1);
}

/* Bytes of a value, which most operations know. */
static inline __attribute__((always_inline)) size_t size_of_value(const struct context *context,
                                                                  const enum value_op op)
{
    return op >= VALUE_WORDS ? context->value_size
           : op == VALUE_ADD ? 2 * sizeof(uint64_t)
                             : sizeof(uint64_t);
}

/* Copies whole words, one at least: so few that a call would take longer. */
static inline void copy_words(void *to, const void *from, size_t size)
{
    size_t at = 0;
    do
        memcpy((unsigned char *)to + at, (const unsigned char *)from + at, sizeof(uint64_t));
    while ((at += sizeof(uint64_t)) < size);
}

/* Calls combine for values of a few whole words. */
static inline void combine_words(const struct context *context, uint64_t *into, const void *value)
{
    alignas(ALIGNED_TO) unsigned char copy[CONTEXT_SMALL_VALUE];
    /* Where every other one of a batch is aligned to ask would be an unpredictable branch, and cost
     * more than the copy. */
    if (context->value_size % ALIGNED_TO != 0 || aligned_gap(value) > 0) {
        copy_words(copy, value, context->value_size);
        value = copy;
    }
    context->spec.combine(context->spec.context, into, value);
}

/* The same of one that could not be added. */
static __attribute__((noinline)) void combine_apart(const struct context *context, uint64_t *into,
                                                    const void *value)
{
    combine_words(context, into, value);
}

/* Combines a value with that which a used slot has at `into`. Returns -1 when a sum overflows: the
 * caller reports it. */
static inline int combine_value(const struct context *context, struct mr_emitter *emitter,
                                const struct combiner_table_class *class, uint64_t *into,
                                const void *value, enum value_op op)
{
    if (op == VALUE_ONE) {
        ++*into;
        return 0;
    }
    if (op == VALUE_SUM) {
        uint64_t more;
        memcpy(&more, value, sizeof more);
        return __builtin_add_overflow(*into, more, into) ? -1 : 0;
    }
    if (op == VALUE_APART) {
        into = class->values + *into * emitter->table.apart;
        context_combine(context, into, value, emitter->aligned);
        return 0;
    }
    if (op == VALUE_ADD) {
        if (!context_add(context, into, value))
            combine_apart(context, into, value);
        return 0;
    }
    if (op == VALUE_WORDS) {
        combine_words(context, into, value);
        return 0;
    }
    if (op == VALUE_FIRST) /* the place that is there is an earlier one */
        return context_first_counts(context) &&
                       __builtin_add_overflow(into[1], context_number(context, value), &into[1])
                   ? -1
                   : 0;
    alignas(ALIGNED_TO) unsigned char copy[CONTEXT_SMALL_VALUE];
    context_combine(context, into, value, copy);
    return 0;
}

/* Gives a new key's slot, which has it at `at`, its value. */
static inline void set_value(const struct mr_emitter *emitter,
                             const struct combiner_table_class *class, uint64_t *at,
                             const void *value, size_t value_size, const enum value_op op)
{
    if (op == VALUE_APART) {
        *at = class->used;
        at = class->values + class->used * emitter->table.apart;
    }
    if (op == VALUE_WORDS)
        copy_words(at, value, value_size);
    else if (op == VALUE_ADD) /* the compiler knows the size */
        memcpy(at, value, 2 * sizeof *at);
    else
        memcpy(at, value, value_size);
}

/* Brings the rows of one class to the table or to their partitions. */
static inline __attribute__((always_inline)) int
combine_rows(struct mr_emitter *emitter, const enum key_class key_class, const uint64_t *rows,
             size_t count, const unsigned char *values, const enum value_op op)
{
    struct context *context = emitter->context;
    struct combiner_table_class *class = &emitter->table.classes[key_class];
    struct combiner_class *state = &emitter->classes[key_class];
    const size_t words = key_class_words(key_class);
    const size_t value_size = size_of_value(context, op);
    const size_t stride = op >= VALUE_ADD ? class->stride : combiner_table_sum_stride(key_class);

    state->seen += count;
    if (state->mode == COMBINER_BYPASS) {
        for (size_t i = 0; i < count; i++) {
            const uint64_t *row = rows + i * combiner_row_words(key_class);
            const void *value = op == VALUE_ONE ? (const void *)&combiner_flush_one
                                                : values + row[words + 1] * value_size;
            const uint64_t hash =
                key_grouping_hash(key_class, emitter->table.seed, row + 1, row[0]);
            if (combiner_flush_words(emitter, key_class, hash, row + 1, value) != 0)
                return -1;
        }
    } else {
        uint64_t *slots = class->slots;
        size_t mask = class->mask;
        for (size_t i = 0; i < count; i++) {
            const uint64_t *row = rows + i * combiner_row_words(key_class);
            const void *value = op == VALUE_ONE ? (const void *)&combiner_flush_one
                                                : values + row[words + 1] * value_size;
            uint64_t *slot;
            if (combiner_table_find(key_class, slots, mask, stride, row + 1, row[0], &slot)) {
                if (combine_value(context, emitter, class, slot + words, value, op) != 0)
                    return context_overflow(context, slot, key_words_size(slot, words));
                if (op == VALUE_ONE)
                    move_toward_home(key_class,
                                     slots + combiner_table_home(key_class, row[0], mask, stride) *
                                                 stride,
                                     slot);
                continue;
            }
            state->missed++;
            if (slot && class->used < class->limit && state->mode == COMBINER_FILL) {
                memcpy(slot, row + 1, words * sizeof *slot);
                set_value(emitter, class, slot + words, value, value_size, op);
                class->used++;
                continue;
            }
            if (combiner_flush_miss(emitter, key_class, row, value) != 0)
                return -1;
            slots = class->slots;
            mask = class->mask;
        }
    }
    return state->seen >= state->review_at ? combiner_flush_review(emitter, key_class) : 0;
}

/* A key of 32 bytes or more. */
int combiner_lookup_long(struct mr_emitter *emitter, const unsigned char *key, size_t size,
                         const void *value, enum value_op op)
{
    struct combiner_table_class *class = &emitter->table.classes[KEY_LONG];
    struct combiner_class *state = &emitter->classes[KEY_LONG];
    uint64_t hash = hash_bytes(emitter->table.seed, key, size);
    bool kept = size <= emitter->arena_size / 4;
    state->seen++;
    while (kept && state->mode == COMBINER_FILL) {
        if (!class->slots &&
            !combiner_table_class_open(&emitter->table, KEY_LONG, COMBINER_FIRST_SLOTS, true)) {
            context_no_memory(emitter->context);
            return -1;
        }
        if (!emitter->arena && !(emitter->arena = slots_take_untouched(
                                     emitter->table.budget, emitter->arena_size + MR_PAD, true))) {
            context_no_memory(emitter->context);
            return -1;
        }
        uint64_t *slot;
        if (combiner_table_find_long(class->slots, class->mask, class->stride, key, size, hash,
                                     &slot))
            return combine_value(emitter->context, emitter, class, slot + KEY_LONG_WORDS, value,
                                 op) == 0
                       ? 0
                       : context_overflow(emitter->context, key, size);
        if (class->used < class->limit && size <= emitter->arena_size - emitter->arena_used) {
            state->missed++;
            unsigned char *copy = emitter->arena + emitter->arena_used;
            memcpy(copy, key, size);
            emitter->arena_used += size;
            slot[0] = hash;
            slot[1] = size;
            slot[2] = (uint64_t)(uintptr_t)copy;
            set_value(emitter, class, slot + KEY_LONG_WORDS, value, emitter->context->value_size,
                      op);
            class->used++;
            return 0;
        }
        if (class->used < class->limit) { /* the arena is full, and so the table */
            if (combiner_flush_arena_full(emitter) != 0)
                return -1;
        } else if (combiner_flush_when_full(emitter, KEY_LONG) != 0) {
            return -1;
        }
    }
    if (combiner_flush_open(emitter) != 0 ||
        combiner_flush_long(emitter, hash, key, size, value) != 0)
        return -1;
    return state->seen >= state->review_at ? combiner_flush_review(emitter, KEY_LONG) : 0;
}

/* The keys of a batch that are longer than a W2 key, by their number in it. */
static inline __attribute__((always_inline)) int
lookup_rest(struct mr_emitter *emitter, const unsigned char *base, const struct mr_span *spans,
            const uint32_t *rest, size_t count, const unsigned char *values, const enum value_op op)
{
    const size_t value_size = size_of_value(emitter->context, op);
    const struct combiner_table_class *class = &emitter->table.classes[KEY_W4];
    uint64_t rows[REST * (KEY_W4_WORDS + 2)];
    size_t w4_count = 0;
    for (size_t n = 0; n < count; n++) {
        size_t i = rest[n], size = spans[i].end - spans[i].begin;
        const unsigned char *key = base + spans[i].begin;
        if (size <= KEY_W4_MOST) {
            const uint64_t hash =
                combiner_row_fill(KEY_W4, rows + w4_count++ * combiner_row_words(KEY_W4),
                                  emitter->table.seed, key, size, i);
            combiner_row_prefetch(KEY_W4, hash, class->slots, class->mask, class->stride);
        } else {
            const void *value =
                op == VALUE_ONE ? (const void *)&combiner_flush_one : values + i * value_size;
            if (combiner_lookup_long(emitter, key, size, value, op) != 0)
                return -1;
        }
    }
    return combine_rows(emitter, KEY_W4, rows, w4_count, values, op);
}

/* Apart from emit, so that the loop over the common keys has the registers to itself. */
static __attribute__((noinline)) int lookup_rest_units(struct mr_emitter *emitter,
                                                       const unsigned char *base,
                                                       const struct mr_span *spans,
                                                       const uint32_t *rest, size_t count)
{
    return lookup_rest(emitter, base, spans, rest, count, NULL, VALUE_ONE);
}

static __attribute__((noinline)) int
lookup_rest_values(struct mr_emitter *emitter, const unsigned char *base,
                   const struct mr_span *spans, const uint32_t *rest, size_t count,
                   const unsigned char *values, enum value_op op)
{
    return lookup_rest(emitter, base, spans, rest, count, values, op);
}

/* Writes the W1 and W2 keys of a batch to their partitions, the table being bypassed for them;
 * `values` is NULL where all are 1. */
static inline __attribute__((always_inline)) int
lookup_bypassed(struct mr_emitter *emitter, const unsigned char *base, const struct mr_span *spans,
                size_t count, const unsigned char *values, const enum value_op op)
{
    const bool units = op == VALUE_ONE;
    const struct context *context = emitter->context;
    const struct record_form form = context->form;
    const size_t value_size = size_of_value(context, op);
    const size_t bound =
        1 + KEY_W2_WORDS * sizeof(uint64_t) + (units ? 0 : RECORD_NUMBER_MAX + value_size);
    const struct hash_seed seed = *emitter->table.seed;
    struct partition_writer *writer = &emitter->pairs;
    struct load load;
    uint32_t rest[REST];
    size_t rest_count = 0;
    for (size_t start = 0; start < count; start += BATCH) {
        const size_t batch = count - start < BATCH ? count - start : BATCH;
        const size_t rest_before = rest_count;
        size_t w1_count = 0;
        emitter->load(&seed, base, spans + start, batch, &load);
        for (size_t i = 0; i < batch; i++) {
            const size_t size = spans[start + i].end - spans[start + i].begin;
            const uint64_t words[KEY_W2_WORDS] = {load.words[0][i], load.words[1][i]};
            w1_count += size <= KEY_W1_MOST;
            if (size > KEY_W2_MOST) {
                rest[rest_count++] = (uint32_t)(start + i);
                continue;
            }
            const unsigned partition = partitions_of_hash(writer->partitions, load.hashes[i]);
            unsigned char *at = partition_writer_room(writer, partition, bound);
            if (!at)
                return -1;
            __builtin_prefetch(at + 128, 1);
            const void *value =
                units ? (const void *)&combiner_flush_one : values + (start + i) * value_size;
            const uint64_t number = op == VALUE_COMBINE ? context_number(context, value) : 1;
            at = record_put_head(at, size, number != 1);
            memcpy(at, words, sizeof words);
            at += size;
            if (op == VALUE_ADD)
                at = record_put_words(at, value, value_size);
            else if (!units)
                at = record_put_value(at, form, size, number, value);
            partition_writer_wrote(writer, partition, at);
        }
        emitter->classes[KEY_W1].seen += w1_count;
        emitter->classes[KEY_W2].seen += batch - w1_count - (rest_count - rest_before);
        if (rest_count > 0 && (rest_count >= BATCH || start + batch == count)) {
            if ((units ? lookup_rest_units(emitter, base, spans, rest, rest_count)
                       : lookup_rest_values(emitter, base, spans, rest, rest_count, values,
                                            combiner_lookup_op(emitter))) != 0)
                return -1;
            rest_count = 0;
        }
    }
    for (int key_class = KEY_W1; key_class <= KEY_W2; key_class++)
        if (emitter->classes[key_class].seen >= emitter->classes[key_class].review_at &&
            combiner_flush_review(emitter, (enum key_class)key_class) != 0)
            return -1;
    return 0;
}

static inline __attribute__((always_inline)) int
lookup(struct mr_emitter *emitter, const unsigned char *base, const struct mr_span *spans,
       size_t count, const unsigned char *values, const enum value_op op)
{
    struct context *const context = emitter->context;
    const struct hash_seed seed = *emitter->table.seed;
    const struct combiner_table_class *class = emitter->table.classes;
    const size_t w1_stride = op == VALUE_ADD   ? COMBINER_TABLE_HALF_LINE
                             : op >= VALUE_ADD ? class[KEY_W1].stride
                                               : combiner_table_sum_stride(KEY_W1);
    const size_t w2_stride =
        op >= VALUE_ADD ? class[KEY_W2].stride : combiner_table_sum_stride(KEY_W2);
    const size_t value_size = size_of_value(context, op);
    /* Slots that hold values too are larger, and fewer of them stay in the caches. */
    const size_t w1_cached = op == VALUE_ONE ? COMBINER_W1_SLOTS : COMBINER_W1_SLOTS / 4;
    uint64_t w1_rows[BATCH * (KEY_W1_WORDS + 2)];
    uint64_t w2_rows[BATCH * (KEY_W2_WORDS + 2)];
    uint32_t rest[REST];
    size_t rest_count = 0;

    for (size_t start = 0; start < count; start += BATCH) {
        uint64_t *const w1_slots = class[KEY_W1].slots;
        uint64_t *const w2_slots = class[KEY_W2].slots;
        const size_t w1_mask = class[KEY_W1].mask, w2_mask = class[KEY_W2].mask;
        /* In a table that stays in the caches a key is looked up as soon as it is hashed, and only
         * one that is not where it belongs goes on to the rows of its batch. For W2 keys, rarer and
         * so less often in the cache, this was measured to lose. */
        const bool at_once = w1_mask < w1_cached && op != VALUE_APART &&
                             emitter->classes[KEY_W1].mode != COMBINER_BYPASS;
        const size_t end = count - start < BATCH ? count : start + BATCH;
        const size_t rest_before = rest_count;
        size_t w1_count = 0, w2_count = 0;
        for (size_t i = start; i < end; i++) {
            const unsigned char *key = base + spans[i].begin;
            const size_t size = spans[i].end - spans[i].begin;
            if (size <= KEY_W1_MOST) {
                const uint64_t word = key_load_w1(key, size), hash = hash_1(&seed, word);
                uint64_t *slot = combiner_table_near_w1(w1_slots, w1_mask, w1_stride, word, hash);
                if (at_once && slot[0] == word) {
                    if (op == VALUE_ONE)
                        slot[KEY_W1_WORDS]++;
                    else if (combine_value(context, emitter, &class[KEY_W1], slot + KEY_W1_WORDS,
                                           values + i * value_size, op) != 0)
                        return context_overflow(context, slot, size);
                    continue;
                }
                __builtin_prefetch(slot, 1);
                if (op >= VALUE_ADD && op <= VALUE_WORDS) /* where its value ends */
                    __builtin_prefetch(slot + value_size / sizeof *slot, 1);
                uint64_t *row = w1_rows + w1_count++ * combiner_row_words(KEY_W1);
                row[0] = hash;
                row[1] = word;
                row[2] = i;
            } else if (size <= KEY_W2_MOST) {
                const uint64_t hash = combiner_row_fill(
                    KEY_W2, w2_rows + w2_count++ * combiner_row_words(KEY_W2), &seed, key, size, i);
                combiner_row_prefetch(KEY_W2, hash, w2_slots, w2_mask, w2_stride);
            } else {
                rest[rest_count++] = (uint32_t)i;
            }
        }
        emitter->classes[KEY_W1].seen +=
            end - start - w1_count - w2_count - (rest_count - rest_before);
        if (combine_rows(emitter, KEY_W1, w1_rows, w1_count, values, op) != 0 ||
            combine_rows(emitter, KEY_W2, w2_rows, w2_count, values, op) != 0)
            return -1;
        if (rest_count > 0 && (rest_count >= BATCH || end == count)) {
            if ((op == VALUE_ONE
                     ? lookup_rest_units(emitter, base, spans, rest, rest_count)
                     : lookup_rest_values(emitter, base, spans, rest, rest_count, values, op)) != 0)
                return -1;
            rest_count = 0;
        }
    }
    return 0;
}

static struct combiner_slots slots_of(const struct mr_emitter *emitter)
{
    const struct combiner_table *table = &emitter->table;
    const struct combiner_table_class *class = table->classes;
    const struct combiner_class *state = emitter->classes;
    const bool w1 = state[KEY_W1].mode != COMBINER_BYPASS;
    const bool w2 = state[KEY_W2].mode != COMBINER_BYPASS;
    return (struct combiner_slots){class[KEY_W1].slots,
                                   class[KEY_W2].slots,
                                   w1 ? class[KEY_W1].mask : COMBINER_BYPASSED,
                                   w2 ? class[KEY_W2].mask : COMBINER_BYPASSED,
                                   table->seed,
                                   emitter->context->adds};
}

/* Writes the keys of a class that is bypassed to their partitions; returns as combine_rows. */
static inline __attribute__((always_inline)) int pass_keys(struct mr_emitter *emitter,
                                                           const enum key_class key_class,
                                                           const struct combiner_batch *keys,
                                                           const enum value_op op)
{
    struct combiner_class *state = &emitter->classes[key_class];
    const bool w1 = key_class == KEY_W1;
    const size_t count = w1 ? keys->w1_count : keys->w2_count;
    for (size_t i = 0; i < count; i++) {
        const uint64_t words[KEY_W2_WORDS] = {w1 ? keys->w1_words[i] : keys->w2_words[0][i],
                                              keys->w2_words[1][i]};
        const uint64_t hash = w1 ? keys->w1_places[i] : keys->w2_places[i];
        const uint64_t *value = op == VALUE_ONE ? combiner_flush_one
                                : w1            ? keys->w1_values + 2 * i
                                                : keys->w2_values + 2 * i;
        if (combiner_flush_words(emitter, key_class, hash, words, value) != 0)
            return -1;
    }
    state->seen += count;
    return state->seen >= state->review_at ? combiner_flush_review(emitter, key_class) : 0;
}

/* Takes a batch, which may be empty, and counts or adds the one before. */
static inline __attribute__((always_inline)) int
step_avx512(struct mr_emitter *emitter, const unsigned char *base, const struct mr_span *spans,
            size_t count, const unsigned char *values, const enum value_op op)
{
    struct combiner_pipeline *line = &emitter->line;
    struct combiner_batch *next = &line->keys[line->next], *now = &line->keys[line->next ^ 1];
    const struct combiner_slots table = slots_of(emitter);
    const unsigned char *const w1_values = (const unsigned char *)now->w1_values;
    const unsigned char *const w2_values = (const unsigned char *)now->w2_values;
    struct combiner_misses rest;
    emitter->loops->take(&table, base, spans, count, values, next);
    if (!combiner_slots_same(&now->table, &table))
        emitter->loops->place(&table, now);
    if (op == VALUE_ONE) {
        emitter->loops->count(now, next, &rest);
    } else {
        const struct combiner_adding how = {emitter->context->add_tag, emitter->context->add_guard};
        emitter->loops->add(now, next, &how, &rest);
    }
    line->next ^= 1;
    if (table.w1_mask == COMBINER_BYPASSED) {
        if (pass_keys(emitter, KEY_W1, now, op) != 0)
            return -1;
    } else {
        emitter->classes[KEY_W1].seen += now->w1_count - rest.w1_count;
        if (combine_rows(emitter, KEY_W1, rest.w1_rows, rest.w1_count, w1_values, op) != 0)
            return -1;
    }
    if (table.w2_mask == COMBINER_BYPASSED)
        return pass_keys(emitter, KEY_W2, now, op);
    emitter->classes[KEY_W2].seen += now->w2_count - rest.w2_count;
    return combine_rows(emitter, KEY_W2, rest.w2_rows, rest.w2_count, w2_values, op);
}

/* With vectors, as lookup. */
static inline __attribute__((always_inline)) int
lookup_avx512(struct mr_emitter *emitter, const unsigned char *base, const struct mr_span *spans,
              size_t count, const unsigned char *values, const enum value_op op)
{
    const size_t value_size = size_of_value(emitter->context, op);
    uint32_t rest[REST];
    size_t rest_count = 0;
    for (size_t start = 0; start < count; start += BATCH) {
        const size_t end = count - start < BATCH ? count : start + BATCH;
        const struct combiner_batch *taken = &emitter->line.keys[emitter->line.next];
        if (step_avx512(emitter, base, spans + start, end - start,
                        op == VALUE_ONE ? NULL : values + start * value_size, op) != 0)
            return -1;
        for (size_t i = 0; i < taken->rest_count; i++)
            rest[rest_count++] = (uint32_t)start + taken->rest[i];
        if (rest_count > 0 && (rest_count >= BATCH || end == count)) {
            if ((op == VALUE_ONE
                     ? lookup_rest_units(emitter, base, spans, rest, rest_count)
                     : lookup_rest_values(emitter, base, spans, rest, rest_count, values, op)) != 0)
                return -1;
            rest_count = 0;
        }
    }
    return 0;
}

int combiner_lookup_avx512(struct mr_emitter *emitter, const unsigned char *base,
                           const struct mr_span *spans, size_t count, const void *values)
{
    return values ? lookup_avx512(emitter, base, spans, count, values, VALUE_ADD)
                  : lookup_avx512(emitter, base, spans, count, NULL, VALUE_ONE);
}

int combiner_lookup_end(struct mr_emitter *emitter)
{
    if (!emitter->loops)
        return 0;
    return emitter->context->adds ? step_avx512(emitter, NULL, NULL, 0, NULL, VALUE_ADD)
                                  : step_avx512(emitter, NULL, NULL, 0, NULL, VALUE_ONE);
}

int combiner_lookup_units(struct mr_emitter *emitter, const unsigned char *base,
                          const struct mr_span *spans, size_t count)
{
    return lookup(emitter, base, spans, count, NULL, VALUE_ONE);
}

int combiner_lookup_bypassed_units(struct mr_emitter *emitter, const unsigned char *base,
                                   const struct mr_span *spans, size_t count)
{
    return lookup_bypassed(emitter, base, spans, count, NULL, VALUE_ONE);
}

int combiner_lookup_bypassed_values(struct mr_emitter *emitter, const unsigned char *base,
                                    const struct mr_span *spans, size_t count, const void *values)
{
    const enum value_op op = combiner_lookup_op(emitter);
    return op == VALUE_ADD ? lookup_bypassed(emitter, base, spans, count, values, VALUE_ADD)
                           : lookup_bypassed(emitter, base, spans, count, values, VALUE_COMBINE);
}

enum value_op combiner_lookup_op(const struct mr_emitter *emitter)
{
    return emitter->context->sums                        ? VALUE_SUM
           : emitter->table.apart > 0                    ? VALUE_APART
           : emitter->context->adds                      ? VALUE_ADD
           : emitter->context->form.kind == RECORD_WORDS ? VALUE_WORDS
                                                         : VALUE_COMBINE;
}

int combiner_lookup_values(struct mr_emitter *emitter, const unsigned char *base,
                           const struct mr_span *spans, size_t count, const void *values)
{
    switch (combiner_lookup_op(emitter)) {
    case VALUE_SUM:
        return lookup(emitter, base, spans, count, values, VALUE_SUM);
    case VALUE_ADD:
        return lookup(emitter, base, spans, count, values, VALUE_ADD);
    case VALUE_WORDS:
        return lookup(emitter, base, spans, count, values, VALUE_WORDS);
    case VALUE_APART:
        return lookup(emitter, base, spans, count, values, VALUE_APART);
    default:
        return lookup(emitter, base, spans, count, values, VALUE_COMBINE);
    }
}
