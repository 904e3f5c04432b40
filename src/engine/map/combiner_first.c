/* SPDX-License-Identifier: MIT
 *
 * combiner_first - as combiner_lookup, with less to do for each (see combiner_first.h).
 */
#include "engine/map/combiner_first.h"

#include "engine/map/combiner_flush.h"
#include "engine/map/combiner_lookup.h"
#include "engine/map/combiner_rows.h"

#define BATCH COMBINER_BATCH
_Static_assert(BATCH <= LOAD_BATCH, "a batch is loaded together");
/* W4 and long keys are gathered from several batches. */
#define REST (2 * BATCH)

/* Pairs at hand. */
struct pairs {
    const unsigned char *base;
    const struct mr_span *spans;
    const unsigned char *numbers; /* NULL: all are 1 */
    uint64_t place;               /* of the first */
};

/* A pair's count. */
static inline uint64_t number_of(const struct pairs *pairs, size_t i)
{
    uint64_t number = 1;
    if (pairs->numbers)
        memcpy(&number, pairs->numbers + i * sizeof number, sizeof number);
    return number;
}

/* Fills in its value. */
static inline void fill_value(const struct pairs *pairs, size_t i, uint64_t value[2], bool counts)
{
    value[0] = pairs->place - i;
    if (counts)
        value[1] = number_of(pairs, i);
}

/* Adds its count to the value of its key. Returns -1 where that overflows. */
static inline int add(uint64_t *into, const struct pairs *pairs, size_t i, bool counts)
{
    return counts && __builtin_add_overflow(into[1], number_of(pairs, i), &into[1]) ? -1 : 0;
}

/* Brings the rows of one class to the table or to their partitions. */
static inline __attribute__((always_inline)) int
combine_rows(struct mr_emitter *emitter, const enum key_class key_class, const uint64_t *rows,
             size_t count, const struct pairs *pairs, const bool counts)
{
    struct combiner_table_class *class = &emitter->table.classes[key_class];
    struct combiner_class *state = &emitter->classes[key_class];
    const size_t words = key_class_words(key_class);
    const size_t stride = counts ? class->stride : combiner_table_sum_stride(key_class);
    const bool bypassed = state->mode == COMBINER_BYPASS;
    state->seen += count;
    for (size_t i = 0; i < count; i++) {
        const uint64_t *row = rows + i * combiner_row_words(key_class);
        const size_t number = row[words + 1];
        uint64_t *slot = NULL, value[2];
        int result;
        if (bypassed) {
            const uint64_t hash =
                key_grouping_hash(key_class, emitter->table.seed, row + 1, row[0]);
            fill_value(pairs, number, value, counts);
            result = combiner_flush_words(emitter, key_class, hash, row + 1, value);
        } else if (combiner_table_find(key_class, class->slots, class->mask, stride, row + 1,
                                       row[0], &slot)) {
            if (add(slot + words, pairs, number, counts) != 0)
                return context_overflow(emitter->context, slot, key_words_size(slot, words));
            continue;
        } else {
            state->missed++;
            fill_value(pairs, number, value, counts);
            if (slot && class->used < class->limit && state->mode == COMBINER_FILL) {
                memcpy(slot, row + 1, words * sizeof *slot);
                memcpy(slot + words, value, counts ? sizeof value : sizeof *value);
                class->used++;
                continue;
            }
            result = combiner_flush_miss(emitter, key_class, row, value);
        }
        if (result != 0)
            return -1;
    }
    return state->seen >= state->review_at ? combiner_flush_review(emitter, key_class) : 0;
}

/* The keys that are longer than a W2 key, by their numbers. Apart, so that the loop over the others
 * has the registers to itself. */
static __attribute__((noinline)) int look_up_rest(struct mr_emitter *emitter,
                                                  const struct pairs *pairs, const uint32_t *rest,
                                                  size_t count)
{
    const struct combiner_table_class *class = &emitter->table.classes[KEY_W4];
    const bool counts = context_first_counts(emitter->context);
    uint64_t rows[REST * (KEY_W4_WORDS + 2)];
    size_t w4_count = 0;
    for (size_t n = 0; n < count; n++) {
        const size_t i = rest[n], size = pairs->spans[i].end - pairs->spans[i].begin;
        const unsigned char *key = pairs->base + pairs->spans[i].begin;
        if (size <= KEY_W4_MOST) {
            uint64_t *row = rows + w4_count++ * combiner_row_words(KEY_W4);
            const uint64_t hash = combiner_row_fill(KEY_W4, row, emitter->table.seed, key, size, i);
            combiner_row_prefetch(KEY_W4, hash, class->slots, class->mask, class->stride);
        } else {
            uint64_t value[2];
            fill_value(pairs, i, value, counts);
            if (combiner_lookup_long(emitter, key, size, value, VALUE_FIRST) != 0)
                return -1;
        }
    }
    return counts ? combine_rows(emitter, KEY_W4, rows, w4_count, pairs, true)
                  : combine_rows(emitter, KEY_W4, rows, w4_count, pairs, false);
}

/* Writes the W1 and W2 keys to their partitions, the table being bypassed for them. */
static inline __attribute__((always_inline)) int write_bypassed(struct mr_emitter *emitter,
                                                                const struct pairs *pairs,
                                                                size_t count, const bool counts)
{
    const size_t bound = 1 + KEY_W2_WORDS * sizeof(uint64_t) + RECORD_NUMBER_MAX + sizeof(uint64_t);
    const struct hash_seed seed = *emitter->table.seed;
    struct partition_writer *writer = &emitter->pairs;
    struct load load;
    uint32_t rest[REST];
    size_t rest_count = 0;
    for (size_t start = 0; start < count; start += BATCH) {
        const size_t batch = count - start < BATCH ? count - start : BATCH;
        const size_t rest_before = rest_count;
        size_t w1_count = 0;
        emitter->load(&seed, pairs->base, pairs->spans + start, batch, &load);
        for (size_t i = 0; i < batch; i++) {
            const struct mr_span span = pairs->spans[start + i];
            const size_t size = span.end - span.begin;
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
            const uint64_t place = pairs->place - (start + i);
            const uint64_t number = counts ? number_of(pairs, start + i) : 1;
            at = record_put_head(at, size, number != 1);
            memcpy(at, words, sizeof words);
            at += size;
            if (number != 1)
                at = record_put_number(at, number);
            memcpy(at, &place, sizeof place);
            partition_writer_wrote(writer, partition, at + sizeof place);
        }
        emitter->classes[KEY_W1].seen += w1_count;
        emitter->classes[KEY_W2].seen += batch - w1_count - (rest_count - rest_before);
        if (rest_count > 0 && (rest_count >= BATCH || start + batch == count)) {
            if (look_up_rest(emitter, pairs, rest, rest_count) != 0)
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
look_up(struct mr_emitter *emitter, const struct pairs *pairs, size_t count, const bool counts)
{
    const struct hash_seed seed = *emitter->table.seed;
    const struct combiner_table_class *class = emitter->table.classes;
    const size_t w1_stride = counts ? class[KEY_W1].stride : combiner_table_sum_stride(KEY_W1);
    const size_t w2_stride = counts ? class[KEY_W2].stride : combiner_table_sum_stride(KEY_W2);
    const size_t w1_cached = counts ? COMBINER_W1_SLOTS / 2 : COMBINER_W1_SLOTS;
    uint64_t w1_rows[BATCH * (KEY_W1_WORDS + 2)];
    uint64_t w2_rows[BATCH * (KEY_W2_WORDS + 2)];
    uint32_t rest[REST];
    size_t rest_count = 0;
    for (size_t start = 0; start < count; start += BATCH) {
        uint64_t *const w1_slots = class[KEY_W1].slots;
        uint64_t *const w2_slots = class[KEY_W2].slots;
        const size_t w1_mask = class[KEY_W1].mask, w2_mask = class[KEY_W2].mask;
        /* As combiner_lookup has it. */
        const bool at_once =
            w1_mask < w1_cached && emitter->classes[KEY_W1].mode != COMBINER_BYPASS;
        const size_t end = count - start < BATCH ? count : start + BATCH;
        const size_t rest_before = rest_count;
        size_t w1_count = 0, w2_count = 0;
        for (size_t i = start; i < end; i++) {
            const unsigned char *key = pairs->base + pairs->spans[i].begin;
            const size_t size = pairs->spans[i].end - pairs->spans[i].begin;
            if (size <= KEY_W1_MOST) {
                const uint64_t word = key_load_w1(key, size), hash = hash_1(&seed, word);
                uint64_t *slot = combiner_table_near_w1(w1_slots, w1_mask, w1_stride, word, hash);
                if (at_once && slot[0] == word) {
                    if (add(slot + KEY_W1_WORDS, pairs, i, counts) != 0)
                        return context_overflow(emitter->context, slot, size);
                    continue;
                }
                __builtin_prefetch(slot, 1);
                uint64_t *row = w1_rows + w1_count++ * combiner_row_words(KEY_W1);
                row[0] = hash;
                row[1] = word;
                row[2] = i;
            } else if (size <= KEY_W2_MOST) {
                uint64_t *row = w2_rows + w2_count++ * combiner_row_words(KEY_W2);
                const uint64_t hash = combiner_row_fill(KEY_W2, row, &seed, key, size, i);
                combiner_row_prefetch(KEY_W2, hash, w2_slots, w2_mask, w2_stride);
            } else {
                rest[rest_count++] = (uint32_t)i;
            }
        }
        emitter->classes[KEY_W1].seen +=
            end - start - w1_count - w2_count - (rest_count - rest_before);
        if (combine_rows(emitter, KEY_W1, w1_rows, w1_count, pairs, counts) != 0 ||
            combine_rows(emitter, KEY_W2, w2_rows, w2_count, pairs, counts) != 0)
            return -1;
        if (rest_count > 0 && (rest_count >= BATCH || end == count)) {
            if (look_up_rest(emitter, pairs, rest, rest_count) != 0)
                return -1;
            rest_count = 0;
        }
    }
    return 0;
}

/* Takes the next places for so many pairs. */
static int take_places(struct mr_emitter *emitter, size_t count, uint64_t *first)
{
    if (count > emitter->places) {
        context_fail(emitter->context, MR_OVERFLOW, 0,
                     "the input has more pieces or pairs than can be told apart by their places");
        return -1;
    }
    *first = emitter->place;
    emitter->place -= count;
    emitter->places -= count;
    return 0;
}

int combiner_first_batch(struct mr_emitter *emitter, const unsigned char *base,
                         const struct mr_span *spans, size_t count, const void *values)
{
    const struct combiner_class *classes = emitter->classes;
    const bool counts = context_first_counts(emitter->context);
    struct pairs pairs = {.base = base, .spans = spans, .numbers = values};
    if (take_places(emitter, count, &pairs.place) != 0)
        return -1;
    if (classes[KEY_W1].mode == COMBINER_BYPASS && classes[KEY_W2].mode == COMBINER_BYPASS)
        return counts ? write_bypassed(emitter, &pairs, count, true)
                      : write_bypassed(emitter, &pairs, count, false);
    return counts ? look_up(emitter, &pairs, count, true) : look_up(emitter, &pairs, count, false);
}

int combiner_first_long(struct mr_emitter *emitter, const unsigned char *key, size_t size,
                        const void *value)
{
    struct pairs pairs = {.numbers = value};
    uint64_t pair[2];
    if (take_places(emitter, 1, &pairs.place) != 0)
        return -1;
    fill_value(&pairs, 0, pair, true);
    return combiner_lookup_long(emitter, key, size, pair, VALUE_FIRST);
}
