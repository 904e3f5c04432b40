/* SPDX-License-Identifier: MIT
 *
 * columns_record - values to results, and these to texts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/excerpt.h"
#include "values/columns_layout.h"
#include "values/columns_packed.h"
#include "values/decimal_code.h"

#define RANK_BYTES DECIMAL_CODE_WORD

/* What mostly does for the texts of a result, or for a key with the end of a code before it. */
#define USUAL_ROOM 1024

static int no_memory(struct mr_error *error)
{
    mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    return -1;
}

/* ---- Values to numbers ---------------------------------------------------------------------- */

static int too_long(const struct column *column, const void *key, size_t key_size,
                    struct mr_error *error)
{
    char excerpt[EXCERPT_ROOM];

    excerpt_write(key, key_size, excerpt);
    return mr_fail(error, 0, "the %s of %s for key '%s' has more than %d digits",
                   column->op == COLUMN_MEAN ? "mean" : "sum", column->what, excerpt,
                   DECIMAL_DIGITS);
}

int columns_finish(const struct columns *columns, void *total, const void *key, size_t key_size,
                   const void *value, struct decimal *numbers, struct mr_error *error)
{
    const uint64_t *words = value, count = columns_count(columns, value);
    struct sum alone;

    if (columns->counted) {
        alone = sum_counted_sum(value);
        words = &alone.low;
    }
    if (sums_failed(columns->sums))
        return no_memory(error);
    for (size_t i = 0; i < columns->count; i++) {
        const struct column *column = &columns->columns[i];
        enum decimal_fault fault = DECIMAL_OK;

        if (column->op == COLUMN_COUNT) {
            numbers[i] = (struct decimal){(__int128)count, 0};
            continue;
        }
        if (column->op == COLUMN_QUANTILE || column->op == COLUMN_DISTINCT)
            continue;
        enum columns_slot slot = columns_slot_of(column->op);
        const struct sum *sum =
            (const struct sum *)(words + columns->fields[column->field].words[slot] - 1);
        if (column->op == COLUMN_SUM)
            fault = sum_total(sum, &numbers[i]);
        else if (column->op == COLUMN_MEAN)
            fault = sum_mean(sum, count, &numbers[i]);
        else
            sum_decimal(sum, &numbers[i]);
        if (fault != DECIMAL_OK)
            return too_long(column, key, key_size, error);
    }
    return total == NULL
               ? 0
               : columns_total_add(total, columns->columns, key, key_size, numbers, error);
}

/* Whether its count, which a failure may have made wrong, lets a key give a result. */
static inline bool is_wanted(const struct columns *columns, const void *value)
{
    if (!columns->bounded)
        return true;
    const uint64_t count = columns_count(columns, value);
    return (count >= columns->min_count && count <= columns->max_count) ||
           sums_failed(columns->sums);
}

/* Whether the words of a value hold all of a sum which is not negative, as they mostly do. */
static bool is_plain(const struct columns *columns, const uint64_t *words)
{
    return (words[0] & SUM_SIGN) == 0 && words[1] >> (columns->counted ? SUM_COUNTED_BITS : 0) == 0;
}

uint64_t columns_rank(void *context, const void *value, unsigned char *payload,
                      size_t *payload_size)
{
    const struct columns *columns = context;
    const uint64_t *words = value;

    if (!is_plain(columns, words) || !is_wanted(columns, value) || sums_failed(columns->sums))
        return 0;
    if (columns->packs)
        *payload_size = columns_packed_put(words, payload);
    return columns->order == COLUMNS_BY_FIRST ? columns_packed_code(columns->columns[0].op, words)
                                              : 1;
}

bool columns_ranks(const struct columns *columns)
{
    return columns->ranks;
}

int columns_reduce(void *context, void *state, const void *key, size_t key_size,
                   struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    const struct columns *columns = context;
    const void *value = mr_values_next(values, NULL);
    struct decimal usual[4] = {{0, 0}}, *numbers = usual;
    int rc = -1;

    if (value == NULL)
        return -1;
    /* Of a total keys without a result are a part, too. */
    if (state == NULL && !is_wanted(columns, value))
        return 0;
    if (columns->count > sizeof usual / sizeof *usual) {
        numbers = malloc(columns->count * sizeof *numbers);
        if (numbers == NULL)
            return no_memory(error);
    }
    if (columns_finish(columns, state, key, key_size, value, numbers, error) == 0)
        rc = is_wanted(columns, value)
                 ? columns_put(columns, results, key, key_size, numbers, error)
                 : 0;
    if (numbers != usual)
        free(numbers);
    return rc;
}

int columns_reducer_open(void *context, void **state, struct mr_error *error)
{
    const struct columns *columns = context;

    *state = columns->totals != NULL ? columns_totals_part(columns->totals) : NULL;
    return columns->totals == NULL || *state != NULL ? 0 : no_memory(error);
}

int columns_total(const struct columns *columns, struct decimal *total, struct mr_error *error)
{
    if (columns_totals_sum(columns->totals, total) == DECIMAL_OK)
        return 0;
    return mr_fail(error, 0, "the sum of %s of all keys has more than %d digits",
                   columns->columns[0].what, DECIMAL_DIGITS);
}

/* ---- Numbers to records --------------------------------------------------------------------- */

enum mr_order columns_mr_order(const struct columns *columns)
{
    return columns->order == COLUMNS_BY_FIRST ? MR_ORDER_RANK : MR_ORDER_KEY;
}

/* Writes what the text of a number has behind that of its code, which is of the number without
 * zeros at the end: ".00", or "0". */
static size_t put_zeros(const struct decimal *decimal, unsigned bare_scale, unsigned char *out)
{
    size_t size = 0;

    if (decimal->scale > bare_scale && bare_scale == 0)
        out[size++] = '.';
    memset(out + size, '0', decimal->scale - bare_scale);
    return size + decimal->scale - bare_scale;
}

/* The rank of a number without zeros at its end, and the size of its bare code; that is written
 * where it is longer. */
static uint64_t rank_of(const struct decimal *number, unsigned char code[DECIMAL_CODE_ROOM],
                        size_t *size)
{
    const bool small = number->digits >= 0 && number->digits < (__int128)DECIMAL_CODE_SMALL;
    const uint64_t rank =
        small ? decimal_code_bare_digits((uint64_t)number->digits, number->scale) : 0;

    *size = RANK_BYTES;
    if (rank != 0)
        return rank;
    *size = decimal_code_bare(number, code);
    if (*size < RANK_BYTES)
        memset(code + *size, 0, RANK_BYTES - *size);
    return decimal_code_load(code);
}

/* Puts a result with a code that its rank does not hold: what is left of it goes before the key. */
static enum mr_status put_long(struct mr_results *results, const struct mr_record *record,
                               const unsigned char *code, size_t code_size)
{
    unsigned char usual[USUAL_ROOM], *key = usual;
    enum mr_status status;

    if (record->key_size + code_size > sizeof usual) {
        key = malloc(record->key_size + code_size);
        if (key == NULL)
            return MR_NOMEM;
    }
    for (size_t i = 0; i < code_size; i++)
        key[i] = (unsigned char)~code[i];
    memcpy(key + code_size, record->key, record->key_size);
    status = mr_put(results, key, record->key_size + code_size, record->rank, record->payload,
                    record->payload_size);
    if (key != usual)
        free(key);
    return status;
}

/* Puts a result whose texts have room in `texts`. */
static enum mr_status put(const struct columns *columns, struct mr_results *results,
                          struct mr_record *record, const struct decimal *numbers,
                          unsigned char *texts)
{
    unsigned char code[DECIMAL_CODE_ROOM];
    size_t code_size = 0, size = 0, next = 0;

    if (columns->order == COLUMNS_BY_FIRST) {
        struct decimal bare = numbers[0];
        decimal_strip(&bare);
        record->rank = rank_of(&bare, code, &code_size);
        size = put_zeros(&numbers[0], bare.scale, texts);
        next = 1;
    }
    for (; next < columns->count; next++) {
        if (next > 0)
            texts[size++] = '\t';
        size += decimal_print(&numbers[next], texts + size);
    }
    record->payload = texts;
    record->payload_size = size;
    if (code_size > RANK_BYTES)
        return put_long(results, record, code + RANK_BYTES, code_size - RANK_BYTES);
    return mr_put(results, record->key, record->key_size, record->rank, texts, size);
}

int columns_put(const struct columns *columns, struct mr_results *results, const void *key,
                size_t key_size, const struct decimal *numbers, struct mr_error *error)
{
    unsigned char usual[USUAL_ROOM], *texts = usual;
    struct mr_record record = {.key = key, .key_size = key_size};
    enum mr_status status;

    /* Each with the TAB before it. */
    if (columns->count * (DECIMAL_ROOM + 1) > sizeof usual) {
        texts = malloc(columns->count * (DECIMAL_ROOM + 1));
        if (texts == NULL)
            return no_memory(error);
    }
    status = put(columns, results, &record, numbers, texts);
    if (texts != usual)
        free(texts);
    if (status == MR_NOMEM)
        return no_memory(error);
    return status == MR_OK ? 0 : -1;
}

/* ---- Records to texts ----------------------------------------------------------------------- */

/* Decodes what the rank and the beginning of the key are the code of, as far as it is not in the
 * rank: that is taken off the key. */
static void decode_first(const struct mr_record *record, struct mr_bytes *key,
                         struct decimal *first)
{
    unsigned char code[RANK_BYTES + DECIMAL_CODE_ROOM];
    size_t size;

    /* As much of the key as may belong to a code: that says itself where it ends. */
    const size_t behind = key->size < DECIMAL_CODE_ROOM ? key->size : DECIMAL_CODE_ROOM;
    decimal_code_store(code, record->rank);
    for (size_t i = 0; i < behind; i++)
        code[RANK_BYTES + i] = (unsigned char)~key->data[i];
    size = decimal_decode_bare(code, first);
    if (size > RANK_BYTES) {
        key->data += size - RANK_BYTES;
        key->size -= size - RANK_BYTES;
    }
}

size_t columns_record_room(const struct columns *columns)
{
    return columns->packs ? columns->count * (DECIMAL_ROOM + 1) : DECIMAL_ROOM;
}

size_t columns_record(const struct columns *columns, const struct mr_record *record,
                      struct mr_bytes *key, unsigned char *texts)
{
    const bool ranked = columns->order == COLUMNS_BY_FIRST;
    struct decimal first;
    size_t size = 0;

    *key = (struct mr_bytes){record->key, record->key_size};
    if (record->payload_size > 0 && (record->payload[0] & COLUMNS_PACKED) != 0)
        return columns_packed_print(columns, record, ranked, texts);
    if (ranked) {
        size = decimal_code_print(record->rank, texts);
        if (size == 0) {
            decode_first(record, key, &first);
            size = decimal_print(&first, texts);
        }
    }
    if (record->payload_size > 0)
        memcpy(texts + size, record->payload, record->payload_size);
    return size + record->payload_size;
}
