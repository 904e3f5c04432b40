/* SPDX-License-Identifier: MIT
 *
 * size - amounts of bytes as people write and read them; see size.h.
 */
#include "cli/size.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const size_units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
#define SIZE_UNITS (sizeof size_units / sizeof *size_units)

/* value * total / 100 without overflow on the way. */
static int size_percent(uint64_t value, uint64_t total, uint64_t *bytes)
{
    uint64_t whole = total / 100;
    uint64_t rest = total % 100;
    uint64_t a;
    uint64_t b;

    if (__builtin_mul_overflow(whole, value, &a) || __builtin_mul_overflow(rest, value, &b) ||
        __builtin_add_overflow(a, b / 100, bytes))
        return ERANGE;
    return 0;
}

int size_parse(const char *s, uint64_t total_ram, uint64_t *bytes)
{
    uint64_t value = 0;
    uint64_t result;
    unsigned shift = 10;
    int overflow = 0;
    const char *p = s;

    for (; *p >= '0' && *p <= '9'; p++) {
        if (__builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
            overflow = 1; /* go on: junk further right is the better message */
    }
    if (p == s || (*p != '\0' && p[1] != '\0'))
        return EINVAL;
    switch (*p) {
    case '\0':
    case 'k':
    case 'K':
        break;
    case 'b':
    case '%':
        shift = 0;
        break;
    case 'm':
    case 'M':
        shift = 20;
        break;
    case 'g':
    case 'G':
        shift = 30;
        break;
    case 't':
    case 'T':
        shift = 40;
        break;
    case 'P':
        shift = 50;
        break;
    case 'E':
        shift = 60;
        break;
    default:
        return EINVAL;
    }
    if (overflow)
        return ERANGE;
    if (*p == '%') {
        if (size_percent(value, total_ram, &result) != 0)
            return ERANGE;
    } else if (__builtin_mul_overflow(value, UINT64_C(1) << shift, &result)) {
        return ERANGE;
    }
    *bytes = result;
    return 0;
}

/* Which unit, as an index; rounds as size_format_in will, so that "1000.0 kB" never shows. */
static unsigned size_unit_index(uint64_t bytes)
{
    unsigned index = 0;
    uint64_t unit = 1;

    while (index + 1 < SIZE_UNITS && bytes >= (index == 0 ? 1000 : unit * 1000 - unit / 20)) {
        index++;
        unit *= 1000;
    }
    return index;
}

const char *size_unit(uint64_t bytes)
{
    return size_units[size_unit_index(bytes)];
}

/* Rounds half up in integers: the same text on every machine. */
static void size_digits(uint64_t bytes, unsigned index, char out[static 16])
{
    uint64_t unit = 1;

    for (unsigned i = 0; i < index; i++)
        unit *= 1000;
    if (index == 0) {
        snprintf(out, 16, "%llu", (unsigned long long)bytes % 1000000000000000ULL);
        return;
    }
    uint64_t whole = bytes / unit;
    uint64_t tenths = (bytes % unit + unit / 20) / (unit / 10);
    if (tenths == 10) {
        whole++;
        tenths = 0;
    }
    snprintf(out, 16, "%llu.%llu", (unsigned long long)(whole % 1000000000000ULL),
             (unsigned long long)(tenths % 10));
}

void size_format_in(uint64_t bytes, const char *unit, char out[static 16])
{
    unsigned index = 0;

    while (index + 1 < SIZE_UNITS && strcmp(size_units[index], unit) != 0)
        index++;
    size_digits(bytes, index, out);
}

void size_format(uint64_t bytes, char out[static 16])
{
    unsigned index = size_unit_index(bytes);
    char digits[16];

    size_digits(bytes, index, digits);
    snprintf(out, 16, "%.12s %s", digits, size_units[index]);
}
