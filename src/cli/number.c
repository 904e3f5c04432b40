/* SPDX-License-Identifier: MIT
 *
 * number - numbers and lists of them as arguments; see number.h.
 */
#include "cli/number.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/* Reads the digits at *s and moves *s past them. Returns 0, EINVAL for no digit, ERANGE. */
static int number_digits(const char **s, uint64_t *value)
{
    const char *p = *s;
    uint64_t sum = 0;
    int status = 0;

    for (; *p >= '0' && *p <= '9'; p++) {
        if (__builtin_mul_overflow(sum, 10U, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(*p - '0'), &sum))
            status = ERANGE; /* go on: what follows may be no number at all */
    }
    if (p == *s)
        return EINVAL;
    *s = p;
    *value = sum;
    return status;
}

int number_parse(const char *s, uint64_t least, uint64_t most, uint64_t *value)
{
    uint64_t got = 0;
    int status = number_digits(&s, &got);

    if (status == EINVAL || *s != '\0')
        return EINVAL;
    if (status != 0 || got < least || got > most)
        return ERANGE;
    *value = got;
    return 0;
}

int number_parse_span(const char *s, uint64_t least, uint64_t most, uint64_t *first, uint64_t *last)
{
    uint64_t from = 0;
    uint64_t to = 0;
    int status = number_digits(&s, &from);
    int second = 0;

    if (status == EINVAL)
        return EINVAL;
    to = from;
    if (*s == '-') {
        s++;
        second = number_digits(&s, &to);
    }
    if (second == EINVAL || *s != '\0')
        return EINVAL;
    if (status != 0 || second != 0 || from < least || to > most || from > to)
        return ERANGE;
    *first = from;
    *last = to;
    return 0;
}

/* Reads one range of a LIST and moves *s past it. */
static const char *number_range(const char **s, struct range *range)
{
    const char *p = *s;
    uint64_t first = 1;
    uint64_t last = 0;
    int status;
    bool open_left = *p == '-';

    if (!open_left) {
        status = number_digits(&p, &first);
        if (status == EINVAL)
            return "not a number, a range or a list of them";
        if (status == ERANGE || first == UINT64_MAX)
            return "a field number is too large";
        last = first;
    }
    if (*p == '-') {
        p++;
        status = number_digits(&p, &last);
        if (status == EINVAL) {
            if (open_left)
                return "a range with no end points";
            last = UINT64_MAX;
        } else if (status == ERANGE || last == UINT64_MAX) {
            return "a field number is too large";
        }
    }
    if (*p != '\0' && *p != ',' && *p != ' ' && *p != '\t')
        return "not a number, a range or a list of them";
    if (first == 0 || last == 0)
        return "fields are numbered from 1";
    if (last < first)
        return "a range that decreases";
    *s = p;
    range->first = first;
    range->last = last;
    return NULL;
}

const char number_no_memory[] = "out of memory";

const char *number_parse_list(const char *s, struct range **ranges, size_t *count)
{
    struct range *list;
    size_t used = 0;
    size_t room = 1;

    for (const char *p = s; *p != '\0'; p++)
        room += *p == ',' || *p == ' ' || *p == '\t';
    list = calloc(room, sizeof *list);
    if (list == NULL)
        return number_no_memory;
    for (;;) {
        const char *wrong = number_range(&s, &list[used]);
        if (wrong != NULL) {
            free(list);
            return wrong;
        }
        used++;
        if (*s == '\0')
            break;
        s++;
    }

    *ranges = list;
    *count = range_merge(list, used);
    return NULL;
}
