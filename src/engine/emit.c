/* SPDX-License-Identifier: MIT
 *
 * emit - the loops over emitted pairs: nothing else does a counting job as often.
 *
 * Pairs are taken in batches: all hashes first, with their slots prefetched, then all probes.
 */
#include "engine/emit.h"

#define BATCH NEAR_BATCH
/* Longer keys are gathered from several batches, so that there are enough to be
 * looked up side by side. */
#define OTHERS (2 * BATCH)

/* Words of a row, a key on its way to the table: hash, words, number in the batch (as near.h). */
static inline size_t row_words(enum table_class_name name)
{
    return table_words(name) + 2;
}

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
static inline void settle(const enum table_class_name name, uint64_t *home, uint64_t *slot)
{
    const size_t words = table_words(name);
    uint64_t *second = home + table_sum_stride(name);
    if (slot == home)
        return;
    if (name == TABLE_SHORT && slot != second) {
        if (slot[words] <= second[words])
            return;
        swap_slots(second, slot, words + 1);
        slot = second;
    }
    if (slot[words] > home[words])
        swap_slots(home, slot, words + 1);
}

/* Brings the rows of one class to the table or to their partitions. */
static inline __attribute__((always_inline))
int fold_rows(struct mr_emitter *emitter, const enum table_class_name name, const uint64_t *rows,
              size_t count, const unsigned char *values, const enum how how)
{
    struct job *job = emitter->job;
    struct table_class *class = &emitter->table.classes[name];
    struct front_class *front = &emitter->front[name];
    const size_t words = table_words(name);
    const size_t value_size = how == FOLD ? job->value_size : sizeof(uint64_t);
    const size_t stride = how == FOLD ? class->stride : table_sum_stride(name);

    front->seen += count;
    if (front->mode == FRONT_BYPASS) {
        for (size_t i = 0; i < count; i++) {
            const uint64_t *row = rows + i * row_words(name);
            const void *value =
                how == UNIT ? (const void *)&emit_one : values + row[words + 1] * value_size;
            const uint64_t hash = table_hash_whole(name, emitter->table.seed, row + 1, row[0]);
            if (write_words(emitter, name, hash, row + 1, value) != 0)
                return -1;
        }
    } else {
        uint64_t *slots = class->slots;
        size_t mask = class->mask;
        for (size_t i = 0; i < count; i++) {
            const uint64_t *row = rows + i * row_words(name);
            const void *value =
                how == UNIT ? (const void *)&emit_one : values + row[words + 1] * value_size;
            uint64_t *slot;
            if (table_find(name, slots, mask, stride, row + 1, row[0], &slot)) {
                if (fold(job, slot + words, value, how) != 0)
                    return job_overflow(job, slot, key_words_size(slot, words));
                if (how == UNIT)
                    settle(name, slots + table_home(name, row[0], mask) * stride,
                           slot);
                continue;
            }
            front->missed++;
            if (slot && class->used < class->limit && front->mode == FRONT_FILL) {
                memcpy(slot, row + 1, words * sizeof *slot);
                memcpy(slot + words, value, value_size);
                class->used++;
                continue;
            }
            if (emit_miss(emitter, name, row, value) != 0)
                return -1;
            slots = class->slots;
            mask = class->mask;
        }
    }
    return front->seen >= front->review_at ? emit_review(emitter, name) : 0;
}

/* Adds a key to the rows of its class, and asks for its slot. */
static inline __attribute__((always_inline))
void add_row(const enum table_class_name name, uint64_t *row, const struct hash_seed *seed,
             const unsigned char *key, size_t size, size_t number, const uint64_t *slots,
             size_t mask, size_t stride)
{
    uint64_t words[KEY_MIDDLE_WORDS];
    uint64_t hash = table_load(name, seed, words, key, size);
    row[0] = hash;
    memcpy(row + 1, words, table_words(name) * sizeof *words);
    row[table_words(name) + 1] = number;
    const uint64_t *slot = slots + table_home(name, hash, mask) * stride;
    __builtin_prefetch(slot, 1);
    if (name == TABLE_MIDDLE || stride != table_sum_stride(name)) /* it may lie on two lines */
        __builtin_prefetch(slot + stride - 1, 1);
}

/* The keys of a batch that are longer than short, by their number in it. */
static inline __attribute__((always_inline))
int emit_others(struct mr_emitter *emitter, const unsigned char *base, const struct mr_span *spans,
                const uint32_t *others, size_t count, const unsigned char *values,
                const enum how how)
{
    const size_t value_size = how == FOLD ? emitter->job->value_size : sizeof(uint64_t);
    const struct table_class *class = &emitter->table.classes[TABLE_MIDDLE];
    uint64_t rows[OTHERS * (KEY_MIDDLE_WORDS + 2)];
    size_t middles = 0;
    for (size_t n = 0; n < count; n++) {
        size_t i = others[n], size = spans[i].end - spans[i].begin;
        const unsigned char *key = base + spans[i].begin;
        if (size <= KEY_MIDDLE) {
            add_row(TABLE_MIDDLE, rows + middles++ * row_words(TABLE_MIDDLE), emitter->table.seed,
                    key, size, i, class->slots, class->mask, class->stride);
        } else {
            const void *value = how == UNIT ? (const void *)&emit_one : values + i * value_size;
            if (emit_long(emitter, key, size, value, how) != 0)
                return -1;
        }
    }
    return fold_rows(emitter, TABLE_MIDDLE, rows, middles, values, how);
}

/* Apart from emit, so that the loop over the common keys has the registers to itself. */
static __attribute__((noinline))
int emit_other_units(struct mr_emitter *emitter, const unsigned char *base,
                     const struct mr_span *spans, const uint32_t *others, size_t count)
{
    return emit_others(emitter, base, spans, others, count, NULL, UNIT);
}

/* Writes the short keys of a batch to their partitions, the table being bypassed for them. */
static __attribute__((noinline))
int emit_past(struct mr_emitter *emitter, const unsigned char *base, const struct mr_span *spans,
              size_t count)
{
    const struct hash_seed seed = *emitter->table.seed;
    struct worker *worker = emitter->worker;
    const struct shuffle *shuffle = &worker->job->pairs;
    struct load load;
    uint32_t others[OTHERS];
    size_t others_count = 0;
    for (size_t start = 0; start < count; start += BATCH) {
        const size_t batch = count - start < BATCH ? count - start : BATCH;
        const size_t others_before = others_count;
        size_t tinies = 0;
        emitter->load(&seed, base, spans + start, batch, &load);
        for (size_t i = 0; i < batch; i++) {
            const size_t size = spans[start + i].end - spans[start + i].begin;
            const uint64_t words[KEY_SHORT_WORDS] = {load.words[0][i], load.words[1][i]};
            tinies += size <= KEY_TINY;
            if (size > KEY_SHORT) {
                others[others_count++] = (uint32_t)(start + i);
                continue;
            }
            const unsigned partition = shuffle_of_hash(shuffle, load.hashes[i]);
            unsigned char *at = shuffle_room(&worker->pairs, partition, 1 + sizeof words);
            if (!at)
                return -1;
            __builtin_prefetch(at + 128, 1);
            at = record_put_head(at, size, false);
            memcpy(at, words, sizeof words);
            shuffle_wrote(&worker->pairs, partition, at + size);
        }
        emitter->front[TABLE_TINY].seen += tinies;
        emitter->front[TABLE_SHORT].seen += batch - tinies - (others_count - others_before);
        if (others_count > 0 && (others_count >= BATCH || start + batch == count)) {
            if (emit_other_units(emitter, base, spans, others, others_count) != 0)
                return -1;
            others_count = 0;
        }
    }
    for (int name = TABLE_TINY; name <= TABLE_SHORT; name++)
        if (emitter->front[name].seen >= emitter->front[name].review_at &&
            emit_review(emitter, (enum table_class_name)name) != 0)
            return -1;
    return 0;
}

static inline __attribute__((always_inline))
int emit(struct mr_emitter *emitter, const unsigned char *base, const struct mr_span *spans,
         size_t count, const unsigned char *values, const enum how how)
{
    const struct hash_seed seed = *emitter->table.seed;
    const struct table_class *class = emitter->table.classes;
    const size_t tiny_stride =
        how == FOLD ? class[TABLE_TINY].stride : table_sum_stride(TABLE_TINY);
    const size_t short_stride =
        how == FOLD ? class[TABLE_SHORT].stride : table_sum_stride(TABLE_SHORT);
    uint64_t tiny_rows[BATCH * (KEY_TINY_WORDS + 2)];
    uint64_t short_rows[BATCH * (KEY_SHORT_WORDS + 2)];
    uint32_t others[OTHERS];
    size_t others_count = 0;

    for (size_t start = 0; start < count; start += BATCH) {
        uint64_t *const tiny_slots = class[TABLE_TINY].slots;
        uint64_t *const short_slots = class[TABLE_SHORT].slots;
        const size_t tiny_mask = class[TABLE_TINY].mask, short_mask = class[TABLE_SHORT].mask;
        /* In a near table a key is looked up as soon as it is hashed, and only one that is not
         * where it belongs goes on to the rows of its batch. For short keys, rarer and so less
         * often in the cache, this was measured to lose. */
        const bool near = how == UNIT && tiny_mask < NEAR_TINY_SLOTS &&
                          emitter->front[TABLE_TINY].mode != FRONT_BYPASS;
        const size_t end = count - start < BATCH ? count : start + BATCH;
        const size_t others_before = others_count;
        size_t tinies = 0, shorts = 0;
        for (size_t i = start; i < end; i++) {
            const unsigned char *key = base + spans[i].begin;
            const size_t size = spans[i].end - spans[i].begin;
            if (size <= KEY_TINY) {
                const uint64_t word = key_load_tiny(key, size), hash = hash_1(&seed, word);
                uint64_t *slot = tiny_slots + table_home(TABLE_TINY, hash, tiny_mask) * tiny_stride;
                if (near && slot[0] == word) {
                    slot[KEY_TINY_WORDS]++;
                    continue;
                }
                __builtin_prefetch(slot, 1);
                uint64_t *row = tiny_rows + tinies++ * row_words(TABLE_TINY);
                row[0] = hash;
                row[1] = word;
                row[2] = i;
            } else if (size <= KEY_SHORT) {
                add_row(TABLE_SHORT, short_rows + shorts++ * row_words(TABLE_SHORT), &seed, key,
                        size, i, short_slots, short_mask, short_stride);
            } else {
                others[others_count++] = (uint32_t)i;
            }
        }
        emitter->front[TABLE_TINY].seen +=
            end - start - tinies - shorts - (others_count - others_before);
        if (fold_rows(emitter, TABLE_TINY, tiny_rows, tinies, values, how) != 0 ||
            fold_rows(emitter, TABLE_SHORT, short_rows, shorts, values, how) != 0)
            return -1;
        if (others_count > 0 && (others_count >= BATCH || end == count)) {
            if ((how == UNIT
                     ? emit_other_units(emitter, base, spans, others, others_count)
                     : emit_others(emitter, base, spans, others, others_count, values, how)) != 0)
                return -1;
            others_count = 0;
        }
    }
    return 0;
}

static struct near near_of(const struct mr_emitter *emitter)
{
    const struct table *table = &emitter->table;
    const struct table_class *class = table->classes;
    const struct front_class *front = emitter->front;
    const bool tiny = front[TABLE_TINY].mode != FRONT_BYPASS;
    const bool brief = front[TABLE_SHORT].mode != FRONT_BYPASS;
    return (struct near){class[TABLE_TINY].slots, class[TABLE_SHORT].slots,
                         tiny ? class[TABLE_TINY].mask : NEAR_PASS,
                         brief ? class[TABLE_SHORT].mask : NEAR_PASS, table->seed};
}

/* Writes the keys of a class that is bypassed to their partitions; returns as fold_rows. */
static inline __attribute__((always_inline))
int pass_keys(struct mr_emitter *emitter, const enum table_class_name name,
              const struct near_keys *keys)
{
    struct front_class *front = &emitter->front[name];
    const bool tiny = name == TABLE_TINY;
    const size_t count = tiny ? keys->tinies : keys->shorts;
    for (size_t i = 0; i < count; i++) {
        const uint64_t words[KEY_SHORT_WORDS] = {
            tiny ? keys->tiny_words[i] : keys->short_words[0][i], keys->short_words[1][i]};
        const uint64_t hash = tiny ? keys->tiny_places[i] : keys->short_places[i];
        if (write_words(emitter, name, hash, words, &emit_one) != 0)
            return -1;
    }
    front->seen += count;
    return front->seen >= front->review_at ? emit_review(emitter, name) : 0;
}

/* Takes a batch, which may be empty, and counts the one before. */
static inline __attribute__((always_inline))
int near_step(struct mr_emitter *emitter, const unsigned char *base, const struct mr_span *spans,
              size_t count)
{
    struct near_line *line = &emitter->line;
    struct near_keys *next = &line->keys[line->turn], *now = &line->keys[line->turn ^ 1];
    const struct near near = near_of(emitter);
    struct near_rest rest;
    emitter->near->take(&near, base, spans, count, next);
    if (!near_same(&now->near, &near))
        emitter->near->place(&near, now);
    emitter->near->count(now, next, &rest);
    line->turn ^= 1;
    if (near.tiny_mask == NEAR_PASS) {
        if (pass_keys(emitter, TABLE_TINY, now) != 0)
            return -1;
    } else {
        emitter->front[TABLE_TINY].seen += now->tinies - rest.tinies;
        if (fold_rows(emitter, TABLE_TINY, rest.tiny_rows, rest.tinies, NULL, UNIT) != 0)
            return -1;
    }
    if (near.short_mask == NEAR_PASS)
        return pass_keys(emitter, TABLE_SHORT, now);
    emitter->front[TABLE_SHORT].seen += now->shorts - rest.shorts;
    return fold_rows(emitter, TABLE_SHORT, rest.short_rows, rest.shorts, NULL, UNIT);
}

int emit_flush(struct mr_emitter *emitter)
{
    return emitter->near ? near_step(emitter, NULL, NULL, 0) : 0;
}

/* As emit, of units, with vectors. */
static __attribute__((noinline))
int emit_near(struct mr_emitter *emitter, const unsigned char *base, const struct mr_span *spans,
              size_t count)
{
    uint32_t others[OTHERS];
    size_t others_count = 0;
    for (size_t start = 0; start < count; start += BATCH) {
        const size_t end = count - start < BATCH ? count : start + BATCH;
        const struct near_keys *taken = &emitter->line.keys[emitter->line.turn];
        if (near_step(emitter, base, spans + start, end - start) != 0)
            return -1;
        for (size_t i = 0; i < taken->longer; i++)
            others[others_count++] = (uint32_t)start + taken->longer_ones[i];
        if (others_count > 0 && (others_count >= BATCH || end == count)) {
            if (emit_other_units(emitter, base, spans, others, others_count) != 0)
                return -1;
            others_count = 0;
        }
    }
    return 0;
}

int mr_emit_batch(struct mr_emitter *emitter, const unsigned char *base,
                  const struct mr_span *spans, size_t count, const void *values)
{
    struct job *job = emitter->job;
    if (job_stopped(job))
        return -1;
    emitter->records += count;
    if (!job->sums) {
        if (!values) {
            job_fail(job, MR_INVALID, 0, "a pair was emitted without a value");
            return -1;
        }
        return emit(emitter, base, spans, count, values, FOLD);
    }
    if (values)
        return emit(emitter, base, spans, count, values, SUM);
    const bool past_tiny = emitter->front[TABLE_TINY].mode == FRONT_BYPASS;
    const bool past_short = emitter->front[TABLE_SHORT].mode == FRONT_BYPASS;
    if (past_tiny && past_short)
        return emit_past(emitter, base, spans, count);
    if (emitter->near && count >= NEAR_FEWEST)
        return emit_near(emitter, base, spans, count);
    return emit(emitter, base, spans, count, NULL, UNIT);
}
