/* SPDX-License-Identifier: MIT
 *
 * rows_fields - see rows_fields.h.
 */
#include "text/rows_fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/excerpt.h"

static int no_memory(struct mr_error *error)
{
    mr_error_set(error, MR_NOMEM, ENOMEM, "memory exhausted");
    return -1;
}

/* The group of an RE, or -1. */
static int group_in(const struct regex *regex, const struct rows_field *field)
{
    if (field->name)
        return regex_group_named(regex, field->name, strlen(field->name));
    return field->number <= regex_groups(regex) ? (int)field->number : -1;
}

static int no_group(const struct rows_field *field, size_t regexes, struct mr_error *error)
{
    const char *in = regexes > 1 ? "REs" : "RE";
    char name[EXCERPT_ROOM];

    if (!field->name) {
        mr_error_set(error, MR_INVALID, 0, "no group %ju in the %s", (uintmax_t)field->number, in);
        return -1;
    }
    excerpt_write(field->name, strlen(field->name), name);
    mr_error_set(error, MR_INVALID, 0, "no group '%s' in the %s", name, in);
    return -1;
}

static int find_groups(struct tokenizer *tokenizer, struct mr_error *error)
{
    const struct rows_options *rows = tokenizer->rows;
    const size_t count = rows->field_count, regexes = tokenizer->patterns->tokens;

    tokenizer->row_groups = malloc((count * regexes + 1) * sizeof *tokenizer->row_groups);
    if (!tokenizer->row_groups)
        return no_memory(error);
    for (size_t i = 0; i < count; i++) {
        bool any = false;
        for (size_t k = 0; k < regexes; k++) {
            const int group = group_in(tokenizer->patterns->regexes[k], &rows->fields[i]);
            tokenizer->row_groups[k * count + i] = group;
            any |= group >= 0;
        }
        if (!any)
            return no_group(&rows->fields[i], regexes, error);
    }
    return 0;
}

static int find_numbers(struct tokenizer *tokenizer, struct mr_error *error)
{
    const struct rows_options *rows = tokenizer->rows;

    tokenizer->row_fields = calloc(rows->field_count + 1, sizeof *tokenizer->row_fields);
    if (!tokenizer->row_fields)
        return no_memory(error);
    for (size_t i = 0; i < rows->field_count; i++) {
        const struct rows_field *field = &rows->fields[i];
        if (field->name && tokenizer->kind->next_field && !tokenizer->header) {
            mr_error_set(error, MR_INVALID, EINVAL, "a field by name needs a header");
            return -1;
        }
        tokenizer->row_fields[i] = field->name ? 0 : field->number;
    }
    return 0;
}

/* What a line that is condensed must keep. */
static int find_kept(struct tokenizer *tokenizer, struct mr_error *error)
{
    const size_t values = tokenizer->rows ? tokenizer->rows->field_count : 0;
    const size_t chosen = tokenizer->range_count;
    struct range *kept = malloc((chosen + values + 1) * sizeof *kept);

    tokenizer->kept_ranges = kept;
    if (!kept)
        return no_memory(error);
    if (chosen > 0)
        memcpy(kept, tokenizer->ranges, chosen * sizeof *kept);
    size_t count = chosen;
    for (size_t i = 0; i < values; i++) {
        const uint64_t number = tokenizer->row_fields[i];
        if (number > 0)
            kept[count++] = (struct range){number, number};
    }
    tokenizer->kept_count = range_merge(kept, count);
    return 0;
}

int rows_fields_open(struct tokenizer *tokenizer, const struct rows_options *rows,
                     struct mr_error *error)
{
    tokenizer->rows = rows;
    if (!rows)
        return find_kept(tokenizer, error);
    if (!tokenizer->kind->next_field && tokenizer->kind != &token_kind_matches) {
        mr_error_set(error, MR_INVALID, EINVAL, "values are of fields or matches");
        return -1;
    }
    if (find_numbers(tokenizer, error) != 0 || find_kept(tokenizer, error) != 0)
        return -1;
    return tokenizer->kind->next_field ? 0 : find_groups(tokenizer, error);
}

void rows_fields_close(struct tokenizer *tokenizer)
{
    free(tokenizer->row_fields);
    free(tokenizer->row_groups);
    free(tokenizer->kept_ranges);
}
