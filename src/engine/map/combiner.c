/* SPDX-License-Identifier: MIT
 *
 * combiner - the combiner: a table in the cache that combines the pairs of keys met often,
 * and lets the rest pass.
 *
 * Text is Zipf: a table of some ten thousand keys absorbs nearly all words of a language at one
 * place of a text, others at another; a small set of ids repeats evenly, a large one hardly ever.
 * Each key class of the table is therefore in one of three modes (worker.h):
 *
 *   FILL    new keys go in. A full table doubles, past the private caches only as long as misses
 *           fall as they do where keys repeat evenly; otherwise it is flushed: all keys are written
 *           to their partitions, and it fills again;
 *   FROZEN  full at the largest size: pairs of known keys are combined, others are written to their
 * partition. After some millions of pairs the rarer half is written out and the table fills again,
 *           so that it follows a text whose words change;
 *   BYPASS  hits are so rare that even looking does not pay: all pairs are written to their
 *           partition, and after a while, which doubles, the table is tried again.
 *
 * The loops that look keys up are combiner_lookup.c's.
 */
#include "engine/map/combiner.h"

#include "engine/map/combiner_lookup.h"
#include "engine/reduce/reduce.h"

#include <errno.h>
#include <stdlib.h>

/* Slots at first and at most. The largest table, 16 MiB of W2 keys, is where doubling stopped to
 * pay: it is beyond the private caches, but lookups are prefetched and huge pages back it. */
#define FIRST_SLOTS 512
#define MOST_SLOTS ((size_t)1 << 19)
#define MOST_LONG_SLOTS ((size_t)1 << 13)
/* As in combiner_avx512.h: 0.3 MiB. */
#define COMBINER_W4_SLOTS ((size_t)1 << 13)
/* Of 8 slots so many may be used: with 5, lookups of 200 thousand keys passed other keys so often
 * that they took a fifth more time. */
#define LOAD 4
/* In one that cannot grow that costs less than pairs that find no place. */
#define LAST_LOAD 5
/* Bytes for long keys in the table; a key over a quarter of it is not kept. */
#define ARENA ((size_t)512 << 10)

/* Below this rate of hits, expected of the largest table, none is worth while. */
#define WORTH_HITS 0.25
/* Probing a table beyond the private caches takes more than half of what a pair takes on its way
 * through a partition, so that fewer hits than this are not worth it. */
#define FAR_WORTH_HITS 0.65
/* Probing one inside them takes little: it is flushed and fills again down to this rate. */
#define WORTH_FLUSHING 0.15
/* With more misses than this a larger one is tried, whenever so many pairs a slot have come. */
#define TRY_MISSES 0.5
#define TRY_AFTER 256
/* How often the time for which all pairs pass is doubled. */
#define MOST_FAILURES 5
/* The keys in a table that fills from one half on, as a part of those when it is full. */
#define FILLED 0.75
/* How far misses may be off what was expected. */
#define TOLERANCE 0.1
/* Keys evicted together. */
#define EVICT_BATCH 32
/* From this size on the rate of hits is evidence. */
#define EVIDENCE_SLOTS 4096
/* A frozen table that misses less than one in this many needs no change. */
#define GOOD_MISSES 64

/* Of more than so many bytes of input a partition the keys may be too many for the cache. */
#define PART_INPUT ((uint64_t)3 << 20)
/* More workers than these should find more partitions. */
#define MANY_WORKERS 32

static bool has_combiner(const struct job *job)
{
    return !job->keeps && job->value_size <= MOST_VALUE;
}

/* ---- Partitions ---------------------------------------------------------------- */

unsigned mapper_most_bits(const struct job *job)
{
    /* The table of one of 512 partitions fits the second-level cache with some 20 million keys,
     * that of one of 1024 with twice as many; but of so many open chunks not even a line each stays
     * in the first-level cache, so that there are more only where there may be more keys, or where
     * each of many workers would have few to reduce. With little memory there are fewer: each
     * should be worth a write of its own when it is spilled, and the open chunks of all workers
     * must stay a small part. */
    unsigned bits = 9;
    uint64_t memory = job->budget->limit;
    if (job->spec.input.size > PART_INPUT << bits || job->worker_count > MANY_WORKERS)
        bits++;
    while (bits > 4 && ((memory >> bits) < ((uint64_t)128 << 10) ||
                        ((uint64_t)POOL_CHUNK << bits) * job->worker_count > memory / 8))
        bits--;
    return bits;
}

int mapper_make_partitions(struct job *job, unsigned bits)
{
    if (atomic_load_explicit(&job->pairs_open, memory_order_acquire))
        return 0;
    int error = 0;
    thread_lock(&job->pairs_lock);
    if (!atomic_load_explicit(&job->pairs_open, memory_order_relaxed)) {
        error = shuffle_open(&job->pairs, bits, job->form, !job->keeps);
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
static int need_pairs(struct mr_emitter *emitter)
{
    struct worker *worker = emitter->worker;
    if (worker->pairs.ends)
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

/* Writes a pair with a long key, which is as record_copy_key wants it, to its partition. */
static int write_long(struct mr_emitter *emitter, uint64_t hash, const unsigned char *key,
                      size_t size, const void *value)
{
    struct worker *worker = emitter->worker;
    const struct job *job = worker->job;
    unsigned partition = shuffle_of_hash(&job->pairs, hash);
    unsigned char *at =
        shuffle_room(&worker->pairs, partition, record_bound(size, job->value_size));
    if (!at)
        return -1;
    uint64_t number = number_of(job, value);
    /* Where the partition's next key of that length will end. */
    __builtin_prefetch(at + size + 64, 1);
    __builtin_prefetch(at + size + 128, 1);
    at = record_put_head(at, size, number != 1);
    record_copy_key(at, key, size);
    shuffle_wrote(&worker->pairs, partition, put_value(job, at + size, number, value));
    return 0;
}

/* ---- The table's modes ----------------------------------------------------------- */

static void set_mode(struct combiner_class *state, enum combiner_mode mode, uint64_t review_after)
{
    state->mode = mode;
    state->seen = state->missed = 0;
    state->review_at = review_after;
}

/* The hash of the key in a used slot, not a long one's, that tells its partition. */
static uint64_t slot_hash(const struct mr_emitter *emitter, enum key_class key_class,
                          const uint64_t *slot)
{
    return key_grouping_hash(key_class, emitter->table.seed, slot,
                             table_slot_hash(&emitter->table, key_class, slot));
}

/* Writes a used slot, not a long key's, to its partition and empties it. */
static int evict(struct mr_emitter *emitter, enum key_class key_class, uint64_t *slot)
{
    struct table_class *class = &emitter->table.classes[key_class];
    if (write_words(emitter, key_class, slot_hash(emitter, key_class, slot), slot,
                    slot + class->words) != 0)
        return -1;
    memset(slot, 0, class->stride * sizeof *slot);
    class->used--;
    return 0;
}

/* Evicts all keys of a class that is not long: lists some, and prefetches the places to which they
 * will be written, before it writes them. */
static inline __attribute__((always_inline))
int evict_words(struct mr_emitter *emitter, const enum key_class key_class)
{
    struct table_class *class = &emitter->table.classes[key_class];
    const struct shuffle_writer *writer = &emitter->worker->pairs;
    const size_t words = table_words(key_class), stride = class->stride;
    const uint64_t *slot = class->slots, *end = slot + (class->mask + 1) * stride;
    while (slot < end) {
        const uint64_t *used[EVICT_BATCH];
        uint64_t hashes[EVICT_BATCH];
        size_t count = 0;
        for (; slot < end && count < EVICT_BATCH; slot += stride) {
            used[count] = slot;
            count += table_slot_used(slot, key_class);
        }
        for (size_t i = 0; i < count; i++) {
            /* The loop above has set this one.
             * NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
            hashes[i] = slot_hash(emitter, key_class, used[i]);
            __builtin_prefetch(writer->ends[shuffle_of_hash(writer->shuffle, hashes[i])], 1);
        }
        for (size_t i = 0; i < count; i++)
            if (write_words(emitter, key_class, hashes[i], used[i], used[i] + words) != 0)
                return -1;
    }
    return 0;
}

static int evict_all(struct mr_emitter *emitter, enum key_class key_class)
{
    struct table_class *class = &emitter->table.classes[key_class];
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
            if (table_slot_used(slot, key_class)) {
                size_t size;
                const unsigned char *key = table_slot_key(slot, key_class, &size);
                result = write_long(emitter, slot[0], key, size, slot + class->words);
            }
        }
        emitter->arena_used = 0;
        break;
    }
    table_class_clear(class);
    return result;
}

/* Evicts the keys counted least, at least half of all. Without counts, and for long keys, whose
 * bytes lie in the arena, all go. */
static int evict_rare(struct mr_emitter *emitter, enum key_class key_class)
{
    struct table_class *class = &emitter->table.classes[key_class];
    if (!emitter->job->sums || key_class == KEY_LONG)
        return evict_all(emitter, key_class);
    enum { LEVELS = 64 };
    size_t level[LEVELS] = {0};
    for (size_t i = 0; i <= class->mask; i++) {
        const uint64_t *slot = class->slots + i * class->stride;
        uint64_t count = slot[class->words];
        if (table_slot_used(slot, key_class))
            level[count < LEVELS ? count : LEVELS - 1]++;
    }
    uint64_t keep_from = 0;
    for (size_t sum = 0; keep_from < LEVELS - 1 && sum < class->used / 2; keep_from++)
        sum += level[keep_from];
    /* Where more than half has the highest level, there is no telling them apart: all go. */
    if (keep_from == LEVELS - 1)
        return evict_all(emitter, key_class);
    for (size_t i = 0; i <= class->mask; i++) {
        uint64_t *slot = class->slots + i * class->stride;
        if (table_slot_used(slot, key_class) && slot[class->words] < keep_from &&
            evict(emitter, key_class, slot) != 0)
            return -1;
    }
    table_class_repair(&emitter->table, key_class);
    return 0;
}

/* The part of all pairs that were in the table, since the mode began. */
static double hits_of(const struct combiner_class *state)
{
    return state->seen > 0 ? 1 - (double)state->missed / (double)state->seen : 1;
}

/* Writes all keys of a full table out and lets it fill again, no larger than `cache_slots`. */
static int flush(struct mr_emitter *emitter, enum key_class key_class)
{
    struct combiner_class *state = &emitter->classes[key_class];
    if (evict_all(emitter, key_class) != 0)
        return -1;
    if (emitter->table.classes[key_class].mask + 1 > state->cache_slots) {
        table_class_close(&emitter->table, key_class);
        if (!table_class_open(&emitter->table, key_class, state->cache_slots, true)) {
            job_no_memory(emitter->job);
            return -1;
        }
    }
    if (!state->flush_when_full)
        state->flushed = 0;
    state->flush_when_full = true;
    state->failures = 0;
    state->flushed += state->seen;
    set_mode(state, COMBINER_FILL, UINT64_MAX);
    return 0;
}

/* Lets all pairs pass for a while: the longer, the more often this was done in a row. */
static void bypass(struct combiner_class *state, size_t slots)
{
    set_mode(state, COMBINER_BYPASS, ((size_t)8 << state->failures) * slots);
    if (state->failures < MOST_FAILURES)
        state->failures++;
}

/* A full table that is not to grow. */
static int flush_or_bypass(struct mr_emitter *emitter, enum key_class key_class, double hits)
{
    if (hits >= WORTH_FLUSHING)
        return flush(emitter, key_class);
    bypass(&emitter->classes[key_class], emitter->table.classes[key_class].mask + 1);
    return 0;
}

/* Begins to fill as if nothing were known. */
static void fill_anew(struct combiner_class *state)
{
    state->flush_when_full = false;
    state->expected = 1;
    set_mode(state, COMBINER_FILL, UINT64_MAX);
}

/* The table is full: grow it, freeze it, flush it or bypass it.
 *
 * If all keys were as frequent, a table filled from one half on would by then have hits in the
 * proportion of three quarters of its keys to all, which tells how many there are: larger tables
 * are tried while they keep what that promises. Of words, most frequent at some place of a text and
 * then gone, a larger table keeps hardly more than a small one: that one is flushed. */
static int when_full(struct mr_emitter *emitter, enum key_class key_class)
{
    struct table_class *class = &emitter->table.classes[key_class];
    struct combiner_class *state = &emitter->classes[key_class];
    const size_t slots = class->mask + 1;
    const double hits = hits_of(state), misses = 1 - hits;
    const double hoped =
        hits * ((double)state->most_slots / (double)slots) / FILLED * LAST_LOAD / LOAD;
    if (state->flush_when_full && misses > TRY_MISSES && state->flushed >= TRY_AFTER * slots)
        state->flush_when_full = false;
    const bool promising = slots < state->cache_slots
                               ? slots < EVIDENCE_SLOTS || hoped >= WORTH_HITS
                               : !state->flush_when_full && misses >= 1 - FILLED &&
                                     hoped >= FAR_WORTH_HITS &&
                                     misses <= state->expected * (1 + TOLERANCE) + TOLERANCE / 2;
    if (promising && slots < state->most_slots &&
        table_class_grow(&emitter->table, key_class, slots < EVIDENCE_SLOTS)) {
        state->failures = 0;
        state->expected = hits < 0.5 ? 1 - 2 * hits : 0;
        set_mode(state, COMBINER_FILL, UINT64_MAX);
        return 0;
    }
    const size_t last = slots / TABLE_LOAD_WHOLE * LAST_LOAD;
    if (promising && slots > state->cache_slots && class->limit < last) {
        class->limit = last;
        return 0;
    }
    if (need_pairs(emitter) != 0)
        return -1;
    if (promising && slots >= state->cache_slots && key_class != KEY_LONG) {
        set_mode(state, COMBINER_FROZEN, 8 * slots);
        return 0;
    }
    return flush_or_bypass(emitter, key_class, hits);
}

/* Thinks again about a class that has been frozen or bypassed for a while. */
int emit_review(struct mr_emitter *emitter, enum key_class key_class)
{
    struct combiner_class *state = &emitter->classes[key_class];
    size_t slots = emitter->table.classes[key_class].mask + 1;
    if (state->mode == COMBINER_FROZEN && state->missed < state->seen / GOOD_MISSES) {
        set_mode(state, COMBINER_FROZEN, 8 * slots);
        return 0;
    }
    int result = state->mode == COMBINER_FROZEN ? evict_rare(emitter, key_class)
                                                : evict_all(emitter, key_class);
    fill_anew(state);
    return result;
}

/* ---- Pairs that go their own way --------------------------------------------------- */

/* A row that is not in the table and for which there is no free place. */
int emit_miss(struct mr_emitter *emitter, enum key_class key_class, const uint64_t *row,
              const void *value)
{
    struct table_class *class = &emitter->table.classes[key_class];
    struct combiner_class *state = &emitter->classes[key_class];
    while (state->mode == COMBINER_FILL) {
        if (class->used < class->limit) {
            uint64_t *slot;
            (void)table_find(key_class, class->slots, class->mask, class->stride, row + 1, row[0],
                             &slot);
            if (!slot)
                break;
            memcpy(slot, row + 1, class->words * sizeof *slot);
            memcpy(slot + class->words, value, emitter->job->value_size);
            class->used++;
            return 0;
        }
        if (when_full(emitter, key_class) != 0)
            return -1;
    }
    if (need_pairs(emitter) != 0)
        return -1;
    return write_words(emitter, key_class,
                       key_grouping_hash(key_class, emitter->table.seed, row + 1, row[0]), row + 1,
                       value);
}

/* A key of 32 bytes or more. */
int emit_long(struct mr_emitter *emitter, const unsigned char *key, size_t size, const void *value,
              enum value_op op)
{
    struct table_class *class = &emitter->table.classes[KEY_LONG];
    struct combiner_class *state = &emitter->classes[KEY_LONG];
    uint64_t hash = hash_bytes(emitter->table.seed, key, size);
    bool kept = has_combiner(emitter->job) && size <= ARENA / 4;
    state->seen++;
    while (kept && state->mode == COMBINER_FILL) {
        if (!class->slots && !table_class_open(&emitter->table, KEY_LONG, FIRST_SLOTS, true)) {
            job_no_memory(emitter->job);
            return -1;
        }
        if (!emitter->arena && !(emitter->arena = malloc(ARENA + MR_PAD))) {
            job_no_memory(emitter->job);
            return -1;
        }
        uint64_t *slot;
        if (table_find_long(class->slots, class->mask, class->stride, key, size, hash, &slot))
            return combine_value(emitter->job, slot + KEY_LONG_WORDS, value, op);
        if (class->used < class->limit && size <= ARENA - emitter->arena_used) {
            state->missed++;
            unsigned char *copy = emitter->arena + emitter->arena_used;
            memcpy(copy, key, size);
            emitter->arena_used += size;
            slot[0] = hash;
            slot[1] = size;
            slot[2] = (uint64_t)(uintptr_t)copy;
            memcpy(slot + KEY_LONG_WORDS, value, emitter->job->value_size);
            class->used++;
            return 0;
        }
        if (class->used < class->limit) { /* the arena is full, and so the table */
            if (need_pairs(emitter) != 0 || flush_or_bypass(emitter, KEY_LONG, hits_of(state)) != 0)
                return -1;
        } else if (when_full(emitter, KEY_LONG) != 0) {
            return -1;
        }
    }
    if (need_pairs(emitter) != 0 || write_long(emitter, hash, key, size, value) != 0)
        return -1;
    return state->seen >= state->review_at ? emit_review(emitter, KEY_LONG) : 0;
}

int mr_emit(struct mr_emitter *emitter, const void *key, size_t size, const void *value)
{
    unsigned char copy[RECORD_COPIED + MR_PAD];
    if (size <= RECORD_COPIED) { /* which need not be followed by anything */
        if (size > 0)
            memcpy(copy, key, size);
        memset(copy + size, 0, sizeof copy - size);
        key = copy;
    }
    if (size <= KEY_W4_MOST)
        return mr_emit_batch(emitter, key, &(struct mr_span){0, (uint32_t)size}, 1, value);
    struct job *job = emitter->job;
    if (job_stopped(job))
        return -1;
    if (!value && !job->sums) {
        job_fail(job, MR_INVALID, 0, "a pair was emitted without a value");
        return -1;
    }
    emitter->records++;
    return emit_long(emitter, key, size, value ? value : &emit_one,
                     !job->sums ? VALUE_COMBINE
                     : value    ? VALUE_SUM
                                : VALUE_ONE);
}

struct mr_error *mr_emitter_error(struct mr_emitter *emitter)
{
    return &emitter->error;
}

/* ---- Beginning and end -------------------------------------------------------------- */

/* Slots of a class at the most: all workers' together take so large a part of the memory that the
 * words of a language fit however little there is. */
static size_t most_slots(const struct worker *worker, enum key_class key_class, size_t most)
{
    static const unsigned parts[KEY_CLASSES] = {
        [KEY_W1] = 12, [KEY_W2] = 6, [KEY_W4] = 18, [KEY_LONG] = 18};
    const struct table_class *class = &worker->emitter.table.classes[key_class];
    const uint64_t share =
        worker->job->budget->limit / parts[key_class] / worker->job->worker_count;
    while (most > EVIDENCE_SLOTS && most * class->stride * sizeof *class->slots > share)
        most /= 2;
    return most;
}

int mapper_open(struct worker *worker)
{
    struct job *job = worker->job;
    struct mr_emitter *emitter = &worker->emitter;
    *emitter = (struct mr_emitter){
        .job = job, .worker = worker, .loops = combiner_avx512_select(), .load = load_select()};
    table_open(&emitter->table, job->seed, (job->value_size + 7) / 8, LOAD, job->budget);
    if (!has_combiner(job)) {
        for (int key_class = 0; key_class < KEY_CLASSES; key_class++)
            set_mode(&emitter->classes[key_class], COMBINER_BYPASS, UINT64_MAX);
        return need_pairs(emitter);
    }
    emitter->classes[KEY_W1].most_slots = most_slots(worker, KEY_W1, MOST_SLOTS);
    emitter->classes[KEY_W2].most_slots = most_slots(worker, KEY_W2, MOST_SLOTS);
    emitter->classes[KEY_W4].most_slots = most_slots(worker, KEY_W4, MOST_SLOTS / 2);
    emitter->classes[KEY_LONG].most_slots = most_slots(worker, KEY_LONG, MOST_LONG_SLOTS);
    emitter->classes[KEY_W1].cache_slots = COMBINER_W1_SLOTS;
    emitter->classes[KEY_W2].cache_slots = COMBINER_W2_SLOTS;
    emitter->classes[KEY_W4].cache_slots = COMBINER_W4_SLOTS;
    emitter->classes[KEY_LONG].cache_slots = MOST_LONG_SLOTS;
    for (int key_class = 0; key_class < KEY_CLASSES; key_class++) {
        struct combiner_class *state = &emitter->classes[key_class];
        if (state->cache_slots > state->most_slots)
            state->cache_slots = state->most_slots;
        fill_anew(state);
    }
    if (!table_class_open(&emitter->table, KEY_W1, FIRST_SLOTS, true) ||
        !table_class_open(&emitter->table, KEY_W2, FIRST_SLOTS, true) ||
        !table_class_open(&emitter->table, KEY_W4, FIRST_SLOTS / 4, true)) {
        job_no_memory(job);
        return -1;
    }
    return 0;
}

void mapper_close(struct worker *worker)
{
    table_close(&worker->emitter.table);
    free(worker->emitter.arena);
    worker->emitter.arena = NULL;
}

uint64_t mapper_held(const struct worker *worker)
{
    uint64_t held = 0;
    for (int key_class = 0; key_class < KEY_CLASSES; key_class++)
        held += worker->emitter.table.classes[key_class].used;
    return held;
}

int mapper_drain(struct worker *worker)
{
    struct mr_emitter *emitter = &worker->emitter;
    if (mapper_held(worker) > 0) {
        if (need_pairs(emitter) != 0)
            return -1;
        for (int key_class = 0; key_class < KEY_CLASSES; key_class++)
            if (evict_all(emitter, (enum key_class)key_class) != 0)
                return -1;
    }
    shuffle_writer_flush(&worker->pairs);
    shuffle_writer_close(&worker->pairs);
    mapper_close(worker);
    return 0;
}
