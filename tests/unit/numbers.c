/* SPDX-License-Identifier: MIT
 *
 * numbers - see numbers.h.
 */
#include "unit/numbers.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/await.h"

static const unsigned char nothing[1 + MR_PAD];

size_t numbers_key(const struct numbers *numbers, uint64_t number, char *out)
{
    static const size_t sizes[] = {0, 0, 0, 14, 15, 16, 17, 30, 31, 32, 33, 126, 127, 128, 200, 0};
    int digits = snprintf(out, 256, "%llu", (unsigned long long)number);
    size_t size = numbers->key_size ? numbers->key_size : sizes[number % 16];
    if (size < (size_t)digits)
        return (size_t)digits;
    memset(out + digits, '.', size - (size_t)digits);
    return size;
}

uint64_t numbers_of_key(const void *key, size_t size)
{
    const char *digits = key;
    uint64_t number = 0;
    size_t i = 0;
    for (; i < size && digits[i] >= '0' && digits[i] <= '9'; i++)
        number = number * 10 + (uint64_t)(digits[i] - '0');
    if (i == 0)
        return UINT64_MAX;
    for (; i < size; i++)
        if (digits[i] != '.')
            return UINT64_MAX;
    return number;
}

static int next_split(void *context, struct mr_split *split, struct mr_error *error)
{
    struct numbers *numbers = context;
    (void)error;
    split->end = numbers->next == numbers->splits && !numbers->endless;
    if (split->end)
        return 0;
    *split = (struct mr_split){
        .data = nothing, .size = 1, .length = numbers->each, .number = numbers->next++};
    /* Nobody else reads, so that no more can have been out since the last time. */
    uint64_t ahead = atomic_fetch_add(&numbers->read, 1) + 1 - atomic_load(&numbers->released);
    if (ahead > numbers->most_ahead)
        numbers->most_ahead = ahead;
    return 0;
}

static void release_split(void *context, struct mr_split *split)
{
    struct numbers *numbers = context;
    (void)split;
    atomic_fetch_add(&numbers->released, 1);
}

static int map_numbers(void *context, void *state, const struct mr_split *split,
                       struct mr_emitter *emitter, struct mr_error *error)
{
    struct numbers *numbers = context;
    enum { BATCH = 100 };
    char keys[BATCH * 256 + MR_PAD];
    struct mr_span spans[BATCH];
    (void)state;
    (void)error;
    if (numbers->holds)
        AWAIT(split->number < atomic_load(&numbers->may_map));
    for (uint64_t i = 0; i < numbers->each;) {
        size_t n = 0, at = 0;
        for (; n < BATCH && i < numbers->each; n++, i++) {
            uint64_t number = (split->number * numbers->each + i) * numbers->step % numbers->keys;
            size_t size = numbers_key(numbers, number, keys + at);
            spans[n] = (struct mr_span){(uint32_t)at, (uint32_t)(at + size)};
            at += size;
        }
        if (mr_emit_batch(emitter, (unsigned char *)keys, sizeof keys, spans, n, NULL) != 0)
            return -1;
    }
    atomic_fetch_add(&numbers->mapped, 1);
    return 0;
}

static bool in_order(const struct numbers *numbers, const struct mr_record *record)
{
    if (!numbers->last_key || numbers->order == 0)
        return true;
    size_t less = numbers->last_size < record->key_size ? numbers->last_size : record->key_size;
    int by_key = memcmp(numbers->last_key, record->key, less);
    if (by_key == 0)
        by_key = numbers->last_size < record->key_size ? -1 : 1;
    if (abs(numbers->order) == MR_ORDER_RANK && numbers->last_rank != record->rank)
        by_key = numbers->last_rank > record->rank ? -1 : 1;
    return numbers->order > 0 ? by_key < 0 : by_key > 0;
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct numbers *numbers = context;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        uint64_t number = numbers_of_key(records[i].key, records[i].key_size);
        if (number >= numbers->keys || numbers->counts[number] != 0 ||
            !in_order(numbers, &records[i])) {
            numbers->wrong = true;
            continue;
        }
        numbers->counts[number] = records[i].rank;
        numbers->collected++;
        free(numbers->last_key);
        numbers->last_key = malloc(records[i].key_size + 1);
        memcpy(numbers->last_key, records[i].key, records[i].key_size);
        numbers->last_size = records[i].key_size;
        numbers->last_rank = records[i].rank;
    }
    return 0;
}

void numbers_job(struct numbers *numbers, struct mr_job_spec *spec)
{
    if (numbers->step == 0)
        numbers->step = 1;
    numbers->counts = calloc(numbers->keys, sizeof *numbers->counts);
    ck_assert_ptr_nonnull(numbers->counts);
    const struct mr_reader reader = {
        .struct_size = sizeof reader,
        .context = numbers,
        .size = numbers->endless ? MR_UNKNOWN : numbers->splits * numbers->each,
        .next = next_split,
        .release = release_split,
    };
    *spec = (struct mr_job_spec){
        .struct_size = sizeof *spec,
        .context = numbers,
        .input = mr_input_new(&reader),
        .map = map_numbers,
        .order = (enum mr_order)abs(numbers->order),
        .reverse = numbers->order < 0,
        .collect = collect,
    };
    ck_assert_ptr_nonnull(spec->input);
}

void numbers_check(struct numbers *numbers)
{
    uint64_t all = numbers->splits * numbers->each;
    ck_assert(!numbers->wrong);
    ck_assert_uint_eq(numbers->collected, all < numbers->keys ? all : numbers->keys);
    uint64_t rest = all % numbers->keys;
    bool *more = calloc(numbers->keys, sizeof *more);
    ck_assert_ptr_nonnull(more);
    for (uint64_t n = 0; n < rest; n++)
        more[n * numbers->step % numbers->keys] = true;
    /* One assertion, as check notes each that passes. */
    uint64_t key = 0;
    while (key < numbers->keys && numbers->counts[key] == all / numbers->keys + more[key])
        key++;
    ck_assert_msg(key == numbers->keys, "key %ju was counted %ju times", (uintmax_t)key,
                  (uintmax_t)(key < numbers->keys ? numbers->counts[key] : 0));
    free(more);
    free(numbers->counts);
    free(numbers->last_key);
    numbers->counts = NULL;
    numbers->last_key = NULL;
    numbers->last_size = 0;
    numbers->next = numbers->collected = 0;
}
