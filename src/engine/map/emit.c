/* SPDX-License-Identifier: MIT
 *
 * emit - gathering pairs, and bringing them to the combiner (see emit.h).
 */
#include "engine/map/emit.h"

#include "engine/map/combiner_bytes.h"
#include "engine/map/combiner_first.h"
#include "engine/map/combiner_flush.h"
#include "engine/map/combiner_lookup.h"

_Static_assert(CONTEXT_SMALL_VALUE >= sizeof(uint64_t), "a number is a small value");

/* ---- To the combiner ------------------------------------------------------------------------ */

static int without_value(struct context *context)
{
    context_fail(context, MR_INVALID, 0, "a pair was emitted without a value");
    return -1;
}

/* Whether a pair's value is a number, and is 1 where there is none. */
static bool has_numbers(const struct context *context)
{
    return context->sums || context->first;
}

/* Whether the caller may emit now; if not, the job fails. */
static bool may_emit(const struct mr_emitter *emitter)
{
    const void *mapper = atomic_load_explicit(&emitter->mapper, memory_order_relaxed);
    const char *wrong = NULL;
    if (!mapper)
        wrong = "a pair was emitted when no map was running that its emitter is of";
    else if (mapper != thread_self())
        wrong = "a pair was emitted by another thread than the map's";
    else if (emitter->busy)
        wrong = "a pair was emitted by a combine";
    if (wrong)
        context_fail(emitter->context, MR_INVALID, 0, "%s", wrong);
    return !wrong;
}

/* Chooses the loop over pairs; `values` as with mr_emit_batch. */
static int look_up(struct mr_emitter *emitter, const unsigned char *base,
                   const struct mr_span *spans, size_t count, const void *values)
{
    const struct combiner_class *classes = emitter->classes;
    if (emitter->context->form.kind == RECORD_BYTES)
        return combiner_bytes_batch(emitter, base, spans, count, values);
    if (emitter->context->first)
        return combiner_first_batch(emitter, base, spans, count, values);
    const bool bypassed =
        classes[KEY_W1].mode == COMBINER_BYPASS && classes[KEY_W2].mode == COMBINER_BYPASS;
    if (bypassed)
        return values ? combiner_lookup_bypassed_values(emitter, base, spans, count, values)
                      : combiner_lookup_bypassed_units(emitter, base, spans, count);
    if (emitter->loops && count >= COMBINER_FEWEST && (!values || emitter->context->adds))
        return combiner_lookup_avx512(emitter, base, spans, count, values);
    return values ? combiner_lookup_values(emitter, base, spans, count, values)
                  : combiner_lookup_units(emitter, base, spans, count);
}

/* While pairs are brought to the combiner, a combine may be called, which must not emit: the way of
 * short keys is closed, so that mr_emit has nothing more to look at. */
static void set_busy(struct mr_emitter *emitter, bool busy)
{
    emitter->busy = busy;
    emitter->gathered.most = busy ? 0 : emitter->gathered.room;
}

static int bring(struct mr_emitter *emitter, const unsigned char *base, const struct mr_span *spans,
                 size_t count, const void *values)
{
    if (context_stopped(emitter->context))
        return -1;
    emitter->records += count;
    set_busy(emitter, true);
    const int result = look_up(emitter, base, spans, count, values);
    set_busy(emitter, false);
    return result;
}

static int bring_long(struct mr_emitter *emitter, const unsigned char *key, size_t size,
                      const void *value)
{
    struct context *context = emitter->context;
    if (context_stopped(context))
        return -1;
    emitter->records++;
    set_busy(emitter, true);
    const int result =
        context->first
            ? combiner_first_long(emitter, key, size, value)
            : combiner_lookup_long(emitter, key, size, value ? value : &combiner_flush_one,
                                   value ? combiner_lookup_op(emitter) : VALUE_ONE);
    set_busy(emitter, false);
    return result;
}

/* A key that need not be followed by anything, or, where it is short, a copy of it that is. */
static const unsigned char *padded(const unsigned char *key, size_t size,
                                   unsigned char copy[RECORD_COPIED + MR_PAD])
{
    if (size > RECORD_COPIED)
        return key;
    if (size > 0)
        memcpy(copy, key, size);
    memset(copy + size, 0, RECORD_COPIED + MR_PAD - size);
    return copy;
}

/* Brings one pair to the combiner at once. */
static int bring_one(struct mr_emitter *emitter, const unsigned char *key, size_t size,
                     const void *value)
{
    unsigned char copy[RECORD_COPIED + MR_PAD];
    key = padded(key, size, copy);
    return size <= KEY_W4_MOST || emitter->context->form.kind == RECORD_BYTES
               ? bring(emitter, key, &(struct mr_span){0, (uint32_t)size}, 1, value)
               : bring_long(emitter, key, size, value);
}

/* Brings the pairs gathered to the combiner. */
static int flush(struct mr_emitter *emitter)
{
    struct emitter_pairs *pairs = &emitter->gathered;
    const size_t count = pairs->count;
    const bool values = !pairs->sums || pairs->numbers;
    pairs->count = 0;
    pairs->numbers = false;
    return count == 0
               ? 0
               : bring(emitter, pairs->keys, pairs->spans, count, values ? pairs->values : NULL);
}

/* Before pairs that are not gathered: where places are counted no pair overtakes another. */
static int keep_order(struct mr_emitter *emitter)
{
    return emitter->context->first && emitter->gathered.count > 0 ? flush(emitter) : 0;
}

/* ---- In batches ----------------------------------------------------------------------------- */

/* Whether MR_PAD of the `size` bytes at the base follow a span. */
static inline bool is_followed(struct mr_span span, size_t size)
{
    return span.end + (size_t)MR_PAD <= size;
}

/* Brings a batch of which some spans are not followed by what the loops may read. */
static int bring_bare(struct mr_emitter *emitter, const unsigned char *base, size_t size,
                      const struct mr_span *spans, size_t count, const unsigned char *values)
{
    const struct context *context = emitter->context;
    const size_t value_size = context->form.kind == RECORD_BYTES ? sizeof(struct mr_bytes)
                              : context->first                   ? sizeof(uint64_t)
                                                                 : context->value_size;
    int result = 0;
    for (size_t i = 0; result == 0 && i < count;) {
        const size_t begin = i;
        while (i < count && is_followed(spans[i], size))
            i++;
        if (i > begin)
            result = bring(emitter, base, spans + begin, i - begin,
                           values ? values + begin * value_size : NULL);
        if (result == 0 && i < count) {
            result = bring_one(emitter, base + spans[i].begin, spans[i].end - spans[i].begin,
                               values ? values + i * value_size : NULL);
            i++;
        }
    }
    return result;
}

enum mr_status mr_emit_batch(struct mr_emitter *emitter, const unsigned char *base, size_t size,
                             const struct mr_span *spans, size_t count, const void *values)
{
    int result;
    if (count > 0 && !has_numbers(emitter->context) && !values)
        result = without_value(emitter->context);
    else if (!may_emit(emitter) || keep_order(emitter) != 0)
        result = -1;
    else if (count == 0 || is_followed(spans[count - 1], size))
        result = bring(emitter, base, spans, count, values);
    else
        result = bring_bare(emitter, base, size, spans, count, values);
    return result == 0 ? MR_OK : context_status(emitter->context);
}

/* ---- One by one ----------------------------------------------------------------------------- */

static int emit_bytes(struct mr_emitter *emitter, const unsigned char *key, size_t size,
                      const struct mr_bytes *value)
{
    struct context *context = emitter->context;
    unsigned char copy[RECORD_COPIED + MR_PAD];
    if (!may_emit(emitter) || context_stopped(context))
        return -1;
    if (context->form.kind != RECORD_BYTES) {
        context_fail(context, MR_INVALID, 0, "mr_emit_bytes needs values of any size");
        return -1;
    }
    emitter->records++;
    return combiner_bytes_put(emitter, padded(key, size, copy), size, value);
}

enum mr_status mr_emit_bytes(struct mr_emitter *emitter, const void *key, size_t size,
                             const void *value, size_t value_size)
{
    const struct mr_bytes bytes = {.data = value, .size = value_size};
    return emit_bytes(emitter, key, size, &bytes) == 0 ? MR_OK : context_status(emitter->context);
}

/* Copies a short key: by its first and its last bytes, which overlap, since what follows it need
 * not be readable. */
static inline void copy_key(unsigned char *at, const unsigned char *key, size_t size)
{
    if (size >= 16) {
        memcpy(at, key, 16);
        memcpy(at + size - 16, key + size - 16, 16);
    } else if (size >= 8) {
        memcpy(at, key, 8);
        memcpy(at + size - 8, key + size - 8, 8);
    } else if (size >= 4) {
        memcpy(at, key, 4);
        memcpy(at + size - 4, key + size - 4, 4);
    } else if (size > 0) {
        at[0] = key[0];
        at[size / 2] = key[size / 2];
        at[size - 1] = key[size - 1];
    }
}

/* The value of the pair that follows those gathered, where numbers are summed and it is not 1, or
 * not the first such. */
static __attribute__((noinline)) void gather_number(struct emitter_pairs *pairs, size_t place,
                                                    uint64_t number)
{
    const uint64_t one = 1;
    for (size_t i = 0; !pairs->numbers && i < place; i++)
        memcpy(pairs->values + i * sizeof one, &one, sizeof one);
    pairs->numbers = true;
    memcpy(pairs->values + place * sizeof number, &number, sizeof number);
}

/* Adds a pair to those gathered, among which there is room for it. */
static inline int gather(struct mr_emitter *emitter, const unsigned char *key, size_t size,
                         const void *value)
{
    struct emitter_pairs *pairs = &emitter->gathered;
    const size_t place = pairs->count;
    if (pairs->sums) {
        uint64_t number = 1;
        if (value)
            memcpy(&number, value, sizeof number);
        if (number != 1 || pairs->numbers)
            gather_number(pairs, place, number);
    } else {
        if (!value)
            return without_value(emitter->context);
        memcpy(pairs->values + place * pairs->value_size, value, pairs->value_size);
    }
    const size_t begin = place * EMITTER_KEY;
    copy_key(pairs->keys + begin, key, size);
    pairs->spans[place] = (struct mr_span){(uint32_t)begin, (uint32_t)(begin + size)};
    pairs->count = place + 1;
    return 0;
}

/* A pair that is not gathered, or first needs room, or may not be emitted. */
static __attribute__((noinline)) int
emit_slowly(struct mr_emitter *emitter, const unsigned char *key, size_t size, const void *value)
{
    if (!value && !has_numbers(emitter->context))
        return without_value(emitter->context);
    if (!may_emit(emitter))
        return -1;
    if (emitter->context->form.kind == RECORD_BYTES) {
        context_fail(emitter->context, MR_INVALID, 0,
                     "values of any size are emitted by mr_emit_bytes");
        return -1;
    }
    if (size > KEY_W4_MOST || emitter->gathered.room == 0)
        return keep_order(emitter) != 0 ? -1 : bring_one(emitter, key, size, value);
    return flush(emitter) != 0 ? -1 : gather(emitter, key, size, value);
}

enum mr_status mr_emit(struct mr_emitter *emitter, const void *key, size_t size, const void *value)
{
    const struct emitter_pairs *pairs = &emitter->gathered;
    const bool slow = size > KEY_W4_MOST || pairs->count >= pairs->most;
    const int result = __builtin_expect(slow, 0) ? emit_slowly(emitter, key, size, value)
                                                 : gather(emitter, key, size, value);
    return __builtin_expect(result == 0, 1) ? MR_OK : context_status(emitter->context);
}

/* ---- Beginning and end ---------------------------------------------------------------------- */

void emit_open(struct mr_emitter *emitter)
{
    struct emitter_pairs *pairs = &emitter->gathered;
    const struct context *context = emitter->context;
    pairs->sums = has_numbers(context);
    pairs->value_size = context->value_size;
    pairs->room = context->form.kind != RECORD_BYTES && context->value_size <= CONTEXT_SMALL_VALUE
                      ? EMITTER_PAIRS
                      : 0;
}

void emit_begin(struct mr_emitter *emitter)
{
    emitter->gathered.most = emitter->gathered.room;
    atomic_store_explicit(&emitter->mapper, thread_self(), memory_order_relaxed);
}

int emit_end(struct mr_emitter *emitter)
{
    const int result = context_stopped(emitter->context) ? -1 : flush(emitter);
    atomic_store_explicit(&emitter->mapper, NULL, memory_order_relaxed);
    emitter->gathered.count = emitter->gathered.most = 0;
    return result;
}
