/* SPDX-License-Identifier: MIT
 *
 * columns_rows - rows to values, and two values to one.
 */
#include <stdio.h>

#include "base/excerpt.h"
#include "values/columns_layout.h"

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

/* Reads a row's fields into its value; false where one is wrong. */
static inline bool parse_row(const struct columns *columns, const struct mr_bytes *texts,
                             uint64_t *value, struct decimal *numbers, char *reason)
{
    for (size_t i = 0; i < columns->field_count; i++) {
        const struct columns_field *field = &columns->fields[i];
        const struct mr_bytes *text = &texts[i];
        enum decimal_fault fault = DECIMAL_OK;
        struct decimal number;

        if (text->data == NULL)
            fault = DECIMAL_NONE;
        else if (field->is_number)
            fault = decimal_parse(text->data, text->size, &number);
        if (fault != DECIMAL_OK) {
            if (reason != NULL)
                tell(field, text, fault, reason);
            return false;
        }
        if (!field->is_number)
            continue;
        for (unsigned slot = 0; slot < COLUMNS_SLOTS; slot++) {
            if (field->words[slot] != 0)
                sum_set(columns->sums, (struct sum *)(value + field->words[slot] - 1), &number);
        }
        if (numbers != NULL)
            numbers[i] = number;
    }
    return true;
}

size_t columns_parse(const struct columns *columns, const struct mr_bytes *fields, size_t rows,
                     void *values, size_t stride, struct decimal *numbers,
                     char reason[COLUMNS_REASON_ROOM])
{
    for (size_t row = 0; row < rows; row++) {
        uint64_t *value = (uint64_t *)((unsigned char *)values + row * stride);
        size_t at = row * columns->field_count;
        if (columns->has_count)
            value[0] = 1;
        if (!parse_row(columns, fields + at, value, numbers != NULL ? numbers + at : NULL, reason))
            return row;
    }
    return rows;
}

size_t columns_rows(void *columns, const struct mr_bytes *fields, size_t rows, void *values,
                    char reason[COLUMNS_REASON_ROOM])
{
    return columns_parse(columns, fields, rows, values, columns_value_size(columns), NULL, reason);
}

void columns_combine(void *context, void *into, const void *from)
{
    const struct columns *columns = context;
    uint64_t *a = into;
    const uint64_t *b = from;

    if (columns->has_count)
        a[0] += b[0];
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
