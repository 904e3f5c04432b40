/* SPDX-License-Identifier: MIT
 *
 * mapper - the combiner: a table in the cache that folds the keys met often, and lets the rest pass.
 *
 * Text is Zipf: a table of some hundred thousand keys absorbs nearly all words of a language, while ids
 * hardly ever repeat. Each key class of the table is therefore in one of three modes (worker.h):
 *
 *   FILL    new keys go in and the table doubles, as long as the rate of hits says that a table of the
 *           largest size would pay;
 *   FROZEN  full at that size: known keys are folded, others are written to their partition. After
 *           some millions of pairs the rarer half is written out and the table fills again, so that it
 *           follows a text whose words change;
 *   BYPASS  hits are so rare that even looking does not pay: all pairs are written to their partition,
 *           and now and then the table is tried again.
 *
 * Pairs are taken in batches: all hashes first, with their slots prefetched, then all probes.
 */
#include "engine/mapper.h"

#include "engine/reduce.h"

#include <errno.h>
#include <stdlib.h>

#define BATCH 64
/* Longer keys are gathered from several batches, so that there are enough to be looked up side by side. */
#define OTHERS (2 * BATCH)
/* Slots of a table of tiny keys that stays in the second-level cache: there a key is looked up as soon as
 * it is hashed, and only one that is not where it belongs goes on to the rows of its batch. For short keys,
 * rarer and so less often in the cache, this was measured to lose. */
#define NEAR_SLOTS ((size_t)1 << 16)

/* Slots at first and at most. The largest table, 12 MiB of short keys, is where doubling stopped to pay:
 * it is beyond the private caches, but lookups are prefetched and huge pages back it. */
#define FIRST_SLOTS 512
#define MOST_SLOTS ((size_t)1 << 19)
#define MOST_LONG_SLOTS ((size_t)1 << 13)
/* Of 8 slots so many may be used: with 5, lookups of 200 thousand keys passed other keys so often that
 * they took a fifth more time. */
#define LOAD 4
/* Bytes for long keys in the table; a key over a quarter of it is not kept. */
#define ARENA ((size_t)512 << 10)

/* Below this rate of hits, expected of the largest table, probing costs more than it saves. */
#define WORTH_HITS 0.25
/* From this size on the rate of hits is evidence. */
#define EVIDENCE_SLOTS 4096
/* A frozen table that misses less than one in this many needs no change. */
#define GOOD_MISSES 64

/* Values folded in place are copied about with the table: larger ones go to the partitions at once. */
#define MOST_VALUE 64

enum how {
    UNIT, /* sums, each value 1 */
    SUM,  /* sums of given values */
    FOLD, /* the caller's combine */
};

/* Words of a row, a key on its way to the table: hash, words, number in the batch. */
static inline size_t
row_words(enum table_class_name name)
{
    return table_words(name) + 2;
}

static bool
has_front(const struct job *job)
{
    return !job->keeps && job->value_size <= MOST_VALUE;
}

/* ---- Partitions ---------------------------------------------------------------- */

unsigned
mapper_most_bits(const struct job *job)
{
    /* 1024 partitions keep the table of one in the second-level cache for some 20 million keys. With
     * little memory there are fewer: each should be worth a write of its own when it is spilled, and the
     * open chunks of all workers must stay a small part. */
    unsigned bits = 10;
    uint64_t memory = job->budget->limit;
    while (bits > 4 && ((memory >> bits) < ((uint64_t)128 << 10) ||
                        ((uint64_t)POOL_CHUNK << bits) * job->worker_count > memory / 8))
        bits--;
    return bits;
}

int
mapper_make_partitions(struct job *job, unsigned bits)
{
    if (atomic_load_explicit(&job->pairs_open, memory_order_acquire))
        return 0;
    int error = 0;
    thread_lock(&job->pairs_lock);
    if (!atomic_load_explicit(&job->pairs_open, memory_order_relaxed)) {
        error = shuffle_open(&job->pairs, bits, job->form, reduce_threshold(job, bits));
        if (error == 0)
            atomic_store_explicit(&job->pairs_open, true, memory_order_release);
    }
    thread_unlock(&job->pairs_lock);
    if (error != 0) {
        job_no_memory(job);
        return -1;
    }
    return 0;
}

/* Makes the worker's writer to the partitions. */
static int
need_pairs(struct mr_emitter *emitter)
{
    struct worker *worker = emitter->worker;
    if (worker->pairs.tails)
        return 0;
    if (mapper_make_partitions(worker->job, mapper_most_bits(worker->job)) != 0)
        return -1;
    if (shuffle_writer_open(&worker->pairs, &worker->job->pairs, &worker->cache, &worker->owner) !=
        0) {
        job_no_memory(worker->job);
        return -1;
    }
    return 0;
}

/* Writes the value of a pair behind its key; returns the record's end. */
static inline unsigned char *
put_value(const struct job *job, unsigned char *at, uint64_t number, const void *value)
{
    if (job->sums)
        return number != 1 ? record_put_number(at, number) : at;
    memcpy(at, value, job->value_size);
    return at + job->value_size;
}

/* The number that is a pair's value, where the job sums; else any. */
static inline uint64_t
number_of(const struct job *job, const void *value)
{
    uint64_t number = 1;
    if (job->sums)
        memcpy(&number, value, sizeof number);
    return number;
}

static const uint64_t one = 1;

/* Writes a pair whose key is held in words, with its hash in the table, to its partition. */
static inline __attribute__((always_inline)) int
write_words(struct mr_emitter *emitter, enum table_class_name name, uint64_t hash,
            const uint64_t *words, const void *value)
{
    struct worker *worker = emitter->worker;
    const struct job *job = worker->job;
    const size_t count = table_words(name), size = key_words_size(words, count);
    unsigned partition = shuffle_of_hash(&job->pairs, table_place(name, hash));
    unsigned char *at = shuffle_room(&worker->pairs, partition,
                                     1 + count * sizeof *words + RECORD_NUMBER_MAX + job->value_size);
    if (!at)
        return -1;
    uint64_t number = number_of(job, value);
    __builtin_prefetch(at + 128, 1);
    at = record_put_head(at, size, number != 1);
    memcpy(at, words, count * sizeof *words);
    shuffle_wrote(&worker->pairs, partition, put_value(job, at + size, number, value));
    return 0;
}

/* The same for a long key. */
static int
write_long(struct mr_emitter *emitter, uint64_t hash, const unsigned char *key, size_t size,
           const void *value)
{
    struct worker *worker = emitter->worker;
    const struct job *job = worker->job;
    unsigned partition = shuffle_of_hash(&job->pairs, hash);
    unsigned char *at =
        shuffle_room(&worker->pairs, partition, record_bound(size, job->value_size));
    if (!at)
        return -1;
    uint64_t number = number_of(job, value);
    at = record_put_head(at, size, number != 1);
    memcpy(at, key, size);
    shuffle_wrote(&worker->pairs, partition, put_value(job, at + size, number, value));
    return 0;
}

/* ---- The table's modes ----------------------------------------------------------- */

static void
set_mode(struct front_class *front, enum front_mode mode, uint64_t review_after)
{
    *front = (struct front_class){.mode = mode, .review_at = review_after, .cap = front->cap};
}

/* Writes a used slot to its partition and empties it. */
static int
evict(struct mr_emitter *emitter, enum table_class_name name, uint64_t *slot)
{
    struct table_class *class = &emitter->table.classes[name];
    const void *value = slot + class->words;
    size_t size;
    const unsigned char *key = table_slot_key(slot, name, &size);
    int result = 0;
    switch (name) {
    case TABLE_TINY:
        result = write_words(emitter, TABLE_TINY, hash_1(emitter->table.seed, slot[0]), slot, value);
        break;
    case TABLE_SHORT:
        result = write_words(emitter, TABLE_SHORT, hash_2(emitter->table.seed, slot[0], slot[1]), slot,
                             value);
        break;
    case TABLE_MIDDLE:
        result = write_words(emitter, TABLE_MIDDLE, table_slot_hash(&emitter->table, name, slot),
                             slot, value);
        break;
    default:
        result = write_long(emitter, slot[0], key, size, value);
        break;
    }
    if (result != 0)
        return -1;
    memset(slot, 0, class->stride * sizeof *slot);
    class->used--;
    return 0;
}

static int
evict_all(struct mr_emitter *emitter, enum table_class_name name)
{
    struct table_class *class = &emitter->table.classes[name];
    for (size_t i = 0; class->used > 0 && i <= class->mask; i++) {
        uint64_t *slot = class->slots + i * class->stride;
        if (table_slot_used(slot, name) && evict(emitter, name, slot) != 0)
            return -1;
    }
    if (name == TABLE_LONG)
        emitter->arena_used = 0;
    return 0;
}

/* Evicts the keys counted least, at least half of all. Without counts, and for long keys, whose bytes
 * lie in the arena, all go. */
static int
evict_rare(struct mr_emitter *emitter, enum table_class_name name)
{
    struct table_class *class = &emitter->table.classes[name];
    if (!emitter->job->sums || name == TABLE_LONG)
        return evict_all(emitter, name);
    enum { LEVELS = 64 };
    size_t level[LEVELS] = {0};
    for (size_t i = 0; i <= class->mask; i++) {
        const uint64_t *slot = class->slots + i * class->stride;
        uint64_t count = slot[class->words];
        if (table_slot_used(slot, name))
            level[count < LEVELS ? count : LEVELS - 1]++;
    }
    uint64_t keep_from = 0;
    for (size_t sum = 0; keep_from < LEVELS - 1 && sum < class->used / 2; keep_from++)
        sum += level[keep_from];
    /* Where more than half has the highest level, there is no telling them apart: all go. */
    if (keep_from == LEVELS - 1)
        return evict_all(emitter, name);
    for (size_t i = 0; i <= class->mask; i++) {
        uint64_t *slot = class->slots + i * class->stride;
        if (table_slot_used(slot, name) && slot[class->words] < keep_from &&
            evict(emitter, name, slot) != 0)
            return -1;
    }
    table_class_repair(&emitter->table, name);
    return 0;
}

/* The table is full: grow it, freeze it or give it up. */
static int
when_full(struct mr_emitter *emitter, enum table_class_name name)
{
    struct table_class *class = &emitter->table.classes[name];
    struct front_class *front = &emitter->front[name];
    size_t slots = class->mask + 1;
    double hits = front->seen > 0 ? 1.0 - (double)front->missed / (double)front->seen : 1.0;
    double hoped = hits * ((double)front->cap / (double)slots);
    if (slots < front->cap && (slots < EVIDENCE_SLOTS || hoped >= WORTH_HITS) &&
        table_class_grow(&emitter->table, name, slots < EVIDENCE_SLOTS)) {
        set_mode(front, FRONT_FILL, UINT64_MAX);
        return 0;
    }
    if (need_pairs(emitter) != 0)
        return -1;
    if (name == TABLE_LONG && hits >= WORTH_HITS)
        return evict_all(emitter, name);
    if (hoped >= WORTH_HITS)
        set_mode(front, FRONT_FROZEN, 8 * slots);
    else
        set_mode(front, FRONT_BYPASS, 64 * slots);
    return 0;
}

/* Thinks again about a class that has been frozen or bypassed for a while. */
static int
review(struct mr_emitter *emitter, enum table_class_name name)
{
    struct front_class *front = &emitter->front[name];
    size_t slots = emitter->table.classes[name].mask + 1;
    if (front->mode == FRONT_FROZEN && front->missed < front->seen / GOOD_MISSES) {
        set_mode(front, FRONT_FROZEN, 8 * slots);
        return 0;
    }
    int result = front->mode == FRONT_FROZEN ? evict_rare(emitter, name) : evict_all(emitter, name);
    set_mode(front, FRONT_FILL, UINT64_MAX);
    return result;
}

/* ---- Folding --------------------------------------------------------------------- */

/* Folds a value into a used slot's. Returns -1 when a sum overflows. */
static inline int
fold(struct job *job, uint64_t *into, const void *value, enum how how)
{
    if (how == UNIT) {
        ++*into;
        return 0;
    }
    if (how == SUM) {
        uint64_t more;
        memcpy(&more, value, sizeof more);
        if (__builtin_add_overflow(*into, more, into)) {
            job_fail(job, MR_OVERFLOW, 0, "a count goes past 18446744073709551615");
            return -1;
        }
        return 0;
    }
    alignas(8) unsigned char copy[MOST_VALUE];
    memcpy(copy, value, job->value_size);
    job->spec.combine(job->spec.context, into, copy);
    return 0;
}

/* A row that is not in the table and for which there is no free place. */
static __attribute__((noinline)) int
miss(struct mr_emitter *emitter, enum table_class_name name, const uint64_t *row, const void *value)
{
    struct table_class *class = &emitter->table.classes[name];
    struct front_class *front = &emitter->front[name];
    while (front->mode == FRONT_FILL) {
        if (class->used < class->limit) {
            uint64_t *slot;
            (void)table_find(name, class->slots, class->mask, class->stride, row + 1, row[0], &slot);
            if (!slot)
                break;
            memcpy(slot, row + 1, class->words * sizeof *slot);
            memcpy(slot + class->words, value, emitter->job->value_size);
            class->used++;
            return 0;
        }
        if (when_full(emitter, name) != 0)
            return -1;
    }
    if (need_pairs(emitter) != 0)
        return -1;
    return write_words(emitter, name, row[0], row + 1, value);
}

/* A key met often moves to the slot where its probe begins, and the one there to its: all slots between
 * the two are used, so both are still found. Frequent words then need one comparison. */
static inline void
settle(uint64_t *home, uint64_t **slot, const size_t words)
{
    uint64_t *other = *slot;
    if (other == home || other[words] <= home[words])
        return;
    for (size_t i = 0; i <= words; i++) {
        uint64_t word = home[i];
        home[i] = other[i];
        other[i] = word;
    }
    *slot = home;
}

/* Brings the rows of one class to the table or to their partitions. */
static inline __attribute__((always_inline)) int
fold_rows(struct mr_emitter *emitter, const enum table_class_name name, const uint64_t *rows,
          size_t count, const unsigned char *values, const enum how how)
{
    struct job *job = emitter->job;
    struct table_class *class = &emitter->table.classes[name];
    struct front_class *front = &emitter->front[name];
    const size_t words = table_words(name);
    const size_t value_size = how == FOLD ? job->value_size : sizeof(uint64_t);
    const size_t stride = how == FOLD ? class->stride : words + 1;

    front->seen += count;
    if (front->mode == FRONT_BYPASS) {
        for (size_t i = 0; i < count; i++) {
            const uint64_t *row = rows + i * row_words(name);
            const void *value = how == UNIT ? (const void *)&one : values + row[words + 1] * value_size;
            if (write_words(emitter, name, row[0], row + 1, value) != 0)
                return -1;
        }
    } else {
        uint64_t *slots = class->slots;
        size_t mask = class->mask;
        for (size_t i = 0; i < count; i++) {
            const uint64_t *row = rows + i * row_words(name);
            const void *value = how == UNIT ? (const void *)&one : values + row[words + 1] * value_size;
            uint64_t *slot;
            if (table_find(name, slots, mask, stride, row + 1, row[0], &slot)) {
                if (how == UNIT)
                    settle(slots + ((size_t)row[0] & mask) * stride, &slot, words);
                if (fold(job, slot + words, value, how) != 0)
                    return -1;
                continue;
            }
            front->missed++;
            if (slot && class->used < class->limit && front->mode == FRONT_FILL) {
                memcpy(slot, row + 1, words * sizeof *slot);
                memcpy(slot + words, value, value_size);
                class->used++;
                continue;
            }
            if (miss(emitter, name, row, value) != 0)
                return -1;
            slots = class->slots;
            mask = class->mask;
        }
    }
    return front->seen >= front->review_at ? review(emitter, name) : 0;
}

/* A key of 32 bytes or more. */
static __attribute__((noinline)) int
emit_long(struct mr_emitter *emitter, const unsigned char *key, size_t size, const void *value,
          enum how how)
{
    struct table_class *class = &emitter->table.classes[TABLE_LONG];
    struct front_class *front = &emitter->front[TABLE_LONG];
    uint64_t hash = hash_bytes(emitter->table.seed, key, size);
    bool kept = has_front(emitter->job) && size <= ARENA / 4;
    front->seen++;
    while (kept && front->mode == FRONT_FILL) {
        if (!class->slots &&
            !table_class_open(&emitter->table, TABLE_LONG, FIRST_SLOTS, true)) {
            job_no_memory(emitter->job);
            return -1;
        }
        if (!emitter->arena && !(emitter->arena = malloc(ARENA))) {
            job_no_memory(emitter->job);
            return -1;
        }
        uint64_t *slot;
        if (table_find_long(class->slots, class->mask, class->stride, key, size, hash, &slot))
            return fold(emitter->job, slot + TABLE_LONG_WORDS, value, how);
        if (class->used < class->limit && size <= ARENA - emitter->arena_used) {
            front->missed++;
            unsigned char *copy = emitter->arena + emitter->arena_used;
            memcpy(copy, key, size);
            emitter->arena_used += size;
            slot[0] = hash;
            slot[1] = size;
            slot[2] = (uint64_t)(uintptr_t)copy;
            memcpy(slot + TABLE_LONG_WORDS, value, emitter->job->value_size);
            class->used++;
            return 0;
        }
        if (class->used < class->limit) { /* the arena is full, and so the table */
            if (need_pairs(emitter) != 0 || evict_all(emitter, TABLE_LONG) != 0)
                return -1;
            if (front->missed > front->seen - front->seen / 4)
                set_mode(front, FRONT_BYPASS, 64 * MOST_LONG_SLOTS);
            else
                set_mode(front, FRONT_FILL, UINT64_MAX);
        } else if (when_full(emitter, TABLE_LONG) != 0) {
            return -1;
        }
    }
    if (need_pairs(emitter) != 0 || write_long(emitter, hash, key, size, value) != 0)
        return -1;
    return front->seen >= front->review_at ? review(emitter, TABLE_LONG) : 0;
}

/* Adds a key to the rows of its class, and asks for its slot. */
static inline __attribute__((always_inline)) void
add_row(const enum table_class_name name, uint64_t *row, const struct hash_seed *seed,
        const unsigned char *key, size_t size, size_t number, const uint64_t *slots, size_t mask,
        size_t stride)
{
    uint64_t words[KEY_MIDDLE_WORDS];
    uint64_t hash = table_load(name, seed, words, key, size);
    row[0] = hash;
    memcpy(row + 1, words, table_words(name) * sizeof *words);
    row[table_words(name) + 1] = number;
    const uint64_t *slot = slots + ((size_t)hash & mask) * stride;
    __builtin_prefetch(slot, 1);
    if (name != TABLE_TINY) /* a slot may lie on two cache lines */
        __builtin_prefetch(slot + stride - 1, 1);
}

/* The keys of a batch that are longer than short, by their number in it. */
static inline __attribute__((always_inline)) int
emit_others(struct mr_emitter *emitter, const unsigned char *base, const struct mr_span *spans,
            const uint32_t *others, size_t count, const unsigned char *values, const enum how how)
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
            const void *value = how == UNIT ? (const void *)&one : values + i * value_size;
            if (emit_long(emitter, key, size, value, how) != 0)
                return -1;
        }
    }
    return fold_rows(emitter, TABLE_MIDDLE, rows, middles, values, how);
}

/* Apart from emit, so that the loop over the common keys has the registers to itself. */
static __attribute__((noinline)) int
emit_other_units(struct mr_emitter *emitter, const unsigned char *base,
                 const struct mr_span *spans, const uint32_t *others, size_t count)
{
    return emit_others(emitter, base, spans, others, count, NULL, UNIT);
}

/* Writes the short keys of a batch to their partitions, the table being bypassed for them. */
static __attribute__((noinline)) int
emit_past(struct mr_emitter *emitter, const unsigned char *base, const struct mr_span *spans,
          size_t count)
{
    const struct hash_seed seed = *emitter->table.seed;
    uint32_t others[OTHERS];
    size_t others_count = 0;
    for (size_t start = 0; start < count; start += BATCH) {
        const size_t end = count - start < BATCH ? count : start + BATCH;
        const size_t others_before = others_count;
        size_t tinies = 0;
        for (size_t i = start; i < end; i++) {
            const unsigned char *key = base + spans[i].begin;
            const size_t size = spans[i].end - spans[i].begin;
            uint64_t words[KEY_SHORT_WORDS];
            int result = 0;
            if (size <= KEY_TINY) {
                const uint64_t hash = table_load(TABLE_TINY, &seed, words, key, size);
                tinies++;
                result = write_words(emitter, TABLE_TINY, hash, words, &one);
            } else if (size <= KEY_SHORT) {
                const uint64_t hash = table_load(TABLE_SHORT, &seed, words, key, size);
                result = write_words(emitter, TABLE_SHORT, hash, words, &one);
            } else {
                others[others_count++] = (uint32_t)i;
            }
            if (result != 0)
                return -1;
        }
        emitter->front[TABLE_TINY].seen += tinies;
        emitter->front[TABLE_SHORT].seen += end - start - tinies - (others_count - others_before);
        if (others_count > 0 && (others_count >= BATCH || end == count)) {
            if (emit_other_units(emitter, base, spans, others, others_count) != 0)
                return -1;
            others_count = 0;
        }
    }
    emitter->records += count;
    for (int name = TABLE_TINY; name <= TABLE_SHORT; name++)
        if (emitter->front[name].seen >= emitter->front[name].review_at &&
            review(emitter, (enum table_class_name)name) != 0)
            return -1;
    return 0;
}

static inline __attribute__((always_inline)) int
emit(struct mr_emitter *emitter, const unsigned char *base, const struct mr_span *spans,
     size_t count, const unsigned char *values, const enum how how)
{
    const struct hash_seed seed = *emitter->table.seed;
    const struct table_class *class = emitter->table.classes;
    const size_t tiny_stride = how == FOLD ? class[TABLE_TINY].stride : KEY_TINY_WORDS + 1;
    const size_t short_stride = how == FOLD ? class[TABLE_SHORT].stride : KEY_SHORT_WORDS + 1;
    uint64_t tiny_rows[BATCH * (KEY_TINY_WORDS + 2)], short_rows[BATCH * (KEY_SHORT_WORDS + 2)];
    uint32_t others[OTHERS];
    size_t others_count = 0;

    for (size_t start = 0; start < count; start += BATCH) {
        uint64_t *const tiny_slots = class[TABLE_TINY].slots;
        uint64_t *const short_slots = class[TABLE_SHORT].slots;
        const size_t tiny_mask = class[TABLE_TINY].mask, short_mask = class[TABLE_SHORT].mask;
        const bool near = how == UNIT && tiny_mask < NEAR_SLOTS &&
                          emitter->front[TABLE_TINY].mode != FRONT_BYPASS;
        const size_t end = count - start < BATCH ? count : start + BATCH;
        const size_t others_before = others_count;
        size_t tinies = 0, shorts = 0;
        for (size_t i = start; i < end; i++) {
            const unsigned char *key = base + spans[i].begin;
            const size_t size = spans[i].end - spans[i].begin;
            if (size <= KEY_TINY) {
                const uint64_t word = key_load_tiny(key, size), hash = hash_1(&seed, word);
                uint64_t *slot = tiny_slots + ((size_t)hash & tiny_mask) * tiny_stride;
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
                add_row(TABLE_SHORT, short_rows + shorts++ * row_words(TABLE_SHORT), &seed, key, size,
                        i, short_slots, short_mask, short_stride);
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
    emitter->records += count;
    return 0;
}

int
mr_emit_batch(struct mr_emitter *emitter, const unsigned char *base, const struct mr_span *spans,
              size_t count, const void *values)
{
    struct job *job = emitter->job;
    if (job_stopped(job))
        return -1;
    if (!job->sums) {
        if (!values) {
            job_fail(job, MR_INVALID, 0, "a pair was emitted without a value");
            return -1;
        }
        return emit(emitter, base, spans, count, values, FOLD);
    }
    return values ? emit(emitter, base, spans, count, values, SUM)
           : emitter->front[TABLE_TINY].mode == FRONT_BYPASS &&
                     emitter->front[TABLE_SHORT].mode == FRONT_BYPASS
               ? emit_past(emitter, base, spans, count)
               : emit(emitter, base, spans, count, NULL, UNIT);
}

int
mr_emit(struct mr_emitter *emitter, const void *key, size_t size, const void *value)
{
    if (size <= KEY_MIDDLE) {
        unsigned char copy[KEY_MIDDLE + 1 + MR_PAD];
        if (size > 0)
            memcpy(copy, key, size);
        memset(copy + size, 0, sizeof copy - size);
        return mr_emit_batch(emitter, copy, &(struct mr_span){0, (uint32_t)size}, 1, value);
    }
    struct job *job = emitter->job;
    if (job_stopped(job))
        return -1;
    if (!value && !job->sums) {
        job_fail(job, MR_INVALID, 0, "a pair was emitted without a value");
        return -1;
    }
    emitter->records++;
    return emit_long(emitter, key, size, value ? value : &one,
                     !job->sums ? FOLD : value ? SUM : UNIT);
}

struct mr_error *
mr_emitter_error(struct mr_emitter *emitter)
{
    return &emitter->error;
}

/* ---- Beginning and end -------------------------------------------------------------- */

int
mapper_open(struct worker *worker)
{
    struct job *job = worker->job;
    struct mr_emitter *emitter = &worker->emitter;
    *emitter = (struct mr_emitter){.job = job, .worker = worker};
    table_open(&emitter->table, job->seed, (job->value_size + 7) / 8, LOAD, true,
               job->budget);
    if (!has_front(job)) {
        for (int name = 0; name < TABLE_CLASSES; name++)
            set_mode(&emitter->front[name], FRONT_BYPASS, UINT64_MAX);
        return need_pairs(emitter);
    }
    /* The tables of all workers take an eighth of the memory at the most. */
    size_t most = MOST_SLOTS;
    while (most > EVIDENCE_SLOTS && most * emitter->table.classes[TABLE_MIDDLE].stride * 8 >
                                        job->budget->limit / 8 / job->worker_count)
        most /= 2;
    emitter->front[TABLE_TINY].cap = most;
    emitter->front[TABLE_SHORT].cap = most;
    emitter->front[TABLE_MIDDLE].cap = most / 2;
    emitter->front[TABLE_LONG].cap = most < MOST_LONG_SLOTS ? most : MOST_LONG_SLOTS;
    for (int name = 0; name < TABLE_CLASSES; name++)
        set_mode(&emitter->front[name], FRONT_FILL, UINT64_MAX);
    if (!table_class_open(&emitter->table, TABLE_TINY, FIRST_SLOTS, true) ||
        !table_class_open(&emitter->table, TABLE_SHORT, FIRST_SLOTS, true) ||
        !table_class_open(&emitter->table, TABLE_MIDDLE, FIRST_SLOTS / 4, true)) {
        job_no_memory(job);
        return -1;
    }
    return 0;
}

void
mapper_close(struct worker *worker)
{
    table_close(&worker->emitter.table);
    free(worker->emitter.arena);
    worker->emitter.arena = NULL;
}

uint64_t
mapper_held(const struct worker *worker)
{
    uint64_t held = 0;
    for (int name = 0; name < TABLE_CLASSES; name++)
        held += worker->emitter.table.classes[name].used;
    return held;
}

int
mapper_drain(struct worker *worker)
{
    struct mr_emitter *emitter = &worker->emitter;
    if (mapper_held(worker) > 0) {
        if (need_pairs(emitter) != 0)
            return -1;
        for (int name = 0; name < TABLE_CLASSES; name++)
            if (evict_all(emitter, (enum table_class_name)name) != 0)
                return -1;
    }
    shuffle_writer_flush(&worker->pairs);
    shuffle_writer_close(&worker->pairs);
    mapper_close(worker);
    return 0;
}
