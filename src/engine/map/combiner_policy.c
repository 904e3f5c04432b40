/* SPDX-License-Identifier: MIT
 *
 * combiner_policy - grow, freeze, flush or pass (see combiner_policy.h).
 */
#include "engine/map/combiner_policy.h"

#include "engine/map/combiner_table.h"

/* ---- Constants, each with its reason -------------------------------------------------------- */

/* Slots at most. The largest table, 16 MiB of W2 keys, is where doubling stopped to pay: it is
 * beyond the private caches, but lookups are prefetched and huge pages back it. */
#define MOST_SLOTS ((size_t)1 << 19)
#define MOST_LONG_SLOTS ((size_t)1 << 13)
/* As COMBINER_LOAD, for a table that cannot grow: there it costs less than pairs that find no
 * place. */
#define LAST_LOAD 5
_Static_assert(COMBINER_LOAD < LAST_LOAD && LAST_LOAD < COMBINER_TABLE_LOAD_WHOLE,
               "there is more to use, and an empty slot to end a search");
/* All workers' tables of one class together take such a part of the memory, so that the words of a
 * language fit however little there is. */
static const unsigned memory_share[KEY_CLASSES] = {
    [KEY_W1] = 12, [KEY_W2] = 6, [KEY_W4] = 18, [KEY_LONG] = 18};
/* Bytes of long keys take one part in so many besides, within these bounds. */
#define ARENA_SHARE 32
#define LEAST_ARENA ((size_t)32 << 10)
#define MOST_ARENA ((size_t)512 << 10)
/* Values that lie apart from the tables take one part in so many besides, and are not so many that
 * most of those of a hundred bytes are in no cache when they are met again. */
#define VALUES_SHARE 8
#define MOST_VALUES ((uint64_t)1 << 14)

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
/* A table is frozen, or all pairs pass, for so many pairs a slot; passing lasts twice as long each
 * time it follows on itself, so often. */
#define REVIEW_AFTER 8
#define MOST_FAILURES 5
/* The keys in a table that fills from one half on, as a part of those when it is full. */
#define FILLED 0.75
/* How far misses may be off what was expected. */
#define TOLERANCE 0.1
/* From this size on the rate of hits is evidence, and memory past the budget is not taken. */
#define EVIDENCE_SLOTS 4096
/* A frozen table that misses less than one in this many needs no change. */
#define GOOD_MISSES 64

/* The table of one of 512 partitions fits the second-level cache with some 20 million keys, that of
 * one of 1024 with twice as many; but of so many open chunks not even a line each stays in the
 * first-level cache, so that there are more only where there may be more keys, or where each of
 * many workers would have few to reduce. */
#define USUAL_BITS 9u
#define PART_INPUT ((uint64_t)3 << 20)
#define MANY_WORKERS 32
/* With little memory there are fewer: each should be worth a write of its own when it is spilled,
 * and the open chunks of all workers must stay a small part. */
#define LEAST_BITS 4u
#define LEAST_PART_MEMORY ((uint64_t)128 << 10)
#define CHUNKS_SHARE 8
/* Keys of the workers' combiners that make a partition of their own worth while. */
#define KEYS_A_PART 4096

/* ---- Modes ---------------------------------------------------------------------------------- */

static void set_mode(struct combiner_class *state, enum combiner_mode mode, uint64_t review_after)
{
    state->mode = mode;
    state->seen = state->missed = 0;
    state->review_at = review_after;
}

/* Begins to fill as if nothing were known. */
static void fill_anew(struct combiner_class *state)
{
    state->flush_when_full = false;
    state->expected = 1;
    set_mode(state, COMBINER_FILL, UINT64_MAX);
}

void combiner_policy_open(struct combiner_class *state, enum key_class key_class, size_t slot_bytes,
                          uint64_t budget, unsigned workers)
{
    static const size_t most[KEY_CLASSES] = {[KEY_W1] = MOST_SLOTS,
                                             [KEY_W2] = MOST_SLOTS,
                                             [KEY_W4] = MOST_SLOTS / 2,
                                             [KEY_LONG] = MOST_LONG_SLOTS};
    static const size_t cached[KEY_CLASSES] = {[KEY_W1] = COMBINER_W1_SLOTS,
                                               [KEY_W2] = COMBINER_W2_SLOTS,
                                               [KEY_W4] = COMBINER_W4_SLOTS,
                                               [KEY_LONG] = MOST_LONG_SLOTS};
    const uint64_t share = budget / memory_share[key_class] / workers;
    size_t slots = most[key_class];
    while (slots > EVIDENCE_SLOTS && slots * slot_bytes > share)
        slots /= 2;
    *state = (struct combiner_class){
        .most_slots = slots, .cache_slots = cached[key_class] < slots ? cached[key_class] : slots};
    fill_anew(state);
}

size_t combiner_policy_arena(uint64_t memory, unsigned workers)
{
    const uint64_t share = memory / ARENA_SHARE / workers;
    return share > MOST_ARENA    ? MOST_ARENA
           : share < LEAST_ARENA ? LEAST_ARENA
                                 : (size_t)share & ~(size_t)63;
}

uint64_t combiner_policy_values(uint64_t memory, unsigned workers, size_t value_bytes)
{
    const uint64_t share = memory / VALUES_SHARE / workers;
    return share < MOST_VALUES * value_bytes ? share : MOST_VALUES * value_bytes;
}

void combiner_policy_none(struct combiner_class *state)
{
    *state = (struct combiner_class){0};
    set_mode(state, COMBINER_BYPASS, UINT64_MAX);
}

/* The part of all pairs that were in the table, since the mode began. */
static double hits_of(const struct combiner_class *state)
{
    return state->seen > 0 ? 1 - (double)state->missed / (double)state->seen : 1;
}

/* If all keys were as frequent, a table filled from one half on would by then have hits in the
 * proportion of three quarters of its keys to all, which tells how many there are: larger tables
 * are tried while they keep what that promises. Of words, most frequent at some place of a text and
 * then gone, a larger table keeps hardly more than a small one: that one is flushed. */
enum combiner_action combiner_policy_full(struct combiner_class *state, enum key_class key_class,
                                          size_t slots, size_t limit, bool can_grow)
{
    const double hits = hits_of(state), misses = 1 - hits;
    const double hoped =
        hits * ((double)state->most_slots / (double)slots) / FILLED * LAST_LOAD / COMBINER_LOAD;
    if (state->flush_when_full && misses > TRY_MISSES && state->flushed >= TRY_AFTER * slots)
        state->flush_when_full = false;
    const bool promising = slots < state->cache_slots
                               ? slots < EVIDENCE_SLOTS || hoped >= WORTH_HITS
                               : !state->flush_when_full && misses >= 1 - FILLED &&
                                     hoped >= FAR_WORTH_HITS &&
                                     misses <= state->expected * (1 + TOLERANCE) + TOLERANCE / 2;
    if (promising && slots < state->most_slots && can_grow)
        return COMBINER_GROW;
    if (promising && slots > state->cache_slots && limit < combiner_policy_last_limit(slots))
        return COMBINER_LOAD_MORE;
    if (promising && slots >= state->cache_slots && key_class != KEY_LONG)
        return COMBINER_FREEZE;
    return combiner_policy_arena_full(state);
}

enum combiner_action combiner_policy_arena_full(const struct combiner_class *state)
{
    return hits_of(state) >= WORTH_FLUSHING ? COMBINER_FLUSH : COMBINER_PASS;
}

size_t combiner_policy_last_limit(size_t slots)
{
    return slots / COMBINER_TABLE_LOAD_WHOLE * LAST_LOAD;
}

bool combiner_policy_must_grow(size_t slots)
{
    return slots < EVIDENCE_SLOTS;
}

void combiner_policy_grown(struct combiner_class *state)
{
    const double hits = hits_of(state);
    state->failures = 0;
    state->expected = hits < 0.5 ? 1 - 2 * hits : 0;
    set_mode(state, COMBINER_FILL, UINT64_MAX);
}

void combiner_policy_frozen(struct combiner_class *state, size_t slots)
{
    set_mode(state, COMBINER_FROZEN, REVIEW_AFTER * slots);
}

void combiner_policy_flushed(struct combiner_class *state)
{
    if (!state->flush_when_full)
        state->flushed = 0;
    state->flush_when_full = true;
    state->failures = 0;
    state->flushed += state->seen;
    set_mode(state, COMBINER_FILL, UINT64_MAX);
}

void combiner_policy_passing(struct combiner_class *state, size_t slots)
{
    set_mode(state, COMBINER_BYPASS, ((size_t)REVIEW_AFTER << state->failures) * slots);
    if (state->failures < MOST_FAILURES)
        state->failures++;
}

enum combiner_review combiner_policy_review(struct combiner_class *state, size_t slots)
{
    const bool frozen = state->mode == COMBINER_FROZEN;
    if (frozen && state->missed < state->seen / GOOD_MISSES) {
        combiner_policy_frozen(state, slots);
        return COMBINER_KEEP;
    }
    fill_anew(state);
    return frozen ? COMBINER_DROP_RARE : COMBINER_DROP_ALL;
}

/* ---- Partitions ----------------------------------------------------------------------------- */

unsigned combiner_policy_partition_bits(uint64_t memory, uint64_t input, unsigned workers,
                                        size_t chunk_bytes)
{
    unsigned bits = USUAL_BITS;
    if (input > PART_INPUT << bits || workers > MANY_WORKERS)
        bits++;
    while (bits > LEAST_BITS && ((memory >> bits) < LEAST_PART_MEMORY ||
                                 ((uint64_t)chunk_bytes << bits) * workers > memory / CHUNKS_SHARE))
        bits--;
    return bits;
}

unsigned combiner_policy_last_bits(uint64_t held, unsigned most_bits)
{
    unsigned bits = 0;
    while (bits < most_bits && held >> bits > KEYS_A_PART)
        bits++;
    return bits;
}
