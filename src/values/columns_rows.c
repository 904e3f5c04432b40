/* SPDX-License-Identifier: MIT
 *
 * columns_rows - rows to values, and two values to one.
 */
#include <stdio.h>

#include "base/excerpt.h"
#include "values/columns_layout.h"
#include "values/decimal_plain.h"

_Static_assert(DECIMAL_PAD <= MR_PAD, "as many bytes can be read behind a field");

static void tell(const struct columns_field *field, const struct mr_bytes *text,
                 enum decimal_fault fault, char reason[COLUMNS_REASON_ROOM])
{
    char excerpt[EXCERPT_ROOM];

    if (text->data == NULL) {
        snprintf(reason, COLUMNS_REASON_ROOM, "there is no %s", field->what);
        return;
    }
    excerpt_write(text->data, text->size, excerpt);
    snprintf(reason, COLUMNS_REASON_ROOM,
             fault == DECIMAL_NONE ? "%s is no number: '%s'"
                                   : "%s has more than 38 digits, or 18 behind the point: '%s'",
             field->what, excerpt);
}

/* A number of any form, whose text is there, into all places of its field. */
static __attribute__((noinline)) enum decimal_fault
parse_any(const struct columns *columns, const struct columns_field *field,
          const struct mr_bytes *text, uint64_t *value, struct decimal *number)
{
    enum decimal_fault fault = decimal_parse(text->data, text->size, number);

    for (size_t i = 0; fault == DECIMAL_OK && i < field->kept_count; i++)
        sum_set(columns->sums, (struct sum *)(value + field->kept[i]), number);
    return fault;
}

/* As sum_set would make it, whose words have room for more digits. */
static inline struct sum sum_of_plain(const struct decimal_plain *plain)
{
    const bool negative = plain->negative && plain->digits != 0;

    return (struct sum){
        plain->digits << SUM_TAG_BITS | (negative ? SUM_SIGN : 0) | plain->scale,
        0,
    };
}

/* A field into all its places in a value. Returns false where it is wrong. */
static inline bool parse_field(const struct columns *columns, const struct columns_field *field,
                               const struct mr_bytes *text, uint64_t *value, struct decimal *number,
                               char *reason)
{
    enum decimal_fault fault = DECIMAL_NONE;
    struct decimal_plain plain;

    if (text->data != NULL && !field->is_number)
        return true;
    if (text->data != NULL && decimal_plain_read(text->data, text->size, true, &plain)) {
        const struct sum sum = sum_of_plain(&plain);
        for (size_t i = 0; i < field->kept_count; i++)
            *(struct sum *)(value + field->kept[i]) = sum;
        if (number != NULL) {
            number->digits = plain.negative ? -(__int128)plain.digits : (__int128)plain.digits;
            number->scale = plain.scale;
        }
        return true;
    }

    struct decimal any;
    if (text->data != NULL)
        fault = parse_any(columns, field, text, value, number != NULL ? number : &any);
    if (fault != DECIMAL_OK && reason != NULL)
        tell(field, text, fault, reason);
    return fault == DECIMAL_OK;
}

/* Apart, so that the loop of sums alone saves no registers for it. */
static __attribute__((noinline)) bool parse_field_apart(const struct columns *columns,
                                                        const struct mr_bytes *text,
                                                        uint64_t *value, char *reason)
{
    if (!parse_field(columns, &columns->fields[0], text, value, NULL, reason))
        return false;
    if (columns->counted) {
        const struct sum sum = *(const struct sum *)value;
        sum_counted_set(columns->sums, (struct sum_counted *)value, &sum, 1);
    }
    return true;
}

/* The first word of a sum of one number, as most that are not short are. */
static bool parse_plain(const struct mr_bytes *text, uint64_t *low)
{
    struct decimal_plain plain;

    if (!decimal_plain_read(text->data, text->size, true, &plain))
        return false;
    *low = sum_of_plain(&plain).low;
    return true;
}

/* As columns_parse, of rows with one field, of which a sum is all that is kept, or it and the
 * count: more than half of all runs, in half the instructions. Both kinds of sums have the same
 * words where they are small, but for the count in the second. */
static size_t parse_totals(const struct columns *columns, const struct mr_bytes *texts, size_t rows,
                           uint64_t *values, char *reason)
{
    const struct decimal_batch_form form = {SUM_TAG_BITS, columns->counted};

    for (size_t row = 0; row < rows;) {
        row += columns->batch(texts + row, rows - row, &form, values + 2 * row);
        /* What is anything else, and what was looked at with it. */
        const size_t left = rows - row;
        const size_t end = row + (left < DECIMAL_BATCH_TOGETHER ? left : DECIMAL_BATCH_TOGETHER);
        for (; row < end; row++) {
            const struct mr_bytes *text = &texts[row];
            uint64_t *value = values + 2 * row;
            value[1] = form.second;
            if ((text->data == NULL || !parse_plain(text, value)) &&
                !parse_field_apart(columns, text, value, reason))
                return row;
        }
    }
    return rows;
}

size_t columns_parse(const struct columns *columns, const struct mr_bytes *fields, size_t rows,
                     void *values, size_t stride, struct decimal *numbers,
                     char reason[COLUMNS_REASON_ROOM])
{
    size_t width = columns->field_count;
    const struct mr_bytes *text = fields;

    for (size_t row = 0; row < rows; row++) {
        uint64_t *value = (uint64_t *)((unsigned char *)values + row * stride);
        if (columns->has_count)
            value[0] = 1;
        for (size_t i = 0; i < width; i++, text++) {
            struct decimal *number = numbers != NULL ? numbers + row * width + i : NULL;
            if (!parse_field(columns, &columns->fields[i], text, value, number, reason))
                return row;
        }
    }
    return rows;
}

size_t columns_rows(void *columns, const struct mr_bytes *fields, size_t rows, void *values,
                    char reason[COLUMNS_REASON_ROOM])
{
    const struct columns *what = columns;

    if (what->one_total && !what->has_count)
        return parse_totals(what, fields, rows, values, reason);
    return columns_parse(what, fields, rows, values, columns_value_size(what), NULL, reason);
}

/* Apart, so that the way of a sum alone saves no registers. */
static __attribute__((noinline)) void combine_kept(const struct columns *columns, uint64_t *a,
                                                   const uint64_t *b)
{
    for (size_t i = 0; i < columns->kept_count; i++) {
        const struct columns_kept *kept = &columns->kept[i];
        struct sum *x = (struct sum *)(a + kept->word);
        const struct sum *y = (const struct sum *)(b + kept->word);
        if (kept->slot == COLUMNS_TOTAL)
            sum_add(columns->sums, x, y);
        else if (kept->slot == COLUMNS_LEAST)
            sum_least(columns->sums, x, y);
        else
            sum_greatest(columns->sums, x, y);
    }
}

void columns_combine(void *context, void *into, const void *from)
{
    const struct columns *columns = context;
    uint64_t *a = into;
    const uint64_t *b = from;

    if (columns->counted) {
        sum_counted_add(columns->sums, into, from);
        return;
    }
    if (columns->has_count)
        *a++ += *b++;
    if (columns->one_total)
        sum_add(columns->sums, (struct sum *)a, (const struct sum *)b);
    else
        combine_kept(columns, into, from);
}
