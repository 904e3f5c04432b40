/* SPDX-License-Identifier: MIT
 *
 * setup_values - what is computed for a key; see setup_values.h.
 */
#include "setup_values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/excerpt.h"
#include "base/total.h"
#include "cli/shares.h"

/* What a place is in parts of. */
#define PLACE_DECIMALS 18

/* What is written of a row goes from values to text as it is. */
_Static_assert(AMOUNT_ROOM >= TOTAL_ROOM && AMOUNT_ROOM >= DECIMAL_DIGITS + 3,
               "any total has room");
_Static_assert(COLUMNS_REASON_ROOM == ROWS_REASON, "one room for a reason");

/* ---- What is wanted ----------------------------------------------------------------------- */

/* What messages call the field; NULL when memory is out. */
static char *values_what(const struct computed_column *column, bool groups)
{
    const char *kind = groups ? "group" : "field";
    char name[EXCERPT_ROOM];
    char *what;
    int size;

    if (column->named) {
        excerpt_write(column->field, strlen(column->field), name);
        size = asprintf(&what, "%s '%s'", kind, name);
    } else {
        size = asprintf(&what, "%s %ju", kind, (uintmax_t)column->number);
    }
    return size < 0 ? NULL : what;
}

static bool values_is(const struct rows_field *field, const struct computed_column *column)
{
    return column->named ? field->name != NULL && strcmp(field->name, column->field) == 0
                         : field->name == NULL && field->number == column->number;
}

/* Finds the field among those that other columns have, or adds it: its number is set in *found.
 * Returns -1 when memory is out. */
static int values_field(struct setup_values *values, const struct computed_column *column,
                        bool groups, unsigned *found)
{
    size_t i = 0;

    while (i < values->field_count && !values_is(&values->fields[i], column))
        i++;
    *found = (unsigned)i;
    if (i < values->field_count)
        return 0;
    values->fields[i] = (struct rows_field){column->number, column->named ? column->field : NULL};
    values->whats[i] = values_what(column, groups);
    if (values->whats[i] == NULL)
        return -1;
    values->field_count++;
    return 0;
}

/* Fills in values->wanted and what it rests on. Returns -1 when memory is out. */
static int values_want(struct setup_values *values, const struct options *options)
{
    static const enum column_op ops[] = {
        [COMPUTED_COUNT] = COLUMN_COUNT,       [COMPUTED_SUM] = COLUMN_SUM,
        [COMPUTED_MIN] = COLUMN_MIN,           [COMPUTED_MAX] = COLUMN_MAX,
        [COMPUTED_MEAN] = COLUMN_MEAN,         [COMPUTED_MEDIAN] = COLUMN_QUANTILE,
        [COMPUTED_QUANTILE] = COLUMN_QUANTILE, [COMPUTED_DISTINCT] = COLUMN_DISTINCT,
    };
    const struct computed *computed = &options->computed;

    values->wanted = calloc(computed->count, sizeof *values->wanted);
    values->fields = calloc(computed->count, sizeof *values->fields);
    values->whats = calloc(computed->count, sizeof *values->whats);
    if (values->wanted == NULL || values->fields == NULL || values->whats == NULL)
        return -1;
    for (size_t i = 0; i < computed->count; i++) {
        const struct computed_column *column = &computed->columns[i];
        struct column *wanted = &values->wanted[i];
        wanted->op = ops[column->op];
        wanted->place = (struct decimal){(__int128)column->place, PLACE_DECIMALS};
        decimal_strip(&wanted->place);
        if (column->op == COMPUTED_COUNT)
            continue;
        if (values_field(values, column, options->kind == OPTIONS_MATCHES, &wanted->field) != 0)
            return -1;
        wanted->what = values->whats[wanted->field];
    }
    return 0;
}

/* ---- The hooks of text, of the job and of the report -------------------------------------- */

static size_t values_parse(void *columns, const struct mr_bytes *fields, size_t rows, void *values,
                           struct rows_fault *fault)
{
    return columns_rows(columns, fields, rows, values, fault != NULL ? fault->reason : NULL);
}

static size_t values_parse_group(void *groups, const struct mr_bytes *fields, size_t rows,
                                 void *values, struct rows_fault *fault)
{
    return groups_parse(groups, fields, rows, values, fault != NULL ? fault->reason : NULL);
}

static int values_emit_group(void *groups, void *state, struct mr_emitter *emitter,
                             const struct rows_batch *rows, struct mr_error *error)
{
    const struct groups_batch batch = {rows->base, rows->size, rows->keys, rows->count,
                                       rows->values};

    return groups_emit(groups, state, emitter, &batch, error);
}

static size_t values_record(const void *columns, const struct mr_record *record,
                            struct mr_bytes *key, unsigned char *texts)
{
    return columns_record(columns, record, key, texts);
}

static int values_mapper_open(void *context, void **state, struct mr_error *error)
{
    struct setup_values *values = context;

    return tokenizer_mapper_open(values->tokenizer, state, error);
}

static int values_map(void *context, void *state, const struct mr_split *split,
                      struct mr_emitter *emitter, struct mr_error *error)
{
    struct setup_values *values = context;

    return tokenizer_map(values->tokenizer, state, split, emitter, error);
}

static int values_mapper_end(void *context, void *state, struct mr_emitter *emitter,
                             struct mr_error *error)
{
    struct setup_values *values = context;

    return tokenizer_mapper_end(values->tokenizer, state, emitter, error);
}

static void values_mapper_close(void *context, void *state)
{
    struct setup_values *values = context;

    tokenizer_mapper_close(values->tokenizer, state);
}

static void values_combine(void *context, void *into, const void *from)
{
    struct setup_values *values = context;

    columns_combine(values->columns, into, from);
}

static int values_reducer_open(void *context, void **state, struct mr_error *error)
{
    struct setup_values *values = context;

    return groups_reducer_open(values->groups, state, error);
}

static int values_reduce_group(void *context, void *state, const void *key, size_t key_size,
                               struct mr_values *of, struct mr_results *results,
                               struct mr_error *error)
{
    struct setup_values *values = context;

    return groups_reduce(values->groups, state, key, key_size, of, results, error);
}

static void values_reducer_close(void *context, void *state)
{
    struct setup_values *values = context;

    groups_reducer_close(values->groups, state);
}

static int values_total_open(void *context, void **state, struct mr_error *error)
{
    struct setup_values *values = context;

    return columns_reducer_open(values->columns, state, error);
}

static int values_reduce(void *context, void *state, const void *key, size_t key_size,
                         struct mr_values *of, struct mr_results *results, struct mr_error *error)
{
    struct setup_values *values = context;

    return columns_reduce(values->columns, state, key, key_size, of, results, error);
}

static uint64_t values_rank(void *context, const void *value, unsigned char *payload,
                            size_t *payload_size)
{
    const struct setup_values *values = context;

    return columns_rank(values->columns, value, payload, payload_size);
}

/* ---- Values that are combined two by two, and those of which a reduce needs all -------------- */

static void values_rows_of_columns(struct setup_values *values)
{
    values->rows.value_size = columns_value_size(values->columns);
    values->rows.parse = values_parse;
    values->rows.context = values->columns;
}

static void values_rows_of_groups(struct setup_values *values)
{
    values->rows.value_size = groups_row_size(values->groups);
    values->rows.parse = values_parse_group;
    values->rows.emit = values_emit_group;
    values->rows.open = groups_mapper_open;
    values->rows.end = groups_mapper_end;
    values->rows.close = groups_mapper_close;
    values->rows.context = values->groups;
}

/* ---- Outside ------------------------------------------------------------------------------ */

int setup_values_open(struct setup_values *values, const struct options *options,
                      struct mr_error *error)
{
    values->differs = options->diff;
    if (values->differs)
        values->encode = (struct encode_columns){
            .record = difference_record,
            .room = DIFFERENCE_ROOM,
        };
    if (options->computed.count == 0)
        return 0;
    if (values_want(values, options) != 0)
        return (int)mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    values->options = (struct columns_options){
        .columns = values->wanted,
        .count = options->computed.count,
        .field_count = values->field_count,
        .min_count = options->min_count,
        .max_count = options->max_count,
        .total = shares_wanted(options) && options->computed.columns[0].op == COMPUTED_SUM,
        .order = options->sort == OPTIONS_SORT_COUNT ? COLUMNS_BY_FIRST : COLUMNS_BY_KEY,
    };
    if (columns_open(&values->options, &values->columns, error) != 0 ||
        (columns_need_pairs(values->columns) &&
         groups_open(&values->options, values->columns, &values->groups, error) != 0))
        return -1;
    values->rows = (struct rows_options){
        .fields = values->fields,
        .field_count = values->field_count,
        .skip_invalid = options->skip_invalid,
    };
    if (values->groups != NULL)
        values_rows_of_groups(values);
    else
        values_rows_of_columns(values);
    values->encode = (struct encode_columns){
        .record = values_record,
        .context = values->columns,
        .room = columns_record_room(values->columns),
    };
    return 0;
}

const struct rows_options *setup_values_rows(const struct setup_values *values)
{
    return values->columns != NULL ? &values->rows : NULL;
}

void setup_values_job(struct setup_values *values, struct mr_job_spec *spec)
{
    if (values->differs) {
        spec->values = MR_COMBINE;
        spec->value_size = DIFFERENCE_WORDS * sizeof(uint64_t);
        spec->combine = difference_combine;
        spec->reduce = difference_reduce;
    }
    if (values->columns == NULL)
        return;
    spec->context = values;
    spec->mapper_open = values_mapper_open;
    spec->map = values_map;
    if (values->rows.end != NULL)
        spec->mapper_end = values_mapper_end;
    spec->mapper_close = values_mapper_close;
    if (values->groups == NULL) {
        spec->values = MR_COMBINE;
        spec->value_size = values->rows.value_size;
        spec->combine = values_combine;
        spec->add_tag = columns_add_tag(values->columns);
        spec->add_guard = columns_add_guard(values->columns);
        if (values->options.total)
            spec->reducer_open = values_total_open;
        spec->reduce = values_reduce;
        if (columns_ranks(values->columns))
            spec->rank = values_rank;
        return;
    }
    spec->values = MR_GROUP;
    spec->reducer_open = values_reducer_open;
    spec->reduce = values_reduce_group;
    spec->reducer_close = values_reducer_close;
}

int setup_values_total(void *context, char text[AMOUNT_ROOM], struct mr_error *error)
{
    const struct setup_values *values = context;
    struct decimal sum;
    unsigned char digits[DECIMAL_ROOM];

    if (!values->options.total) {
        const struct total total = tokenizer_total(values->tokenizer);
        total_format(&total, text);
        return 0;
    }
    if (columns_total(values->columns, &sum, error) != 0)
        return -1;
    const size_t size = decimal_print(&sum, digits);
    memcpy(text, digits, size);
    text[size] = '\0';
    return 0;
}

void setup_values_note(const struct setup_values *values, const struct tokenizer *tokenizer,
                       struct message *message)
{
    const uint64_t count = values->rows.skip_invalid ? tokenizer_rows_left_out(tokenizer) : 0;

    if (count > 0)
        message_note(message, "%ju line%s left out: a field is missing or no number",
                     (uintmax_t)count, count == 1 ? " was" : "s were");
}

void setup_values_close(struct setup_values *values)
{
    groups_close(values->groups);
    columns_close(values->columns);
    for (size_t i = 0; i < values->field_count; i++)
        free(values->whats[i]);
    free(values->whats);
    free(values->fields);
    free(values->wanted);
    *values = (struct setup_values){.columns = NULL};
}
