/* SPDX-License-Identifier: MIT
 *
 * combiner_avx512 - the loops with AVX-512 (see combiner_avx512.h).
 *
 * Keys are loaded and hashed eight side by side, then one after the other compared and counted.
 * What counts is how few instructions a key takes and that no branch is unpredictable, of a key's
 * class as little as of where it lies: gathers in place of eight loads took longer, and so did
 * comparing in vectors.
 */
#include "engine/map/combiner_avx512.h"

#if defined(__x86_64__)

#include "base/cpu.h"
#include "base/target.h"

#include <immintrin.h>

#define TARGET "avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt"
TARGET_BEGIN

#include "engine/map/lanes.h"

/* combiner_table_sum_stride of the two, which are powers of two; and that of slots with values of
 * two words. */
#define W1_STRIDE_BITS 1
#define W2_STRIDE_BITS 2
#define ADDED_STRIDE_BITS 2
_Static_assert(COMBINER_ROOM >= COMBINER_BATCH + LANES, "vectors are stored whole");
#define W1_STRIDE (1u << W1_STRIDE_BITS)
#define W2_STRIDE (1u << W2_STRIDE_BITS)
#define ADDED_STRIDE (1u << ADDED_STRIDE_BITS)
_Static_assert(ADDED_STRIDE == COMBINER_TABLE_HALF_LINE, "keys with such values lie in pairs");

/* Keys taken so far. */
struct taken {
    size_t w1_count, w2_count, rest_count;
};

/* The two bits of each lane's words in two vectors, whose values are of two words. */
static inline __attribute__((always_inline)) uint32_t words_of(__mmask8 lanes)
{
    return _pdep_u32(lanes, 0x5555) * 3;
}

/* Writes the values of two words that are `chosen` of those in two vectors, side by side. */
static inline __attribute__((always_inline)) void choose_values(const __m512i values[2],
                                                                __mmask8 chosen, uint64_t *out)
{
    const uint32_t words = words_of(chosen);
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi64((__mmask8)words, values[0]));
    out += __builtin_popcount(words & 0xff);
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi64((__mmask8)(words >> 8), values[1]));
}

/* Lists the keys of LANES spans, those in `valid`, `number` being the first one's, and their values
 * where they are not NULL. Vectors are stored whole, behind at most as many keys as were taken
 * before: so there is room for all of the last. */
static inline __attribute__((always_inline)) void
take_lanes(__m512i keeps, const unsigned char *base, const struct mr_span *spans, __mmask8 valid,
           size_t number, const unsigned char *values, struct taken *taken,
           struct combiner_batch *keys)
{
    const struct lanes lanes = lanes_load(base, spans);
    const __m512i keep = lanes_keep(lanes.size, keeps);
    const __mmask8 w1 = _mm512_mask_cmple_epu64_mask(valid, lanes.size, lanes_all(KEY_W1_MOST));
    const __mmask8 w2 = _mm512_mask_cmple_epu64_mask(valid, lanes.size, lanes_all(KEY_W2_MOST));
    const __mmask8 rest_count = (__mmask8)(valid & ~w2), w2_count = (__mmask8)(w2 & ~w1);
    const __m512i word = lanes_last_word(lanes.first, keep, lanes.size);
    const __m512i second = lanes_last_word(lanes.second, keep, lanes.size);
    _mm512_storeu_si512(keys->w1_words + taken->w1_count, _mm512_maskz_compress_epi64(w1, word));
    _mm512_storeu_si512(keys->w2_words[0] + taken->w2_count,
                        _mm512_maskz_compress_epi64(w2_count, lanes.first));
    _mm512_storeu_si512(keys->w2_words[1] + taken->w2_count,
                        _mm512_maskz_compress_epi64(w2_count, second));
    if (values) {
        const uint32_t words = words_of(valid);
        const unsigned char *at = values + number * 2 * sizeof(uint64_t);
        const __m512i given[2] = {
            _mm512_maskz_loadu_epi64((__mmask8)words, at),
            _mm512_maskz_loadu_epi64((__mmask8)(words >> 8), at + sizeof(__m512i)),
        };
        choose_values(given, w1, keys->w1_values + 2 * taken->w1_count);
        choose_values(given, w2_count, keys->w2_values + 2 * taken->w2_count);
    }
    taken->w1_count += (size_t)__builtin_popcount(w1);
    taken->w2_count += (size_t)__builtin_popcount(w2_count);
    const __m256i numbers =
        _mm256_add_epi32(_mm256_set1_epi32((int)number), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    _mm256_storeu_si256((void *)(keys->rest + taken->rest_count),
                        _mm256_maskz_compress_epi32(rest_count, numbers));
    taken->rest_count += (size_t)__builtin_popcount(rest_count);
}

/* Of a W1 key's word the bytes that are the first word of a W2 key; the last is the second. */
#define W1_BYTES (UINT64_MAX >> 8)

static void place_w1(const struct combiner_slots *table, struct combiner_batch *keys)
{
    const __m512i bytes = lanes_all(W1_BYTES);
    const __m512i down = lanes_all((uint64_t)__builtin_clzll(table->w1_mask));
    const __m128i stride = _mm_cvtsi32_si128(table->adds ? ADDED_STRIDE_BITS : W1_STRIDE_BITS);
    const __m512i mask = lanes_all(table->adds ? ~(uint64_t)(2 * ADDED_STRIDE - 1) : UINT64_MAX);
    const bool pass = table->w1_mask == COMBINER_BYPASSED;
    for (size_t i = 0; i < keys->w1_count; i += LANES) {
        const __m512i word = _mm512_loadu_si512(keys->w1_words + i);
        const __m512i places =
            pass ? lanes_hash_2(table->seed, _mm512_and_si512(word, bytes),
                                _mm512_andnot_si512(bytes, word))
                 : _mm512_and_si512(
                       mask, _mm512_sll_epi64(
                                 _mm512_srlv_epi64(lanes_hash_1(table->seed, word), down), stride));
        _mm512_storeu_si512(keys->w1_places + i, places);
    }
}

static void place_w2(const struct combiner_slots *table, struct combiner_batch *keys)
{
    const __m512i mask = lanes_all(table->w2_mask & ~(size_t)1);
    const bool pass = table->w2_mask == COMBINER_BYPASSED;
    for (size_t i = 0; i < keys->w2_count; i += LANES) {
        const __m512i hash = lanes_hash_2(table->seed, _mm512_loadu_si512(keys->w2_words[0] + i),
                                          _mm512_loadu_si512(keys->w2_words[1] + i));
        const __m512i slot = _mm512_slli_epi64(_mm512_and_si512(hash, mask), W2_STRIDE_BITS);
        _mm512_storeu_si512(keys->w2_places + i, pass ? hash : slot);
    }
}

static void place(const struct combiner_slots *table, struct combiner_batch *keys)
{
    place_w1(table, keys);
    place_w2(table, keys);
    keys->table = *table;
}

static inline __attribute__((always_inline)) void
take_all(const unsigned char *base, const struct mr_span *spans, size_t count,
         const unsigned char *values, struct combiner_batch *keys)
{
    const __m512i keeps = lanes_keeps();
    struct taken taken = {0, 0, 0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        take_lanes(keeps, base, spans + i, 0xff, i, values, &taken, keys);
    if (i < count) {
        struct mr_span last[LANES];
        for (size_t lane = 0; lane < LANES; lane++)
            last[lane] = spans[lane < count - i ? i + lane : i];
        take_lanes(keeps, base, last, (__mmask8)((1u << (count - i)) - 1), i, values, &taken, keys);
    }
    keys->w1_count = taken.w1_count;
    keys->w2_count = taken.w2_count;
    keys->rest_count = taken.rest_count;
}

static void take(const struct combiner_slots *table, const unsigned char *base,
                 const struct mr_span *spans, size_t count, const void *values,
                 struct combiner_batch *keys)
{
    if (table->adds && values)
        take_all(base, spans, count, values, keys);
    else
        take_all(base, spans, count, NULL, keys);
    place(table, keys);
}

/* Prefetches a place, by its number of words from `slots`, an address; it may be any. */
static inline void prefetch(uintptr_t slots, uint64_t place)
{
    __builtin_prefetch((const void *)(slots + place * sizeof(uint64_t)), 1);
}

/* Counts those that are in the slots of their places; returns the end of the rows of the rest.
 * Where `far`, prefetches the places of the next ones, one for each key counted: many at once would
 * wait for each other, with nothing to do meanwhile. Where there are fewer of those, what was left
 * of other batches is prefetched, which costs next to nothing. */
static inline __attribute__((always_inline)) uint64_t *count_w1(const struct combiner_batch *keys,
                                                                const struct combiner_batch *next,
                                                                const bool far, uint64_t *row)
{
    uint64_t *const slots = keys->table.w1_slots;
    const size_t count = keys->w1_count;
    TARGET_UNROLL
    for (size_t i = 0; i < count; i++) {
        const uint64_t word = keys->w1_words[i];
        uint64_t *slot = slots + keys->w1_places[i];
        if (far)
            prefetch((uintptr_t)slots, next->w1_places[i]);
        const bool here = slot[0] == word;
        slot[KEY_W1_WORDS] += here;
        row[1] = word;
        row += here ? 0 : COMBINER_W1_ROW;
    }
    for (size_t i = count; far && i < next->w1_count; i++)
        prefetch((uintptr_t)slots, next->w1_places[i]);
    return row;
}

/* The same of W2 keys and pairs of slots, which are always prefetched. */
static uint64_t *count_w2(const struct combiner_batch *keys, const struct combiner_batch *next,
                          uint64_t *row)
{
    uint64_t *const slots = keys->table.w2_slots;
    const size_t count = keys->w2_count, next_count = next->w2_count;
    TARGET_UNROLL
    for (size_t i = 0; i < count; i++) {
        const uint64_t low = keys->w2_words[0][i], high = keys->w2_words[1][i];
        uint64_t *slot = slots + keys->w2_places[i];
        const uint64_t *other = slot + W2_STRIDE;
        prefetch((uintptr_t)slots, next->w2_places[i]);
        const bool in_first = ((slot[0] ^ low) | (slot[1] ^ high)) == 0;
        const bool in_second = ((other[0] ^ low) | (other[1] ^ high)) == 0;
        const bool here = in_first | in_second;
        slot[in_second ? W2_STRIDE + KEY_W2_WORDS : KEY_W2_WORDS] += here;
        row[1] = low;
        row[2] = high;
        row += here ? 0 : COMBINER_W2_ROW;
    }
    for (size_t i = count; i < next_count; i++)
        prefetch((uintptr_t)slots, next->w2_places[i]);
    return row;
}

/* Hashes the keys in the rows up to `end`, and prefetches where they may lie instead. Returns how
 * many they are. */
static inline __attribute__((always_inline)) size_t finish_w1(const struct combiner_slots *table,
                                                              size_t stride, bool far,
                                                              uint64_t *rows, uint64_t *end)
{
    for (uint64_t *row = rows; row < end; row += COMBINER_W1_ROW) {
        row[0] = hash_1(table->seed, row[1]);
        if (far)
            prefetch((uintptr_t)table->w1_slots,
                     ((combiner_table_home(KEY_W1, row[0], table->w1_mask, stride) + 1 +
                       (stride == COMBINER_TABLE_HALF_LINE)) &
                      table->w1_mask) *
                         stride);
    }
    return (size_t)(end - rows) / COMBINER_W1_ROW;
}

static size_t finish_w2(const struct combiner_slots *table, uint64_t *rows, uint64_t *end)
{
    const bool far = table->w2_mask >= COMBINER_W2_SLOTS;
    for (uint64_t *row = rows; row < end; row += COMBINER_W2_ROW) {
        row[0] = hash_2(table->seed, row[1], row[2]);
        if (far)
            prefetch((uintptr_t)table->w2_slots, ((row[0] + 2) & table->w2_mask) * W2_STRIDE);
    }
    return (size_t)(end - rows) / COMBINER_W2_ROW;
}

static void count(const struct combiner_batch *keys, const struct combiner_batch *next,
                  struct combiner_misses *rest)
{
    const struct combiner_slots *table = &keys->table;
    const bool far = table->w1_mask >= COMBINER_W1_SLOTS - 1;
    rest->w1_count = rest->w2_count = 0;
    if (table->w1_mask != COMBINER_BYPASSED)
        rest->w1_count = finish_w1(table, W1_STRIDE, far, rest->w1_rows,
                                   far ? count_w1(keys, next, true, rest->w1_rows)
                                       : count_w1(keys, next, false, rest->w1_rows));
    if (table->w2_mask != COMBINER_BYPASSED)
        rest->w2_count = finish_w2(table, rest->w2_rows, count_w2(keys, next, rest->w2_rows));
}

/* ---- Values of two words -------------------------------------------------------------------- */

/* context_add's numbers, each for the one of two words that it is of. */
struct adding {
    __m128i tag, guard;
};

/* Adds a value to that of a slot, if context_add would. Returns whether it has. */
static inline __attribute__((always_inline)) bool add_value(uint64_t *into, const uint64_t *from,
                                                            const struct adding *how)
{
    const __m128i old = _mm_loadu_si128((const void *)into);
    const __m128i value = _mm_loadu_si128((const void *)from);
    const __m128i more = _mm_andnot_si128(how->tag, value), sum = _mm_add_epi64(old, more);
    /* (old & more) | ((old | more) & ~sum): the highest bits are the carries. */
    const __m128i carries = _mm_ternarylogic_epi64(old, more, sum, 0xd4);
    /* (old ^ value) & tag; then | (sum & guard), and | (carries & the highest bit). */
    __m128i wrong = _mm_ternarylogic_epi64(old, value, how->tag, 0x28);
    wrong = _mm_ternarylogic_epi64(wrong, sum, how->guard, 0xf8);
    wrong = _mm_ternarylogic_epi64(wrong, carries, _mm_set1_epi64x(INT64_MIN), 0xf8);
    if (!_mm_testz_si128(wrong, wrong))
        return false;
    _mm_storeu_si128((void *)into, sum);
    return true;
}

/* Adds those that are in one of the two slots of their places; returns the end of the numbers of
 * the rest. Prefetches as count_w1 does. In which slot a key is, is told by no branch, nor by the
 * words that are added to: where one key comes often it need only wait for the addition before. */
static inline __attribute__((always_inline)) uint32_t *
add_values(const struct combiner_batch *keys, const struct combiner_batch *next,
           const struct combiner_adding *given, const bool w1, const bool far, uint32_t *rest)
{
    uint64_t *const slots = w1 ? keys->table.w1_slots : keys->table.w2_slots;
    const uint64_t *const low = w1 ? keys->w1_words : keys->w2_words[0];
    const uint64_t *const high = w1 ? NULL : keys->w2_words[1];
    const uint64_t *const places = w1 ? keys->w1_places : keys->w2_places;
    const uint64_t *const values = w1 ? keys->w1_values : keys->w2_values;
    const uint64_t *const next_places = w1 ? next->w1_places : next->w2_places;
    const size_t count = w1 ? keys->w1_count : keys->w2_count;
    const size_t next_count = w1 ? next->w1_count : next->w2_count;
    const size_t words = w1 ? KEY_W1_WORDS : KEY_W2_WORDS;
    const struct adding how = {_mm_set_epi64x(0, (long long)given->tag),
                               _mm_set_epi64x((long long)given->guard, 0)};
    for (size_t i = 0; i < count; i++) {
        uint64_t *slot = slots + places[i];
        const uint64_t *other = slot + ADDED_STRIDE;
        if (far)
            prefetch((uintptr_t)slots, next_places[i]);
        const uint64_t in_first = (slot[0] ^ low[i]) | (high ? slot[1] ^ high[i] : 0);
        const uint64_t in_second = (other[0] ^ low[i]) | (high ? other[1] ^ high[i] : 0);
        const unsigned second = in_second == 0, here = second | (in_first == 0);
        *rest = (uint32_t)i;
        slot += (size_t)second * ADDED_STRIDE + words;
        rest += !here || !add_value(slot, values + 2 * i, &how);
    }
    for (size_t i = count; far && i < next_count; i++)
        prefetch((uintptr_t)slots, next_places[i]);
    return rest;
}

/* Their slots are twice as large, of W1 keys. */
#define ADDED_W1_SLOTS (COMBINER_W1_SLOTS / 2)

static void add(const struct combiner_batch *keys, const struct combiner_batch *next,
                const struct combiner_adding *how, struct combiner_misses *rest)
{
    const struct combiner_slots *table = &keys->table;
    const bool far = table->w1_mask >= ADDED_W1_SLOTS - 1;
    uint32_t numbers[COMBINER_BATCH + 1];
    uint64_t *row = rest->w1_rows;
    if (table->w1_mask != COMBINER_BYPASSED) {
        const uint32_t *end = far ? add_values(keys, next, how, true, true, numbers)
                                  : add_values(keys, next, how, true, false, numbers);
        for (const uint32_t *number = numbers; number < end; number++, row += COMBINER_W1_ROW) {
            row[1] = keys->w1_words[*number];
            row[2] = *number;
        }
    }
    rest->w1_count = finish_w1(table, ADDED_STRIDE, far, rest->w1_rows, row);
    row = rest->w2_rows;
    if (table->w2_mask != COMBINER_BYPASSED) {
        const uint32_t *end = add_values(keys, next, how, false, true, numbers);
        for (const uint32_t *number = numbers; number < end; number++, row += COMBINER_W2_ROW) {
            row[1] = keys->w2_words[0][*number];
            row[2] = keys->w2_words[1][*number];
            row[3] = *number;
        }
    }
    rest->w2_count = finish_w2(table, rest->w2_rows, row);
}

TARGET_END

const struct combiner_loops *combiner_avx512_select(void)
{
    static const struct combiner_loops vectors = {
        .take = take, .place = place, .count = count, .add = add};
    return cpu_has_avx512() ? &vectors : NULL;
}

#else

const struct combiner_loops *combiner_avx512_select(void)
{
    return NULL;
}

#endif
