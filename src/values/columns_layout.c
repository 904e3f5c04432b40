/* SPDX-License-Identifier: MIT
 *
 * columns_layout - see columns.h: what values are is laid out here, columns_rows.c makes them, and
 * columns_record.c makes results of them.
 */
#include "values/columns_layout.h"

#include <errno.h>
#include <stdlib.h>

static bool is_pairs(enum column_op op)
{
    return op == COLUMN_QUANTILE || op == COLUMN_DISTINCT;
}

/* A count and one sum have two words together. */
static void lay_out_counted(struct columns *columns)
{
    columns->has_count = false;
    columns->counted = true;
    columns->fields[0].words[COLUMNS_TOTAL] = 1;
    columns->fields[0].kept[0] = 0;
    columns->kept[0].word = 0;
    columns->words = sizeof(struct sum_counted) / sizeof(uint64_t);
}

/* Gives each thing that is kept its place in a value. */
static void lay_out(struct columns *columns)
{
    columns->bounded = columns->min_count > 1 || columns->max_count < UINT64_MAX;
    columns->has_count = columns->bounded;
    for (size_t i = 0; i < columns->count; i++) {
        enum column_op op = columns->columns[i].op;
        columns->pairs |= is_pairs(op);
        columns->has_count |= op == COLUMN_COUNT || op == COLUMN_MEAN || is_pairs(op);
    }
    columns->words = columns->has_count;

    for (size_t i = 0; i < columns->count; i++) {
        const struct column *column = &columns->columns[i];
        if (column->op == COLUMN_COUNT)
            continue;
        struct columns_field *field = &columns->fields[column->field];
        field->what = column->what;
        field->is_number |= column->op != COLUMN_DISTINCT;
        enum columns_slot slot = columns_slot_of(column->op);
        if (is_pairs(column->op) || field->words[slot] != 0)
            continue;
        /* 1 for the first word: 0 says that there is none. */
        field->words[slot] = columns->words + 1;
        field->kept[field->kept_count++] = columns->words;
        columns->kept[columns->kept_count++] = (struct columns_kept){slot, columns->words};
        columns->words += sizeof(struct sum) / sizeof(uint64_t);
    }
    columns->one_total = columns->field_count == 1 && columns->kept_count == 1 &&
                         columns->kept[0].slot == COLUMNS_TOTAL;
    if (columns->one_total && columns->has_count && !columns->pairs)
        lay_out_counted(columns);
    columns->ranks = columns->one_total && !columns->pairs && columns->totals == NULL;
    columns->packs = columns->ranks && (columns->count > 1 || columns->order != COLUMNS_BY_FIRST);
}

int columns_open(const struct columns_options *options, struct columns **columns,
                 struct mr_error *error)
{
    struct columns *made = calloc(1, sizeof *made);

    *columns = NULL;
    if (made == NULL)
        goto fail;
    made->columns = options->columns;
    made->count = options->count;
    made->field_count = options->field_count;
    made->min_count = options->min_count;
    made->max_count = options->max_count > 0 ? options->max_count : UINT64_MAX;
    made->order = options->order;
    made->fields = calloc(made->field_count + 1, sizeof *made->fields);
    made->kept = calloc(made->count, sizeof *made->kept);
    made->sums = sums_open();
    made->batch = decimal_batch_select();
    if (options->total)
        made->totals = columns_totals_open();
    if (made->fields == NULL || made->kept == NULL || made->sums == NULL ||
        (options->total && made->totals == NULL))
        goto fail;
    lay_out(made);
    *columns = made;
    return 0;

fail:
    columns_close(made);
    mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    return -1;
}

void columns_close(struct columns *columns)
{
    if (columns == NULL)
        return;
    columns_totals_close(columns->totals);
    sums_close(columns->sums);
    free(columns->kept);
    free(columns->fields);
    free(columns);
}

bool columns_need_pairs(const struct columns *columns)
{
    return columns->pairs;
}

bool columns_is_number(const struct columns *columns, size_t field)
{
    return columns->fields[field].is_number;
}

size_t columns_value_size(const struct columns *columns)
{
    return columns->words * sizeof(uint64_t);
}

uint64_t columns_add_tag(const struct columns *columns)
{
    return columns->one_total ? SUM_SCALE | SUM_SIGN : 0;
}

uint64_t columns_add_guard(const struct columns *columns)
{
    return columns->counted ? SUM_COUNTED_GUARD : 0;
}

uint64_t columns_count(const struct columns *columns, const void *value)
{
    if (columns->counted)
        return sum_counted_count(value);
    return columns->has_count ? *(const uint64_t *)value : 0;
}
