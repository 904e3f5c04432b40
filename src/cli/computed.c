/* SPDX-License-Identifier: MIT
 *
 * computed - what is computed for a key instead of its count; see computed.h.
 */
#include "cli/computed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/field_list.h"
#include "cli/number.h"

const char computed_no_memory[] = "out of memory";

static const char computed_bad_place[] =
    "P is a number from 0 to 1 of at most 18 digits behind the point";

/* Reads a P: decimal, without a sign or an exponent. */
static bool computed_place(const char *s, size_t size, uint64_t *place)
{
    uint64_t unit = COMPUTED_PLACES, whole = 0;
    bool fraction = false, digits = false;

    *place = 0;
    for (size_t i = 0; i < size; i++) {
        const unsigned digit = (unsigned)(s[i] - '0');
        if (s[i] == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (digit > 9)
            return false;
        digits = true;
        if (!fraction && (whole = whole * 10 + digit) > 1)
            return false;
        if (fraction && (unit /= 10) == 0 && digit > 0)
            return false;
        if (fraction)
            *place += digit * unit;
    }
    *place += whole * COMPUTED_PLACES;
    return digits && *place <= COMPUTED_PLACES;
}

static const char *computed_append(struct computed *computed, const struct computed_column *column,
                                   const char *field, size_t field_size)
{
    struct computed_column *more = realloc(computed->columns, (computed->count + 1) * sizeof *more);

    if (more == NULL)
        return computed_no_memory;
    computed->columns = more;
    more += computed->count;
    *more = *column;
    if (field != NULL && (more->field = strndup(field, field_size)) == NULL)
        return computed_no_memory;
    computed->count++;
    return NULL;
}

const char *computed_add(struct computed *computed, enum computed_op op, const char *argument)
{
    struct computed_column column = {.op = op, .place = COMPUTED_PLACES / 2};

    if (op != COMPUTED_QUANTILE)
        return computed_append(computed, &column, argument,
                               argument != NULL ? strlen(argument) : 0);
    /* A name may hold colons. */
    const char *colon = strrchr(argument, ':');
    if (colon == NULL)
        return "':' and P are missing";
    for (const char *p = colon; *p != '\0';) {
        column.given = ++p;
        column.given_size = strcspn(p, ",");
        if (!computed_place(p, column.given_size, &column.place))
            return computed_bad_place;
        const char *wrong =
            computed_append(computed, &column, argument, (size_t)(colon - argument));
        if (wrong != NULL)
            return wrong;
        p += column.given_size;
    }
    return NULL;
}

void computed_free(struct computed *computed)
{
    for (size_t i = 0; i < computed->count; i++)
        free(computed->columns[i].field);
    free(computed->columns);
    *computed = (struct computed){NULL, 0};
}

const char *computed_find(struct computed_column *column, bool names, bool groups)
{
    struct field_list list;

    column->number = 0;
    if (groups && strcmp(column->field, "0") == 0)
        return NULL;
    const char *wrong = field_list_parse(column->field, &list);
    if (wrong != NULL)
        return wrong == number_no_memory ? computed_no_memory : wrong;
    if (list.name_count + list.range_count != 1 ||
        (list.range_count == 1 && list.ranges->first != list.ranges->last))
        wrong = "more than one";
    else if (list.name_count == 1 && !names)
        wrong = "not a number";
    else if (list.name_count == 1)
        strcpy(column->field, *list.names); /* which is no longer than it was in quotes */
    else
        column->number = list.ranges->first;
    column->named = list.name_count == 1;
    field_list_free(&list);
    return wrong;
}

const char *computed_name(enum computed_op op)
{
    static const char *const names[] = {
        [COMPUTED_COUNT] = "count",       [COMPUTED_SUM] = "sum",
        [COMPUTED_MIN] = "min",           [COMPUTED_MAX] = "max",
        [COMPUTED_MEAN] = "mean",         [COMPUTED_MEDIAN] = "median",
        [COMPUTED_QUANTILE] = "quantile", [COMPUTED_DISTINCT] = "distinct",
    };

    return names[op];
}

size_t computed_heading_room(const struct computed_column *column)
{
    return strlen(computed_name(column->op)) +
           (column->field != NULL ? strlen(column->field) + 1 : 0) + column->given_size + 2;
}

void computed_heading(const struct computed_column *column, char *out)
{
    out = stpcpy(out, computed_name(column->op));
    if (column->field != NULL) {
        *out++ = '_';
        out = stpcpy(out, column->field);
    }
    if (column->given_size > 0) {
        *out++ = '_';
        out = mempcpy(out, column->given, column->given_size);
        *out = '\0';
    }
}
